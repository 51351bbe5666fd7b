import { queryBuilder } from './connection.ts'
import type { SqliteConnection } from './connection.ts'
import type { ReadHandle } from './store-types.ts'

/** A connection on which one read at a time runs, in a transaction of its own: all its queries see one snapshot. */
export interface ReadConnection {
  readonly db: ReadHandle
  begin(): void
  end(): void
}

interface OpenConnection extends ReadConnection {
  readonly connection: SqliteConnection
}

/** The connections of a store on which it reads: opened when first needed, at most `most`. */
export class ReadConnections {
  readonly #open: () => SqliteConnection
  readonly #most: number
  readonly #all: OpenConnection[] = []
  readonly #idle: OpenConnection[] = []
  readonly #waiting: ((free: ReadConnection) => void)[] = []

  constructor(open: () => SqliteConnection, most: number) {
    this.#open = open
    this.#most = most
  }

  /** A connection that nobody else reads on; a promise where all are in use. Throws what SQLite throws. */
  take(): ReadConnection | Promise<ReadConnection> {
    const idle = this.#idle.pop()
    if (idle) return idle
    if (this.#all.length < this.#most) return this.#add()
    return new Promise((resolve) => this.#waiting.push(resolve))
  }

  release(connection: ReadConnection): void {
    const next = this.#waiting.shift()
    if (next) next(connection)
    else this.#idle.push(connection as OpenConnection)
  }

  close(): void {
    for (const { connection } of this.#all) connection.close()
  }

  #add(): ReadConnection {
    const connection = this.#open()
    const [begin, end] = ['begin', 'commit'].map((text) => connection.prepare(text))
    const added: OpenConnection = {
      connection,
      db: queryBuilder(connection),
      begin: () => void begin?.run(),
      end: () => {
        try {
          end?.run()
        } catch (error) {
          // An error of a query may have ended it already.
          if (connection.inTransaction) throw error
        }
      },
    }
    this.#all.push(added)
    return added
  }
}
