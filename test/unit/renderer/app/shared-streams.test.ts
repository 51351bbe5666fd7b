import { getEventMeta, ORPCError, withEventMeta } from '@orpc/client'
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { mostUnread, SharedStreams } from '../../../../renderer/app/shared-streams.ts'
import type { FromPage, OpenWithToken, ToPage } from '../../../../renderer/app/shared-streams.ts'
import { NoWorkerError, openTabStream } from '../../../../renderer/app/tab-stream.ts'
import type { StreamMessage } from '../../../../shared/contract/events.ts'

/** A token as the desk makes them, without a signature that anybody here would check. */
function tokenOf(person: string, family: string, issued = 1, version = 1): string {
  const payload = Buffer.from(JSON.stringify({ sub: person, fam: family, ver: version, iat: issued }))
  return `e30.${payload.toString('base64url')}.signature`
}

/** One connection to the desk, fed by the test. */
class Connection {
  readonly token: string
  readonly lastEventId: string | undefined
  readonly signal: AbortSignal
  #waiting: (StreamMessage | Error | null)[] = []
  #wake = (): void => undefined

  constructor({ token, lastEventId, signal }: Parameters<OpenWithToken>[0]) {
    this.token = token
    this.lastEventId = lastEventId
    this.signal = signal
    signal.addEventListener('abort', () => this.#push(new Error('aborted')))
  }

  say(message: StreamMessage, id?: string): void {
    this.#push(id === undefined ? message : withEventMeta(message, { id }))
  }

  end(): void {
    this.#push(null)
  }

  cut(error = new Error('cut')): void {
    this.#push(error)
  }

  async *messages(): AsyncGenerator<StreamMessage> {
    while (true) {
      for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
        if (next === null) return
        if (next instanceof Error) throw next
        yield next
      }
      await new Promise<void>((resolve) => (this.#wake = resolve))
    }
  }

  #push(next: StreamMessage | Error | null): void {
    this.#waiting.push(next)
    this.#wake()
  }
}

/** What a page heard, in order. */
interface Heard {
  readonly type: string
  readonly id: string | undefined
  readonly message: StreamMessage
}

/** A tab of the browser. */
class Tab {
  readonly heard: Heard[] = []
  readonly leave = new AbortController()
  readonly worker = new AbortController()
  /** `open`, then how it ended: 'over', or what it was rejected with. */
  state: unknown = 'opening'
  resumed = 0

  constructor(port: MessagePort, token: string, lastEventId?: string) {
    void this.#follow(port, token, lastEventId)
  }

  get types(): string[] {
    return this.heard.map(({ type }) => type)
  }

  async #follow(port: MessagePort, token: string, lastEventId: string | undefined): Promise<void> {
    try {
      const stream = await openTabStream(port, {
        token,
        lastEventId,
        signal: this.leave.signal,
        failed: this.worker.signal,
        resumed: () => (this.resumed += 1),
      })
      this.state = 'open'
      for await (const message of stream)
        this.heard.push({ type: message.type, id: getEventMeta(message)?.id, message: { ...message } })
      this.state = 'over'
    } catch (error) {
      this.state = error
    }
  }
}

const zone = 'Asia/Kathmandu'
const hello = (resync: boolean, at = 10): StreamMessage => {
  return { type: 'hello', at, resync, timeZone: zone, streamOrigins: ['http://alta.example'] }
}
const beat = (at = 20): StreamMessage => ({ type: 'heartbeat', at })
const lostGate: StreamMessage = {
  type: 'rights.changed',
  at: 30,
  lost: ['gate'],
  gained: [],
  lostGroups: [],
  resync: false,
}
const ended: StreamMessage = { type: 'stream.ended', at: 40, reason: 'too-many-pages' }

let connections: Connection[]
let streams: SharedStreams
const vera = tokenOf('vera', 'f1')

beforeEach(() => {
  connections = []
  streams = new SharedStreams((options) => {
    const connection = new Connection(options)
    connections.push(connection)
    return Promise.resolve(connection.messages())
  })
})
afterEach(() => void vi.useRealTimers())

/** A new connection of a page to the worker. */
function pagePort(): MessagePort {
  const { port1, port2 } = new MessageChannel()
  onTestFinished(() => {
    port1.close()
    port2.close()
  })
  streams.serve(port2)
  return port1
}

function tab(token = vera, lastEventId?: string): Tab {
  return new Tab(pagePort(), token, lastEventId)
}

/** The desk's connection number `index`, from 0, once it was asked for. */
async function connection(index: number): Promise<Connection> {
  return vi.waitFor(() => {
    const found = connections[index]
    if (!found) throw new Error(`There are ${connections.length} connections.`)
    return found
  })
}

async function until(isSo: () => boolean): Promise<void> {
  await vi.waitFor(() => expect(isSo()).toBe(true))
}

