import Database from 'better-sqlite3'
import { expect, test } from 'vitest'
import { applyMigrations, readMigrations } from '../../../../main/store/migrations.ts'
import { views } from '../../../../main/store/tables/groups.ts'
import { migrationsFolder, openTestStore, storeOptions } from './open-test-store.ts'

// Would catch: a desk that does not start any more because somebody gave two views one name, or that renames one of them
// to a name that is taken as well.
test('views of an older desk that share a name get numbers, the oldest keeps it, and other owners keep theirs', async () => {
  const options = storeOptions()
  const old = new Database(options.path)
  applyMigrations(old, readMigrations(migrationsFolder).slice(0, 9), 0)
  for (const id of ['mara', 'otto'])
    old
      .prepare(
        `insert into users (id, email, username, display_name, password_hash, admin, disabled, must_change_password,
         documented_password, version, created_at) values (?, ?, ?, '', '', 1, 0, 0, 0, 1, 1)`,
      )
      .run(id, `${id}@desk`, id)
  old.prepare(`insert into groups (id, name, created_at) values ('hall', 'Hall', 1)`).run()
  const insert = old.prepare(
    `insert into views (id, user_id, group_id, name, layout, tiles, saved_at) values (?, ?, ?, ?, '1', '[]', 1)`,
  )
  const given = ['Gate', 'gate', 'Gate (2)', 'GATE', 'Gate (2)', 'Gate (3)', 'Yard', 'Ворота', '100%', '100%']
  given.forEach((name, index) => insert.run(`mara-${index}`, 'mara', null, name))
  insert.run('otto-0', 'otto', null, 'Gate')
  insert.run('hall-0', null, 'hall', 'Gate')
  insert.run('hall-1', null, 'hall', 'Gate')
  old.close()
  const rows = await openTestStore(options).read((db) => db.select().from(views).orderBy(views.id).all())
  const named = new Map(rows.map(({ id, name }) => [id, name]))
  expect(given.map((_, index) => named.get(`mara-${index}`))).toEqual([
    'Gate',
    'gate (4)',
    'Gate (2)',
    'GATE (5)',
    'Gate (2) (2)',
    'Gate (3)',
    'Yard',
    'Ворота',
    '100%',
    '100% (2)',
  ])
  expect(['otto-0', 'hall-0', 'hall-1'].map((id) => named.get(id))).toEqual(['Gate', 'Gate', 'Gate (2)'])
})
