import type { LiveSource } from '../../shared/contract/live.ts'
import type { AttemptFailure } from './failures.ts'
import type { MediaSample } from './session.ts'
import type { FrameFigures } from './watchdog.ts'

/** What an attempt is to do. */
export interface AttemptRequest {
  readonly cameraId: string
  /** What will probably be played, before the fresh ticket tells; null when nothing is known. */
  readonly expects: LiveSource | null
  /** Learnt distance of the camera's key frames. */
  readonly gopMs: number | null
  /** Picks from the fresh answer of the desk, or says why there is nothing to play. */
  readonly choose: (sources: LiveSource[]) => LiveSource | AttemptFailure
}

/** What an attempt tells; nothing after its `close`. */
export interface AttemptEvents {
  connected(): void
  firstFrame(): void
  sound(): void
  failed(failure: AttemptFailure): void
}

/** One try to get a picture, and what it plays if it succeeded. */
export interface Attempt {
  readonly source: LiveSource | null
  readonly screen: FrameFigures
  start(): void
  sample(): Promise<MediaSample | null>
  /** Some rows of the frame on screen, see `readStrips` of `strips.ts`. */
  readStrips(): Promise<Uint8Array | null>
  repair(): Promise<boolean>
  resume(): void
  close(): void
}
