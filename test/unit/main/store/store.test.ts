import Database from 'better-sqlite3'
import { eq, sql } from 'drizzle-orm'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { AuditRecord, Tx } from '../../../../main/store/store-types.ts'
import {
  QueryTimeoutError,
  StoreUnavailableError,
  troubleOf,
  violatedUniqueColumns,
} from '../../../../main/store/store-errors.ts'
import { audit, deskValues } from '../../../../main/store/tables/desk.ts'
import { openTestStore, storeOptions } from './open-test-store.ts'

const record: AuditRecord = {
  action: 'wall.saved',
  actorId: 'u1',
  actorName: 'guard@desk',
  door: 'http',
  remoteAddress: '127.0.0.1',
  requestId: 'r1',
  outcome: 'done',
  target: { kind: 'wall', id: 'w1', name: 'North' },
  before: { tiles: 1 },
  after: null,
}
const insert = (tx: Tx, key: string): void => void tx.insert(deskValues).values({ key, value: 'x' }).run()
const keys = (store: ReturnType<typeof openTestStore>): string[] =>
  store
    .read((db) => db.select().from(deskValues).all())
    .map((row) => row.key)
    .filter((key) => !key.endsWith('_sealed') && key !== 'audit_head')

describe('write', () => {
  test.each([true, false])('keeps the change and its audit row together (durable %s)', (durable) => {
    const store = openTestStore()
    store.write({ audit: record, durable }, (tx) => insert(tx, 'a'))
    expect(keys(store)).toEqual(['a'])
    const [row] = store.read((db) => db.select().from(audit).all())
    expect(row).toMatchObject({
      action: 'wall.saved',
      targetName: 'North',
      before: '{"tiles":1}',
      after: null,
    })
  })

  test('undoes the change when the audit row cannot be written', () => {
    const store = openTestStore()
    const unfit = { ...record, actorName: null as unknown as string }
    expect(() => store.write({ audit: unfit }, (tx) => insert(tx, 'a'))).toThrow(/NOT NULL/)
    expect(keys(store)).toEqual([])
  })

  test('undoes everything when the change throws, and can write again afterwards', () => {
    const store = openTestStore()
    const failing = (tx: Tx): void => {
      insert(tx, 'a')
      throw new Error('no')
    }
    expect(() => store.write({ audit: record }, failing)).toThrow('no')
    store.write({ audit: null }, (tx) => insert(tx, 'b'))
    expect(keys(store)).toEqual(['b'])
    expect(store.read((db) => db.select().from(audit).all())).toEqual([])
  })

  test('refuses a promise, which would commit before the work is done', () => {
    const store = openTestStore()
    const asynchronous = async (tx: Tx): Promise<void> => insert(tx, 'a')
    // @ts-expect-error A change that returns a promise must not compile.
    expect(() => store.write({ audit: null }, asynchronous)).toThrow(TypeError)
    expect(keys(store)).toEqual([])
  })

  test('refuses a statement without .run(), which would do nothing', () => {
    const store = openTestStore()
    expect(() =>
      // @ts-expect-error A query builder is a thenable.
      store.write({ audit: null }, (tx) => tx.insert(deskValues).values({ key: 'a', value: 'x' })),
    ).toThrow(TypeError)
  })

  test('has no transaction of its own to open inside', () => {
    const store = openTestStore()
    store.write({ audit: null }, (tx) => {
      // @ts-expect-error One write is one transaction.
      expect(tx.transaction).toBeDefined()
    })
  })

  test('refuses a write inside a write, also on the other connection', () => {
    const store = openTestStore()
    for (const durable of [true, false]) {
      const nested = (): void => store.write({ audit: null, durable }, (tx) => insert(tx, 'inner'))
      expect(() => store.write({ audit: null }, nested)).toThrow(/inside a write/)
    }
    expect(keys(store)).toEqual([])
  })

  test('sees in a read what the write around it changed, whichever connection writes', () => {
    const store = openTestStore()
    store.write({ audit: null, durable: false }, (tx) => {
      insert(tx, 'a')
      expect(keys(store)).toEqual(['a'])
    })
  })

  test('answers a full disk with a sentence and changes nothing', () => {
    const store = openTestStore()
    const [{ pages } = { pages: 0 }] = store.read((db) =>
      db.all<{ pages: number }>(sql`select page_count as pages from pragma_page_count`),
    )
    store.write({ audit: null }, (tx) => void tx.all(sql.raw(`pragma max_page_count = ${pages + 1}`)))
    const large = (tx: Tx): void => {
      for (let i = 0; i < 100; i += 1)
        tx.insert(deskValues)
          .values({ key: `k${i}`, value: 'x'.repeat(4_000) })
          .run()
    }
    expect(() => store.write({ audit: record }, large)).toThrow(
      expect.objectContaining({ name: 'StoreUnavailableError', trouble: 'full' }),
    )
    expect(keys(store)).toEqual([])
    store.write({ audit: null }, (tx) => void tx.all(sql.raw('pragma max_page_count = 1000000')))
    store.write({ audit: null }, (tx) => insert(tx, 'after'))
    expect(keys(store)).toEqual(['after'])
  })

  test('answers a lock held by another program with a sentence, and works when it is gone', () => {
    const options = storeOptions()
    const store = openTestStore(options)
    const other = new Database(options.path)
    onTestFinished(() => void other.close())
    other.exec('begin immediate')
    expect(() => store.write({ audit: record }, (tx) => insert(tx, 'a'))).toThrow(
      expect.objectContaining({ name: 'StoreUnavailableError', trouble: 'busy' }),
    )
    expect(keys(store)).toEqual([])
    other.exec('rollback')
    store.write({ audit: record }, (tx) => insert(tx, 'b'))
    expect(keys(store)).toEqual(['b'])
  })

  test('tells a full disk from a broken one, though SQLite says IOERR for both', () => {
    expect(troubleOf(new Database.SqliteError('disk I/O error', 'SQLITE_IOERR_SHMSIZE'))).toBe('full')
    expect(troubleOf(new Database.SqliteError('disk I/O error', 'SQLITE_IOERR_READ'))).toBe('io')
    expect(troubleOf(new Error('a bug'))).toBe(null)
  })

  test('tells which columns a UNIQUE rule refused', () => {
    const store = openTestStore()
    store.write({ audit: null }, (tx) => insert(tx, 'a'))
    let violated: readonly string[] | null = null
    try {
      store.write({ audit: null }, (tx) => insert(tx, 'a'))
    } catch (error) {
      violated = violatedUniqueColumns(error)
    }
    expect(violated).toEqual(['desk_values.key'])
  })

  test('is refused after close, without touching a closed database', () => {
    const store = openTestStore()
    store.close()
    store.close()
    expect(() => store.write({ audit: null }, (tx) => insert(tx, 'a'))).toThrow(StoreUnavailableError)
    expect(() => keys(store)).toThrow(StoreUnavailableError)
  })
})

