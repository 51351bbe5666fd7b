import Database from 'better-sqlite3'
import { expect, test } from 'vitest'
import { openJobsOfLane } from '../../../../main/jobs/queries.ts'
import { applyMigrations, readMigrations } from '../../../../main/store/migrations.ts'
import { serverLane } from '../../../../main/servers/server-lane.ts'
import { migrationsFolder, openTestStore, storeOptions } from './open-test-store.ts'

// Would catch: a channel that an older desk has left on Alta, and that no desk knows of since its database was brought up to date.
test('what an older desk had begun on Alta is kept as jobs, in its order on each server', async () => {
  const options = storeOptions()
  const migrations = readMigrations(migrationsFolder)
  const old = new Database(options.path)
  const before = migrations.findIndex(({ tag }) => tag.endsWith('_pending-jobs'))
  applyMigrations(old, migrations.slice(0, before), 0)
  const sealed = (column: string, id: string): string => options.keyring.seal(`servers.${column}`, id, 'x')
  for (const id of ['hall', 'yard'])
    old
      .prepare(
        `insert into servers (id, name, base_url, login, password_sealed, ticket_secret_sealed, page_origins,
         authorization_mode, authorization_reason, whep_path, created_at)
         values (?, ?, ?, 'admin', ?, ?, '[]', 'backend', '', '', 1)`,
      )
      .run(id, id, `http://${id}`, sealed('password_sealed', id), sealed('ticket_secret_sealed', id))
  const insert = old.prepare('insert into alta_intents values (?, ?, ?, ?, ?, ?, ?)')
  const previous = JSON.stringify({ name: 'Gate "1"', authorizer: 'alta-desk-other' })
  insert.run('2', 'hall', 'remove', 'desk/gate', 'gate', null, 20)
  insert.run('1', 'hall', 'import', 'desk/dock', 'dock', previous, 10)
  insert.run('3', 'yard', 'import', 'desk/dock', 'dock-2', null, 30)
  old.close()
  const store = openTestStore(options)
  const kept = await store.read(async (db) => [
    ...(await openJobsOfLane(db, serverLane('hall'))),
    ...(await openJobsOfLane(db, serverLane('yard'))),
  ])
  expect(
    kept.map(({ id, kind, state, payload }) => [id, kind, state, JSON.parse(payload) as unknown]),
  ).toEqual([
    ['1', 'cameras.pending-operation', 'queued', operation('import', 'hall', 'dock', 'dock', previous)],
    ['2', 'cameras.pending-operation', 'queued', operation('remove', 'hall', 'gate', 'gate', null)],
    ['3', 'cameras.pending-operation', 'queued', operation('import', 'yard', 'dock', 'dock-2', null)],
  ])
})

function operation(
  kind: string,
  serverId: string,
  receiverId: string,
  cameraId: string,
  previousChannel: string | null,
): unknown {
  return { kind, serverId, channelId: `desk/${receiverId}`, cameraId, previousChannel }
}
