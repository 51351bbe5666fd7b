import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  readdirSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { openLogger, parseLogFilter } from '../../../../main/platform/logging.ts'
import { openStore } from '../../../../main/store/open-store.ts'
import { recordOf, write } from './audited-database.ts'
import { openTestStore, storeOptions, temporaryFolder } from './open-test-store.ts'

const onPosix = test.skipIf(process.platform === 'win32')

/** The mode of a folder and of every file in it. */
function modesIn(folder: string): Record<string, string> {
  const mode = (path: string): string => (statSync(path).mode & 0o777).toString(8)
  const files = readdirSync(folder).map((name) => [name, mode(join(folder, name))])
  return { '.': mode(folder), ...(Object.fromEntries(files) as Record<string, string>) }
}

/** A folder as `mkdir` makes it under the usual umask. */
function wideFolder(): string {
  const before = process.umask(0o022)
  onTestFinished(() => void process.umask(before))
  const folder = join(temporaryFolder(), 'desk')
  mkdirSync(folder)
  expect(modesIn(folder)).toEqual({ '.': '755' })
  return folder
}

// Would catch: a database that every account of the machine can copy, with what SQLite keeps beside it.
onPosix('a new desk keeps its files to itself, whatever the umask', async () => {
  const path = join(wideFolder(), 'altavms.db')
  const store = openTestStore(storeOptions({ path }))
  await store.write({ audit: recordOf(1) }, () => undefined)
  store.anchorAudit()
  expect(modesIn(dirname(path))).toEqual({
    '.': '700',
    'altavms.db': '600',
    'altavms.db-shm': '600',
    'altavms.db-wal': '600',
    'altavms.db.lock': '600',
    'altavms-audit-anchors.txt': '600',
  })
})

onPosix(
  'files and a folder that were there before, and wider, are narrowed; what is not ours stays',
  async () => {
    const path = join(wideFolder(), 'altavms.db')
    const folder = dirname(path)
    await write(storeOptions({ path }), 3)
    for (const name of ['altavms-backup-0007-20260101T000000Z.db', 'encryption.key', 'page.html'])
      copyFileSync(path, join(folder, name))
    for (const name of readdirSync(folder)) chmodSync(join(folder, name), 0o644)
    chmodSync(folder, 0o755)
    await openStore(storeOptions({ path })).close()
    expect(modesIn(folder)).toEqual({
      '.': '700',
      'altavms.db': '600',
      'altavms.db.lock': '600',
      'altavms-audit-anchors.txt': '600',
      'altavms-backup-0007-20260101T000000Z.db': '600',
      'encryption.key': '600',
      'page.html': '644',
    })
  },
)

// Would catch: a link that somebody put there, by which the desk closes another program's file.
onPosix('a link beside the database is left alone, and so is what it leads to', async () => {
  const path = join(wideFolder(), 'altavms.db')
  const other = join(temporaryFolder(), 'other')
  writeFileSync(other, 'of another program', { mode: 0o644 })
  symlinkSync(other, `${path}-link`)
  await openStore(storeOptions({ path })).close()
  expect(statSync(other).mode & 0o777).toBe(0o644)
})

onPosix('a folder that everybody writes to is left as it is, and that is said', async () => {
  const lines: string[] = []
  const filter = parseLogFilter('warn')
  const logger = openLogger({ filter, format: 'text', write: (line) => lines.push(line) })
  const folder = wideFolder()
  chmodSync(folder, 0o1777)
  await openStore(storeOptions({ path: join(folder, 'altavms.db'), logger })).close()
  expect(statSync(folder).mode & 0o7777).toBe(0o1777)
  expect(lines).toEqual([expect.stringMatching(/folder of the database is open to other accounts/)])
})

onPosix('the log file of a desk without a terminal is kept private as well', () => {
  const folder = wideFolder()
  const file = join(folder, 'alta-desk.log')
  writeFileSync(file, 'before\n')
  const logger = openLogger({ filter: parseLogFilter('info'), format: 'text', file, write: () => undefined })
  logger.for('desk').info('hello')
  expect(modesIn(folder)).toEqual({ '.': '700', 'alta-desk.log': '600' })
})
