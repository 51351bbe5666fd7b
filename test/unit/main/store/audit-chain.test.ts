import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { randomBytes } from 'node:crypto'
import Database from 'better-sqlite3'
import { getTableColumns } from 'drizzle-orm'
import { describe, expect, onTestFinished, test } from 'vitest'
import { EncryptionKeyMissingError, encryptionKey, Keyring } from '../../../../main/platform/keyring.ts'
import { signedColumns } from '../../../../main/store/audit-chain.ts'
import { proveAuditOf } from '../../../../main/store/audit-proof.ts'
import { applyMigrations, readMigrations } from '../../../../main/store/migrations.ts'
import { NotADatabaseError } from '../../../../main/store/store-errors.ts'
import { openStore } from '../../../../main/store/open-store.ts'
import { audit } from '../../../../main/store/tables/desk.ts'
import { databaseWith, firstKey, prove, recordOf, ring, tamper, write } from './audited-database.ts'
import { migrationsFolder, openTestStore, storeOptions, temporaryFolder } from './open-test-store.ts'

const secondKey = encryptionKey(randomBytes(32))

test('a log that nobody touched is proven, row for row', async () => {
  const options = await databaseWith(50)
  expect(prove(options)).toMatchObject({ rows: 50, removedUpTo: 0, broken: null, end: { seq: 50 } })
})

test('so is one that was never written', async () => {
  expect(prove(await databaseWith(0))).toMatchObject({ rows: 0, broken: null })
})

test('the log goes on where it ended when the desk is started anew', async () => {
  const options = await databaseWith(3)
  await write(options, 4)
  expect(prove(options)).toMatchObject({ rows: 7, broken: null })
})

test('the log of an older version is chained when the schema is brought up to date, and says so', async () => {
  const options = storeOptions({ keyring: ring })
  const folder = temporaryFolder()
  mkdirSync(join(folder, 'meta'))
  const [first] = readMigrations(migrationsFolder)
  copyFileSync(join(migrationsFolder, `${first?.tag}.sql`), join(folder, `${first?.tag}.sql`))
  const journal = { entries: [{ idx: 0, tag: first?.tag }] }
  writeFileSync(join(folder, 'meta/_journal.json'), JSON.stringify(journal))
  const old = new Database(options.path)
  applyMigrations(old, readMigrations(folder), 0)
  const insert = old.prepare(
    `insert into audit (at, action, actor_name, door, remote_address, request_id, outcome)
     values (?, 'wall.saved', 'guard@desk', 'http', '10.0.0.7', 'r', 'done')`,
  )
  // In one transaction: a disk that is busy would take its time for each.
  old.transaction(() => {
    for (let row = 0; row < 2_500; row += 1) insert.run(row)
  })()
  old.close()
  expect(() => prove(options)).toThrow(/not chained yet/)
  await openStore(options).close()
  expect(prove(options)).toMatchObject({ rows: 2_501, chained: { seq: 2_501 }, broken: null })
  tamper(options, (database) => database.exec('update audit set at = 7 where seq = 3'))
  expect(prove(options).broken?.seq).toBe(3)
})

test('every column is signed: one that is added later must not stay outside', () => {
  const columns = Object.values(getTableColumns(audit)).map(({ name }) => name)
  expect([...signedColumns, 'hmac'].toSorted()).toEqual(columns.toSorted())
})

test('texts that SQLite gives back otherwise than they came do not break the chain', async () => {
  const options = storeOptions({ keyring: ring })
  const store = openStore(options)
  for (const actorName of ['lone \ud800 surrogate', 'a\0b', '', 'é"\\\n', '\u2028', '\ufffe'])
    await store.write({ audit: { ...recordOf(1), actorName, after: { actorName } } }, () => undefined)
  await store.close()
  expect(prove(options)).toMatchObject({ rows: 6, broken: null })
})

test('several records of one write are chained in their order, and a write that is undone leaves no gap', async () => {
  const options = storeOptions({ keyring: ring })
  const store = openStore(options)
  await store.write({ audit: [recordOf(1), recordOf(2)] }, () => undefined)
  const failing = (): void => {
    throw new Error('no')
  }
  await expect(store.write({ audit: recordOf(3) }, failing)).rejects.toThrow('no')
  const unfit = { ...recordOf(4), requestId: null as unknown as string }
  await expect(store.write({ audit: [recordOf(3), unfit] }, () => undefined)).rejects.toThrow(/NOT NULL/)
  await store.write({ audit: recordOf(5) }, () => undefined)
  await store.close()
  expect(prove(options)).toMatchObject({ rows: 3, broken: null, end: { seq: 3 } })
})

