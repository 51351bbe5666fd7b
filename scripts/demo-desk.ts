import { once } from 'node:events'
import { existsSync, mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { dirname, join, resolve } from 'node:path'
import { settingEntries } from '../main/platform/settings-table.ts'
import { takeDeskLock } from '../main/store/desk-lock.ts'
import type { DeskLock } from '../main/store/desk-lock.ts'
import { DatabaseLockedError } from '../main/store/store-errors.ts'

/** What a demo takes from its surroundings: where it listens, where its database lies, how much it says. */
const taken: readonly string[] = ['ALTAVMS_HTTP_ADDR', 'ALTAVMS_DB_PATH', 'ALTAVMS_LOG_LEVEL']
/** Not settings of today, but such as a real desk's surroundings hold. */
const neverTaken = /^(ALTAVMS|ADMIN|OIDC|TOTP|JWT|REGISTRATION)_|^(DATABASE|PUBLIC)_URL$/
const mostDemosAtOnce = 50

/** A database of this demo's own, which no other demo touches while `lock` is held. */
export interface DemoDatabase {
  readonly path: string
  readonly lock: DeskLock
}

/** A demo cannot have the database or the address it was told to use; the message says what to do. */
export class DemoError extends Error {}

/**
 * The environment of a demo's desk: `variables` without everything that belongs to a real desk (keys, addresses,
 * administrators), so that a demo can always be signed in to as admin@localhost with the password admin.
 */
export function demoEnvironment(
  variables: NodeJS.ProcessEnv,
  databasePath: string,
  address: string,
): NodeJS.ProcessEnv {
  const known = new Set(settingEntries.map(({ setting }) => setting.variable))
  const kept = Object.entries(variables).filter(
    ([name]) => taken.includes(name) || !(known.has(name) || neverTaken.test(name)),
  )
  return {
    ...Object.fromEntries(kept),
    ALTAVMS_ENV: 'development',
    ALTAVMS_HTTP_ADDR: address,
    ALTAVMS_DB_PATH: databasePath,
    ALTAVMS_LOG_LEVEL: variables.ALTAVMS_LOG_LEVEL ?? 'warn',
  }
}

/**
 * An empty database for a demo: the one that `named` gives (relative to `root`), or the first under `root`/data that no
 * running demo uses. The demo that used it before is over, and its database is deleted. Throws a `DemoError`
 * where the named one belongs to a running demo or was not made by one: a real desk's database is never deleted.
 */
export function openDemoDatabase(root: string, named: string | undefined): DemoDatabase {
  if (named !== undefined && named !== '') {
    const path = resolve(root, named)
    const opened = takeOver(path)
    if (opened) return opened
    throw new DemoError(`another demo uses ${path}; set ALTAVMS_DB_PATH to another file.`)
  }
  for (let number = 1; number <= mostDemosAtOnce; number += 1) {
    const folder = join(root, 'data', number === 1 ? 'demo' : `demo-${number}`)
    const opened = takeOver(join(folder, 'altavms.db'))
    if (opened) return opened
  }
  throw new DemoError(`${mostDemosAtOnce} demos are running; end one of them.`)
}

/** Null while another demo uses this database. */
function takeOver(path: string): DemoDatabase | null {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  const lock = lockOf(`${path}.demo`)
  if (!lock) return null
  try {
    emptyDatabase(path)
  } catch (error) {
    lock.release()
    throw error
  }
  return { path, lock }
}

function lockOf(path: string): DeskLock | null {
  try {
    return takeDeskLock(path, 0)
  } catch (error) {
    if (error instanceof DatabaseLockedError) return null
    throw error
  }
}

/** Deletes what an earlier demo left; a file says that it was one. */
function emptyDatabase(path: string): void {
  const mark = `${path}.made-by-demo`
  if (existsSync(path) && statSync(path).size > 0 && !existsSync(mark))
    throw new DemoError(
      `${path} was not made by a demo and is left alone; set ALTAVMS_DB_PATH to a file that does not exist.`,
    )
  for (const part of ['', '-wal', '-shm']) rmSync(path + part, { force: true })
  writeFileSync(
    mark,
    'The database beside this file was made by npm run demo, which deletes it at its next start.\n',
  )
}

/**
 * Where a demo's desk listens: `named` as it is, or with a free port where it names port 0. Throws a `DemoError` where
 * another program answers there already: the demo would sign in to a desk that is not its own.
 */
export async function demoAddress(named = ':3303'): Promise<string> {
  const colon = named.lastIndexOf(':')
  const [host, port] = [named.slice(0, colon).replace(/^\[|\]$/g, ''), Number(named.slice(colon + 1))]
  if (port === 0) return `${named.slice(0, colon)}:${await freePort(host)}`
  // What is no address is the desk's to refuse, in its own words.
  if (!Number.isInteger(port) || port > 65_535) return named
  const nobodys = host === '' || host === '0.0.0.0' || host === '::'
  if (await isAnswered(nobodys ? 'localhost' : host, port))
    throw new DemoError(
      `another program answers at ${named} already; end it, or set ALTAVMS_HTTP_ADDR, for example to 127.0.0.1:3304.`,
    )
  return named
}

async function freePort(host: string): Promise<number> {
  const server = createServer().listen(0, host === '' ? undefined : host)
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

function isAnswered(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port })
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}
