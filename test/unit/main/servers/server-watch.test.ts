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

type Mode = 'answers' | 'fails' | 'hangs'

/** A server whose answers are as the test says; times in milliseconds. */
class Scripted {
  readonly statusReads: number[] = []
  readonly configReads: number[] = []
  readonly losses: number[] = []
  readonly answers: number[] = []
  readonly ends: number[] = []
  /** Of the status, and of the configuration where that has no mode of its own. */
  mode: Mode = 'answers'
  configMode: Mode | null = null
  compared = true
  running = 0
  mostRunning = 0

  readonly readStatus = async (signal: AbortSignal): Promise<void> => {
    this.statusReads.push(Date.now())
    this.mostRunning = Math.max(this.mostRunning, ++this.running)
    try {
      await this.#answer(this.mode, 2_500, signal)
    } finally {
      this.running -= 1
    }
  }
  readonly readConfig = async (signal: AbortSignal): Promise<boolean> => {
    this.configReads.push(Date.now())
    await this.#answer(this.configMode ?? this.mode, 10_000, signal)
    return this.compared
  }
  readonly lost = (): void => void this.losses.push(Date.now())
  readonly answered = (): void => void this.answers.push(Date.now())
  readonly polled = (): void => void this.ends.push(Date.now())

  async #answer(mode: Mode, timeoutMs: number, signal: AbortSignal): Promise<void> {
    if (mode === 'hangs')
      await new Promise((_resolve, reject) => {
        setTimeout(() => reject(new Error('timeout')), timeoutMs)
        signal.addEventListener('abort', () => reject(new Error('aborted')))
      })
    if (mode === 'fails') throw new Error('refused')
  }
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
    expect(server.statusReads.map((at) => at / 1000)).toEqual([5, 10, 15, 20, 25, 30, 35, 40, 45, 50, 55, 60])
    expect(server.configReads.map((at) => at / 1000)).toEqual([30, 60])
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
    expect(server.statusReads.at(-1)).toBe(8_000)
    expect(server.configReads.at(-1)).toBe(8_000)
    expect(server.answers.at(-1)).toBe(8_000)
    expect(server.losses).toEqual([6_000])
  })

  // Would catch: FROZEN 14 s after the fault, because the round waits for a configuration that hangs until it is given up.
  test('a configuration that hangs delays no status, and loses the server when it fails again', async () => {
    const server = new Scripted()
    server.configMode = 'hangs'
    watchOver(server, true)
    await vi.advanceTimersByTimeAsync(50_000)
    expect(server.statusReads.map((at) => at / 1000)).toEqual([5, 10, 15, 20, 25, 30, 35, 40, 45, 50])
    // Given up after 10 s and read again with the next status.
    expect(server.configReads.slice(0, 2)).toEqual([30_000, 40_000])
    expect(server.losses).toEqual([50_000])
    server.configMode = 'answers'
    await vi.advanceTimersByTimeAsync(12_000)
    expect(server.answers.at(-1)).toBeGreaterThan(50_000)
  })

  // Would catch: a server that is back after 4 s and called away for 10 s, until what was asked before has run out.
  test('a configuration that was asked of a silent server does not delay its return', async () => {
    const server = new Scripted()
    const watch = watchOver(server, true)
    server.mode = 'hangs'
    void watch.pollNow()
    await vi.advanceTimersByTimeAsync(6_000)
    expect(server.losses).toEqual([6_000])
    server.mode = 'answers'
    await vi.advanceTimersByTimeAsync(2_000)
    expect(server.answers).toEqual([8_000])
    expect(server.configReads).toEqual([0, 3_500, 8_000])
  })

  // Would catch: a server whose configuration fails called back, then away, then back, with every status that comes.
  test('a server that was lost is back when its status and its configuration can be read', async () => {
    const server = new Scripted()
    server.mode = 'fails'
    watchOver(server, true)
    await vi.advanceTimersByTimeAsync(6_000)
    expect(server.losses).toEqual([6_000])
    server.mode = 'answers'
    server.configMode = 'fails'
    await vi.advanceTimersByTimeAsync(20_000)
    expect(server.answers).toEqual([])
    server.configMode = 'answers'
    await vi.advanceTimersByTimeAsync(2_000)
    expect(server.answers).not.toEqual([])
  })

  test('the configuration is read again at once where something contradicts it, and not too often', async () => {
    const server = new Scripted()
    const watch = watchOver(server, true)
    expect(watch.rereadConfig(3_000)).toBe(true)
    await vi.advanceTimersByTimeAsync(2_999)
    expect(watch.rereadConfig(3_000)).toBe(false)
    await vi.advanceTimersByTimeAsync(1)
    expect(watch.rereadConfig(3_000)).toBe(true)
    expect(server.configReads).toEqual([0, 3_000])
    expect(server.statusReads).toEqual([])
  })

  test('a round that hangs never overlaps the next one', async () => {
    const server = new Scripted()
    server.mode = 'hangs'
    const watch = watchOver(server)
    for (let cycle = 0; cycle < 50; cycle += 1) {
      watch.nudge(0)
      await vi.advanceTimersByTimeAsync(300)
    }
    expect(server.mostRunning).toBe(1)
    expect(server.statusReads.length).toBeGreaterThan(3)
  })

  test('servers that hang cost those that answer nothing', async () => {
    const healthy = Array.from({ length: 10 }, () => new Scripted())
    const hanging = Array.from({ length: 10 }, () => new Scripted())
    for (const server of hanging) server.mode = 'hangs'
    for (const server of [...hanging, ...healthy]) watchOver(server)
    await vi.advanceTimersByTimeAsync(61_000)
    for (const { statusReads } of healthy) {
      const gaps = statusReads.slice(1).map((at, index) => at - (statusReads[index] ?? 0))
      expect(Math.max(...gaps)).toBeLessThanOrEqual(5_000)
    }
  })

  test('a configuration that could not be compared is read again in the next round', async () => {
    const server = new Scripted()
    server.compared = false
    watchOver(server)
    await vi.advanceTimersByTimeAsync(12_000)
    expect(server.statusReads.length).toBeGreaterThan(1)
    expect(server.configReads).toEqual(server.statusReads)
  })

  test('many nudges make one round, and lookNow waits for one that began after it', async () => {
    const server = new Scripted()
    const watch = watchOver(server, true)
    for (let index = 0; index < 100; index += 1) watch.nudge(1_000)
    await vi.advanceTimersByTimeAsync(0)
    expect(server.statusReads).toHaveLength(1)
    server.mode = 'hangs'
    watch.nudge(0)
    server.mode = 'answers'
    const polled = watch.pollNow()
    await vi.advanceTimersByTimeAsync(3_000)
    await polled
    expect(server.configReads).toHaveLength(1)
    expect(server.statusReads.at(-1)).toBe(server.configReads[0])
  })

  // Would catch: an answer to "look now" that rests on a configuration which was asked for before.
  test('lookNow reads the configuration that one under way may have missed', async () => {
    const server = new Scripted()
    server.configMode = 'hangs'
    const watch = watchOver(server, true)
    void watch.pollNow()
    await vi.advanceTimersByTimeAsync(1_000)
    server.configMode = 'answers'
    const polled = watch.pollNow()
    await vi.advanceTimersByTimeAsync(9_000)
    await polled
    expect(server.configReads).toEqual([0, 10_000])
    // Would catch: a change of the server that begins between the two, and spoils what "look now" is to compare.
    expect(server.ends).toEqual([10_000])
  })

  test('stopping cuts a hanging round short and leaves no timer', async () => {
    const server = new Scripted()
    server.mode = 'hangs'
    const watch = watchOver(server)
    watch.nudge(0)
    await watch.stop()
    expect(server.losses).toEqual([])
    await vi.advanceTimersByTimeAsync(60_000)
    expect(server.statusReads).toHaveLength(1)
  })
})
