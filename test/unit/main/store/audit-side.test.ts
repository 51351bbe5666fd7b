import { expect, test } from 'vitest'
import { sideText } from '../../../../main/store/audit-side.ts'

test('a secret that a record should not have held is hidden, however deep it stands', () => {
  const secrets = {
    password: 'violet-otter-42',
    newPassword: 'teal-falcon-88',
    passwordHash: '$argon2id$x',
    passwordSealed: 'v1:0:0:0',
    totpSecret: 'JBSWY3DPEHPK3PXP',
    refreshToken: 'r-e-f',
    code: '123456',
    backupCodes: ['aaaa', 'bbbb'],
    recoveryCode: 'ABCD',
    hash: 'ff',
  }
  const text = sideText({ person: [{ name: 'Ann', ...secrets }] }) ?? ''
  for (const secret of Object.values(secrets).flat()) expect(text).not.toContain(secret)
  expect(text).toContain('"name":"Ann"')
})

test('what an audit log is for stays readable', () => {
  const side = {
    password: 'changed',
    mustChangePassword: true,
    totpRequiredFor: 'admins',
    recoveryCode: null,
    statusCode: 403,
    drift: [{ object: 'channel', field: 'name', expected: 'Gate', found: 'Door' }],
  }
  expect(JSON.parse(sideText(side) ?? '')).toEqual(side)
})

test('a URL that carries a password or a ticket loses it', () => {
  expect(sideText({ baseUrl: 'http://admin:hunter2@alta/', url: 'http://alta/x?token=abc' })).toBe(
    '{"baseUrl":"http://[hidden]@alta/","url":"http://alta/x?token=[hidden]"}',
  )
})

test('a side is null where the action has none', () => {
  expect(sideText(null)).toBe(null)
})
