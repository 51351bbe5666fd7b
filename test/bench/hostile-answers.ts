import { join } from 'node:path'
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { ApiClient } from '../fixtures/api-client.ts'
import { startDeskInProcess, testAdmin } from '../fixtures/desk-in-process.ts'
import type { HostileAnswer } from './hostile-alta.ts'
import { limitRow } from './measure.ts'
import type { Bench, BenchRow } from './measure.ts'

const limitMs = 50
const perAnswerMs = 5_000
/** The most that the desk takes from any call. */
const largest = 8 * 1024 * 1024
const fill = (shape: string, length = largest): string => shape.repeat(Math.floor(length / shape.length))

/** The most receivers, with as much in each as a configuration may have altogether. */
function largestConfig(): string {
  const receivers = Array.from({ length: 15_000 }, (_, index) => [
    `receiver-${index}`,
    { enable: true, name: 'n'.repeat(80), source: `rtsp://a:b@10.0.0.7/${'s'.repeat(80)}` },
  ])
  const listener = { listen: ':8200', serve: 'ott' }
  const config = { version: '250716', servers: { ott: listener }, receivers: Object.fromEntries(receivers) }
  return JSON.stringify({ ...config, ott: {} })
}

/** Tiny objects, each within the limits of its kind. */
function manyVariants(): string {
  const many = (count: number, entry: unknown) =>
    Object.fromEntries(Array.from({ length: count }, (_, index) => [index.toString(36), entry]))
  const channels = many(40, { variants: many(15_000, {}) })
  return JSON.stringify({ version: '250716', servers: {}, receivers: {}, ott: { channels } })
}

function largestStatus(): string {
  const status = { active: true, bitrate: 2048, video: {}, error: 'e'.repeat(60) }
  const receivers = Array.from({ length: 15_000 }, (_, index) => [`receiver-${index}`, status])
  return JSON.stringify({ receivers: Object.fromEntries(receivers), channels: {} })
}

const answers: Readonly<Record<string, () => HostileAnswer>> = {
  'lists in a list': () => ({ status: 200, body: `[${fill('[],')}[]]` }),
  'brackets without end': () => ({ status: 200, body: fill('[') }),
  'half a million receivers': () => ({
    status: 200,
    body: `{"version":"250716","servers":{},"ott":{},"receivers":{${fill('"a":{},')}"b":{}}}`,
  }),
  'the largest configuration': () => ({ status: 200, body: largestConfig() }),
  'variants in channels': () => ({ status: 200, body: manyVariants() }),
  'the largest status': () => ({ status: 200, body: largestStatus() }),
  'one long text': () => ({ status: 200, body: `"${fill('\\u0041')}"` }),
  'an error of 8 MB': () => ({ status: 500, body: `{"error":"${fill('a-')}"}` }),
  'an error of 4 kB': () => ({ status: 500, body: `{"error":"${fill('a-', 4000)}"}` }),
  'no JSON': () => ({ status: 200, body: fill('a-') }),
  'long headers': () => ({ status: 500, body: '', headers: { date: fill('a-', 12_000) } }),
  'a byte at a time': () => ({ status: 200, body: fill('[', 512 * 1024), tiny: true }),
}

/** How long the desk answers nobody at all while one Alta answers every call with the worst that it may. */
export const hostileAnswers: Bench = {
  name: 'hostile-answers',
  async run(): Promise<BenchRow[]> {
    const alta = new Worker(join(import.meta.dirname, 'hostile-alta.ts'))
    const [{ port }] = (await once(alta, 'message')) as [{ port: number }]
    const variables = { ALTAVMS_ALTA_STATUS_INTERVAL: '1s', ALTAVMS_ALTA_DRIFT_INTERVAL: '1s' }
    const desk = await startDeskInProcess({ people: [testAdmin], variables })
    try {
      const api = new ApiClient(desk.origin)
      await api.signIn(testAdmin.email, testAdmin.password)
      const address = `http://127.0.0.1:${port}`
      const account = { login: 'admin', password: 'admin' }
      await api.want('POST', '/servers', {
        name: 'Hostile',
        baseUrl: address,
        streamUrl: address,
        ...account,
      })
      let worst = { stallMs: 0, answer: '' }
      for (const [answer, make] of Object.entries(answers)) {
        const stallMs = await longestStall(alta, make())
        console.log(`  ${answer}: ${stallMs.toFixed(1)} ms`)
        if (stallMs > worst.stallMs) worst = { stallMs, answer }
      }
      return [
        limitRow('longest stall of the desk while a server answers garbage', 'ms', worst.stallMs, limitMs),
      ]
    } finally {
      await desk.stop()
      await alta.terminate()
    }
  },
}

/**
 * The longest that the main thread worked between two beats of a timer, ms; health rounds go on meanwhile, several of
 * each kind. Its own processor time, so that other programs on the machine count for nothing.
 */
async function longestStall(alta: Worker, answer: HostileAnswer): Promise<number> {
  const changed = once(alta, 'message')
  alta.postMessage(answer)
  await changed
  let longest = 0
  let before = workedMs()
  const beat = setInterval(() => {
    const now = workedMs()
    longest = Math.max(longest, now - before)
    before = now
  }, 1)
  await new Promise((resolve) => setTimeout(resolve, perAnswerMs))
  clearInterval(beat)
  return longest
}

function workedMs(): number {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1000
}
