import { describe, expect, it } from 'vitest'
import { suggestedUsername } from '../../../../renderer/features/users/suggested-username.ts'

describe('suggestedUsername', () => {
  it('offers only what the desk takes: a name it refuses would be a field the person never touched, in red', () => {
    expect(suggestedUsername('Renée.Müller+cctv@example.com')).toBe('renee.mullercctv')
    expect(suggestedUsername('jo@example.com')).toBe('')
    expect(suggestedUsername('守衛@example.com')).toBe('')
    expect(suggestedUsername(`${'a'.repeat(60)}@example.com`)).toHaveLength(32)
  })
})
