import { expect, test } from 'vitest'
import { matchingStep, newTotpSecret, otpauthUrl, totpCode, totpStep } from '../../../../main/sign-in/totp.ts'

/** `12345678901234567890` in base32: the secret of RFC 6238, appendix B. */
const rfcSecret = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ'

test.each([
  [59, '287082'],
  [1_111_111_109, '081804'],
  [1_111_111_111, '050471'],
  [1_234_567_890, '005924'],
  [2_000_000_000, '279037'],
  [20_000_000_000, '353130'],
])('the code at %i s is that of RFC 6238, appendix B', (seconds, code) => {
  expect(totpCode(rfcSecret, totpStep(seconds * 1000))).toBe(code)
})

test('one step either way is taken, two are not', () => {
  const now = 1_700_000_000_000
  const at = (steps: number): number | null =>
    matchingStep(rfcSecret, totpCode(rfcSecret, totpStep(now) + steps), now, 0)
  expect([-2, -1, 0, 1, 2].map((steps) => at(steps) !== null)).toEqual([false, true, true, true, false])
})

test('a code of a step that was used, or of one before it, is not taken again', () => {
  const now = 1_700_000_000_000
  const step = totpStep(now)
  expect(matchingStep(rfcSecret, totpCode(rfcSecret, step), now, step)).toBeNull()
  expect(matchingStep(rfcSecret, totpCode(rfcSecret, step - 1), now, step)).toBeNull()
  expect(matchingStep(rfcSecret, totpCode(rfcSecret, step + 1), now, step)).toBe(step + 1)
})

test.each(['', '12345', '1234567', 'abcdef', '１２３４５６'])('%j is no code and harms nobody', (code) => {
  expect(matchingStep(rfcSecret, code, 1_700_000_000_000, 0)).toBeNull()
})

test('secrets have 160 bits in base32, and never come twice', () => {
  const secrets = Array.from({ length: 20 }, newTotpSecret)
  for (const secret of secrets) expect(secret).toMatch(/^[A-Z2-7]{32}$/)
  expect(new Set(secrets).size).toBe(20)
})

test('the address for the QR code names the desk and the person, with a + and a space kept apart', () => {
  const url = otpauthUrl('ABC', 'mara+night@desk.example')
  expect(url).toBe(
    'otpauth://totp/Alta%20Desk:mara%2Bnight%40desk.example?secret=ABC&issuer=Alta%20Desk&algorithm=SHA1&digits=6&period=30',
  )
})
