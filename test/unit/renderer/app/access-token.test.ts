import { ORPCError } from '@orpc/client'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { AccessToken } from '../../../../renderer/app/access-token.ts'
import type { Session } from '../../../../renderer/app/client.ts'

const user = {
  id: 'u1',
  email: 'a@b',
  username: 'abc',
  displayName: 'A',
  admin: true,
  mustChangePassword: false,
  documentedPassword: false,
}
let serial = 0

function sessionFor(minutes: number): Session {
  serial += 1
  return {
    accessToken: `token-${serial}`,
    expiresAt: Date.now() + minutes * 60_000,
    mustSetUpTotp: false,
    mustChoosePassword: false,
    user,
  }
}

beforeEach(() => {
  serial = 0
  vi.useFakeTimers({ now: 1_000_000 })
})
afterEach(() => {
  vi.useRealTimers()
})

describe('the access token', () => {
  it('is renewed once however many calls need it: a refresh token used twice ends the session', async () => {
    let renewals = 0
    const token = new AccessToken(
      async () => {
        renewals += 1
        return sessionFor(15)
      },
      () => undefined,
    )
    token.set({ ...sessionFor(15), expiresAt: Date.now() + 30_000 })
    const tokens = await Promise.all([token.current(), token.current(), token.current()])
    expect(renewals).toBe(1)
    expect(new Set(tokens).size).toBe(1)
  })

  it('is not renewed while it is good for another minute', async () => {
    const token = new AccessToken(
      () => Promise.reject(new Error('must not be called')),
      () => undefined,
    )
    token.set(sessionFor(15))
    expect(await token.current()).toBe('token-1')
  })

  it('tells a refused call to come again when another call has renewed it in the meantime', async () => {
    const token = new AccessToken(
      () => Promise.reject(new Error('must not be called')),
      () => undefined,
    )
    token.set(sessionFor(15))
    expect(await token.renewedAfterRefusal('an older token')).toBe(true)
  })

  it('ends the session of the page when the desk refuses to renew, and not when the network is away', async () => {
    let ended = 0
    let answer: Error = new TypeError('Failed to fetch')
    const token = new AccessToken(
      () => Promise.reject(answer),
      () => (ended += 1),
    )
    token.set(sessionFor(15))
    expect(await token.renewedAfterRefusal('token-1')).toBe(false)
    expect(ended).toBe(0)
    answer = new ORPCError('UNAUTHORIZED', { status: 401 })
    expect(await token.renewedAfterRefusal('token-1')).toBe(false)
    expect(ended).toBe(1)
    expect(await token.current()).toBeNull()
  })

  it('does not call a stranger’s refusal the end of a session', async () => {
    let ended = 0
    const token = new AccessToken(
      () => Promise.reject(new ORPCError('UNAUTHORIZED', { status: 401 })),
      () => (ended += 1),
    )
    await expect(token.renew()).rejects.toThrow()
    expect(ended).toBe(0)
  })
})
