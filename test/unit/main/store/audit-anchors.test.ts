import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { encryptionKey, Keyring } from '../../../../main/platform/keyring.ts'
import { openLogger, parseLogFilter } from '../../../../main/platform/logging.ts'
import { addAnchor, anchorFileOf } from '../../../../main/store/audit-anchors.ts'
import { describeProof } from '../../../../main/store/audit-proof-text.ts'
import type { StoreOptions } from '../../../../main/store/store.ts'
import { databaseWith, prove, recordOf, ring, write } from './audited-database.ts'
import { openTestStore, storeOptions, temporaryFolder } from './open-test-store.ts'

function anchorsOf({ path }: StoreOptions): string[] {
  return readFileSync(anchorFileOf(path), 'utf8').trimEnd().split('\n')
}

test('the end of the log is written beside the database when the desk stops, and proves itself', async () => {
  const options = await databaseWith(3)
  await write(options, 2)
  expect(anchorsOf(options).map((line) => line.split(' ')[3])).toEqual(['3', '5'])
  expect(prove(options, ring, anchorFileOf(options.path))).toMatchObject({
    holds: true,
    anchors: { held: 2, newestHeld: { point: { seq: 5 } }, unsigned: 0 },
  })
})

test('it is written while the desk runs too, into the file and the log, once for each end', async () => {
  const lines: string[] = []
  const filter = parseLogFilter('info')
  const logger = openLogger({ filter, format: 'json', write: (line) => lines.push(line) })
  const options = storeOptions({ keyring: ring, logger })
  const store = openTestStore(options)
  expect(existsSync(anchorFileOf(options.path))).toBe(false)
  await store.write({ audit: recordOf(1) }, () => undefined)
  store.anchorAudit()
  store.anchorAudit()
  expect(anchorsOf(options)).toHaveLength(1)
  await store.close()
  expect(anchorsOf(options)).toHaveLength(1)
  // Would catch: a log from which the anchors cannot be read back, for it hides what looks like a secret.
  const log = join(temporaryFolder(), 'desk.log')
  writeFileSync(log, lines.map((line) => `${line}\n`).join(''))
  expect(prove(options, ring, log)).toMatchObject({ holds: true, anchors: { held: 1, unsigned: 0 } })
})

// Would catch: a server of Alta's, or anybody whose words are logged, who makes the proof of the log fail with a text in the
// form of an anchor: a false alarm that nobody can tell from a forgery.
test.each(['json', 'text'] as const)('a text from outside is no anchor in a log as %s', async (format) => {
  const lines: string[] = []
  const logger = openLogger({ filter: parseLogFilter('info'), format, write: (line) => lines.push(line) })
  const options = storeOptions({ keyring: ring, logger })
  const store = openTestStore(options)
  await store.write({ audit: recordOf(1) }, () => undefined)
  store.anchorAudit()
  const [real = ''] = anchorsOf(options)
  const forged = real.replace(/[\w-]{43}$/, 'B'.repeat(43))
  const cause = new Error(forged)
  logger.for('alta').warn(forged, {
    detail: `HTTP 500: "anchor":"${forged}" anchor=${forged}\n${forged}`,
    found: { [forged]: [forged] },
    error: new Error(`\n${forged}`, { cause }),
  })
  await store.close()
  const log = join(temporaryFolder(), 'desk.log')
  writeFileSync(log, lines.map((line) => `${line}\n`).join(''))
  expect(prove(options, ring, log)).toMatchObject({ holds: true, anchors: { held: 1, unsigned: 0 } })
})

// Would catch: a proof that believes a line which anybody can write.
test.each([
  ['another row', (line: string) => line.replace(' 3 ', ' 2 ')],
  ['another time', (line: string) => line.replace('T', 'T').replace(/\.\d{3}Z/, '.999Z')],
  ['another HMAC', (line: string) => line.replace(/ ([\w-]{43}) /, ` ${'A'.repeat(43)} `)],
  ['a signature of another key', (line: string) => line.replace(/[\w-]{43}$/, 'B'.repeat(43))],
  ['a key that nobody has', (line: string) => line.replace(/ [0-9a-f]{8} /, ' 01234567 ')],
])('a line with %s is not signed, and fails the proof and the next start', async (_what, forge) => {
  const options = await databaseWith(3)
  const [line = ''] = anchorsOf(options)
  const forged = forge(line)
  expect(forged).not.toBe(line)
  appendFileSync(anchorFileOf(options.path), `${forged}\n`)
  const proof = prove(options, ring, anchorFileOf(options.path))
  expect(proof).toMatchObject({ holds: false, anchors: { held: 1, unsigned: 1, firstUnsignedLine: 2 } })
  expect(describeProof(proof)).toMatch(/not signed with a key of this desk, the first in line 2\./)
  expect(openTestStore(options).auditBreak?.finding).toMatch(/not signed with a key of this desk/)
})

