import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { Bus } from '../../../../main/platform/bus.ts'
import { ServiceRunner, supervised } from '../../../../main/platform/lifecycle.ts'
import type { Service } from '../../../../main/platform/lifecycle.ts'
import { openLogger, parseLogFilter } from '../../../../main/platform/logging.ts'
import { PartsHealth } from '../../../../main/platform/service-health.ts'

const lines: string[] = []
const logger = openLogger({
  filter: parseLogFilter('debug'),
  format: 'text',
  write: (line) => lines.push(line),
}).for('test')

beforeEach(() => {
  lines.length = 0
  vi.useFakeTimers()
})
afterEach(() => vi.useRealTimers())

function recorded(name: string, events: string[], changes: Partial<Service> = {}): Service {
  return {
    name,
    start: () => void events.push(`+${name}`),
    stop: () => void events.push(`-${name}`),
    ...changes,
  }
}

describe('the runner', () => {
  test('stops in the reverse order of starting, once', async () => {
    const events: string[] = []
    const runner = new ServiceRunner(logger)
    await runner.start([recorded('a', events), recorded('b', events)])
    await Promise.all([runner.stop(), runner.stop()])
    expect(events).toEqual(['+a', '+b', '-b', '-a'])
  })

  test('stops what it had begun when a part cannot start, and says why', async () => {
    const events: string[] = []
    const failing = recorded('b', events, { start: () => Promise.reject(new Error('port taken')) })
    const runner = new ServiceRunner(logger)
    await expect(runner.start([recorded('a', events), failing, recorded('c', events)])).rejects.toThrow(
      'port taken',
    )
    expect(events).toEqual(['+a', '-b', '-a'])
  })

  test('does not wait for ever for one part, nor let its failure skip the others', async () => {
    const events: string[] = []
    const hanging = recorded('b', events, { stop: () => new Promise<void>(() => undefined) })
    const failing = recorded('c', events, { stop: () => Promise.reject(new Error('no')) })
    const runner = new ServiceRunner(logger, 1_000)
    await runner.start([recorded('a', events), hanging, failing])
    const stopped = runner.stop()
    await vi.advanceTimersByTimeAsync(1_000)
    await stopped
    expect(events).toEqual(['+a', '+b', '+c', '-a'])
    expect(lines.join('\n')).toMatch(/part=c[^]*part=b/)
  })

  test('a stop during the start ends the start', async () => {
    const events: string[] = []
    const runner = new ServiceRunner(logger)
    const slow: Service = {
      name: 'slow',
      start: (signal) =>
        new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error))),
      stop: () => undefined,
    }
    const started = expect(runner.start([slow, recorded('b', events)])).rejects.toThrow('stopping')
    await runner.stop()
    await started
    expect(events).toEqual([])
  })
})

describe('a supervised worker', () => {
  function setUp(run: (signal: AbortSignal) => Promise<void>) {
    const bus = new Bus((_, error) => {
      throw error
    })
    const told: string[] = []
    bus.subscribe('part.degraded', ({ part }) => told.push(`degraded ${part}`))
    bus.subscribe('part.recovered', ({ part }) => told.push(`recovered ${part}`))
    const health = new PartsHealth(bus)
    return { worker: supervised({ name: 'status', run, health, logger }), health, told }
  }
  const untilAborted = (signal: AbortSignal): Promise<void> =>
    new Promise((resolve) => signal.addEventListener('abort', () => resolve()))

  test('that fails is shown as degraded, started again, and recovered when it lives', async () => {
    let runs = 0
    const { worker, health, told } = setUp((signal) => {
      runs += 1
      return runs < 3 ? Promise.reject(new Error('boom')) : untilAborted(signal)
    })
    await worker.start(new AbortController().signal)
    await vi.advanceTimersByTimeAsync(0)
    expect(health.degraded()).toHaveLength(1)
    await vi.advanceTimersByTimeAsync(20_000)
    expect(runs).toBe(3)
    expect(told).toEqual(['degraded status', 'recovered status'])
    expect(health.degraded()).toEqual([])
    expect(lines.join('\n')).toContain('boom')
    await worker.stop()
  })

  test('that fails at once again and again is not started in a tight loop', async () => {
    let runs = 0
    const { worker } = setUp(() => {
      runs += 1
      return Promise.reject(new Error('boom'))
    })
    await worker.start(new AbortController().signal)
    await vi.advanceTimersByTimeAsync(120_000)
    expect(runs).toBeGreaterThan(4)
    expect(runs).toBeLessThan(12)
    const stopped = worker.stop()
    await stopped
    const before = runs
    await vi.advanceTimersByTimeAsync(60_000)
    expect(runs).toBe(before)
  })

  test('that is stopped is not degraded', async () => {
    const { worker, told } = setUp(untilAborted)
    await worker.start(new AbortController().signal)
    await worker.stop()
    expect(told).toEqual([])
  })
})