/** A tab that has heard the beginning of the first stream of the desk. */
async function openTab(): Promise<{ first: Tab; desk: Connection }> {
  const first = tab()
  const desk = await connection(connections.length)
  desk.say(hello(true), 'b-1')
  await until(() => first.types.includes('hello'))
  return { first, desk }
}

/** Lets both sides read what was posted before: a message on a channel of its own comes behind it. */
async function posted(): Promise<void> {
  for (let times = 0; times < 4; times += 1) {
    const { port1, port2 } = new MessageChannel()
    await new Promise<void>((resolve) => {
      port2.onmessage = () => resolve()
      port1.postMessage(null)
    })
    port1.close()
  }
}

describe('the stream that tabs share', () => {
  // Would catch: a connection for each tab, of which a browser has six and a person eight.
  it('is one for all tabs of a sign-in, each of which hears everything from its beginning', async () => {
    const { first, desk } = await openTab()
    const second = tab(tokenOf('vera', 'f1', 2))
    await until(() => second.types.includes('hello'))
    desk.say(lostGate)
    desk.say(beat())
    for (const one of [first, second])
      await until(() => one.types.join() === 'hello,rights.changed,heartbeat')
    expect(connections).toHaveLength(1)
    expect(first.heard.map(({ id }) => id)).toEqual(['b-1', undefined, undefined])
  })

  // Would catch: a tab that shows a camera which was taken away between its loading and its first message.
  it('tells a tab that joins to ask what it may see, whatever the stream began with', async () => {
    const first = tab(vera, 'b-1')
    const desk = await connection(0)
    expect(desk.lastEventId).toBe('b-1')
    const second = tab()
    await posted()
    desk.say(hello(false), 'b-1')
    await until(() => second.types.includes('hello'))
    desk.say({ type: 'stream-origins.changed', at: 12, streamOrigins: ['http://new.example'] }, 'b-2')
    await until(() => second.types.includes('stream-origins.changed'))
    const third = tab()
    await until(() => third.types.includes('hello'))
    expect([first, second, third].map(({ heard }) => heard[0]?.message)).toEqual([
      expect.objectContaining({ resync: false, timeZone: zone }),
      expect.objectContaining({ resync: true, timeZone: zone }),
      expect.objectContaining({ resync: true, timeZone: zone, streamOrigins: ['http://new.example'] }),
    ])
    // Where it goes on after a break.
    expect(third.heard[0]?.id).toBe('b-2')
  })

  // Would catch: a tab that reads one list again, though it has heard nothing yet, because the tab beside it was too slow.
  it('tells a tab that joins after a gap to read everything, not only what the gap was about', async () => {
    const { first, desk } = await openTab()
    desk.say({ ...hello(true, 15), topics: ['user.changed'] } as StreamMessage, 'b-2')
    await until(() => first.types.length === 2)
    const second = tab()
    await until(() => second.types.includes('hello'))
    expect(first.heard[1]?.message).toMatchObject({ resync: true, topics: ['user.changed'] })
    expect(second.heard[0]?.message).toMatchObject({ resync: true, timeZone: zone })
    expect(second.heard[0]?.message).not.toHaveProperty('topics')
  })

  // Would catch: a page that was cut off and looks connected again, because a tab beside it has an old stream.
  it('does not greet a page that was there before until the desk has spoken', async () => {
    const { desk } = await openTab()
    const back = tab(vera, 'b-0')
    await posted()
    expect(back.types).toEqual([])
    desk.say(beat())
    await until(() => back.types.length === 2)
    expect(back.types).toEqual(['hello', 'heartbeat'])
    expect(connections).toHaveLength(1)
  })

  // Would catch: what one person may see on a page where another has signed in, or the same person signed in again.
  it.each([
    ['another person', tokenOf('otto', 'f2')],
    ['another sign-in of the person', tokenOf('vera', 'f2')],
    ['other rights of the account', tokenOf('vera', 'f1', 1, 2)],
    ['no sign-in that can be read', 'e30.bm90IGpzb24.x'],
  ])('is never shared with %s', async (_who, token) => {
    const { first, desk } = await openTab()
    const other = tab(token)
    const theirs = await connection(1)
    expect(theirs.token).toBe(token)
    desk.say(lostGate)
    theirs.say(hello(true))
    theirs.say(beat())
    await until(() => other.types.includes('heartbeat'))
    await until(() => first.types.includes('rights.changed'))
    expect(other.types).toEqual(['hello', 'heartbeat'])
    expect(first.types).toEqual(['hello', 'rights.changed'])
  })

  // Would catch: tabs that fall silent because the one that opened the stream was closed, and a stream that stays open
  // for nobody.
  it('goes on when the tab that opened it is closed, and ends with the last', async () => {
    const { first, desk } = await openTab()
    const second = tab()
    await until(() => second.types.includes('hello'))
    first.leave.abort()
    await posted()
    desk.say(lostGate)
    await until(() => second.types.includes('rights.changed'))
    expect(first.types).toEqual(['hello'])
    expect(desk.signal.aborted).toBe(false)
    second.leave.abort()
    await until(() => desk.signal.aborted)
    // Who comes then gets a stream of today.
    tab()
    await connection(1)
  })

  it('ends for every tab when the desk or the network ends it, and the next to ask opens it again', async () => {
    for (const end of [(desk: Connection) => desk.end(), (desk: Connection) => desk.cut()]) {
      const { first, desk } = await openTab()
      const second = tab()
      await until(() => second.types.includes('hello'))
      end(desk)
      await until(() => first.state === 'over' && second.state === 'over')
    }
    expect(connections).toHaveLength(2)
  })

  // Would catch: five tabs that renew at once because the token of one was too old.
  it('tells a refusal to the tab whose token was refused; the others may ask with theirs', async () => {
    const first = tab()
    const second = tab()
    const desk = await connection(0)
    await posted()
    desk.cut(new ORPCError('UNAUTHORIZED', { status: 401 }))
    await until(() => first.state instanceof ORPCError && second.state === 'over')
    expect(first.state).toMatchObject({ status: 401 })
  })

  // Would catch: tabs that join a connection which died without a word, and stay cut off for ever.
  it('is opened again when it was silent for 6 s, and its tabs are sent to the new one', async () => {
    vi.useFakeTimers({ toFake: ['Date', 'performance'] })
    const { first, desk } = await openTab()
    vi.advanceTimersByTime(5_900)
    const second = tab()
    await posted()
    expect(connections).toHaveLength(1)
    vi.advanceTimersByTime(200)
    const third = tab()
    const reopened = await connection(1)
    expect(desk.signal.aborted).toBe(true)
    await until(() => first.state === 'over' && second.state === 'over')
    // What the old connection still says reaches nobody.
    desk.say(beat())
    reopened.say(hello(true))
    await until(() => third.types.includes('hello'))
    expect(second.types).toEqual([])
  })

  // Would catch: a frozen tab for which the worker keeps messages without end, or which holds up the others.
  it('drops a tab that reads nothing, and goes on for the others', async () => {
    const { first, desk } = await openTab()
    const frozen = pagePort()
    const arrived: ToPage[] = []
    frozen.postMessage({ type: 'open', token: vera, lastEventId: undefined } satisfies FromPage)
    frozen.addEventListener('message', ({ data }: MessageEvent<ToPage>) => arrived.push(data))
    frozen.start()
    await until(() => arrived.length === 2)
    for (let sent = 1; sent < mostUnread + 10; sent += 1) {
      desk.say(beat(sent))
      // The other tab reads, as fast as the desk speaks.
      if (sent % 500 === 0) await until(() => first.heard.length === sent + 1)
    }
    await until(() => first.heard.length === mostUnread + 10)
    await until(() => arrived.at(-1)?.type === 'ended')
    expect(arrived.filter(({ type }) => type === 'message')).toHaveLength(mostUnread)
    expect(first.state).toBe('open')
  })

  // Would catch: nine browsers that replace each other for ever, and tabs that stay paused beside one that was resumed.
  it('is not asked for again when the desk gave its place away; a tab that resumes resumes all', async () => {
    const { first, desk } = await openTab()
    const second = tab()
    const third = tab(tokenOf('otto', 'f2'))
    await until(() => second.types.includes('hello'))
    ;(await connection(1)).say(hello(true))
    desk.say(ended)
    desk.end()
    await until(() => first.state === 'over' && second.state === 'over')
    expect([first, second].map(({ heard }) => heard.at(-1)?.type)).toEqual(['stream.ended', 'stream.ended'])
    expect(connections).toHaveLength(2)
    const resuming = tab(vera, 'b-1')
    const again = await connection(2)
    await posted()
    expect([first.resumed, second.resumed]).toEqual([0, 0])
    again.say(hello(false))
    await until(() => first.resumed === 1 && second.resumed === 1)
    await until(() => resuming.types.includes('hello'))
    expect([third.resumed, third.state]).toEqual([0, 'open'])
  })

  it('does not resume a page that its person has left meanwhile', async () => {
    const { first, desk } = await openTab()
    desk.say(ended)
    await until(() => first.state === 'over')
    first.leave.abort()
    await posted()
    const resuming = tab()
    ;(await connection(1)).say(hello(true))
    await until(() => resuming.types.includes('hello'))
    await posted()
    expect(first.resumed).toBe(0)
  })
})

describe('a browser whose worker does not run', () => {
  // Would catch: a wall that stays cut off where the worker was blocked, or hangs.
  it('is noticed at once where it fails, and within 3 s where it says nothing', async () => {
    const blocked = new Tab(new MessageChannel().port1, vera)
    blocked.worker.abort()
    await until(() => blocked.state instanceof NoWorkerError)

    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const hung = new Tab(new MessageChannel().port1, vera)
    await vi.advanceTimersByTimeAsync(2_900)
    expect(hung.state).toBe('opening')
    await vi.advanceTimersByTimeAsync(200)
    expect(hung.state).toBeInstanceOf(NoWorkerError)
  })
})