test('the same SQL gives rows and objects in turn, though its statement is kept', () => {
  const store = openTestStore()
  store.write({ audit: null }, (tx) => insert(tx, 'a'))
  const text = sql`select key from desk_values where key = 'a'`
  for (let i = 0; i < 2; i += 1) {
    expect(store.read((db) => db.values(text))).toEqual([['a']])
    expect(store.read((db) => db.all(text))).toEqual([{ key: 'a' }])
    expect(store.read((db) => db.select().from(deskValues).where(eq(deskValues.key, 'a')).get())).toEqual({
      key: 'a',
      value: 'x',
    })
  }
})

describe('readApart', () => {
  const endless =
    'with recursive c(x) as (select 1 union all select x + 1 from c) select count(*) as n from c'

  test('gives rows with their names, and sees what was just written', async () => {
    const store = openTestStore()
    store.write({ audit: null }, (tx) => insert(tx, 'a'))
    expect(await store.readApart('select key, value from desk_values where key = ?', ['a'])).toEqual([
      { key: 'a', value: 'x' },
    ])
  })

  test('ends a query past its time, although SQLite is deep inside it, and serves the next', async () => {
    const store = openTestStore(storeOptions({ queryTimeoutMs: 700 }))
    const slow = store.readApart(endless, [])
    const next = store.readApart('select 1 as one', [])
    await expect(slow).rejects.toBeInstanceOf(QueryTimeoutError)
    expect(await next).toEqual([{ one: 1 }])
  })

  test('cannot write', async () => {
    const store = openTestStore()
    await expect(store.readApart('delete from desk_values returning key', [])).rejects.toMatchObject({
      name: 'StoreUnavailableError',
      trouble: 'read-only',
    })
  })

  test('rejects wrong SQL with what SQLite says, and goes on', async () => {
    const store = openTestStore()
    await expect(store.readApart('selekt', [])).rejects.toThrow(/syntax error/)
    expect(await store.readApart('select 1 as one', [])).toEqual([{ one: 1 }])
  })

  test('rejects what is unanswered when the store closes', async () => {
    const store = openTestStore()
    const unanswered = store.readApart(endless, [])
    store.close()
    await expect(unanswered).rejects.toMatchObject({ trouble: 'closed' })
  })
})
