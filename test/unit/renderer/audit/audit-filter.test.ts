import { describe, expect, it } from 'vitest'
import { auditFilterOf, noTexts, timesFailure } from '../../../../renderer/features/audit/audit-filter.ts'

describe('the filters of the audit log', () => {
  it('asks for everything but renewals when nothing is typed: an empty text is no name that nobody has', () => {
    const asked = Object.entries(auditFilterOf({ ...noTexts, actor: '  ' }))
    expect(asked.filter(([, value]) => value !== undefined)).toEqual([['renewals', false]])
  })

  it('shows renewals to whoever asks for them, by the choice or by their name', () => {
    expect(auditFilterOf({ ...noTexts, renewals: 'shown' }).renewals).toBeUndefined()
    expect(auditFilterOf({ ...noTexts, action: 'session.refreshed' }).renewals).toBeUndefined()
  })

  it('takes in the whole minute that is named as the end', () => {
    const { from, to } = auditFilterOf({ ...noTexts, from: '2026-11-21T03:00', to: '2026-11-21T03:00' })
    expect(from).toBe(new Date(2026, 10, 21, 3, 0).getTime())
    expect(to).toBe(new Date(2026, 10, 21, 3, 0, 59, 999).getTime())
  })

  it('ignores what the address of the page cannot mean, rather than asking the desk for nonsense', () => {
    const filter = auditFilterOf({ ...noTexts, outcome: 'maybe', from: 'yesterday', to: '1901-01-01T00:00' })
    expect(filter).toMatchObject({ outcome: undefined, from: undefined, to: undefined })
  })

  it('says that an end before the beginning fits nothing', () => {
    const turned = auditFilterOf({ ...noTexts, from: '2026-11-21T03:00', to: '2026-11-21T02:59' })
    expect(timesFailure(turned)).toContain('before the beginning')
    expect(timesFailure(auditFilterOf({ ...noTexts, from: '2026-11-21T03:00' }))).toBeNull()
  })
})
