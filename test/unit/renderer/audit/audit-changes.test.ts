import { describe, expect, it } from 'vitest'
import {
  actionWords,
  changesOf,
  repeatedTimes,
  repeatedWords,
} from '../../../../renderer/features/audit/audit-changes.ts'

describe('before and after of an action', () => {
  it('shows what changed first, and tells "was empty" from "was not there"', () => {
    expect(
      changesOf({
        before: { email: 'a@b', name: '', admin: false },
        after: { email: 'a@b', name: 'A', groups: [1] },
      }),
    ).toEqual([
      { field: 'name', before: '', after: 'A', same: false },
      { field: 'admin', before: 'false', after: null, same: false },
      { field: 'groups', before: null, after: '[1]', same: false },
      { field: 'email', before: 'a@b', after: 'a@b', same: true },
    ])
  })

  it('has nothing to show for an action without sides, and never shows what every object inherits', () => {
    expect(changesOf({ before: null, after: null })).toEqual([])
    expect(changesOf({ before: null, after: { toString: 'typed' } })).toEqual([
      { field: 'toString', before: null, after: 'typed', same: false },
    ])
    expect(changesOf({ before: {}, after: { toString: 'typed' } })[0]?.before).toBeNull()
  })
})

describe('actionWords', () => {
  it('reads as words, also for an action of a later desk', () => {
    expect(actionWords('group.camera-added')).toBe('Group: camera added')
    expect(actionWords('desk.set-up')).toBe('Desk: set up')
    expect(actionWords('restarted')).toBe('Restarted')
  })
})

describe('a refusal that repeated itself', () => {
  const repeated = { times: 12, firstAt: '2026-11-21T14:01:02.000Z', lastAt: '2026-11-21T14:05:10.000Z' }

  // Would catch: a person who must read JSON to see that somebody guessed a thousand passwords.
  it('says how often and when in words, and not as a field', () => {
    const entry = { before: null, after: { reason: 'The code was wrong.', repeated } }
    expect(repeatedTimes(entry)).toBe(12)
    expect(repeatedWords(entry)).toMatch(/^12 times, 21 Nov 2026, \d\d:\d\d:02 to 21 Nov 2026, \d\d:\d\d:10$/)
    expect(changesOf(entry).map(({ field }) => field)).toEqual(['reason'])
    expect(repeatedWords({ after: { repeated: { ...repeated, times: 1 } } })).toMatch(/^once, 21 Nov 2026, /)
  })

  it('is told from a field of that name that says something else', () => {
    for (const value of ['daily', null, 3, {}, { times: 'x' }, { times: 2, firstAt: 'x', lastAt: 'y' }]) {
      const entry = { before: null, after: { repeated: value } }
      expect(repeatedTimes(entry)).toBeNull()
      expect(repeatedWords(entry)).toBeNull()
      expect(changesOf(entry).map(({ field }) => field)).toEqual(['repeated'])
    }
  })
})
