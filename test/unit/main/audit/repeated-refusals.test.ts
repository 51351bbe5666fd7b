import { expect, test } from 'vitest'
import {
  mostOfAll,
  mostOfOneCaller,
  RepeatedRefusals,
  repetitionWindowMs,
} from '../../../../main/audit/repeated-refusals.ts'
import { AuditTrackingStore } from '../../../../main/audit/audit-tracking-store.ts'
import type { AuditRecord } from '../../../../main/store/store-types.ts'
import { audit } from '../../../../main/store/tables/desk.ts'
import { openTestStore } from '../store/open-test-store.ts'

function setUp() {
  let now = Date.UTC(2026, 10, 21, 14)
  const clock = { now: () => now, monotonicMs: () => now }
  const repeated = new RepeatedRefusals(clock)
  return {
    pass: (ms: number) => (now += ms),
    repeated,
    clock,
    /** Hands records to a write that is committed; returns those that are written. */
    write: (...records: AuditRecord[]): readonly AuditRecord[] => {
      const sifted = repeated.sift(records)
      sifted.count()
      return sifted.write
    },
    /** What the counting writes by itself now. */
    due: (all = false): readonly AuditRecord[] => {
      const { rows, written } = repeated.due(all)
      written()
      return rows
    },
  }
}

function failedSignIn(name: string, remoteAddress = '10.0.0.7'): AuditRecord {
  return {
    action: 'session.opened',
    actorId: null,
    actorName: name,
    door: 'http',
    remoteAddress,
    requestId: 'r',
    outcome: 'failed',
    target: { kind: 'user', id: null, name },
    before: null,
    after: null,
  }
}

function refused(personId: string, cameraId: string): AuditRecord {
  return {
    ...failedSignIn('guard@desk'),
    action: 'access.refused',
    actorId: personId,
    outcome: 'refused',
    target: { kind: 'camera', id: cameraId, name: cameraId },
    after: { procedure: 'cameras.update' },
  }
}

test('the first is written at once, the others are one row when the window ends', () => {
  const { write, pass, due } = setUp()
  expect(write(failedSignIn('mallory'))).toHaveLength(1)
  pass(1_000)
  for (let turn = 0; turn < 1_000; turn += 1) {
    expect(write(failedSignIn('mallory'))).toEqual([])
    pass(10)
  }
  expect(due()).toEqual([])
  pass(repetitionWindowMs)
  const repeated = { times: 1_000, firstAt: '2026-11-21T14:00:01.000Z', lastAt: '2026-11-21T14:00:10.990Z' }
  expect(due()).toEqual([{ ...failedSignIn('mallory'), after: { repeated } }])
  expect(due()).toEqual([])
  expect(write(failedSignIn('mallory'))).toHaveLength(1)
})

test('what happened once leaves no second row', () => {
  const { write, pass, due } = setUp()
  write(failedSignIn('mallory'))
  pass(repetitionWindowMs)
  expect(due()).toEqual([])
})

// Would catch: a guard's typing error that hides somebody else's attempts, or another camera that was tried.
test('another name, address, reason, target or action is a row of its own', () => {
  const { write } = setUp()
  const wrongCode = { ...failedSignIn('mallory'), after: { reason: 'The code was wrong.' } }
  const records = [
    failedSignIn('mallory'),
    failedSignIn('trudy'),
    failedSignIn('mallory', '10.0.0.8'),
    wrongCode,
    { ...failedSignIn('mallory'), action: 'account.recovered' },
    refused('u1', 'gate'),
    refused('u1', 'hall'),
    refused('u2', 'gate'),
  ]
  expect(records.flatMap((record) => write(record))).toEqual(records)
  expect(records.flatMap((record) => write(record))).toEqual([])
})

test('what was done is never counted, except locks, of which a stranger makes as many as they like', () => {
  const { write } = setUp()
  const done: AuditRecord = { ...failedSignIn('guard@desk'), outcome: 'done' }
  expect([...write(done), ...write(done)]).toHaveLength(2)
  const locked: AuditRecord = { ...done, action: 'account.locked', actorName: 'desk', after: { until: '1' } }
  expect([...write(locked), ...write({ ...locked, after: { until: '2' } })]).toHaveLength(1)
})

