import { startLargeDesk } from '../fixtures/large-desk.ts'
import type { LargeDesk } from '../fixtures/large-desk.ts'
import { median, quantile, ratioRow } from './measure.ts'
import type { Bench, BenchRow } from './measure.ts'

const serverCount = 20
const hanging = 10
const windowMs = 32_000
const pollMs = 100

interface ListedServer {
  readonly name: string
  readonly checkedAt: number | null
}

/** Twenty servers, ten of which hang: the healthy ones must be asked as often as when all are well. */
export const healthSweep: Bench = {
  name: 'health-sweep',
  async run(): Promise<BenchRow[]> {
    const large = await startLargeDesk(serverCount, 2)
    try {
      const calm = await intervals(large)
      await setHanging(large, true)
      const troubled = await intervals(large)
      await setHanging(large, false)
      const [ours, alone] = [median(troubled), median(calm)]
      return [
        ratioRow(
          'health of 10 servers beside 10 hanging: time between updates, median',
          'ms',
          ours,
          'none hanging',
          alone,
          { atMost: 1.1 },
        ),
        ratioRow(
          'health of 10 servers beside 10 hanging: time between updates, p95',
          'ms',
          quantile(troubled, 0.95),
          'none hanging',
          quantile(calm, 0.95),
          { atMost: 1.1 },
        ),
      ]
    } finally {
      await large.stop()
    }
  },
}

async function setHanging(large: LargeDesk, on: boolean): Promise<void> {
  await Promise.all(large.servers.slice(0, hanging).map((server) => server.setFault('hang', on)))
}

/** Times between two updates of the servers that never hang, as anybody sees them through the API. */
async function intervals(large: LargeDesk): Promise<number[]> {
  const watched = new Set(large.servers.slice(hanging).map(({ name }) => name))
  const last = new Map<string, number>()
  const found: number[] = []
  const until = performance.now() + windowMs
  while (performance.now() < until) {
    const { items } = await large.api.want<{ items: ListedServer[] }>('GET', '/servers?pageSize=100')
    for (const { name, checkedAt } of items) {
      if (!watched.has(name) || checkedAt === null) continue
      const before = last.get(name)
      if (before !== undefined && checkedAt !== before) found.push(checkedAt - before)
      last.set(name, checkedAt)
    }
    await new Promise((resolve) => setTimeout(resolve, pollMs))
  }
  return found
}
