import { AsyncResource } from 'node:async_hooks'
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
declare module '../../../../main/store/change-feed.ts' {
  interface Changes {
    readonly 'test.saved': { readonly key: string }
  }
}

const insert = async (tx: Tx, key: string): Promise<void> => {
  await tx.insert(deskValues).values({ key, value: 'x' })
}
const keys = async (store: ReturnType<typeof openTestStore>): Promise<string[]> =>
  (await store.read((db) => db.select().from(deskValues).all()))
    .map((row) => row.key)
    .filter((key) => !key.endsWith('_sealed') && key !== 'audit_head')

const nothingAround = new AsyncResource('outside')
/** Runs work as a request of its own, which nothing that runs now has started. */
function outside<T>(work: () => Promise<T>): Promise<T> {
  return nothingAround.runInAsyncScope(work)
}

describe('write', () => {
  test.each([true, false])('keeps the change and its audit row together (durable %s)', async (durable) => {
    const store = openTestStore()
    await store.write({ audit: record, durable }, (tx) => insert(tx, 'a'))
    expect(await keys(store)).toEqual(['a'])
    const [row] = await store.read((db) => db.select().from(audit).all())
    expect(row).toMatchObject({
      action: 'wall.saved',
      targetName: 'North',
      before: '{"tiles":1}',
      after: null,
    })
  })

  test('undoes the change when the audit row cannot be written', async () => {
    const store = openTestStore()
    const unfit = { ...record, actorName: null as unknown as string }
    await expect(store.write({ audit: unfit }, (tx) => insert(tx, 'a'))).rejects.toThrow(/NOT NULL/)
    expect(await keys(store)).toEqual([])
  })

  test('undoes everything when the change throws, and can write again afterwards', async () => {
    const store = openTestStore()
    const failing = async (tx: Tx): Promise<void> => {
      await insert(tx, 'a')
      throw new Error('no')
    }
    await expect(store.write({ audit: record }, failing)).rejects.toThrow('no')
    await store.write({ audit: null }, (tx) => insert(tx, 'b'))
    expect(await keys(store)).toEqual(['b'])
    expect(await store.read((db) => db.select().from(audit))).toEqual([])
  })

  test('has no transaction of its own to open inside', async () => {
    const store = openTestStore()
    await store.write({ audit: null }, (tx) => {
      // @ts-expect-error One write is one transaction.
      expect(tx.transaction).toBeDefined()
    })
  })

  // Would catch: a write that waits for its own lock, for ever.
  test('refuses a write inside a write, and inside a read', async () => {
    const store = openTestStore()
    for (const durable of [true, false]) {
      const nested = (): Promise<void> => store.write({ audit: null, durable }, (tx) => insert(tx, 'inner'))
      await expect(store.write({ audit: null }, nested)).rejects.toThrow(/inside a write/)
      await expect(store.read(nested)).rejects.toThrow(/inside a read/)
    }
    expect(await keys(store)).toEqual([])
  })

  // Would catch: a check that does not see what its own transaction changed, since it asked another connection.
  test('refuses a read inside a write, which would not see what that changed', async () => {
    const store = openTestStore()
    await expect(store.write({ audit: null }, () => keys(store))).rejects.toThrow(/inside a write/)
  })

  // Would catch: a timer that was started by a write, and is refused as if it were inside that still.
  test('what a write has started and left running is outside once it has ended', async () => {
    const store = openTestStore()
    const { promise, resolve } = Promise.withResolvers<void>()
    let later: Promise<void> = Promise.resolve()
    await store.write({ audit: null }, () => {
      later = promise.then(() => store.write({ audit: null }, (tx) => insert(tx, 'later')))
    })
    resolve()
    await later
    expect(await keys(store)).toEqual(['later'])
  })

  // Would catch: a query that runs once the write looks as if it had ended, for it was answered and not awaited.
  test('runs a query that is all that the change answers', async () => {
    const store = openTestStore()
    await store.write({ audit: null }, (tx) => tx.insert(deskValues).values({ key: 'a', value: 'x' }))
    expect(await keys(store)).toEqual(['a'])
  })

  // Would catch: what goes on after one of several has failed, and changes rows past every transaction and the audit log.
  test.each(['rolled back', 'committed'])(
    'what is left of a write that was %s changes nothing',
    async (end) => {
      const store = openTestStore()
      const { promise, resolve } = Promise.withResolvers<void>()
      let left: Promise<void> = Promise.resolve()
      const change = async (tx: Tx): Promise<void> => {
        left = promise.then(() => insert(tx, 'left over'))
        await insert(tx, 'first')
        if (end === 'rolled back') throw new Error('no')
      }
      await Promise.allSettled([store.write({ audit: null }, change)])
      await store.write({ audit: null }, async (tx) => {
        resolve()
        await expect(left).rejects.toThrow(/after its write had ended/)
        await insert(tx, 'second')
      })
      expect(await keys(store)).toEqual(end === 'committed' ? ['first', 'second'] : ['second'])
    },
  )

  // Would catch: two transactions on one connection, of which the second commits what the first may still undo.
  test('runs one write at a time, in the order in which they were asked for', async () => {
    const store = openTestStore()
    const steps: string[] = []
    const writeOf = (name: string, waits: Promise<void>): Promise<void> =>
      store.write({ audit: null, durable: name === 'a' }, async (tx) => {
        steps.push(`${name} begins`)
        await insert(tx, name)
        await waits
        steps.push(`${name} ends`)
      })
    const { promise, resolve } = Promise.withResolvers<void>()
    const both = [writeOf('a', promise), writeOf('b', Promise.resolve())]
    resolve()
    await Promise.all(both)
    expect(steps).toEqual(['a begins', 'a ends', 'b begins', 'b ends'])
  })

  // Would catch: memory that learns of changes in another order than they were committed, or of some that were not.
  test('tells its changes once, after the commit, before it answers, and nothing where it failed', async () => {
    const store = openTestStore()
    const told: string[] = []
    store.feed.on('test.saved', ({ data, origin }) => told.push(`${data.key} ${typeof origin}`))
    const saved = (key: string) =>
      store.write(
        { audit: null, changes: (made: string) => [{ name: 'test.saved', data: { key: made } }] },
        async (tx) => {
          await insert(tx, key)
          return key
        },
      )
    const beforeAnswer = saved('a').then(() => [...told])
    await Promise.all([beforeAnswer, saved('b')])
    await expect(saved('a')).rejects.toThrow(/UNIQUE/)
    expect((await beforeAnswer)[0]).toBe('a string')
    expect(told).toEqual(['a string', 'b string'])
  })

  // Would catch: a listener that throws, by which a write that is committed looks as if it had failed.
  test('a listener that throws keeps neither the answer nor the next listener', async () => {
    const store = openTestStore()
    const heard: string[] = []
    store.feed.on('test.saved', () => {
      throw new Error('a bug')
    })
    store.feed.on('test.saved', ({ data }) => heard.push(data.key))
    await store.write({ audit: null, changes: [{ name: 'test.saved', data: { key: 'a' } }] }, (tx) =>
      insert(tx, 'a'),
    )
    expect(heard).toEqual(['a'])
  })

  test('answers a full disk with a sentence and changes nothing', async () => {
    const store = openTestStore()
    const [{ pages } = { pages: 0 }] = await store.read((db) =>
      db.all<{ pages: number }>(sql`select page_count as pages from pragma_page_count`),
    )
    await store.write({ audit: null }, (tx) => void tx.all(sql.raw(`pragma max_page_count = ${pages + 1}`)))
    const large = async (tx: Tx): Promise<void> => {
      for (let i = 0; i < 100; i += 1)
        await tx.insert(deskValues).values({ key: `k${i}`, value: 'x'.repeat(4_000) })
    }
    await expect(store.write({ audit: record }, large)).rejects.toThrow(
      expect.objectContaining({ name: 'StoreUnavailableError', trouble: 'full' }),
    )
    expect(await keys(store)).toEqual([])
    await store.write({ audit: null }, (tx) => void tx.all(sql.raw('pragma max_page_count = 1000000')))
    await store.write({ audit: null }, (tx) => insert(tx, 'after'))
    expect(await keys(store)).toEqual(['after'])
  })

  test('answers a lock held by another program with a sentence, and works when it is gone', async () => {
    const options = storeOptions()
    const store = openTestStore(options)
    const other = new Database(options.path)
    onTestFinished(() => void other.close())
    other.exec('begin immediate')
    await expect(store.write({ audit: record }, (tx) => insert(tx, 'a'))).rejects.toThrow(
      expect.objectContaining({ name: 'StoreUnavailableError', trouble: 'busy' }),
    )
    expect(await keys(store)).toEqual([])
    other.exec('rollback')
    await store.write({ audit: record }, (tx) => insert(tx, 'b'))
    expect(await keys(store)).toEqual(['b'])
  })

  test('tells a full disk from a broken one, though SQLite says IOERR for both', () => {
    expect(troubleOf(new Database.SqliteError('disk I/O error', 'SQLITE_IOERR_SHMSIZE'))).toBe('full')
    expect(troubleOf(new Database.SqliteError('disk I/O error', 'SQLITE_IOERR_READ'))).toBe('io')
    expect(troubleOf(new Error('a bug'))).toBe(null)
  })

  test('tells which columns a UNIQUE rule refused', async () => {
    const store = openTestStore()
    await store.write({ audit: null }, (tx) => insert(tx, 'a'))
    let violated: readonly string[] | null = null
    try {
      await store.write({ audit: null }, (tx) => insert(tx, 'a'))
    } catch (error) {
      violated = violatedUniqueColumns(error)
    }
    expect(violated).toEqual(['desk_values.key'])
  })

  test('is refused after close, without touching a closed database', async () => {
    const store = openTestStore()
    await store.close()
    await store.close()
    await expect(store.write({ audit: null }, (tx) => insert(tx, 'a'))).rejects.toThrow(StoreUnavailableError)
    await expect(keys(store)).rejects.toThrow(StoreUnavailableError)
  })
})

