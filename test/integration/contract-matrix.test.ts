import { createSecretKey } from 'node:crypto'
import { SignJWT } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ApiClient } from '../fixtures/api-client.ts'
import { readAudit } from '../fixtures/audit-rows.ts'
import { contractProcedures } from '../fixtures/contract-procedures.ts'
import type { ListedProcedure } from '../fixtures/contract-procedures.ts'
import { startDeskInProcess, testAdmin, testViewer } from '../fixtures/desk-in-process.ts'
import type { DeskInProcess, TestPerson } from '../fixtures/desk-in-process.ts'
import { callOverHttp, callOverPort } from '../fixtures/procedure-calls.ts'
import type { CallResult } from '../fixtures/procedure-calls.ts'

const secret = 'a secret that signs the tokens of this test desk'
const procedures = contractProcedures()
const input = { id: 'no-such-thing', cameraIds: [] }

type CallerKind = 'stranger' | 'non-admin' | 'admin' | 'forged' | 'expired' | 'other desk'

/** What the contract's access rule means for a caller: the refusal, or null where they may call. */
function expectedRefusal({ rules: { access } }: ListedProcedure, caller: CallerKind): number | null {
  if (access.kind === 'anyone') return null
  if (caller !== 'admin' && caller !== 'non-admin') return 401
  if (caller === 'admin' || access.kind === 'signedIn') return null
  return access.kind === 'admin' ? 403 : 404
}

/** Not a refusal: it was answered, or turned down for what was asked and not for who asked. */
function isLetIn({ status, code }: CallResult, procedure: ListedProcedure): boolean {
  // A refresh without a cookie and a sign-in without a password are refused to everybody.
  if (procedure.rules.access.kind === 'anyone') return status !== 403 || code === 'WRONG_CODE'
  return status !== 401 && status !== 403 && status < 500
}

describe('every procedure, every caller, both doors', () => {
  let desk: DeskInProcess
  let issuer: string
  let userId: string

  beforeAll(async () => {
    desk = await startDeskInProcess({
      people: [testAdmin, testViewer],
      variables: { ALTAVMS_AUTH_JWT_SECRET: secret },
    })
    const claims = claimsOf(await signedIn(testAdmin))
    issuer = String(claims.iss)
    userId = String(claims.sub)
  })
  afterAll(() => desk.stop())

  async function signedIn(person: TestPerson): Promise<string> {
    const api = new ApiClient(desk.origin)
    await api.signIn(person.email, person.password)
    return api.token ?? ''
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

  const tokenOf: Record<CallerKind, () => Promise<string | null>> = {
    stranger: () => Promise.resolve(null),
    'non-admin': () => signedIn(testViewer),
    admin: () => signedIn(testAdmin),
    forged: () => wrongToken({ key: 'another secret, of somebody who guesses' }),
    expired: () => wrongToken({ expiresInS: -1 }),
    'other desk': () => wrongToken({ iss: 'alta-desk:ffffffff' }),
  }

  test('the tokens made here are good in everything but their one fault', async () => {
    const answer = await fetch(`${desk.origin}/api/account`, {
      headers: { authorization: `Bearer ${await wrongToken({})}` },
    })
    expect(answer.status).toBe(200)
  })

  for (const procedure of procedures) {
    test.each(Object.keys(tokenOf) as CallerKind[])(`${procedure.name} as %s`, async (caller) => {
      const refusal = expectedRefusal(procedure, caller)
      const overHttp = await callOverHttp(desk.origin, procedure, await tokenOf[caller](), input)
      const token = await tokenOf[caller]()
      const overPort = await callOverPort(
        desk.window(() => token),
        procedure,
        input,
      )
      for (const result of [overHttp, overPort]) {
        if (refusal === null) expect(isLetIn(result, procedure), JSON.stringify(result)).toBe(true)
        else expect(result.status).toBe(refusal)
      }
    })
  }

  test('who may not call learns nothing of what a call looks like: the role is checked before the input', async () => {
    const viewer = await signedIn(testViewer)
    for (const procedure of procedures.filter(({ rules }) => rules.access.kind === 'admin')) {
      expect((await callOverHttp(desk.origin, procedure, null, ['garbage'])).status).toBe(401)
      expect((await callOverHttp(desk.origin, procedure, viewer, ['garbage'])).status).toBe(403)
    }
  })

  test('a refused administrator call stands in the audit log', async () => {
    const viewer = await signedIn(testViewer)
    const [refused] = procedures.filter(({ rules }) => rules.access.kind === 'admin')
    if (!refused) throw new Error('No procedure is for administrators.')
    await callOverHttp(desk.origin, refused, viewer, {})
    expect(readAudit(desk).at(-1)).toMatchObject({
      action: 'access.refused',
      outcome: 'refused',
      actorName: testViewer.email,
    })
  })
})

function claimsOf(token: string): Record<string, unknown> {
  return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as Record<string, unknown>
}
