import { closeSync, fsyncSync, openSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { basename, dirname, extname, join } from 'node:path'
import type { SqliteConnection } from './connection.ts'
import { makePrivate } from './private-files.ts'

const keptBackups = 5

/**
 * Copies the database into a file beside it before its schema changes: `altavms-backup-<version>-<time>.db`, where the
 * version is the number of its last migration. `VACUUM INTO` reads one consistent state, the WAL included. Keeps the
 * newest five. Returns the path. Throws what SQLite or the disk throws, and then leaves no half copy.
 */
export function backUp(connection: SqliteConnection, path: string, version: string, at: number): string {
  const folder = dirname(path)
  const prefix = `${basename(path, extname(path))}-backup-`
  const time = new Date(at).toISOString().replaceAll(/[-:]|\.\d+/g, '')
  const target = join(folder, `${prefix}${version}-${time}.db`)
  const partial = `${target}.partial`
  try {
    rmSync(partial, { force: true })
    makePrivate(partial)
    connection.prepare('vacuum into ?').run(partial)
    synchronise(partial)
    renameSync(partial, target)
  } catch (error) {
    rmSync(partial, { force: true })
    throw error
  }
  const old = readdirSync(folder)
    .filter((name) => name.startsWith(prefix) && name.endsWith('.db'))
    .toSorted((left, right) => timeOf(left).localeCompare(timeOf(right)))
    .slice(0, -keptBackups)
  for (const name of old) rmSync(join(folder, name), { force: true })
  return target
}

function timeOf(name: string): string {
  return name.slice(name.lastIndexOf('-'))
}

function synchronise(file: string): void {
  const handle = openSync(file, 'r+')
  try {
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
}