test('the same SQL gives rows and objects in turn, though its statement is kept', async () => {
  const store = openTestStore()
  await store.write({ audit: null }, (tx) => insert(tx, 'a'))
  const text = sql`select key from desk_values where key = 'a'`
  for (let i = 0; i < 2; i += 1) {
    expect(await store.read((db) => db.values(text))).toEqual([['a']])
    expect(await store.read((db) => db.all(text))).toEqual([{ key: 'a' }])
    expect(
      await store.read((db) => db.select().from(deskValues).where(eq(deskValues.key, 'a')).get()),
    ).toEqual({
      key: 'a',
      value: 'x',
    })
  }
})

describe('read', () => {
  // Would catch: a list and its total that were counted before and after somebody's change.
  test('sees one snapshot, whatever is written meanwhile', async () => {
    const store = openTestStore()
    await store.write({ audit: null }, (tx) => insert(tx, 'a'))
    const seen = await store.read(async (db) => {
      const before = await db.select().from(deskValues).where(eq(deskValues.value, 'x'))
      await outside(() => store.write({ audit: null }, (tx) => insert(tx, 'b')))
      return [before.length, (await db.select().from(deskValues).where(eq(deskValues.value, 'x'))).length]
    })
    expect(seen).toEqual([1, 1])
    expect(await keys(store)).toEqual(['a', 'b'])
  })

  test('inside a read shares its snapshot', async () => {
    const store = openTestStore()
    await store.read(async () => {
      expect(await keys(store)).toEqual([])
      await outside(() => store.write({ audit: null }, (tx) => insert(tx, 'a')))
      expect(await keys(store)).toEqual([])
    })
  })

  // Would catch: a fifth read that never gets a connection.
  test('more reads than there are connections wait for one, and all are answered', async () => {
    const store = openTestStore()
    const { promise, resolve } = Promise.withResolvers<number>()
    const answers = Array.from({ length: 12 }, (_, index) => store.read(async () => (await promise) + index))
    resolve(1)
    expect(await Promise.all(answers)).toEqual(Array.from({ length: 12 }, (_, index) => index + 1))
  })

  test('cannot write', async () => {
    const store = openTestStore()
    const smuggled = store.read((db) => db.all(sql`delete from desk_values returning key`))
    await expect(smuggled).rejects.toMatchObject({ name: 'StoreUnavailableError', trouble: 'read-only' })
  })

  // Would catch: a request that is under way at a stop, and is refused its second query though it waits for nothing.
  test('that is under way may go on with another inside it while the store closes', async () => {
    const store = openTestStore()
    const { promise, resolve } = Promise.withResolvers<void>()
    const answer = store.read(async () => {
      await promise
      return keys(store)
    })
    const closed = store.close()
    resolve()
    expect(await answer).toEqual([])
    await closed
  })

  test('that is under way is answered before the store closes', async () => {
    const store = openTestStore()
    const { promise, resolve } = Promise.withResolvers<void>()
    const answer = store.read(async (db) => {
      await promise
      return (await db.select().from(deskValues)).length
    })
    const closed = store.close()
    await expect(keys(store)).rejects.toThrow(StoreUnavailableError)
    resolve()
    expect(await answer).toBeGreaterThan(0)
    await closed
  })
})

