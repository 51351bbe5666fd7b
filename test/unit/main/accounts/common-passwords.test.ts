import { dictionary } from '@zxcvbn-ts/language-common'
import { expect, test } from 'vitest'
import { isCommonPassword } from '../../../../shared/domain/common-passwords.ts'
import { weaknessOf } from '../../../../shared/domain/password-strength.ts'

const ranked = dictionary['passwords-common']

test('the list that is shipped holds more than the 10,000 commonest, the commonest first', () => {
  expect(ranked.slice(0, 5)).toEqual(['123456', 'password', '12345678', 'qwerty', '123456789'])
  expect(ranked.length).toBeGreaterThan(10_000)
  expect(new Set(ranked).size).toBe(ranked.length)
})

// Would catch: a password that every attacker tries first, and that a score has let pass.
test.each(['password1', 'PassWord1', ' qwertyuiop ', 'ｐａｓｓｗｏｒｄ', 'TRUSTNO1'])(
  '%s is refused by the list, whatever its score',
  async (password) => {
    expect(await weaknessOf(password, [])).toContain('one of the 10,000 commonest passwords')
  },
)

test('the ten-thousandth is refused, the next one is left to its score', async () => {
  const [last = '', next = ''] = ranked.slice(9_999, 10_001).map(String)
  expect([await isCommonPassword(last), await isCommonPassword(next)]).toEqual([true, false])
})

test('a password of some uncommon words is none of them', async () => {
  expect(await weaknessOf('copper-lantern-63', [])).toBeNull()
})
