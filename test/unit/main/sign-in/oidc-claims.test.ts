import { expect, test } from 'vitest'
import { personOfClaims } from '../../../../main/sign-in/oidc-provider.ts'

type Claims = Record<string, unknown>

const token = { iss: 'https://sso.example', sub: 'one' }

test('what the ID token lacks comes from the userinfo endpoint: an address that is verified there links', () => {
  const more = { sub: 'one', email: 'mara@x', email_verified: true, preferred_username: 'mara', name: 'Mara' }
  expect(personOfClaims({ ...token, email: 'mara@x' }, more, null)).toEqual({
    issuer: 'https://sso.example',
    subject: 'one',
    email: 'mara@x',
    emailVerified: true,
    preferredUsername: 'mara',
    displayName: 'Mara',
    invite: null,
  })
})

test('an address counts as verified only where that very address is: not by word about another', () => {
  const verified = (claims: Claims, more: Claims) => personOfClaims({ ...token, ...claims }, more, null)
  expect(verified({ email: 'boss@x' }, { email: 'mara@x', email_verified: true })).toMatchObject({
    email: 'boss@x',
    emailVerified: false,
  })
  expect(verified({ email_verified: true }, { email: 'boss@x' }).emailVerified).toBe(false)
  expect(verified({ email: 'boss@x', email_verified: 'true' }, {}).emailVerified).toBe(false)
  expect(verified({ email_verified: true }, {}).emailVerified).toBe(false)
})
