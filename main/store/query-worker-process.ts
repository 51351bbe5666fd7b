import Database from 'better-sqlite3'
import { parentProcess } from '../platform/child-process.ts'
import type { QueryWorkerAnswer, QueryWorkerMessage } from './query-worker.ts'
import { offerTextSearch } from './text-search.ts'

/**
 * The query worker: a process with a read-only connection of its own, for searches and reports. A thread would not do: one
 * that is inside SQLite cannot be ended (a count over 10^8 rows kept `Worker.terminate()` waiting for 13 s).
 */
const parent = parentProcess()
let connection: Database.Database | null = null

parent.onMessage((received) => {
  const message = received as QueryWorkerMessage
  if (message.kind === 'open') {
    connection = new Database(message.path, {
      readonly: true,
      fileMustExist: true,
      timeout: message.busyTimeoutMs,
    })
    connection.pragma('trusted_schema = OFF')
    offerTextSearch(connection)
    return
  }
  parent.send(answer(message.id, message.sql, message.parameters))
})

function answer(id: number, sql: string, parameters: readonly (string | number | null)[]): QueryWorkerAnswer {
  try {
    if (!connection) throw new Error('The query worker was asked before it was opened.')
    return { id, rows: connection.prepare(sql).all(...parameters) }
  } catch (error) {
    const known = error instanceof Error ? error : new Error(String(error))
    const code = error instanceof Database.SqliteError ? error.code : null
    return { id, failure: { message: known.message, code } }
  }
}