describe('is found', () => {
  test.each(signedColumns.filter((column) => column !== 'seq' && column !== 'key_id'))(
    'a changed %s',
    async (column) => {
      const options = await databaseWith(9)
      tamper(options, (database) =>
        database.prepare(`update audit set "${column}" = ? where seq = 5`).run(column === 'at' ? 1 : 'x'),
      )
      expect(prove(options).broken).toEqual({
        seq: 5,
        reason: 'it was changed, or put in the place of another',
      })
    },
  )

  test('a row that was taken out of the middle', async () => {
    const options = await databaseWith(9)
    tamper(options, (database) => database.exec('delete from audit where seq = 5'))
    expect(prove(options).broken).toEqual({ seq: 6, reason: 'row 5 before it is missing' })
    tamper(options, (database) => database.exec('delete from audit where seq in (3, 4)'))
    expect(prove(options).broken).toEqual({ seq: 6, reason: 'rows 3 to 5 before it are missing' })
  })

  test('a gap that was closed by giving the rows behind it other numbers', async () => {
    const options = await databaseWith(9)
    tamper(options, (database) => {
      database.exec('delete from audit where seq = 5')
      for (let seq = 6; seq <= 9; seq += 1)
        database.prepare('update audit set seq = ? where seq = ?').run(seq - 1, seq)
    })
    expect(prove(options).broken?.seq).toBe(5)
  })

  test('rows that were swapped', async () => {
    const options = await databaseWith(9)
    tamper(options, (database) =>
      database.exec(
        'update audit set seq = 100 where seq = 4; update audit set seq = 4 where seq = 7; update audit set seq = 7 where seq = 100',
      ),
    )
    expect(prove(options).broken?.seq).toBe(4)
  })

  test('the first rows gone, as if retention had removed them', async () => {
    const options = await databaseWith(9)
    tamper(options, (database) => database.exec('delete from audit where seq <= 3'))
    expect(prove(options).broken?.seq).toBe(4)
    tamper(options, (database) =>
      database
        .prepare('insert into desk_values (key, value) values (?, ?)')
        .run('audit_anchor', `3:${firstKey.id}:${'A'.repeat(43)}:${'A'.repeat(43)}`),
    )
    expect(prove(options).broken).toEqual({
      seq: 4,
      reason: 'the sealed record of what retention removed before it was altered',
    })
  })

  test('a missing end', async () => {
    const options = await databaseWith(9)
    tamper(options, (database) => database.exec('delete from audit where seq >= 8'))
    expect(prove(options).broken).toEqual({ seq: 8, reason: 'rows 8 to 9 are missing at the end' })
  })

  test('everything gone', async () => {
    const options = await databaseWith(9)
    tamper(options, (database) => database.exec('delete from audit'))
    expect(prove(options).broken?.seq).toBe(1)
  })

  test('a missing end, also after the desk went on writing', async () => {
    const options = await databaseWith(9)
    tamper(options, (database) => database.exec('delete from audit where seq >= 8'))
    await write(options, 3)
    expect(prove(options).broken).toEqual({ seq: 10, reason: 'rows 8 to 9 before it are missing' })
  })

  test('a forged row at the end, also with the HMAC of another', async () => {
    const options = await databaseWith(9)
    const forge = `insert into audit select 10, at, action, actor_id, 'boss@desk', door, remote_address, request_id,
      target_kind, target_id, target_name, outcome, before, after, key_id`
    tamper(options, (database) => database.exec(`${forge}, hmac from audit where seq = 9`))
    expect(prove(options).broken?.seq).toBe(10)
    tamper(options, (database) => database.exec(`update audit set hmac = '' where seq = 10`))
    expect(prove(options).broken).toEqual({
      seq: 10,
      reason: 'it was written by something else than Alta Desk',
    })
    // A desk that is started does not take it for one of its own.
    await write(options, 1)
    expect(prove(options).broken?.seq).toBe(10)
  })

  test('a head that was altered, or taken away with the end it sealed', async () => {
    const options = await databaseWith(9)
    tamper(options, (database) => {
      database.exec('delete from audit where seq = 9')
      database.exec(`update desk_values set value = replace(value, '9:', '8:') where key = 'audit_head'`)
    })
    expect(prove(options).broken).toEqual({
      seq: 8,
      reason: 'the seal behind the last row is missing or was altered',
    })
    tamper(options, (database) => database.exec(`delete from desk_values where key = 'audit_head'`))
    await write(options, 1)
    expect(prove(options).broken?.seq).toBe(9)
  })
})

