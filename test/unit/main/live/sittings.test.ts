import { describe, expect, test } from 'vitest'
import type { RequestContext } from '../../../../main/rpc/request-context.ts'
import { Sittings } from '../../../../main/live/sittings.ts'
import { Bus } from '../../../../main/platform/bus.ts'
import { audit } from '../../../../main/store/tables/desk.ts'
import { openTestStore } from '../store/open-test-store.ts'

const minuteMs = 60_000
const gate = { id: 'cam-1', name: 'Gate' }
const yard = { id: 'cam-2', name: 'Yard' }

function contextOf(userId: string): RequestContext {
  return {
    requestId: `request-of-${userId}`,
    door: 'http',
    remoteAddress: '10.0.0.7',
    userAgent: '',
    requestOrigin: null,
    caller: { userId, email: `${userId}@desk`, admin: false, family: 'f1' },
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

function setUp(walls: Readonly<Record<string, readonly string[]>> = {}) {
  let now = Date.parse('2026-01-01T08:00:00Z')
  const clock = { now: () => now, monotonicMs: () => now }
  const store = openTestStore()
  const bus = new Bus((_fact, error) => {
    throw error
  })
  const sittings = new Sittings({ store, bus, clock, onWallsOf: (userId) => new Set(walls[userId] ?? []) })
  const rows = () => {
    sittings.write()
    const all = store.read((db) => db.select().from(audit).orderBy(audit.seq).all())
    return all.map((row) => ({ ...row, after: JSON.parse(row.after ?? 'null') as Record<string, unknown> }))
  }
  /** Minutes pass, with a look in each. */
  const wait = (minutes: number): void => {
    for (let minute = 0; minute < minutes; minute += 1) {
      now += minuteMs
      sittings.look()
    }
  }
  const actions = (): string[] => rows().map((row) => `${row.action} ${row.actorName} ${row.targetName}`)
  return { sittings, bus, store, rows, wait, actions }
}

describe('a sitting', () => {
  test('is one row however many tickets are asked for, and a second one says when it ended', () => {
    const { sittings, rows, wait } = setUp()
    for (let ticket = 0; ticket < 30; ticket += 1) {
      sittings.note(contextOf('ann'), gate)
      wait(1)
    }
    wait(20)
    expect(rows()).toMatchObject([
      {
        action: 'live.viewed',
        actorId: 'ann',
        targetKind: 'camera',
        targetId: 'cam-1',
        targetName: 'Gate',
        remoteAddress: '10.0.0.7',
        after: { began: '2026-01-01T08:00:00.000Z' },
      },
      {
        action: 'live.left',
        actorId: 'ann',
        targetId: 'cam-1',
        after: { began: '2026-01-01T08:00:00.000Z', ended: '2026-01-01T08:29:00.000Z', seconds: 29 * 60 },
      },
    ])
  })

  test('is one per person and camera', () => {
    const { sittings, actions } = setUp()
    for (const user of ['ann', 'bob'])
      for (const camera of [gate, yard]) sittings.note(contextOf(user), camera)
    expect(actions()).toEqual([
      'live.viewed ann@desk Gate',
      'live.viewed ann@desk Yard',
      'live.viewed bob@desk Gate',
      'live.viewed bob@desk Yard',
    ])
  })

  test('survives a pause that is shorter than ten minutes, and begins anew after a longer one', () => {
    const { sittings, wait, actions } = setUp()
    sittings.note(contextOf('ann'), gate)
    wait(9)
    sittings.note(contextOf('ann'), gate)
    wait(9)
    expect(actions()).toEqual(['live.viewed ann@desk Gate'])
    wait(1)
    sittings.note(contextOf('ann'), gate)
    expect(actions()).toEqual([
      'live.viewed ann@desk Gate',
      'live.left ann@desk Gate',
      'live.viewed ann@desk Gate',
    ])
  })

  test('goes on without tickets while a page is open with the camera on a wall, as a picture plays for hours', () => {
    const { sittings, bus, wait, actions, rows } = setUp({ ann: ['cam-1'] })
    bus.publish('page.opened', { userId: 'ann' })
    bus.publish('page.opened', { userId: 'ann' })
    sittings.note(contextOf('ann'), gate)
    sittings.note(contextOf('ann'), yard)
    wait(120)
    expect(actions().filter((row) => row.startsWith('live.left'))).toEqual(['live.left ann@desk Yard'])
    bus.publish('page.closed', { userId: 'ann' })
    wait(60)
    bus.publish('page.closed', { userId: 'ann' })
    wait(11)
    expect(rows().at(-1)).toMatchObject({ targetName: 'Gate', after: { seconds: 180 * 60 } })
  })

  test('costs no write when it is noted, and is written together with the others', () => {
    const { sittings, store, rows } = setUp()
    sittings.note(contextOf('ann'), gate)
    expect(store.read((db) => db.select().from(audit).all())).toEqual([])
    for (let camera = 0; camera < 500; camera += 1)
      sittings.note(contextOf('bob'), { id: `cam-${camera}`, name: `Camera ${camera}` })
    expect(rows()).toHaveLength(501)
  })

  test('ends with the desk', async () => {
    const { sittings, actions } = setUp()
    const abort = new AbortController()
    const running = sittings.run(abort.signal)
    sittings.note(contextOf('ann'), gate)
    abort.abort()
    await running
    expect(actions()).toEqual(['live.viewed ann@desk Gate', 'live.left ann@desk Gate'])
  })
})

test('what cannot be written is kept for the next try', () => {
  const { sittings, store } = setUp()
  sittings.note(contextOf('ann'), gate)
  store.close()
  expect(() => sittings.write()).toThrow(/stopping/)
  expect(() => sittings.write()).toThrow(/stopping/)
})