// Would catch: rows without number by somebody who types another name, or tries another camera, each time.
test('names that one address rotates, and targets that one person does, are counted together past a number', () => {
  const { write, due } = setUp()
  let rows = 0
  for (let turn = 0; turn < 5_000; turn += 1) {
    rows += write(failedSignIn(`name-${turn}`), refused('u1', `camera-${turn}`)).length
  }
  expect(rows).toBe(2 * mostOfOneCaller)
  const together = due(true)
  expect(together).toHaveLength(2)
  expect(together).toMatchObject([
    { action: 'session.opened', actorName: 'several', remoteAddress: '10.0.0.7', target: null },
    { action: 'access.refused', actorId: 'u1', actorName: 'guard@desk', target: null },
  ])
  for (const { after } of together)
    expect(after).toMatchObject({ repeated: { times: 5_000 - mostOfOneCaller } })
})

test('addresses of one IPv6 network are one caller; those of many are bounded as well', () => {
  const { write, due, pass } = setUp()
  let rows = 0
  for (let turn = 0; turn < 200; turn += 1)
    rows += write(failedSignIn(`name-${turn}`, `2001:db8:1:2::${turn.toString(16)}`)).length
  expect(rows).toBe(mostOfOneCaller)
  for (let turn = 0; turn < 5_000; turn += 1)
    rows += write(failedSignIn('mallory', `10.${turn >> 8}.${turn & 255}.1`)).length
  expect(rows).toBeLessThanOrEqual(mostOfAll)
  const counted = due(true)
  expect(counted.length).toBeLessThanOrEqual(2)
  expect(counted.at(-1)).toMatchObject({ actorName: 'several', remoteAddress: 'several' })
  const times = counted.map(({ after }) => (after as { repeated: { times: number } }).repeated.times)
  expect(rows + times.reduce((sum, one) => sum + one, 0)).toBe(5_200)
  pass(repetitionWindowMs)
  // Nothing is left of them: whoever comes next has rows again.
  for (let turn = 0; turn < mostOfOneCaller; turn += 1)
    expect(write(failedSignIn(`again-${turn}`))).toHaveLength(1)
})

// Would catch: a refusal that neither has a row nor was counted, because its first write failed.
test('a write that fails counts nothing', () => {
  const { repeated, write } = setUp()
  repeated.sift([failedSignIn('mallory')])
  expect(write(failedSignIn('mallory'))).toHaveLength(1)
})

test('the store as rooms have it writes what is due when it is stopped, in the chain', async () => {
  const { clock } = setUp()
  const store = openTestStore()
  const watch = new AuditTrackingStore(store, clock)
  const stop = new AbortController()
  const writing = watch.writeRepetitions(stop.signal)
  for (let turn = 0; turn < 4; turn += 1)
    await watch.write({ audit: failedSignIn('mallory') }, () => undefined)
  const rows = () => store.read((db) => db.select({ after: audit.after }).from(audit).all())
  expect(await rows()).toEqual([{ after: null }])
  stop.abort()
  await writing
  expect(await rows()).toMatchObject([
    { after: null },
    { after: expect.stringContaining('"times":3') as string },
  ])
})

// Would catch: refusals that are counted while the row of their count waits for its turn, and forgotten with it.
test('what is counted while the count waits to be written is in it', async () => {
  const { clock } = setUp()
  const store = openTestStore()
  const watch = new AuditTrackingStore(store, clock)
  const stop = new AbortController()
  const writing = watch.writeRepetitions(stop.signal)
  const fail = () => watch.write({ audit: failedSignIn('mallory') }, () => undefined)
  for (let turn = 0; turn < 2; turn += 1) await fail()
  const { promise, resolve } = Promise.withResolvers<void>()
  const others = [store.write({ audit: null }, () => promise), fail(), fail()]
  stop.abort()
  setImmediate(resolve)
  await Promise.all([...others, writing])
  const rows = await store.read((db) => db.select({ after: audit.after }).from(audit).all())
  expect(rows).toMatchObject([{ after: null }, { after: expect.stringContaining('"times":3') as string }])
})
