import type { Attempt, AttemptEvents, AttemptRequest } from './attempt-contract.ts'
import type { Ladder } from './ladder.ts'
import type { Ledger } from './ledger.ts'
import type { ServerGate } from './server-gate.ts'
import type { SourceHealth } from './source-health.ts'

/** What a machine needs around it. */
export interface MachineSurroundings<A extends Attempt> {
  readonly cameraId: string
  readonly ledger: Ledger
  readonly ladder: Ladder
  readonly health: SourceHealth
  readonly gateOf: (serverId: string) => ServerGate
  readonly attempt: (request: AttemptRequest, events: AttemptEvents) => A
  /** This attempt's picture is the tile's from now on. */
  readonly show: (attempt: A) => void
  /** The tile's picture is about to go: keep its last frame. */
  readonly leave: (attempt: A) => void
  /** The camera is not this person's to see: nothing of it may stay on screen. */
  readonly conceal: () => void
  readonly changed: () => void
}
