import { getEventMeta, ORPCError } from '@orpc/client'
import type { StreamMessage } from '../../shared/contract/events.ts'
import { cutOffAfterMs } from './desk-events.ts'
import { moment, sinceMs } from './elapsed.ts'

/** What a page tells the worker: `open` first and once, `read` for each message that it has read. */
export type FromPage =
  | { readonly type: 'open'; readonly token: string; readonly lastEventId: string | undefined }
  | { readonly type: 'read' }
  | { readonly type: 'leave' }

/** What the worker tells a page. */
export type ToPage =
  /** The worker runs. */
  | { readonly type: 'answered' }
  | { readonly type: 'message'; readonly message: StreamMessage; readonly id: string | undefined }
  /** The desk refused the token of this page, or the stream. */
  | { readonly type: 'refused'; readonly status: number }
  /** The stream is over for this page: it may ask again. */
  | { readonly type: 'ended' }
  /** After `stream.ended`: another tab of the same sign-in has updates again. */
  | { readonly type: 'resumed' }

/** Opens `events.stream` with this token. */
export type OpenWithToken = (options: {
  readonly token: string
  readonly lastEventId: string | undefined
  readonly signal: AbortSignal
}) => Promise<AsyncIterable<StreamMessage>>

/**
 * Messages that a page may leave unread; a frozen one is dropped beyond that, and asks again when it wakes. More than all
 * topics of the desk together repeat at once to a page that resumes.
 */
export const mostUnread = 6_000
/** A stream that spoke within a heartbeat (2 s) and a little is alive. */
const freshMs = 2_500

type Hello = Extract<StreamMessage, { type: 'hello' }>

/** One page that reads, until it leaves. */
class Reader {
  readonly #port: MessagePort
  #unread = 0
  /** It had its `hello`: what comes next makes sense to it. */
  greeted = false
  /** Takes it out of where it is listed. */
  leave: () => void = () => undefined

  constructor(port: MessagePort) {
    this.#port = port
  }

  tell(message: ToPage): void {
    this.#port.postMessage(message)
  }

  /** Hands on a message; a page that does not read any more is dropped. */
  relay(message: StreamMessage, id: string | undefined): void {
    if (this.#unread >= mostUnread) return this.end()
    this.#unread += 1
    this.tell({ type: 'message', message, id })
  }

  hasRead(): void {
    this.#unread -= 1
  }

  end(): void {
    this.leave()
    this.tell({ type: 'ended' })
  }
}

/** One stream of the desk and the pages that read it, all of the same sign-in. */
class SharedStream {
  readonly #closed = new AbortController()
  readonly #readers = new Set<Reader>()
  readonly #opener: Reader
  #hello: Hello | null = null
  #lastId: string | undefined
  #lastAt = 0
  #heard = moment()

  /** `opener`: the page whose token opens it, and which its beginning is for. */
  constructor(opener: Reader) {
    this.#opener = opener
    opener.greeted = true
    this.#list(opener)
  }

  /** Aborted when the last page has left. */
  get signal(): AbortSignal {
    return this.#closed.signal
  }

