import { describe, expect, it } from 'vitest'
import { spacedCode, usesLeft, wholeNumber } from '../../../../renderer/features/invites/invite-words.ts'

describe('an invite in words', () => {
  it('reads its code out in fours without losing a character', () => {
    expect(spacedCode('ABCDEFGH2345')).toBe('ABCD-EFGH-2345')
    expect(spacedCode('ABCDE').replaceAll('-', '')).toBe('ABCDE')
  })

  it('does not call an invite without a limit used up', () => {
    expect(usesLeft({ uses: 3, maxUses: null })).toBe('3, no limit')
    expect(usesLeft({ uses: 3, maxUses: 5 })).toBe('3 of 5')
  })
})

describe('wholeNumber', () => {
  it('tells nothing (no limit) from nonsense (refused)', () => {
    expect(wholeNumber(' ', 1, 10)).toBeNull()
    for (const text of ['0', '11', '1.5', '-1', '1e1', 'x', '٣'])
      expect(wholeNumber(text, 1, 10)).toBeUndefined()
    expect(wholeNumber(' 10 ', 1, 10)).toBe(10)
  })
})
