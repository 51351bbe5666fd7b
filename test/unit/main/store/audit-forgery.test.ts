import { copyFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import Database from 'better-sqlite3'
import { describe, expect, test } from 'vitest'
import { developmentStubKey, encryptionKey, Keyring } from '../../../../main/platform/keyring.ts'
import { anchorFileOf } from '../../../../main/store/audit-anchors.ts'
import { restoredRecord } from '../../../../main/store/audit-breaks.ts'
import { describeProof } from '../../../../main/store/audit-proof-text.ts'
import { auditTriggers } from '../../../../main/store/audit-triggers.ts'
import { auditPage } from '../../../../main/audit/queries.ts'
import { openStore } from '../../../../main/store/open-store.ts'
import type { StoreOptions } from '../../../../main/store/store.ts'
import { databaseWith, prove, ring, tamper, write } from './audited-database.ts'
import { openTestStore, storeOptions, temporaryFolder } from './open-test-store.ts'

/** Takes the anchors away too, so that the chain alone must tell. */
function forgetAnchors({ path }: StoreOptions): void {
  rmSync(anchorFileOf(path), { force: true })
}

const triggerNames = Object.keys(auditTriggers)

describe('while the desk is stopped, somebody with the files but without a key', () => {
  // Would catch: a start that takes a log without rows and head for a new one, and verify-audit that says "holds".
  test('drops triggers, rows and head: the start records a break, and the proof fails before and after it', async () => {
    const options = await databaseWith(9)
    tamper(options, (database) =>
      database.exec(`delete from audit; delete from desk_values where key like 'audit%'`),
    )
    forgetAnchors(options)
    expect(prove(options).holds).toBe(false)
    const store = openTestStore(options)
    expect(store.auditBreak?.finding).toMatch(/^The seal behind its last row is missing/)
    await store.close()
    await write(options, 2)
    expect(prove(options)).toMatchObject({ holds: false, chained: null, resumed: { rows: 3 } })
    expect(describeProof(prove(options))).toMatch(/does NOT hold: row 1/)
  })

  // Would catch: a start that chains rows without HMACs anew, and so signs what was forged.
  test.each([[`update audit set hmac = '', key_id = ''`], [`update audit set hmac = ''`]])(
    'blanks the HMACs (%s), edits and deletes the head: nothing forged is ever signed',
    async (blank) => {
      const options = await databaseWith(9)
      tamper(options, (database) =>
        database.exec(`${blank}; update audit set actor_name = 'nobody' where seq = 5;
          delete from desk_values where key = 'audit_head'`),
      )
      forgetAnchors(options)
      await write(options, 2)
      const database = new Database(options.path, { readonly: true })
      const signed = database.prepare(`select seq from audit where hmac <> '' order by seq`).pluck().all()
      database.close()
      expect(signed).toEqual([10, 11, 12])
      expect(prove(options)).toMatchObject({
        holds: false,
        broken: { seq: 1, reason: 'it was written by something else than Alta Desk' },
        chained: null,
        resumed: { seq: 10, rows: 3 },
      })
    },
  )

  test('blanks the HMACs and leaves the head: a start tells', async () => {
    const options = await databaseWith(9)
    tamper(options, (database) => database.exec(`update audit set hmac = ''`))
    forgetAnchors(options)
    expect(openTestStore(options).auditBreak?.finding).toMatch(/^Row 9 was altered/)
  })

  test('drops the triggers alone: verify-audit tells, the start makes them again and records that they were gone', async () => {
    const options = await databaseWith(9)
    tamper(options, () => undefined)
    expect(prove(options)).toMatchObject({
      holds: false,
      broken: null,
      triggers: `The triggers that protect it are missing or altered: ${triggerNames.join(', ')}.`,
    })
    await write(options, 0)
    const database = new Database(options.path)
    expect(() => database.exec('delete from audit')).toThrow(/append-only/)
    database.close()
    const proof = prove(options)
    expect(proof).toMatchObject({ holds: false, broken: null, triggers: null, rows: 10 })
    expect(proof.breaks).toMatchObject([{ seq: 10, finding: expect.stringMatching(/triggers/) as string }])
  })

  test.each([
    [
      'one that refuses nothing',
      'create trigger audit_unremovable before delete on audit when 0 begin select 1; end',
    ],
    [
      'one that swallows rows',
      `create trigger "a""b" before insert on audit when new.action = 'wall.saved' begin select raise(ignore); end`,
    ],
  ])('puts in triggers of their own, %s', async (_what, sql) => {
    const options = await databaseWith(9)
    const database = new Database(options.path)
    if (sql.includes('audit_unremovable')) database.exec('drop trigger audit_unremovable')
    database.exec(sql)
    database.close()
    expect(prove(options)).toMatchObject({ holds: false, broken: null })
    await write(options, 2)
    expect(prove(options)).toMatchObject({ holds: false, broken: null, triggers: null, rows: 12 })
  })

  // Would catch: a row that holds, and that neither the first page of the log nor a search shows any more.
  test('takes a row out of the indexes, with as many entries as before: verify-audit tells', async () => {
    const options = await databaseWith(9)
    tamper(options, (database) => {
      for (const sql of Object.values(auditTriggers)) database.exec(sql)
      hideFromIndexes(database, 5)
    })
    const store = openTestStore(options)
    const seen = await auditPage(store, { action: 'wall.saved' }, null, 100)
    await store.close()
    // The start does not notice: it counts the entries of an index, and does not read them.
    expect(seen.map(({ seq }) => seq)).toEqual([9, 8, 7, 6, 4, 3, 2, 1])
    expect(prove(options)).toMatchObject({ holds: false, broken: null, triggers: null, rows: 9 })
    expect(describeProof(prove(options))).toMatch(
      /indexes do not agree.*row 5 missing from index audit_action/,
    )
  })

  test('replaces the whole database by a new one: the anchors beside it tell', async () => {
    const options = await databaseWith(9)
    for (const end of ['', '-wal', '-shm']) rmSync(`${options.path}${end}`, { force: true })
    const store = openTestStore(options)
    expect(store.auditBreak?.finding).toMatch(/^It was cut, or an older copy.*it went to row 9\.$/)
    await store.close()
    expect(prove(options)).toMatchObject({ holds: false, broken: null })
  })

  test('puts an older backup in its place: the chain holds, the anchors beside it tell', async () => {
    const options = await databaseWith(4)
    const backup = join(temporaryFolder(), 'backup.db')
    copyFileSync(options.path, backup)
    await write(options, 5)
    copyFileSync(backup, options.path)
    expect(prove(options)).toMatchObject({ holds: true, rows: 4 })
    expect(prove(options, ring, anchorFileOf(options.path))).toMatchObject({
      holds: false,
      anchors: { held: 1, cut: 1, firstCut: { point: { seq: 9 } } },
    })
    await write(options, 1)
    expect(prove(options)).toMatchObject({ holds: false, broken: null, rows: 6 })
  })

  test('cuts the end and puts the head of an older backup behind it: only anchors tell', async () => {
    const options = await databaseWith(4)
    const head = headOf(options)
    await write(options, 5)
    tamper(options, (database) => {
      database.exec('delete from audit where seq > 4')
      database.prepare(`update desk_values set value = ? where key = 'audit_head'`).run(head)
      for (const sql of Object.values(auditTriggers)) database.exec(sql)
    })
    expect(prove(options)).toMatchObject({ holds: true, rows: 4 })
    expect(prove(options, ring, anchorFileOf(options.path)).holds).toBe(false)
    expect(openTestStore(options).auditBreak?.finding).toMatch(/it went to row 9/)
  })

  test('copies rows and head of another desk that has the same key: the chains do not mix', async () => {
    const [options, other] = [await databaseWith(9), await databaseWith(12)]
    tamper(options, (database) => {
      database.exec(`attach '${other.path}' as other; delete from audit where seq > 6;
        insert into audit select * from other.audit where seq > 6;
        update desk_values set value = (select value from other.desk_values where key = 'audit_head') where key = 'audit_head'`)
    })
    expect(prove(options)).toMatchObject({ holds: false, broken: { seq: 7 } })
  })

  // Would catch: a desk that anybody who can write its file keeps from starting, through the log.
  test('alters the kept copy of an older key: the desk starts and tells', async () => {
    const options = await databaseWith(3)
    const newer = new Keyring([encryptionKey(Buffer.alloc(32, 9)), ring.active])
    await write({ ...options, keyring: newer }, 0)
    tamper(options, (database) =>
      database.exec(
        `update desk_values set value = replace(value, ':', '::') where key = 'audit_key_${ring.active.id}_sealed'`,
      ),
    )
    const keyring = new Keyring([newer.active])
    expect(openTestStore({ ...options, keyring }).auditBreak).not.toBe(null)
    expect(prove(options, keyring)).toMatchObject({ holds: false, broken: { seq: 1 } })
  })

  test('writes a restore of their own to be believed: it counts for nothing', async () => {
    const options = await databaseWith(9)
    tamper(options, (database) => database.exec('delete from audit where seq = 9'))
    await write(options, 3)
    tamper(options, (database) => {
      database.exec(`update audit set action = 'audit.restored' where seq = 12`)
      for (const sql of Object.values(auditTriggers)) database.exec(sql)
    })
    expect(openTestStore(options).auditBreak?.seq).toBe(10)
    expect(prove(options).restores).toEqual([])
  })
})

/** The row is another one while the index is made, and its own self again where the index does not see it. */
function hideFromIndexes(database: Database.Database, seq: number): void {
  const sql = database.prepare(`select sql from sqlite_schema where name = 'audit_action'`).pluck().get()
  database.exec(`drop trigger audit_unchangeable; update audit set action = 'a' where seq = ${seq}`)
  database.unsafeMode(true)
  database.pragma('writable_schema = on')
  const hide = database.prepare(`update sqlite_schema set sql = ? where name = 'audit_action'`)
  hide.run('CREATE INDEX `audit_action` ON `audit` (`action`) WHERE 0')
  database.pragma('writable_schema = reset')
  database.exec(`update audit set action = 'wall.saved' where seq = ${seq}`)
  database.pragma('writable_schema = on')
  hide.run(sql)
  database.pragma('writable_schema = reset')
  database.exec(auditTriggers['audit_unchangeable'] ?? '')
}

function headOf({ path }: StoreOptions): unknown {
  const database = new Database(path, { readonly: true })
  const head = database.prepare(`select value from desk_values where key = 'audit_head'`).pluck().get()
  database.close()
  return head
}

describe('a break', () => {
  test('is told at every start until a restore is recorded, and remains in the proof', async () => {
    const options = await databaseWith(4)
    const backup = join(temporaryFolder(), 'backup.db')
    copyFileSync(options.path, backup)
    await write(options, 5)
    copyFileSync(backup, options.path)
    await write(options, 1)
    const store = openTestStore(options)
    expect(store.auditBreak).toMatchObject({ seq: 5 })
    await store.write({ audit: restoredRecord('root (terminal)', 'The disk had failed.') }, () => undefined)
    await store.close()
    expect(openTestStore(options).auditBreak).toBe(null)
    const proof = prove(options, ring, anchorFileOf(options.path))
    expect(proof).toMatchObject({
      holds: true,
      restores: [{ seq: 7, by: 'root (terminal)', reason: 'The disk had failed.' }],
      anchors: { restored: 1, restore: { seq: 7 }, cut: 0 },
    })
    expect(describeProof(proof)).toMatch(
      /1 anchor is of rows that were given up by the restore recorded in row 7\./,
    )
  })

  test('is recorded once, not at every start', async () => {
    const options = await databaseWith(9)
    tamper(options, (database) => database.exec('delete from audit where seq >= 8'))
    for (let start = 0; start < 4; start += 1) await write(options, 0)
    expect(prove(options)).toMatchObject({ broken: { seq: 10 }, breaks: [{ seq: 10 }], resumed: { rows: 1 } })
  })

  test('does not hide rows that are brought back: the log then holds again, but for what was recorded', async () => {
    const options = await databaseWith(9)
    const whole = join(temporaryFolder(), 'whole.db')
    copyFileSync(options.path, whole)
    tamper(options, (database) => database.exec('delete from audit where seq >= 8'))
    await write(options, 1)
    tamper(options, (database) => {
      database.exec(`attach '${whole}' as whole; insert into audit select * from whole.audit where seq >= 8`)
      for (const sql of Object.values(auditTriggers)) database.exec(sql)
    })
    expect(prove(options)).toMatchObject({ holds: false, broken: null, rows: 11, breaks: [{ seq: 10 }] })
  })
})

describe('a database of the release before anchors', () => {
  const keyring = new Keyring([encryptionKey(Buffer.alloc(32, 7))])

  function oldDatabase(): StoreOptions {
    const options = storeOptions({ keyring })
    const packed = join(import.meta.dirname, '../../../fixtures/databases/audit-before-anchors.db.gz')
    writeFileSync(options.path, gunzipSync(readFileSync(packed)))
    return options
  }

  // Would catch: an upgrade after which every honest desk is accused of a forgery.
  test('is proven as it is, starts without a finding, and is proven afterwards', async () => {
    const options = oldDatabase()
    expect(prove(options, keyring)).toMatchObject({ holds: true, rows: 11, removedUpTo: 2 })
    const store = openTestStore(options)
    expect(store.auditBreak).toBe(null)
    await store.close()
    await write(options, 3)
    const proof = prove(options, keyring, anchorFileOf(options.path))
    expect(proof).toMatchObject({ holds: true, rows: 14, removedUpTo: 2, anchors: { held: 2, cut: 0 } })
  })

  test('that was stripped of its chain is found out at its first start, as any other', () => {
    const options = oldDatabase()
    tamper(options, (database) =>
      database.exec(
        `update audit set hmac = '', key_id = ''; delete from desk_values where key like 'audit%'`,
      ),
    )
    expect(openTestStore(options).auditBreak).not.toBe(null)
  })
})

test('rows that are signed with the public key of development are said to prove nothing', async () => {
  const keyring = new Keyring([developmentStubKey])
  const proof = prove(await databaseWith(3, { keyring }), keyring)
  expect(proof.publicKeyRows).toBe(3)
  expect(describeProof(proof)).toMatch(/3 rows are signed with the development key, which is public/)
})

// Would catch: a start that was killed between making the tables and beginning the chain, accused of a forgery next time.
test('the chain begins in the transaction that makes the tables', async () => {
  const options = storeOptions({ keyring: ring })
  await openStore(options).close()
  expect(headOf(options)).toMatch(/^0:/)
  const failing = storeOptions({ keyring: ring })
  const stop = (): never => {
    throw new Error('power cut')
  }
  const derived = { active: ring.active, isStub: false, derived: stop }
  expect(() => openStore({ ...failing, keyring: derived as unknown as Keyring })).toThrow('power cut')
  expect(openTestStore(failing).auditBreak).toBe(null)
})
