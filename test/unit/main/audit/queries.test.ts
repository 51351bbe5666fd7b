import { expect, test } from 'vitest'
import type { AuditFilter } from '../../../../shared/contract/audit.ts'
import { auditActions, auditPage, sideIn } from '../../../../main/audit/queries.ts'
import type { AuditRecord } from '../../../../main/store/store-types.ts'
import { openTestStore } from '../store/open-test-store.ts'

const person = '0190a6a0-0000-7000-8000-000000000000'

/** How SQLite goes about a page of this filter. */
async function planOf(filter: AuditFilter): Promise<string> {
  const store = openTestStore()
  const asked: { sql: string; parameters: readonly (string | number | null)[] }[] = []
  const listening = Object.assign(Object.create(store) as typeof store, {
    runInWorker: (sql: string, parameters: readonly (string | number | null)[]) => {
      asked.push({ sql, parameters })
      return Promise.resolve([])
    },
  })
  await auditPage(listening, filter, 500_000, 51)
  const [{ sql, parameters } = { sql: '', parameters: [] }] = asked
  const rows = await store.runInWorker<{ detail: string }>(`explain query plan ${sql}`, parameters)
  return rows.map(({ detail }) => detail).join('\n')
}

/** With a million rows a sort takes seconds, and so does a walk over all of them. */
test.each<[string, AuditFilter, RegExp]>([
  ['nothing', {}, /SEARCH audit USING INTEGER PRIMARY KEY \(rowid<\?\)/],
  ['all but renewals', { renewals: false }, /INDEX audit_events \(seq<\?\)/],
  ['an action', { action: 'camera.removed' }, /INDEX audit_action \(action=\? AND rowid<\?\)/],
  ['a person', { actor: person }, /INDEX audit_actor \(actor_id=\? AND rowid<\?\)/],
  ['a name', { actor: 'guard@desk' }, /INDEX audit_actor_name \(actor_name=\? AND rowid<\?\)/],
  ['a camera', { target: person }, /INDEX audit_target \(target_id=\? AND rowid<\?\)/],
  ['what was refused', { outcome: 'refused' }, /INDEX audit_trouble \(outcome=\? AND rowid<\?\)/],
  ['a time', { from: 1, to: 2 }, /SEARCH audit USING INTEGER PRIMARY KEY \(rowid>\? AND rowid<\?\)/],
  [
    'an action in a time',
    { action: 'x', from: 1 },
    /INDEX audit_action \(action=\? AND rowid>\? AND rowid<\?\)/,
  ],
])('a page of %s is read from an index in its order', async (_what, filter, expected) => {
  const plan = await planOf(filter)
  expect(plan).toMatch(expected)
  expect(plan).not.toContain('TEMP B-TREE')
})

test('the actions are found one by one, not by reading every row', async () => {
  const store = openTestStore()
  const record: AuditRecord = {
    action: 'wall.saved',
    actorId: null,
    actorName: 'desk',
    door: 'desk',
    remoteAddress: '',
    requestId: '',
    outcome: 'done',
    target: null,
    before: null,
    after: null,
  }
  expect(await auditActions(store)).toEqual([])
  const actions = ['wall.saved', 'camera.removed', 'wall.saved', 'user.added']
  await store.write({ audit: actions.map((action) => ({ ...record, action })) }, () => undefined)
  expect(await auditActions(store)).toEqual(['camera.removed', 'user.added', 'wall.saved'])
})

// Would catch: one row with a text that is no JSON, put there from outside, that breaks the page and every export.
test.each([
  ['{"a":1}', { a: 1 }],
  [null, null],
  ['{"a":', { unreadable: '{"a":' }],
  ['[1]', { unreadable: '[1]' }],
  ['null', { unreadable: 'null' }],
])('a side %s of a row is read', (text, side) => {
  expect(sideIn(text)).toEqual(side)
})
