import type { LiveSource } from '../../shared/contract/live.ts'
import type { AttemptFailure } from './failures.ts'

/** Cumulative figures of a running source; null where the way of playing does not tell them. */
export interface MediaSample {
  /** Bytes of media received. */
  readonly bytes: number
  readonly framesDecoded: number | null
  readonly framesDropped: number
  readonly keyFrames: number | null
  readonly packetsReceived: number | null
  readonly packetsLost: number | null
  /** How far behind the camera's clock the picture is, where that is known. */
  readonly delayMs: number | null
  /** For how long every encoded frame has had the same size, as far as they are shown; null where sizes are not known. */
  readonly sameSizeMs: number | null
}

/** What a session tells the attempt it belongs to; nothing after `close`. */
export interface SessionEvents {
  /** Media can arrive from now on: the clock of the first frame starts. */
  connected(): void
  failed(failure: AttemptFailure): void
  /** Sound arrives; an audio track alone is none. */
  sound(): void
}

/** Whether an HTTP answer came from a server. */
export type Reached = 'answered' | 'failed' | 'timed-out'

/** One way of getting a camera's frames into a video element. */
export interface PictureSession {
  /** Plays this source; its ticket is fresh. */
  start(source: LiveSource): void
  sample(): Promise<MediaSample | null>
  /** Tries to mend a source from which nothing comes; resolves false where a new session is needed. */
  repair(): Promise<boolean>
  close(): void
}
