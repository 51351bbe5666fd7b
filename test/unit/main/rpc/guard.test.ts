import { createRouterClient } from '@orpc/server'
import type { AnyRouter } from '@orpc/server'
import { describe, expect, test } from 'vitest'
import { systemClock } from '../../../../main/platform/clock.ts'
import { AuditTrackingStore } from '../../../../main/audit/audit-tracking-store.ts'
import { guardRouter } from '../../../../main/rpc/guard.ts'
import { rpc } from '../../../../main/rpc/rpc.ts'
import { Policy } from '../../../../main/access/policy.ts'
import type { Resource } from '../../../../main/rpc/resource.ts'
import { auditRecord } from '../../../../main/rpc/request-context.ts'
import type { Caller, RequestContext } from '../../../../main/rpc/request-context.ts'
import { openLogger, parseLogFilter } from '../../../../main/platform/logging.ts'
import { audit } from '../../../../main/store/tables/desk.ts'
import { openTestStore } from '../store/open-test-store.ts'

const boss: Caller = { userId: 'u1', email: 'boss@desk', admin: true, family: 'f1' }
const guard: Caller = { userId: 'u2', email: 'guard@desk', admin: false, family: 'f2' }

function contextOf(caller: Caller | null): RequestContext {
  return {
    requestId: 'request-1',
    door: 'http',
    remoteAddress: '127.0.0.1',
    userAgent: '',
    requestOrigin: null,
    caller,
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

function setUp() {
  const lines: string[] = []
  const store = new AuditTrackingStore(openTestStore(), systemClock)
  const logger = openLogger({
    filter: parseLogFilter('info'),
    format: 'json',
    write: (line) => lines.push(line),
  })
  const policy = new Policy()
  const cameras: Resource = {
    nameOf: (id) => Promise.resolve(id === 'cam-1' ? 'Gate' : undefined),
    roleFor: (caller, id) => policy.cameraRole(caller, id),
    hadJustNow: () => false,
    operatorsOnly: 'Only operators of this camera may do this.',
  }
  const serve = (router: AnyRouter, checkOutputs = false) =>
    guardRouter(router, {
      resources: new Map([['camera', cameras]]),
      wasAdministratorJustNow: () => false,
      store,
      log: logger.for('transport'),
      checkOutputs,
    })
  const auditActions = async (): Promise<string[]> =>
    (await store.read((db) => db.select().from(audit))).map(({ action }) => action)
  return { store, lines, serve, auditActions }
}

/** Calls one procedure through the guard, as a door does. */
function call(
  router: AnyRouter,
  path: [string, string],
  caller: Caller | null,
  input: unknown,
): Promise<unknown> {
  const client = createRouterClient(router, { context: contextOf(caller) }) as Record<
    string,
    Record<string, (input: unknown) => Promise<unknown>>
  >
  const procedure = client[path[0]]?.[path[1]]
  if (!procedure) throw new Error(`There is no procedure ${path.join('.')}`)
  return procedure(input)
}

const wall = { layout: '1' as const, tiles: [null] }

describe('the audit rule', () => {
  test('a procedure that forgets its audit row is not told as a success', async () => {
    const { serve, lines } = setUp()
    const router = serve({ live: { saveWall: rpc.live.saveWall.handler(({ input }) => input) } })
    await expect(call(router, ['live', 'saveWall'], guard, wall)).rejects.toMatchObject({
      code: 'INTERNAL',
      data: { requestId: 'request-1' },
    })
    expect(lines.join()).toContain('live.saveWall succeeded without its audit record wall.saved')
  })

  test('a record that was made but never committed does not count', async () => {
    const { serve } = setUp()
    const handler = rpc.live.saveWall.handler(({ input, context }) => {
      auditRecord(context, { action: 'wall.saved', target: null })
      return input
    })
    await expect(
      call(serve({ live: { saveWall: handler } }), ['live', 'saveWall'], guard, wall),
    ).rejects.toMatchObject({ code: 'INTERNAL' })
  })

  test('one that was committed does', async () => {
    const { serve, store, auditActions } = setUp()
    const handler = rpc.live.saveWall.handler(async ({ input, context }) => {
      await store.write(
        { audit: auditRecord(context, { action: 'wall.saved', target: null }) },
        () => undefined,
      )
      return input
    })
    expect(await call(serve({ live: { saveWall: handler } }), ['live', 'saveWall'], guard, wall)).toEqual(
      wall,
    )
    expect(await auditActions()).toEqual(['wall.saved'])
  })
})

describe('access to one camera', () => {
  const open = rpc.live.open.handler(() => ({ sources: [], expiresAt: 0 }))

  test("a camera that is not the caller's looks like one that does not exist, and only the first is recorded", async () => {
    const { serve, auditActions } = setUp()
    const router = serve({ live: { open } })
    const refusals = await Promise.all(
      ['cam-1', 'cam-2'].map((id) =>
        call(router, ['live', 'open'], guard, { id }).catch((error: unknown) => error),
      ),
    )
    expect(String(refusals[0])).toBe(String(refusals[1]))
    expect(refusals).toMatchObject([{ code: 'NOT_FOUND' }, { code: 'NOT_FOUND' }])
    expect(await auditActions()).toEqual(['access.refused'])
  })

  test('an administrator passes', async () => {
    const { serve } = setUp()
    expect(await call(serve({ live: { open } }), ['live', 'open'], boss, { id: 'cam-1' })).toEqual({
      sources: [],
      expiresAt: 0,
    })
  })
})

test('a bug is answered with the request id alone and logged with its stack', async () => {
  const { serve, lines } = setUp()
  const broken = rpc.live.wall.handler(() => {
    throw new Error('the secret is 4711')
  })
  const refusal: unknown = await call(
    serve({ live: { wall: broken } }),
    ['live', 'wall'],
    guard,
    undefined,
  ).catch((error: unknown) => error)
  expect(JSON.stringify(refusal)).not.toContain('4711')
  expect(refusal).toMatchObject({ code: 'INTERNAL', status: 500 })
  expect(lines.join()).toContain('the secret is 4711')
})

test('an answer that is not what the contract promises is found while outputs are checked', async () => {
  const { serve } = setUp()
  // A row as an untyped source could bring it.
  const wrong = JSON.parse('{"layout":"3","tiles":[]}') as typeof wall
  const router = (checked: boolean) => serve({ live: { wall: rpc.live.wall.handler(() => wrong) } }, checked)
  await expect(call(router(true), ['live', 'wall'], guard, undefined)).rejects.toMatchObject({
    code: 'INTERNAL',
  })
  expect(await call(router(false), ['live', 'wall'], guard, undefined)).toEqual(wrong)
})

// Would catch: a field that production sends and the contract does not name, which a schema that strips it would hide.
test('a field outside the contract fails while outputs are checked', async () => {
  const { serve } = setUp()
  const leaky = { ...wall, passwordHash: 'x' }
  const router = (checked: boolean) => serve({ live: { wall: rpc.live.wall.handler(() => leaky) } }, checked)
  await expect(call(router(true), ['live', 'wall'], guard, undefined)).rejects.toMatchObject({
    code: 'INTERNAL',
  })
  expect(await call(router(false), ['live', 'wall'], guard, undefined)).toEqual(leaky)
})

test('a field outside the contract fails in a message of the event stream too', async () => {
  const { serve } = setUp()
  const heartbeat = { type: 'heartbeat' as const, at: 1 }
  const first = async (message: typeof heartbeat): Promise<unknown> => {
    const handler = rpc.events.stream.handler(async function* () {
      await Promise.resolve()
      yield message
    })
    const stream = await call(serve({ events: { stream: handler } }, true), ['events', 'stream'], guard, {})
    return (stream as AsyncIterator<unknown>).next()
  }
  expect(await first(heartbeat)).toMatchObject({ value: heartbeat })
  const leaky = { ...heartbeat, secret: 'x' }
  await expect(first(leaky)).rejects.toThrow('Event iterator validation failed')
})

test('a procedure without rules cannot be served', () => {
  const { serve } = setUp()
  const bare = rpc.live.wall.handler(() => wall)
  const stripped = Object.assign(Object.create(Object.getPrototypeOf(bare) as object) as typeof bare, {
    '~orpc': { ...bare['~orpc'], meta: {} },
  })
  expect(() => serve({ live: { wall: stripped } })).toThrow('says neither who may call it')
})
