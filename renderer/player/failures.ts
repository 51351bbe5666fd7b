import type { TileReason } from './player-types.ts'

/** Why one attempt ended. */
export interface AttemptFailure {
  readonly reason: TileReason
  /** What the server asked for. */
  readonly retryAfterMs?: number
  /** The same source is to be tried again at once in another way; nothing is held against it. */
  readonly again?: boolean
  /** What was tried for is not wanted any more. */
  readonly needless?: boolean
}
