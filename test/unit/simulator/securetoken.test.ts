import { describe, expect, it } from 'vitest'
import { checkSecuretoken, makeSecuretoken } from '../../alta-simulator/ott/securetoken.ts'

const parts = {
  path: '/tv/travel-channel/index.m3u8',
  ip: '192.168.88.98',
  start: 1669810000,
  end: 1669890000,
  secret: 'secret',
  salt: 'a5cd6c00',
}
const token = 'e8bff06f373694dda657e8417fe76f6b54b69807-a5cd6c00-1669890000-1669810000'
const viewer = { path: parts.path, ip: parts.ip, secret: parts.secret, nowSeconds: 1669850000 }

describe('securetoken', () => {
  it('makes the documented token: a swapped start and end would go unnoticed otherwise', () => {
    expect(makeSecuretoken(parts)).toBe(token)
  })

  it('lets the right viewer in only between start and end', () => {
    expect(checkSecuretoken(token, viewer)).toBe('allow')
    expect(checkSecuretoken(token, { ...viewer, nowSeconds: parts.start - 1 })).toBe('deny')
    expect(checkSecuretoken(token, { ...viewer, nowSeconds: parts.end + 1 })).toBe('deny')
  })

  it('refuses a token made for another address, path or secret', () => {
    expect(checkSecuretoken(token, { ...viewer, ip: '192.168.88.99' })).toBe('deny')
    expect(checkSecuretoken(token, { ...viewer, path: '/tv/other/index.m3u8' })).toBe('deny')
    expect(checkSecuretoken(token, { ...viewer, secret: 'other' })).toBe('deny')
  })

  it('leaves what is no securetoken (a JWT) to the next step', () => {
    expect(checkSecuretoken('eyJhbGciOiJIUzI1NiJ9.e30.c2ln', viewer)).toBe('skip')
    expect(checkSecuretoken('', viewer)).toBe('skip')
  })
})
