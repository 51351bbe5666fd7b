import { withEventMeta } from '@orpc/client'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { DeskEvents } from '../../../../renderer/app/desk-events.ts'
import type { StreamMessage } from '../../../../shared/contract/events.ts'

/** A desk whose connections are opened, fed and cut by the test. */
class Connections {
  readonly opened: {
    lastEventId: string | undefined
    say: (id: string) => void
    end: () => void
    cut: () => void
  }[] = []

  open = ({ signal, lastEventId }: { signal: AbortSignal; lastEventId: string | undefined }) => {
    const waiting: StreamMessage[] = []
    let wake = (): void => undefined
    let over = false
    signal.addEventListener('abort', () => {
      over = true
      wake()
    })
    this.opened.push({
      lastEventId,
      say: (id) => {
        waiting.push(withEventMeta({ type: 'heartbeat', at: Date.now() }, { id }))
        wake()
      },
      end: () => {
        waiting.push({ type: 'stream.ended', at: Date.now(), reason: 'too-many-pages' })
        wake()
      },
      cut: () => {
        over = true
        wake()
      },
    })
    async function* stream(): AsyncGenerator<StreamMessage> {
      while (true) {
        for (let next = waiting.shift(); next; next = waiting.shift()) yield next
        if (over) throw new Error('cut')
        await new Promise<void>((resolve) => (wake = resolve))
      }
    }
    return Promise.resolve(stream())
  }
}

let stop: AbortController
let desk: Connections
let cutOffs: boolean[]
let heard: string[]
let replaced: number
let events: DeskEvents

beforeEach(() => {
  vi.useFakeTimers({ now: 1_000_000 })
  stop = new AbortController()
  desk = new Connections()
  cutOffs = []
  heard = []
  replaced = 0
  events = new DeskEvents(desk.open, {
    message: (message) => heard.push(message.type),
    cutOff: (value) => cutOffs.push(value),
    replaced: () => (replaced += 1),
  })
  void events.follow(stop.signal)
})
afterEach(() => {
  stop.abort()
  vi.useRealTimers()
})

describe('the stream of the desk', () => {
  it('says that the page is cut off after 6 s of silence, and takes it back with the next word', async () => {
    await vi.advanceTimersByTimeAsync(5_500)
    expect(cutOffs).toEqual([])
    await vi.advanceTimersByTimeAsync(1_000)
    expect(cutOffs).toEqual([true])
    desk.opened[0]?.say('1')
    await vi.advanceTimersByTimeAsync(0)
    expect(cutOffs).toEqual([true, false])
    expect(heard).toEqual(['heartbeat'])
  })

  // Would catch: tiles that stay green for an hour after the desk fell silent, because the clock of the page was set back.
  it('says that the page is cut off, and connects anew, when the clock of the page is set back meanwhile', async () => {
    desk.opened[0]?.say('1')
    await vi.advanceTimersByTimeAsync(3_000)
    vi.setSystemTime(Date.now() - 3_600_000)
    await vi.advanceTimersByTimeAsync(4_000)
    expect(cutOffs).toEqual([true])
    await vi.advanceTimersByTimeAsync(5_000)
    expect(desk.opened.length).toBeGreaterThan(1)
  })

  it('goes on behind the last message after a break', async () => {
    desk.opened[0]?.say('41')
    desk.opened[0]?.say('42')
    await vi.advanceTimersByTimeAsync(0)
    desk.opened[0]?.cut()
    await vi.advanceTimersByTimeAsync(2_000)
    expect(desk.opened[1]?.lastEventId).toBe('42')
  })

  it('gives up a connection that is open and says nothing: a half-open socket never ends by itself', async () => {
    await vi.advanceTimersByTimeAsync(12_000)
    expect(desk.opened.length).toBeGreaterThanOrEqual(2)
  })

  // Would catch: nine walls of one account that end each other's streams for ever, or a page that still looks current.
  it('does not reconnect by itself when a newer page took its place, and is cut off at once', async () => {
    desk.opened[0]?.say('1')
    desk.opened[0]?.end()
    desk.opened[0]?.cut()
    await vi.advanceTimersByTimeAsync(60_000)
    expect(desk.opened).toHaveLength(1)
    expect({ replaced, cutOffs }).toEqual({ replaced: 1, cutOffs: [true] })
    expect(vi.getTimerCount()).toBe(0)
    // Somebody asks for it: it goes on behind what it saw.
    void events.follow(stop.signal)
    await vi.advanceTimersByTimeAsync(2_000)
    expect(desk.opened[1]?.lastEventId).toBe('1')
    expect(cutOffs).toEqual([true])
    desk.opened[1]?.say('2')
    await vi.advanceTimersByTimeAsync(0)
    expect(cutOffs).toEqual([true, false])
    desk.opened[1]?.cut()
    await vi.advanceTimersByTimeAsync(2_000)
    expect(desk.opened).toHaveLength(3)
  })

  it('leaves no timer behind when it is stopped', async () => {
    stop.abort()
    await vi.advanceTimersByTimeAsync(10_000)
    expect(vi.getTimerCount()).toBe(0)
    expect(desk.opened).toHaveLength(1)
  })
})
