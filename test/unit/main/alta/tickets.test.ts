import { SignJWT, jwtVerify } from 'jose'
import { describe, expect, it } from 'vitest'
import { createTicketOffice, isPathOf } from '../../../../main/alta/tickets.ts'
import type { TicketOfficeOptions } from '../../../../main/alta/tickets.ts'

const request = { personId: 'p1', signInId: 'f1', cameraId: 'c1', channelId: 'desk/gate-1' }
const path = '/desk/gate-1/index.m3u8'
const secret = 'a secret of this server alone, long enough'

function office(changes: Partial<TicketOfficeOptions> = {}, now = 1_700_000_000_000) {
  const clock = { now: () => now, monotonicMs: () => now }
  return createTicketOffice({ deskId: 'd1', serverId: 's1', secret, whepPath: 'whep', clock, ...changes })
}

describe('tickets', () => {
  it('carry the claims of the profile and verify with jose (a private dialect no other tool can read)', async () => {
    const { token, expiresAt } = office().sign(request)
    const { payload, protectedHeader } = await jwtVerify(token, Buffer.from(secret), {
      currentDate: new Date(1_700_000_000_000),
    })
    expect(protectedHeader.alg).toBe('HS256')
    expect(payload).toMatchObject({
      iss: 'd1',
      aud: 's1',
      sub: 'p1',
      sid: 'f1',
      cam: 'c1',
      path: 'desk/gate-1',
    })
    expect(payload.exp).toBe((payload.iat ?? 0) + 60)
    expect(expiresAt).toBe(1_700_000_060_000)
    expect(payload.jti).not.toBe('')
  })

  it('are accepted again and again until they expire (players reload playlists)', async () => {
    const { token } = office().sign(request)
    for (const now of [1_700_000_000_000, 1_700_000_030_000, 1_700_000_059_000]) {
      expect(await office({}, now).verify(token, path)).toMatchObject({ ok: true, ticket: request })
    }
  })

  const { token: good } = office().sign(request)
  const [head = '', body = '', signature = ''] = good.split('.')
  const altered = Buffer.from(body, 'base64url').toString().replace('desk/gate-1', 'desk/vault')
  const unsigned = Buffer.from('{"alg":"none"}').toString('base64url')

  it.each([
    ['missing', '', path],
    ['malformed', 'nonsense', path],
    ['malformed', 'a.b.c', path],
    ['malformed', 'x'.repeat(5000), path],
    ['malformed', `${unsigned}.${body}.`, path],
    [
      'forged',
      `${head}.${Buffer.from(altered).toString('base64url')}.${signature}`,
      '/desk/vault/index.m3u8',
    ],
    ['wrong-path', good, '/desk/vault/index.m3u8'],
    ['wrong-path', good, '/desk/gate-1/2/index.m3u8'],
    ['wrong-path', good, '/desk/gate-10/index.m3u8'],
    ['wrong-path', good, '/%E0%A4%A'],
  ])('refuses what is %s', async (reason, token, realPath) => {
    expect(await office().verify(token, realPath)).toMatchObject({ ok: false, reason })
  })

  it('refuses an expired one and names it for the log', async () => {
    const verdict = await office({}, 1_700_000_061_000).verify(good, path)
    expect(verdict).toMatchObject({ ok: false, reason: 'expired', jti: expect.stringMatching(/.{36}/) })
  })

  it('refuses the ticket of another server, even by the same secret, and by its own secret', async () => {
    const other = office({ serverId: 's2' }).sign(request).token
    expect(await office().verify(other, path)).toMatchObject({ ok: false, reason: 'wrong-server' })
    const foreign = office({ serverId: 's2', secret: 'the secret of another server' }).sign(request).token
    expect(await office().verify(foreign, path)).toMatchObject({ ok: false, reason: 'forged' })
  })

  it('refuses the ticket of another desk', async () => {
    const other = office({ deskId: 'd2' }).sign(request).token
    expect(await office().verify(other, path)).toMatchObject({ ok: false, reason: 'wrong-desk' })
  })

  it('refuses one without an expiry or a camera, however well signed', async () => {
    const key = Buffer.from(secret)
    const claims = { cam: 'c1', path: 'desk/gate-1' }
    const eternal = new SignJWT(claims)
      .setIssuer('d1')
      .setAudience('s1')
      .setSubject('p1')
      .setJti('j')
      .setIssuedAt()
    const sealed = await eternal.setProtectedHeader({ alg: 'HS256' }).sign(key)
    expect(await office().verify(sealed, path)).toMatchObject({ ok: false, reason: 'malformed' })
    const bare = new SignJWT({ path: 'desk/gate-1' })
      .setIssuer('d1')
      .setAudience('s1')
      .setSubject('p1')
      .setJti('j')
    const dated = bare.setIssuedAt(1_700_000_000).setExpirationTime(1_700_000_060)
    const noCamera = await dated.setProtectedHeader({ alg: 'HS256' }).sign(key)
    expect(await office().verify(noCamera, path)).toMatchObject({ ok: false, reason: 'malformed' })
  })
})

describe('paths of a channel', () => {
  it.each([
    ['/desk/gate-1/index.m3u8', true],
    ['/desk/gate-1/index.m3u8?token=x', true],
    ['/desk/gate-1/whep', true],
    ['/desk/gate-1/whep/0a1b-2c', true],
    ['/desk/gate-1/main/5d1e.m3u8', true],
    ['/desk/gate-1/sub/1700000000.ts', true],
    ['%2Fdesk%2Fgate-1%2Findex.m3u8', true],
    ['/desk/gate-1', false],
    ['/desk/gate-1/', false],
    ['/desk/gate-1/main/index.m3u8', false],
    ['/desk/gate-1/whep/index.m3u8', false],
    ['/desk/gate-1/../gate-2/index.m3u8', false],
    ['/desk/gate-1/..%2Fgate-2/index.m3u8', false],
    // Would catch: a segment that leads out of the channel where Alta resolves it.
    ['/desk/gate-1/../1.ts', false],
    ['/desk/gate-1/./1.ts', false],
    ['/desk/gate-1/%2e%2e/1.ts', false],
    ['/desk/gate-1/%2E./1.ts', false],
    ['/desk/gate-1/%252e%252e/1.ts', false],
    ['/desk/gate-1/..%5c1.ts', false],
    ['/desk/gate-1/x%5c..%5cgate-2/1.ts', false],
    ['/desk/gate-1/x%252f..%252fgate-2/1.ts', false],
    ['/desk/gate-1/main/...ts', true],
    ['/desk/gate-1/..main/1.ts', true],
    ['desk/gate-1/index.m3u8', false],
    ['', false],
  ])('%s: %s', (realPath, belongs) => {
    expect(isPathOf('desk/gate-1', realPath, 'whep')).toBe(belongs)
  })

  it('decodes what Alta encoded (a camera named in another script never plays)', () => {
    expect(
      isPathOf('desk/ворота 1', '/desk/%D0%B2%D0%BE%D1%80%D0%BE%D1%82%D0%B0%201/index.m3u8', 'whep'),
    ).toBe(true)
  })
})
