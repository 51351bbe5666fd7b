/**
 * What writes can declare that they change. Each module declares its own here, by declaration merging. The data is plain
 * (JSON): the changes of another desk on the same database could arrive the same way.
 */
export interface Changes {
  /** Keeps the interface from being empty; nothing is told of a write that changes no memory. */
  readonly none: never
}

type ChangeName = Exclude<keyof Changes, 'none'>

/** One change that a write declares: its name and its data. */
export type Change = {
  [Name in ChangeName]: { readonly name: Name; readonly data: Changes[Name] }
}[ChangeName]

/** A committed change, with the desk whose write it was. */
interface CommittedChange<Name extends ChangeName> {
  readonly data: Changes[Name]
  readonly origin: string
}
type Listener<Name extends ChangeName> = (change: CommittedChange<Name>) => void

/**
 * The one way in which memory learns what was written: every committed change is told once, in the order of the commits,
 * before the write answers. A listener that throws is reported, and the others hear of the change all the same.
 */
export class ChangeFeed {
  readonly #listeners = new Map<ChangeName, Set<Listener<never>>>()
  readonly #onListenerError: (name: string, error: unknown) => void

  constructor(onListenerError: (name: string, error: unknown) => void) {
    this.#onListenerError = onListenerError
  }

  /** Calls `listener` with every committed change of this name, until the returned function is called. */
  on<Name extends ChangeName>(name: Name, listener: Listener<Name>): () => void {
    const listeners = this.#listeners.get(name) ?? new Set()
    this.#listeners.set(name, listeners.add(listener))
    return () => void listeners.delete(listener)
  }

  /** Tells committed changes. `origin` is the id of the desk that wrote them. */
  tell(changes: readonly Change[], origin: string): void {
    for (const { name, data } of changes) {
      for (const listener of this.#listeners.get(name) ?? []) {
        try {
          // The map cannot say that a listener is of the name under which it is kept.
          ;(listener as Listener<typeof name>)({ data, origin })
        } catch (error) {
          this.#onListenerError(name, error)
        }
      }
    }
  }
}