describe('runInWorker', () => {
  const endless =
    'with recursive c(x) as (select 1 union all select x + 1 from c) select count(*) as n from c'

  test('gives rows with their names, and sees what was just written', async () => {
    const store = openTestStore()
    await store.write({ audit: null }, (tx) => insert(tx, 'a'))
    expect(await store.runInWorker('select key, value from desk_values where key = ?', ['a'])).toEqual([
      { key: 'a', value: 'x' },
    ])
  })

  test('ends a query past its time, although SQLite is deep inside it, and serves the next', async () => {
    const store = openTestStore(storeOptions({ queryTimeoutMs: 700 }))
    const slow = store.runInWorker(endless, [])
    const next = store.runInWorker('select 1 as one', [])
    await expect(slow).rejects.toBeInstanceOf(QueryTimeoutError)
    expect(await next).toEqual([{ one: 1 }])
  })

  test('cannot write', async () => {
    const store = openTestStore()
    await expect(store.runInWorker('delete from desk_values returning key', [])).rejects.toMatchObject({
      name: 'StoreUnavailableError',
      trouble: 'read-only',
    })
  })

  test('rejects wrong SQL with what SQLite says, and goes on', async () => {
    const store = openTestStore()
    await expect(store.runInWorker('selekt', [])).rejects.toThrow(/syntax error/)
    expect(await store.runInWorker('select 1 as one', [])).toEqual([{ one: 1 }])
  })

  test('rejects what is unanswered when the store closes', async () => {
    const store = openTestStore()
    const unanswered = store.runInWorker(endless, [])
    await store.close()
    await expect(unanswered).rejects.toMatchObject({ trouble: 'closed' })
  })
})