describe('keys', () => {
  test('another key proves nothing and says so', async () => {
    const options = await databaseWith(3)
    expect(() => prove(options, new Keyring([secondKey]))).toThrow(EncryptionKeyMissingError)
  })

  test('rows of a key that was rotated away are proven without it', async () => {
    const options = await databaseWith(3)
    await write({ ...options, keyring: new Keyring([secondKey, firstKey]) }, 3)
    await write({ ...options, keyring: new Keyring([secondKey]) }, 3)
    expect(prove(options, new Keyring([secondKey]))).toMatchObject({ rows: 9, broken: null })
  })
})

describe('what the database itself refuses', () => {
  test.each([
    ['a change', `update audit set actor_name = 'nobody'`],
    ['a removal', 'delete from audit where seq = 2'],
  ])('%s of a row', async (_what, sql) => {
    const options = await databaseWith(3)
    const database = new Database(options.path)
    onTestFinished(() => void database.close())
    expect(() => database.exec(sql)).toThrow(/append-only/)
    expect(prove(options)).toMatchObject({ rows: 3, broken: null })
  })
})

describe('retention', () => {
  test('removes what is old, says so in the log, and the rest is still proven', async () => {
    const clock = { now: () => now, monotonicMs: () => now }
    let now = 1_000
    const options = storeOptions({ keyring: ring, clock })
    const store = openStore(options)
    for (let number = 1; number <= 20; number += 1) {
      now += 1_000
      await store.write({ audit: recordOf(number) }, () => undefined)
    }
    expect(await store.trimAudit(11_000, 4)).toBe(4)
    expect(await store.trimAudit(11_000, 100)).toBe(5)
    expect(await store.trimAudit(11_000, 100)).toBe(0)
    await store.close()
    expect(prove(options)).toMatchObject({ rows: 13, removedUpTo: 9, broken: null })
    await write(options, 2)
    expect(prove(options)).toMatchObject({ rows: 15, removedUpTo: 9, broken: null })
    const reopened = openTestStore(options)
    const [trimmed] = (await reopened.read((db) => db.select().from(audit).all())).filter(
      ({ action }) => action === 'audit.trimmed',
    )
    expect(JSON.parse(trimmed?.after ?? '')).toEqual({ rows: 4, lastSeq: 4, writtenBefore: 11_000 })
  })

  test('of everything leaves a log that goes on', async () => {
    const options = await databaseWith(5)
    const store = openStore(options)
    expect(await store.trimAudit(Date.now() + 1_000, 100)).toBe(5)
    await store.close()
    expect(prove(options)).toMatchObject({ rows: 1, removedUpTo: 5, broken: null })
    tamper(options, (database) => database.exec('delete from audit'))
    expect(prove(options).broken).toEqual({ seq: 6, reason: 'it is missing at the end' })
  })

  test('does not sweep away a row that was tampered with', async () => {
    const options = await databaseWith(5)
    tamper(options, (database) => database.exec(`update audit set actor_name = 'nobody' where seq = 3`))
    const store = openStore(options)
    expect(await store.trimAudit(Date.now() + 1_000, 100)).toBe(2)
    expect(await store.trimAudit(Date.now() + 1_000, 100)).toBe(0)
    await store.close()
    expect(prove(options)).toMatchObject({ removedUpTo: 2, broken: { seq: 3 } })
  })
})

describe('a file', () => {
  test('that is in use is proven as it stands, and so is its copy', async () => {
    const options = await databaseWith(3)
    const store = openTestStore(options)
    await store.write({ audit: recordOf(4) }, () => undefined)
    expect(prove(options)).toMatchObject({ rows: 4, broken: null })
    await store.close()
    const copy = join(temporaryFolder(), 'copy.db')
    copyFileSync(options.path, copy)
    expect(proveAuditOf(copy, ring)).toMatchObject({ rows: 4, broken: null })
  })

  test('that is missing, or none of ours, is refused with a sentence', () => {
    expect(() => proveAuditOf(join(temporaryFolder(), 'none.db'), ring)).toThrow(NotADatabaseError)
    const path = join(temporaryFolder(), 'other.db')
    const other = new Database(path)
    other.exec('create table recipes (name text)')
    other.close()
    expect(() => proveAuditOf(path, ring)).toThrow(NotADatabaseError)
  })
})
