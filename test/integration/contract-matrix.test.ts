import { createSecretKey } from 'node:crypto'
import { SignJWT } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ApiClient } from '../fixtures/api-client.ts'
import { readAudit } from '../fixtures/audit-rows.ts'
import { answersToThoseLetIn, expectations } from '../fixtures/contract-expectations.ts'
import { contractProcedures } from '../fixtures/contract-procedures.ts'
import type { ListedProcedure } from '../fixtures/contract-procedures.ts'
import {
  startDeskInProcess,
  testAdmin,
  testOperator,
  testOutsider,
  testViewer,
} from '../fixtures/desk-in-process.ts'
import type { DeskInProcess, TestPerson } from '../fixtures/desk-in-process.ts'
import { hall, seedGroupedCameras } from '../fixtures/grouped-cameras.ts'
import { callOverHttp, callOverPort } from '../fixtures/procedure-calls.ts'
import type { CallResult } from '../fixtures/procedure-calls.ts'

const secret = 'a secret that signs the tokens of this test desk'
const procedures = contractProcedures()
const leaver: TestPerson = { email: 'dora@desk', password: 'maroon-ibex-28', admin: false }

const insiders = ['viewer', 'operator', 'other member', 'admin'] as const
const outsiders = ['stranger', 'disabled', 'forged', 'expired', 'revoked', 'other desk'] as const
/** Signed in, and answered next to nothing before they have chosen a password of their own. */
const chooser = 'with a given password'
type CallerKind = (typeof insiders)[number] | (typeof outsiders)[number] | typeof chooser
const callerKinds: readonly CallerKind[] = [...outsiders, chooser, ...insiders]
/** To choose it, to see who one is and to leave. */
const openToChooser = ['account.show', 'account.changePassword', 'auth.logout']

/** What a caller is to be refused with, or null where they may call; the thing that is asked for stands in the hall. */
function expectedRefusal({ name }: ListedProcedure, caller: CallerKind): number | null {
  const expectation = expectations[name]
  if (expectation === 'anyone') return null
  if (outsiders.some((kind) => kind === caller)) return 401
  if (caller === chooser) return openToChooser.includes(name) ? null : 403
  if (expectation === 'signed in' || caller === 'admin') return null
  if (expectation === 'admin') return 403
  if (caller === 'other member') return 404
  return caller === 'viewer' && expectation?.endsWith('operator') ? 403 : null
}

/** The one answer that a caller who is let in must get, as `404 NOT_FOUND`; `200` without a code. */
function expectedAnswer({ name }: ListedProcedure): string {
  return answersToThoseLetIn[name] ?? '200'
}

function answerOf({ status, code }: CallResult): string {
  return code === null ? String(status) : `${status} ${code}`
}

test('the expectations hold every procedure of the contract, and no other', () => {
  const names = new Set(procedures.map(({ name }) => name))
  expect(Object.keys(answersToThoseLetIn).filter((name) => !names.has(name))).toEqual([])
  expect(Object.keys(expectations).sort()).toEqual(procedures.map(({ name }) => name).sort())
})

