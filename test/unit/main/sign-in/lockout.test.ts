import { expect, test } from 'vitest'
import { counterOfAccount, counterOfName, Lockout } from '../../../../main/sign-in/lockout.ts'
import { AppError } from '../../../../main/rpc/app-error.ts'
import type { RequestContext } from '../../../../main/rpc/request-context.ts'
import type { AuditRecord } from '../../../../main/store/store-types.ts'
import { audit } from '../../../../main/store/tables/desk.ts'
import { openTestStore } from '../store/open-test-store.ts'

const minuteMs = 60_000

function context(door: 'http' | 'desktop'): RequestContext {
  return {
    requestId: 'request-1',
    door,
    remoteAddress: '127.0.0.1',
    userAgent: '',
    requestOrigin: null,
    caller: null,
    refreshToken: {
      namesSecurely: false,
      get: () => null,
      set: () => undefined,
      stay: () => undefined,
      clear: () => undefined,
    },
    window: null,
    signal: new AbortController().signal,
    auditRecords: [],
  }
}

const failed: AuditRecord = {
  action: 'session.opened',
  actorId: 'u1',
  actorName: 'mara@desk',
  door: 'http',
  remoteAddress: '10.0.0.7',
  requestId: 'request-1',
  outcome: 'failed',
  target: { kind: 'user', id: 'u1', name: 'mara@desk' },
  before: null,
  after: null,
}

/** True for the error that says a lock; throws any other. */
function unlessLocked(error: unknown): boolean {
  if (error instanceof AppError && error.code === 'ACCOUNT_LOCKED') return true
  throw error
}

function setUp() {
  let now = 1_700_000_000_000
  const store = openTestStore()
  const lockout = new Lockout(store, { now: () => now, monotonicMs: () => now })
  const http = context('http')
  const fail = async (account: string | string[], times = 1, from = http): Promise<void> => {
    const [said = '', ...silent] = [account].flat()
    for (let time = 0; time < times; time += 1) {
      const record = { ...failed, door: from.door, requestId: `try-${time}` }
      await lockout.recordFailure(from, { said, silent }, record).catch(unlessLocked)
    }
  }
  const isLocked = async (account: string, from = http): Promise<boolean> => {
    const refused = store.read((db) => lockout.refuseLocked(db, from, account))
    return refused.then(() => false).catch(unlessLocked)
  }
  const rows = async (): Promise<number> =>
    (await store.read((db) => db.all('select 1 from sign_in_failures'))).length
  const pass = (ms: number): void => void (now += ms)
  return { store, lockout, fail, isLocked, rows, pass }
}

const known = counterOfAccount('u1')
const unknown = counterOfName('nobody')

test.each([known, unknown])(
  'the tenth failure locks %s for 15 minutes, and then it starts anew',
  async (account) => {
    const { fail, isLocked, pass } = setUp()
    await fail(account, 9)
    expect(await isLocked(account)).toBe(false)
    await fail(account)
    expect(await isLocked(account)).toBe(true)
    pass(15 * minuteMs - 1)
    expect(await isLocked(account)).toBe(true)
    pass(1)
    expect(await isLocked(account)).toBe(false)
    await fail(account, 9)
    expect(await isLocked(account)).toBe(false)
  },
)

test('failures decay: nine an hour never lock', async () => {
  const { fail, isLocked, pass } = setUp()
  for (let hour = 0; hour < 3; hour += 1) {
    await fail(known, 9)
    pass(15 * minuteMs)
  }
  expect(await isLocked(known)).toBe(false)
})

test('answers that were on their way when the lock fell do not make it longer', async () => {
  const { fail, isLocked, pass } = setUp()
  await fail(known, 10)
  pass(14 * minuteMs)
  await fail(known, 10)
  pass(minuteMs)
  expect(await isLocked(known)).toBe(false)
})

// Would catch: a lock that lasts a day longer because the clock was set back by a day, and guesses that nobody counts then.
test('a clock that is set back by a day neither prolongs a lock nor stops the count', async () => {
  const { fail, isLocked, pass } = setUp()
  await fail(known, 10)
  pass(-24 * 60 * minuteMs)
  expect(await isLocked(known)).toBe(false)
  await fail(known, 10)
  expect(await isLocked(known)).toBe(true)
})

test('a clock that is set back by a moment does not end a lock', async () => {
  const { fail, isLocked, pass } = setUp()
  await fail(known, 10)
  pass(-minuteMs)
  expect(await isLocked(known)).toBe(true)
})

test('a success clears the count, and one account never locks another', async () => {
  const { store, lockout, fail, isLocked } = setUp()
  await fail(known, 9)
  await store.write({ audit: null }, (tx) => lockout.clear(tx, [known]))
  await fail(known, 9)
  await fail(unknown, 10)
  expect([await isLocked(known), await isLocked(unknown)]).toEqual([false, true])
})

test("the desk's own window is never locked out, and its failures lock nobody else out", async () => {
  const { fail, isLocked } = setUp()
  const desktop = context('desktop')
  await fail(known, 30, desktop)
  expect(await isLocked(known)).toBe(false)
  await fail(known, 10)
  expect([await isLocked(known), await isLocked(known, desktop)]).toEqual([true, false])
})

test('a failure counts for the name and for the account, each of which locks by itself, in one row', async () => {
  const { store, fail, isLocked } = setUp()
  const names = [counterOfName('mara'), counterOfName('mara@desk')]
  for (const name of names) await fail([name, known], 5)
  expect(await Promise.all([...names, known].map((counter) => isLocked(counter)))).toEqual([
    false,
    false,
    true,
  ])
  for (const name of names) await fail([name, known], 5)
  expect(await Promise.all([...names, known].map((counter) => isLocked(counter)))).toEqual([true, true, true])
  await fail([unknown, counterOfAccount('u2')], 10)
  const rows: { action: string }[] = await store.read((db) => db.select().from(audit).all())
  expect(rows.filter(({ action }) => action === 'account.locked')).toHaveLength(4)
})

test('names that were tried once do not pile up in the database', async () => {
  const { fail, rows, pass } = setUp()
  for (let name = 0; name < 50; name += 1) await fail(counterOfName(`name ${name}`))
  expect(await rows()).toBe(50)
  pass(15 * minuteMs + 1)
  await fail(unknown)
  expect(await rows()).toBe(1)
})

test('that an account is locked stands in the audit log once, with whose failure did it', async () => {
  const { store, fail, pass } = setUp()
  await fail(known, 12)
  const log = (): Promise<object[]> => store.read((db) => db.select().from(audit).orderBy(audit.seq).all())
  const locks = async (): Promise<object[]> =>
    (await log()).filter((row) => 'action' in row && row.action === 'account.locked')
  expect(await log()).toHaveLength(11)
  expect(await locks()).toMatchObject([
    {
      seq: 11,
      actorName: 'desk',
      targetName: 'mara@desk',
      remoteAddress: '10.0.0.7',
      requestId: 'try-9',
      outcome: 'done',
      after: '{"until":"2023-11-14T22:28:20.000Z"}',
    },
  ])
  pass(15 * minuteMs)
  await fail(known, 10)
  await fail(known, 20, context('desktop'))
  expect(await locks()).toHaveLength(2)
})
