import { EventEmitter } from 'node:events'

/** What travels between modules against the order of their imports: typed facts in the past tense, declared by who publishes them. */
export interface Facts {
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