test('an anchor of rows that retention removed since is said as such, and accuses nobody', async () => {
  const options = await databaseWith(3)
  await write(options, 3)
  const store = openTestStore(options)
  await store.trimAudit(Date.now() + 1_000, 4)
  await store.close()
  const proof = prove(options, ring, anchorFileOf(options.path))
  expect(proof).toMatchObject({ holds: true, anchors: { retired: 1, held: 2, cut: 0 } })
  expect(describeProof(proof)).toMatch(/1 anchor is older than the rows that retention kept\./)
})

test('an anchor that was written with a key rotated away since is read all the same', async () => {
  const options = await databaseWith(3)
  const newer = encryptionKey(Buffer.alloc(32, 9))
  await write({ ...options, keyring: new Keyring([newer, ring.active]) }, 1)
  const keyring = new Keyring([newer])
  expect(prove(options, keyring, anchorFileOf(options.path))).toMatchObject({
    holds: true,
    anchors: { held: 2 },
  })
})

test('a restore accounts for what was anchored before it, not for what was anchored after', async () => {
  const options = await databaseWith(3)
  const before = readFileSync(options.path)
  let now = Date.now()
  const clock = { now: () => (now += 1_000), monotonicMs: () => now }
  const restore = { ...recordOf(0), action: 'audit.restored', after: { reason: 'test' } }
  await write({ ...options, clock }, 2)
  writeFileSync(options.path, before)
  const store = openTestStore({ ...options, clock })
  await store.write({ audit: restore }, () => undefined)
  await store.close()
  const afterRestore = readFileSync(options.path)
  await write({ ...options, clock }, 4)
  expect(prove(options, ring, anchorFileOf(options.path))).toMatchObject({
    holds: true,
    anchors: { restored: 1 },
  })
  writeFileSync(options.path, afterRestore)
  expect(prove(options, ring, anchorFileOf(options.path))).toMatchObject({
    holds: false,
    anchors: { restored: 1, cut: 1 },
  })
})

test('a file without an anchor proves nothing', async () => {
  const options = await databaseWith(3)
  const file = join(temporaryFolder(), 'empty.txt')
  writeFileSync(file, 'nothing\n')
  expect(prove(options, ring, file)).toMatchObject({ holds: false, anchors: { held: 0 } })
  expect(describeProof(prove(options, ring, file))).toMatch(/There is no anchor in that file\./)
})

test('a line that a power cut left unfinished does not swallow the next one', async () => {
  const options = await databaseWith(3)
  const file = anchorFileOf(options.path)
  truncateSync(file, statSync(file).size - 20)
  await write(options, 1)
  expect(prove(options, ring, file)).toMatchObject({ holds: true, anchors: { held: 2, unsigned: 0 } })
})

test('lines of any length and bytes that are no text are passed over', async () => {
  const options = await databaseWith(3)
  const [line = ''] = anchorsOf(options)
  const file = join(temporaryFolder(), 'noise')
  writeFileSync(
    file,
    Buffer.concat([Buffer.alloc(3_000_000, 'alta-desk-anchor v1 '), Buffer.from([10, 0, 255, 10])]),
  )
  // Across the border of two pieces of the file.
  for (let count = 0; count < 2_000; count += 1) appendFileSync(file, `${line}\n`)
  expect(prove(options, ring, file)).toMatchObject({ holds: true, anchors: { held: 2_000, unsigned: 0 } })
})

test('the file is put aside before it grows without end, and the one before it is kept', () => {
  const file = join(temporaryFolder(), 'anchors.txt')
  writeFileSync(file, `${'x'.repeat(5 * 1024 * 1024)}\n`)
  addAnchor(file, 'first')
  addAnchor(file, 'second')
  expect(readFileSync(file, 'utf8')).toBe('first\nsecond\n')
  expect(statSync(`${file}.1`).size).toBeGreaterThan(5 * 1024 * 1024)
})

// Would catch: an anchor file that keeps the desk from starting, or from stopping.
test('an anchor file that cannot be read or written is told, and the desk goes on', async () => {
  const lines: string[] = []
  const filter = parseLogFilter('error')
  const logger = openLogger({ filter, format: 'json', write: (line) => lines.push(line) })
  const options = storeOptions({ keyring: ring, logger })
  // A folder in its place cannot be written to, not even by root.
  mkdirSync(anchorFileOf(options.path))
  await write(options, 1)
  expect(lines.filter((line) => line.includes('could not be written beside the database'))).toHaveLength(2)
  expect(openTestStore(options).auditBreak?.finding).toBe('The anchor file cannot be read.')
  expect(prove(options)).toMatchObject({ holds: false, broken: null })
})
