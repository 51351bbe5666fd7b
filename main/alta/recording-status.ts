import { z } from 'zod'
import type { Clock } from '../platform/clock.ts'
import type { CallContext } from './alta-types.ts'
import { recordingStatusPath } from './assumptions.ts'
import { HttpExchange, textOf } from './http-exchange.ts'
import { streamUrlOf } from './ott.ts'

const connectMs = 1_500
const readMs = 4_000
/** Only the end of the recording matters; what was recorded before this is not asked for, and does not count. */
export const askedBackMs = 10 * 60_000

const rangesSchema = z
  .array(
    z.object({
      stream: z.string().optional(),
      ranges: z
        .array(z.object({ from: z.number().nonnegative(), duration: z.number().nonnegative() }))
        .max(10_000),
    }),
  )
  .min(1)
  .max(10)

/**
 * Up to when a channel was recorded, milliseconds since the epoch by our clock: null where nothing was recorded in the
 * last ten minutes; `unknown` where Alta does not tell.
 */
export type RecordedUntil = number | null | 'unknown'

export interface RecordingStatusOptions {
  /** As findStreamOrigin gave it: the only origin that is ever given a token. */
  readonly streamOrigin: string
  readonly clock: Clock
  /** Calls in flight at most. */
  readonly connections: number
}

/** Reads `recording_status.json` of one Alta's channels. */
export class RecordingStatus {
  readonly #options: RecordingStatusOptions
  readonly #exchange: HttpExchange

  constructor(options: RecordingStatusOptions) {
    this.#options = options
    const { streamOrigin, clock, connections } = options
    const baseUrl = new URL(streamOrigin).origin
    this.#exchange = new HttpExchange({ baseUrl, connections, connectMs, clock })
  }

  /**
   * Asks for one channel. `clockOffsetMs`: Alta's clock less ours. Rejects with AltaProblem where the listener cannot be
   * reached or breaks off, with a TimeoutError where it is too slow, and with the caller's signal.
   */
  async read(
    call: CallContext,
    channelId: string,
    token: string,
    clockOffsetMs: number,
  ): Promise<RecordedUntil> {
    const { streamOrigin, clock } = this.#options
    const to = Math.ceil((clock.now() + clockOffsetMs) / 1_000)
    const from = to - askedBackMs / 1_000
    const { pathname } = new URL(streamUrlOf(streamOrigin, channelId, recordingStatusPath))
    const query = new URLSearchParams({
      from: String(from),
      to: String(to),
      request: 'ranges',
      token,
    })
    const request = {
      method: 'GET',
      path: `${pathname}?${query.toString()}`,
      headers: { 'x-request-id': call.requestId },
    } as const
    const limit = AbortSignal.timeout(readMs)
    const signal = call.signal ? AbortSignal.any([limit, call.signal]) : limit
    const answer = await this.#exchange.send(request, signal)
    if (answer.status !== 200) return 'unknown'
    // The answer has just told the clock of the listener itself.
    return recordedUntil(textOf(answer), channelId, this.#exchange.clockOffsetMs ?? clockOffsetMs)
  }

  /** Cuts every socket at once. */
  async stop(): Promise<void> {
    await this.#exchange.stop()
  }
}

/** The end of the last range of this channel in an answer, by our clock. */
export function recordedUntil(text: string, channelId: string, clockOffsetMs: number): RecordedUntil {
  let answer: unknown
  try {
    answer = JSON.parse(text)
  } catch (_noJson) {
    return 'unknown'
  }
  const parsed = rangesSchema.safeParse(answer)
  if (!parsed.success) return 'unknown'
  const own = parsed.data.filter(({ stream }) => stream === undefined || stream === channelId)
  if (own.length === 0) return 'unknown'
  const ends = own.flatMap(({ ranges }) => ranges.map(({ from, duration }) => from + duration))
  const last = ends.reduce((latest, end) => Math.max(latest, end), 0)
  return last === 0 ? null : Math.round(last * 1_000 - clockOffsetMs)
}
