import { closeSync, openSync, readdirSync, statSync } from 'node:fs'
import { homedir } from 'node:os'
import { basename, dirname, extname, join, resolve } from 'node:path'
import type { AreaLogger } from '../platform/logging.ts'
import { isOpenToOthers, narrowMode, privateFileMode, privateFolderMode } from '../platform/private-modes.ts'

const sticky = 0o1000
/** Of a desk in staging that was given no key; see desk-keyring.ts. */
const keyFile = 'encryption.key'

/**
 * Takes the database, what SQLite keeps beside it, its backups, its lock and its anchors away from other accounts of
 * the machine, and their folder too where it is the desk's own. A database that is not there yet is made as an empty
 * file, since SQLite would make it as wide as the umask lets it; its `-wal` and `-shm` take its mode. Windows has no
 * modes; there the folder's list of rights is what counts. Throws what the disk throws.
 */
export function keepPrivate(databasePath: string, logger: AreaLogger): void {
  if (process.platform === 'win32') return
  closeSync(openSync(databasePath, 'a', privateFileMode))
  const folder = dirname(databasePath)
  const stem = basename(databasePath, extname(databasePath))
  // A link may lead to a file that is not ours.
  const ours = readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ name }) => name)
    .filter((name) => isDesks(name, stem, basename(databasePath)))
  for (const name of ours) narrow(join(folder, name), privateFileMode, logger)
  if (isDesksOwn(folder)) narrow(folder, privateFolderMode, logger)
  else warnOfOthers(folder, logger)
}

function isDesks(name: string, stem: string, database: string): boolean {
  return (
    name === keyFile ||
    name.startsWith(database) ||
    name.startsWith(`${stem}-backup-`) ||
    name.startsWith(`${stem}-audit-anchors.txt`)
  )
}

/** Makes an empty file that nobody else can read, for a program that would make it wider. */
export function makePrivate(file: string): void {
  closeSync(openSync(file, 'wx', privateFileMode))
}

/** Files of other accounts cannot be changed; that is said, and does not keep the desk from starting. */
function narrow(path: string, mode: number, logger: AreaLogger): void {
  try {
    if (narrowMode(path, mode)) logger.info('other accounts of this machine can no longer read it', { path })
  } catch (error) {
    logger.warn('other accounts of this machine can read it, and the desk may not change that', {
      path,
      error,
    })
  }
}

function warnOfOthers(folder: string, logger: AreaLogger): void {
  if (isOpenToOthers(folder))
    logger.warn('the folder of the database is open to other accounts; give the desk a folder of its own', {
      path: folder,
    })
}

/**
 * Somebody's home, a folder that stands at the root of the machine (`/srv`, `/tmp`), one that everybody writes to and one of another
 * account hold more than the desk's files and are left as they are.
 */
function isDesksOwn(folder: string): boolean {
  const path = resolve(folder)
  if (path === homedir() || dirname(dirname(path)) === dirname(path)) return false
  const { mode, uid } = statSync(path)
  return (mode & sticky) === 0 && uid === process.getuid?.()
}
