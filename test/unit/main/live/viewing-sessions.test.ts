import { describe, expect, test } from 'vitest'
import type { RequestContext } from '../../../../main/rpc/request-context.ts'
import { ViewingSessions } from '../../../../main/live/viewing-sessions.ts'
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
  const viewingSessions = new ViewingSessions({
    store,
    bus,
    clock,
    onWallsOf: (userId) => Promise.resolve(new Set(walls[userId] ?? [])),
  })
  const rows = async () => {
    await viewingSessions.write()
    const all = await store.read((db) => db.select().from(audit).orderBy(audit.seq).all())
    return all.map((row) => ({ ...row, after: JSON.parse(row.after ?? 'null') as Record<string, unknown> }))
  }
  /** Minutes pass, with a look in each. */
  const wait = async (minutes: number): Promise<void> => {
    for (let minute = 0; minute < minutes; minute += 1) {
      now += minuteMs
      await viewingSessions.look()
    }
  }
  const actions = async (): Promise<string[]> =>
    (await rows()).map((row) => `${row.action} ${row.actorName} ${row.targetName}`)
  return { viewingSessions, bus, store, rows, wait, actions }
}

describe('a sitting', () => {
  test('is one row however many tickets are asked for, and a second one says when it ended', async () => {
    const { viewingSessions, rows, wait } = setUp()
    for (let ticket = 0; ticket < 30; ticket += 1) {
      viewingSessions.note(contextOf('ann'), gate)
      await wait(1)
    }
    await wait(20)
    expect(await rows()).toMatchObject([
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

  test('is one per person and camera', async () => {
    const { viewingSessions, actions } = setUp()
    for (const user of ['ann', 'bob'])
      for (const camera of [gate, yard]) viewingSessions.note(contextOf(user), camera)
    expect(await actions()).toEqual([
      'live.viewed ann@desk Gate',
      'live.viewed ann@desk Yard',
      'live.viewed bob@desk Gate',
      'live.viewed bob@desk Yard',
    ])
  })

  test('survives a pause that is shorter than ten minutes, and begins anew after a longer one', async () => {
    const { viewingSessions, wait, actions } = setUp()
    viewingSessions.note(contextOf('ann'), gate)
    await wait(9)
    viewingSessions.note(contextOf('ann'), gate)
    await wait(9)
    expect(await actions()).toEqual(['live.viewed ann@desk Gate'])
    await wait(1)
    viewingSessions.note(contextOf('ann'), gate)
    expect(await actions()).toEqual([
      'live.viewed ann@desk Gate',
      'live.left ann@desk Gate',
      'live.viewed ann@desk Gate',
    ])
  })

  test('goes on without tickets while a page is open with the camera on a wall, as a picture plays for hours', async () => {
    const { viewingSessions, bus, wait, actions, rows } = setUp({ ann: ['cam-1'] })
    bus.publish('page.opened', { userId: 'ann' })
    bus.publish('page.opened', { userId: 'ann' })
    viewingSessions.note(contextOf('ann'), gate)
    viewingSessions.note(contextOf('ann'), yard)
    await wait(120)
    expect((await actions()).filter((row) => row.startsWith('live.left'))).toEqual([
      'live.left ann@desk Yard',
    ])
    bus.publish('page.closed', { userId: 'ann' })
    await wait(60)
    bus.publish('page.closed', { userId: 'ann' })
    await wait(11)
    expect((await rows()).at(-1)).toMatchObject({ targetName: 'Gate', after: { seconds: 180 * 60 } })
  })

  test('costs no write when it is noted, and is written together with the others', async () => {
    const { viewingSessions, store, rows } = setUp()
    viewingSessions.note(contextOf('ann'), gate)
    expect(await store.read((db) => db.select().from(audit))).toEqual([])
    for (let camera = 0; camera < 500; camera += 1)
      viewingSessions.note(contextOf('bob'), { id: `cam-${camera}`, name: `Camera ${camera}` })
    expect(await rows()).toHaveLength(501)
  })

  test('ends with the desk', async () => {
    const { viewingSessions, actions } = setUp()
    const abort = new AbortController()
    const running = viewingSessions.run(abort.signal)
    viewingSessions.note(contextOf('ann'), gate)
    abort.abort()
    await running
    expect(await actions()).toEqual(['live.viewed ann@desk Gate', 'live.left ann@desk Gate'])
  })
})

test('what cannot be written is kept for the next try', async () => {
  const { viewingSessions, store } = setUp()
  viewingSessions.note(contextOf('ann'), gate)
  await store.close()
  await expect(viewingSessions.write()).rejects.toThrow(/stopping/)
  await expect(viewingSessions.write()).rejects.toThrow(/stopping/)
})
