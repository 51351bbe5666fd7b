import type { IncomingHttpHeaders } from 'node:http'
import type { ListenerName } from './options.ts'

/** One request that an Alta saw. `status` is undefined while (or when never) answered. */
export interface LoggedRequest {
  at: number
  listener: ListenerName
  method: string
  /** Path without the query, as it came. */
  path: string
  query: string
  headers: IncomingHttpHeaders
  status: number | undefined
}

/** A list that forgets its oldest entries. */
export class BoundedLog<T> {
  private readonly limit: number
  private entries: T[] = []

  constructor(limit = 5000) {
    this.limit = limit
  }

  add(entry: T): void {
    this.entries.push(entry)
    if (this.entries.length > this.limit) this.entries = this.entries.slice(-this.limit)
  }

  list(): readonly T[] {
    return this.entries
  }

  clear(): void {
    this.entries = []
  }
}
