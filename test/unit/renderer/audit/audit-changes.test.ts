import { describe, expect, it } from 'vitest'
import { actionWords, changesOf } from '../../../../renderer/features/audit/audit-changes.ts'

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
