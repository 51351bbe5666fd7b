import { EventEmitter } from 'node:events'
import type { CameraStanding } from '../../shared/contract/cameras.ts'
import type { ServerState } from '../../shared/domain/statuses.ts'

/** Everything that travels between rooms against the arrows of the house: typed facts in the past tense. */
export interface Facts {
  'server.added': { serverId: string }
  'server.changed': { serverId: string; state: ServerState; returned: boolean }
  'server.removed': { serverId: string }
  /** The addresses that Alta servers stream from are others now. */
  'stream-origins.changed': Record<never, never>
  'camera.added': { cameraId: string; serverId: string }
  'camera.changed': { cameraId: string; serverId: string; standing: CameraStanding }
  'camera.removed': { cameraId: string; serverId: string }
  /** Somebody asked our authorizer about this ticket, which is good: of this server, this path, and signed by us. */
  'ticket.presented': { serverId: string; jti: string }
  /** What these people may see has changed. */
  'rights.changed': { userIds: readonly string[] }
  /** An account was changed, disabled or deleted, or sign-ins of it ended: who is let in is judged anew. */
  'person.changed': { userId: string }
  /** A sign-in was ended, by whomever: what it holds open ends too. */
  'sign-in.ended': { family: string }
  /** A page, or a script, began to follow the events of this person. */
  'page.opened': { userId: string }
  'page.closed': { userId: string }
  'part.degraded': { part: string; reason: string }
  'part.recovered': { part: string }
}
export type FactName = keyof Facts

/** Announces facts; a listener that throws is reported to `onListenerError` and takes nobody with it. */
export class Bus {
  readonly #emitter = new EventEmitter()
  readonly #onListenerError: (name: FactName, error: unknown) => void

  constructor(onListenerError: (name: FactName, error: unknown) => void) {
    this.#onListenerError = onListenerError
    this.#emitter.setMaxListeners(0)
  }

  publish<N extends FactName>(name: N, fact: Facts[N]): void {
    this.#emitter.emit(name, fact)
  }

  /** Returns the function that ends the subscription. */
  subscribe<N extends FactName>(name: N, listener: (fact: Facts[N]) => void): () => void {
    const guarded = (fact: Facts[N]): void => {
      try {
        listener(fact)
      } catch (error) {
        this.#onListenerError(name, error)
      }
    }
    this.#emitter.on(name, guarded)
    return () => {
      this.#emitter.off(name, guarded)
    }
  }
}
