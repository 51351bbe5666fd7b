import { startLargeDesk } from '../fixtures/large-desk.ts'
import type { LargeDesk } from '../fixtures/large-desk.ts'
import { factRow, limitRow, median, quantile } from './measure.ts'
import type { Bench, BenchRow } from './measure.ts'

const rounds = 5
const signIns = 20
const idleMs = 3000
/** A request begins this long after the one before it was answered: a page that looks around, not a load test. */
const gapMs = 5

/** What the camera list of somebody at work costs while twenty colleagues sign in at once. */
export const signInStorm: Bench = {
  name: 'sign-in-storm',
  async run(): Promise<BenchRow[]> {
    const large = await startLargeDesk(20, 50)
    try {
      await listUntil(large, pause(idleMs))
      const samples = { idle: [] as number[], storm: [] as number[], tookMs: [] as number[] }
      for (let round = 0; round < rounds; round += 1) {
        samples.idle.push(quantile(await listUntil(large, pause(idleMs)), 0.99))
        const startedAt = performance.now()
        samples.storm.push(quantile(await listUntil(large, storm(large)), 0.99))
        samples.tookMs.push(performance.now() - startedAt)
      }
      const [idle, during] = [median(samples.idle), median(samples.storm)]
      return [
        limitRow(
          `p99 of GET /api/cameras during ${signIns} sign-ins, more than idle`,
          'ms',
          Math.max(0, during - idle),
          10,
        ),
        factRow(
          'p99 of GET /api/cameras when idle',
          'ms',
          idle,
          `during sign-ins: ${during.toFixed(1)} ms`,
          null,
        ),
        factRow(
          `${signIns} sign-ins at once, until the last is in`,
          'ms',
          median(samples.tookMs),
          'nothing',
          null,
        ),
      ]
    } finally {
      await large.stop()
    }
  },
}

/** Milliseconds of each answer until `end` has happened. */
async function listUntil({ desk, api }: LargeDesk, end: Promise<unknown>): Promise<number[]> {
  let ended = false
  void end.then(() => (ended = true))
  const latencies: number[] = []
  while (!ended) {
    const startedAt = performance.now()
    const answer = await fetch(`${desk.origin}/api/cameras?pageSize=25`, {
      headers: { authorization: `Bearer ${api.token}` },
    })
    await answer.arrayBuffer()
    if (!answer.ok) throw new Error(`The camera list answered ${answer.status}.`)
    latencies.push(performance.now() - startedAt)
    await pause(gapMs)
  }
  await end
  return latencies
}

async function storm({ desk }: LargeDesk): Promise<void> {
  const one = async (): Promise<void> => {
    const answer = await fetch(`${desk.origin}/api/auth/login`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ email: 'admin@localhost', password: 'admin' }),
    })
    await answer.arrayBuffer()
    if (!answer.ok) throw new Error(`A sign-in answered ${answer.status}.`)
  }
  await Promise.all(Array.from({ length: signIns }, one))
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