  /** Nothing was heard for as long as it takes a page to say that it is cut off. */
  get isSilent(): boolean {
    return sinceMs(this.#heard) >= cutOffAfterMs
  }

  /** Adds a page. One that has not heard the desk before need not wait for its next message. */
  join(reader: Reader, isNewcomer: boolean): void {
    this.#list(reader)
    if (isNewcomer && sinceMs(this.#heard) <= freshMs)
      this.#greet(reader, this.#lastAt + sinceMs(this.#heard))
  }

  relay(message: StreamMessage): void {
    this.#heard = moment()
    this.#lastAt = message.at
    const id = getEventMeta(message)?.id
    this.#lastId = id ?? this.#lastId
    // A message with an id is a proxy, which cannot be posted.
    const plain = { ...message }
    if (plain.type === 'hello') this.#hello = plain
    if (plain.type === 'stream-origins.changed' && this.#hello)
      this.#hello = { ...this.#hello, streamOrigins: plain.streamOrigins }
    for (const reader of [...this.#readers]) {
      if (reader.greeted) reader.relay(plain, id)
      else {
        this.#greet(reader, message.at)
        if (plain.type !== 'hello') reader.relay(plain, id)
      }
    }
  }

  /** It is over: each page may ask again. The desk's refusal is for the page whose token it was. */
  end(refusal: ToPage | null = null): void {
    for (const reader of this.takeReaders())
      reader.tell(reader === this.#opener && refusal ? refusal : { type: 'ended' })
    this.#closed.abort()
  }

  /** The pages that read it; they do not any more. */
  takeReaders(): Reader[] {
    const readers = [...this.#readers]
    this.#readers.clear()
    return readers
  }

  #list(reader: Reader): void {
    this.#readers.add(reader)
    reader.leave = () => {
      this.#readers.delete(reader)
      if (this.#readers.size === 0) this.#closed.abort()
    }
  }

  /**
   * A page that joins hears what the stream began with, and `resync`: it asks what it may see, and hears of
   * every change since it joined.
   */
  #greet(reader: Reader, at: number): void {
    if (!this.#hello) return
    reader.greeted = true
    const { topics: _topics, ...hello } = this.#hello
    reader.relay({ ...hello, at: Math.round(at), resync: true }, this.#lastId)
  }
}

/**
 * The event streams of one browser: one for each sign-in, however many tabs it has. Runs in a worker that the tabs share.
 * It holds no token: each page brings its own, and hears only the stream of the sign-in that its token names.
 */
export class SharedStreams {
  readonly #open: OpenWithToken
  readonly #streams = new Map<string, SharedStream>()
  /** Pages whose stream the desk ended for another browser of the same person. */
  readonly #paused = new Map<string, Set<Reader>>()

  constructor(open: OpenWithToken) {
    this.#open = open
  }

  /** Serves the page at the other end of this port, until it leaves or stops reading. */
  serve(port: MessagePort): void {
    const reader = new Reader(port)
    port.addEventListener('message', ({ data }: MessageEvent<FromPage>) => {
      if (data.type === 'read') reader.hasRead()
      else if (data.type === 'open') this.#join(reader, data)
      else {
        reader.leave()
        port.close()
      }
    })
    port.start()
  }

  #join(reader: Reader, { token, lastEventId }: Extract<FromPage, { type: 'open' }>): void {
    reader.tell({ type: 'answered' })
    const signIn = signInOf(token)
    const known = this.#streams.get(signIn)
    if (known && !known.isSilent && !known.signal.aborted)
      return known.join(reader, lastEventId === undefined)
    // A half-open connection never ends by itself: its pages are sent to the new one.
    known?.end()
    const stream = new SharedStream(reader)
    this.#streams.set(signIn, stream)
    void this.#follow(signIn, stream, token, lastEventId)
  }

  async #follow(
    signIn: string,
    stream: SharedStream,
    token: string,
    lastEventId: string | undefined,
  ): Promise<void> {
    let refusal: ToPage | null = null
    try {
      for await (const message of await this.#open({ token, lastEventId, signal: stream.signal })) {
        if (stream.signal.aborted) break
        stream.relay(message)
        if (message.type === 'stream.ended') this.#pause(signIn, stream)
        else this.#resume(signIn)
      }
    } catch (error) {
      // Without a status the network or the desk went away: the pages try again, as they do after an ordinary end.
      if (error instanceof ORPCError) refusal = { type: 'refused', status: error.status }
    }
    if (this.#streams.get(signIn) === stream) this.#streams.delete(signIn)
    stream.end(refusal)
  }

  #pause(signIn: string, stream: SharedStream): void {
    // Who asks from now on asks for a new one.
    if (this.#streams.get(signIn) === stream) this.#streams.delete(signIn)
    const paused = this.#paused.get(signIn) ?? new Set()
    this.#paused.set(signIn, paused)
    for (const reader of stream.takeReaders()) {
      paused.add(reader)
      reader.leave = () => {
        paused.delete(reader)
        if (paused.size === 0 && this.#paused.get(signIn) === paused) this.#paused.delete(signIn)
      }
    }
  }

  #resume(signIn: string): void {
    const paused = this.#paused.get(signIn)
    this.#paused.delete(signIn)
    for (const reader of paused ?? []) reader.tell({ type: 'resumed' })
  }
}

/**
 * The sign-in that a token belongs to: its person, that person's version and the family of refresh tokens (`sub`, `ver`
 * and `fam` of main/sign-in/access-tokens.ts). A token that cannot be read shares with nobody but itself.
 */
function signInOf(token: string): string {
  try {
    const payload = token.split('.')[1] ?? ''
    const { sub, ver, fam }: Record<string, unknown> = JSON.parse(
      atob(payload.replaceAll('-', '+').replaceAll('_', '/')),
    )
    if (typeof sub === 'string' && typeof ver === 'number' && typeof fam === 'string')
      return JSON.stringify([sub, ver, fam])
  } catch (_error) {
    // Not a token of this desk.
  }
  return token
}
