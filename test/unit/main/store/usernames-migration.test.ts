import Database from 'better-sqlite3'
import { expect, test } from 'vitest'
import { applyMigrations, readMigrations } from '../../../../main/store/migrations.ts'
import { users } from '../../../../main/store/tables/identity.ts'
import { isUsername } from '../../../../shared/domain/usernames.ts'
import { migrationsFolder, openTestStore, storeOptions } from './open-test-store.ts'

test('people of an older desk get usernames of their addresses where those will do, and others of their own', async () => {
  const options = storeOptions()
  const old = new Database(options.path)
  applyMigrations(old, readMigrations(migrationsFolder).slice(0, 1), 0)
  const insert = old.prepare(
    `insert into users (id, email, display_name, password_hash, admin, disabled, must_change_password, version, created_at)
     values (?, ?, '', '', 1, 0, ?, 1, 1)`,
  )
  insert.run('00000000-0000-7000-8000-000000000001', 'admin@localhost', 1)
  insert.run('00000000-0000-7000-8000-000000000002', 'jo@desk', 0)
  insert.run('00000000-0000-7000-8000-000000000003', 'same@here', 0)
  insert.run('00000000-0000-7000-8000-000000000004', 'same@there', 0)
  insert.run('00000000-0000-7000-8000-000000000005', 'with+plus@desk', 0)
  old.close()
  const people = await openTestStore(options).read((db) => db.select().from(users).orderBy(users.id).all())
  expect(people.map(({ username }) => username)).toEqual([
    'admin',
    'user-000000000002',
    'user-000000000003',
    'user-000000000004',
    'user-000000000005',
  ])
  expect(people.filter(({ username }) => !isUsername(username))).toEqual([])
  // Whoever had to change the password had the documented one.
  expect(people.map(({ documentedPassword }) => documentedPassword)).toEqual([
    true,
    false,
    false,
    false,
    false,
  ])
})
