import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { ServerWatch } from '../../../../main/servers/server-watch.ts'
import type { WatchTimes } from '../../../../main/servers/server-watch.ts'

const times: WatchTimes = {
  statusMs: 5_000,
  driftMs: 30_000,
  recheckMs: 1_000,
  awayMs: 2_000,
  spreadMs: 1_000,
}

/** A server whose rounds end as the test says. */
class Scripted {
  readonly looks: { at: number; whole: boolean }[] = []
  readonly losses: number[] = []
  mode: 'answers' | 'fails' | 'hangs' = 'answers'
  compared = true
  running = 0
  mostRunning = 0

  readonly look = async (whole: boolean, signal: AbortSignal): Promise<boolean> => {
    this.looks.push({ at: Date.now(), whole })
    this.mostRunning = Math.max(this.mostRunning, ++this.running)
    try {
      if (this.mode === 'hangs')
        await new Promise((_resolve, reject) => {
          setTimeout(() => reject(new Error('timeout')), 2_500)
          signal.addEventListener('abort', () => reject(new Error('aborted')))
        })
      if (this.mode === 'fails') throw new Error('refused')
      return this.compared
    } finally {
      this.running -= 1
    }
  }
  readonly lost = (): void => void this.losses.push(Date.now())
}

describe('ServerWatch', () => {
  const clock = { now: () => Date.now(), monotonicMs: () => Date.now() }
  const watches: ServerWatch[] = []

  beforeEach(() => void vi.useFakeTimers({ now: 0 }))
  afterEach(async () => {
    await Promise.all(watches.splice(0).map((watch) => watch.stop()))
    vi.useRealTimers()
  })

  function watchOver(server: Scripted, known = false): ServerWatch {
    const watch = new ServerWatch(server, clock, times)
    watches.push(watch)
    watch.start(known)
    return watch
  }

  test('a status round every 5 s, the whole configuration every 30 s', async () => {
    const server = new Scripted()
    watchOver(server, true)
    await vi.advanceTimersByTimeAsync(60_000)
    expect(server.looks.map(({ at }) => at / 1000)).toEqual([5, 10, 15, 20, 25, 30, 35, 40, 45, 50, 55, 60])
    expect(server.looks.filter(({ whole }) => whole).map(({ at }) => at / 1000)).toEqual([30, 60])
  })

  test('one failed round is looked at again after 1 s; only the second loses the server', async () => {
    const server = new Scripted()
    watchOver(server, true)
    await vi.advanceTimersByTimeAsync(4_999)
    server.mode = 'fails'
    await vi.advanceTimersByTimeAsync(1)
    expect(server.losses).toEqual([])
    await vi.advanceTimersByTimeAsync(1_000)
    expect(server.losses).toEqual([6_000])
    server.mode = 'answers'
    await vi.advanceTimersByTimeAsync(2_000)
    expect(server.looks.at(-1)).toEqual({ at: 8_000, whole: true })
  })

  test('a round that hangs never overlaps the next one', async () => {
    const server = new Scripted()
    server.mode = 'hangs'
    const watch = watchOver(server)
    for (let round = 0; round < 50; round += 1) {
      watch.nudge(0)
      await vi.advanceTimersByTimeAsync(300)
    }
    expect(server.mostRunning).toBe(1)
    expect(server.looks.length).toBeGreaterThan(3)
  })

  test('servers that hang cost those that answer nothing', async () => {
    const healthy = Array.from({ length: 10 }, () => new Scripted())
    const hanging = Array.from({ length: 10 }, () => new Scripted())
    for (const server of hanging) server.mode = 'hangs'
    for (const server of [...hanging, ...healthy]) watchOver(server)
    await vi.advanceTimersByTimeAsync(61_000)
    for (const { looks } of healthy) {
      const gaps = looks.slice(1).map(({ at }, index) => at - (looks[index]?.at ?? 0))
      expect(Math.max(...gaps)).toBeLessThanOrEqual(5_000)
    }
  })

  test('a configuration that could not be compared is read again in the next round', async () => {
    const server = new Scripted()
    server.compared = false
    watchOver(server)
    await vi.advanceTimersByTimeAsync(12_000)
    expect(server.looks.length).toBeGreaterThan(1)
    expect(server.looks.filter(({ whole }) => !whole)).toEqual([])
  })

  test('many nudges make one round, and lookNow waits for one that began after it', async () => {
    const server = new Scripted()
    const watch = watchOver(server, true)
    for (let index = 0; index < 100; index += 1) watch.nudge(1_000)
    await vi.advanceTimersByTimeAsync(0)
    expect(server.looks).toHaveLength(1)
    server.mode = 'hangs'
    watch.nudge(0)
    server.mode = 'answers'
    const looked = watch.lookNow()
    await vi.advanceTimersByTimeAsync(3_000)
    await looked
    expect(server.looks.at(-1)?.whole).toBe(true)
  })

  test('stopping cuts a hanging round short and leaves no timer', async () => {
    const server = new Scripted()
    server.mode = 'hangs'
    const watch = watchOver(server)
    watch.nudge(0)
    await watch.stop()
    expect(server.losses).toEqual([])
    await vi.advanceTimersByTimeAsync(60_000)
    expect(server.looks).toHaveLength(1)
  })
})
