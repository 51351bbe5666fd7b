import { describe, expect, it } from 'vitest'
import {
  issueSecuretoken,
  makeSecuretoken,
  securetokenSecret,
  viewerAddressTowards,
} from '../../../../main/alta/securetoken.ts'

describe('securetoken', () => {
  it("is Alta's formula, by Cesbo's own numbers (end and start change places between hash and token)", () => {
    const token = makeSecuretoken({
      path: '/tv/travel-channel/index.m3u8',
      ip: '192.168.88.98',
      start: 1669810000,
      end: 1669890000,
      secret: 'secret',
      salt: 'a5cd6c00',
    })
    expect(token).toBe('e8bff06f373694dda657e8417fe76f6b54b69807-a5cd6c00-1669890000-1669810000')
  })

  it('covers a minute of the time of Alta, and is never the same twice', () => {
    const request = {
      ticketSecret: 'top',
      channelId: 'desk/gate-1',
      viewerAddress: '10.0.0.9',
      nowMs: 1_700_000_000_900,
    }
    const { token, expiresAt } = issueSecuretoken(request)
    const [, salt = '', end = '', start = ''] = token.split('-')
    expect([Number(start) <= 1_700_000_000, Number(end)]).toEqual([true, 1_700_000_060])
    expect(expiresAt).toBe(1_700_000_060_000)
    const parts = {
      path: '/desk/gate-1/index.m3u8',
      ip: '10.0.0.9',
      start: Number(start),
      end: Number(end),
      salt,
    }
    expect(makeSecuretoken({ ...parts, secret: securetokenSecret('top') })).toBe(token)
    expect(issueSecuretoken(request).token).not.toBe(token)
  })

  it.each(['http://127.0.0.1:8200', 'http://localhost:8200/alta'])(
    'finds the address this machine has towards %s',
    async (origin) => {
      expect(await viewerAddressTowards(origin)).toMatch(/^(127\.0\.0\.1|::1)$/)
    },
  )
})