describe('every procedure, every caller, both doors', () => {
  let desk: DeskInProcess
  let issuer: string
  let userId: string
  let chooserPassword: string | null = null
  const tokens = new Map<CallerKind, string | null>()
  /** Names of views are taken once. */
  let views = 0

  beforeAll(async () => {
    desk = await startDeskInProcess({
      people: [testAdmin, testViewer, testOperator, testOutsider, leaver],
      seed: seedGroupedCameras,
      variables: { ALTAVMS_AUTH_JWT_SECRET: secret },
    })
    const claims = claimsOf(await signedIn(testAdmin))
    issuer = String(claims.iss)
    userId = String(claims.sub)
  })
  afterAll(() => desk.stop())

  async function clientOf(person: TestPerson): Promise<ApiClient> {
    const api = new ApiClient(desk.origin)
    await api.signIn(person.email, person.password)
    return api
  }

  async function signedIn(person: TestPerson): Promise<string> {
    return (await clientOf(person)).token ?? ''
  }

  /** A token of the administrator that is right in everything but what `change` makes wrong. */
  async function wrongToken(change: { key?: string; iss?: string; expiresInS?: number }): Promise<string> {
    const { fam, ver } = claimsOf(await signedIn(testAdmin))
    const now = Math.floor(Date.now() / 1000)
    return new SignJWT({ fam, ver })
      .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
      .setIssuer(change.iss ?? issuer)
      .setAudience('alta-desk')
      .setSubject(userId)
      .setIssuedAt(now - 3600)
      .setExpirationTime(now + (change.expiresInS ?? 600))
      .sign(createSecretKey(Buffer.from(change.key ?? secret)))
  }

  async function tokenOfDisabled(): Promise<string> {
    const token = await signedIn(leaver)
    const admin = await clientOf(testAdmin)
    const found = await admin.want<{ items: { id: string }[] }>('GET', `/users?search=${leaver.email}`)
    await admin.want('PATCH', `/users/${found.items[0]?.id}`, { disabled: true })
    return token
  }

  async function revokedToken(): Promise<string> {
    const api = await clientOf(testOperator)
    await api.want('POST', '/auth/logout', {})
    return api.token ?? ''
  }

  /** An administrator, so that nothing but the password stands in the way. */
  async function tokenOfChooser(): Promise<string> {
    const admin = await clientOf(testAdmin)
    const names = { email: 'nina@desk', username: 'nina', displayName: 'Nina', admin: true }
    if (chooserPassword === null) {
      const made = await admin.want<{ initialPassword: string }>('POST', '/users', names)
      chooserPassword = made.initialPassword
    }
    return signedIn({ email: names.email, password: chooserPassword, admin: true })
  }

  const makeToken: Record<CallerKind, () => Promise<string | null>> = {
    stranger: () => Promise.resolve(null),
    disabled: tokenOfDisabled,
    forged: () => wrongToken({ key: 'another secret, of somebody who guesses' }),
    expired: () => wrongToken({ expiresInS: -1 }),
    revoked: revokedToken,
    [chooser]: tokenOfChooser,
    'other desk': () => wrongToken({ iss: 'alta-desk:ffffffff' }),
    viewer: () => signedIn(testViewer),
    operator: () => signedIn(testOperator),
    'other member': () => signedIn(testOutsider),
    admin: () => signedIn(testAdmin),
  }

  async function tokenOf(caller: CallerKind): Promise<string | null> {
    const known = tokens.get(caller)
    if (known !== undefined) return known
    const made = await makeToken[caller]()
    tokens.set(caller, made)
    return made
  }

  /** Something of the hall for what people have roles for; nothing that exists for what is an administrator's. */
  async function inputFor({ name, url }: ListedProcedure): Promise<Record<string, unknown>> {
    const wall = { layout: '1', tiles: [hall.cameraId] }
    const [kind] = (expectations[name] ?? '').split(' ')
    if (kind === 'camera') return { id: hall.cameraId }
    if (name === 'views.create') return { ...wall, name: `Night ${(views += 1)}`, groupId: hall.id }
    const operator = await clientOf(testOperator)
    const save = async (path: string, input: unknown): Promise<number> =>
      (await operator.want<{ savedAt: number }>(path.startsWith('/views') ? 'PATCH' : 'PUT', path, input))
        .savedAt
    if (name === 'groups.restoreWall')
      return { id: hall.id, savedAt: await save(`/groups/${hall.id}/wall`, wall) }
    if (kind === 'group') return { ...wall, id: hall.id }
    if (kind !== 'view') {
      const ids = Array.from(url.matchAll(/\{(\w+)\}/g), ([, parameter = '']) => [parameter, 'no-such-thing'])
      return { cameraIds: [], ...Object.fromEntries(ids) }
    }
    views += 1
    const view = { ...wall, name: `Day ${views}`, groupId: hall.id }
    const { id } = await operator.want<{ id: string }>('POST', '/views', view)
    if (name === 'views.restore') return { id, savedAt: await save(`/views/${id}`, { wall }) }
    return { name: `Dawn ${views}`, id, slot: 1 }
  }

  test('the tokens made here are good in everything but their one fault', async () => {
    const answer = await fetch(`${desk.origin}/api/account`, {
      headers: { authorization: `Bearer ${await wrongToken({})}` },
    })
    expect(answer.status).toBe(200)
  })

  for (const procedure of procedures) {
    test.each(callerKinds)(`${procedure.name} as %s`, async (caller) => {
      const refusal = expectedRefusal(procedure, caller)
      const overHttp = await callOverHttp(
        desk.origin,
        procedure,
        await tokenOf(caller),
        await inputFor(procedure),
      )
      // Whoever signed out needs another token.
      const signsOut = refusal === null && procedure.name === 'auth.logout'
      if (signsOut) tokens.delete(caller)
      const token = await tokenOf(caller)
      const window = desk.window(() => token)
      const overPort = await callOverPort(window, procedure, await inputFor(procedure))
      if (signsOut) tokens.delete(caller)
      for (const result of [overHttp, overPort]) {
        if (refusal === null) expect(answerOf(result)).toBe(expectedAnswer(procedure))
        else expect(result.status).toBe(refusal)
        if (refusal === 403 && caller === chooser) expect(result.code).toBe('PASSWORD_CHANGE_REQUIRED')
      }
    })
  }

  test('who may not call learns nothing of what a call looks like: the role is checked before the input', async () => {
    const viewer = await signedIn(testViewer)
    for (const procedure of procedures.filter(({ name }) => expectations[name] === 'admin')) {
      expect((await callOverHttp(desk.origin, procedure, null, ['garbage'])).status).toBe(401)
      expect((await callOverHttp(desk.origin, procedure, viewer, ['garbage'])).status).toBe(403)
    }
  })

  test('a refused administrator call stands in the audit log', async () => {
    const viewer = await signedIn(testViewer)
    const [refused] = procedures.filter(({ name }) => expectations[name] === 'admin')
    if (!refused) throw new Error('No procedure is for administrators.')
    await callOverHttp(desk.origin, refused, viewer, {})
    // Not the last row: a call that was refused before is counted, and not written again.
    const row = readAudit(desk).find(
      ({ action, actorName, targetName }) =>
        action === 'access.refused' && actorName === testViewer.email && targetName === refused.name,
    )
    expect(row).toMatchObject({ outcome: 'refused' })
  })
})

function claimsOf(token: string): Record<string, unknown> {
  return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as Record<string, unknown>
}
