import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { expect, onTestFinished, test } from 'vitest'
import type { Camera } from '../../shared/contract/cameras.ts'
import { addServer, importCamera, testAlta, until } from '../fixtures/desk-with-alta.ts'
import { startKilledDesk } from '../fixtures/start-killed-desk.ts'

/** From before the first call of an import to after its last; the machine decides where exactly it falls. */
const killAfterMs = [0, 4, 8, 12, 16, 20, 25, 30, 40, 60]
/** For machines so slow that none of these fell behind the first step. */
const laterMs = [120, 250, 500, 1_000, 2_000, 4_000]

test(
  'a desk killed in the middle of an import leaves neither half a camera nor an orphan on Alta',
  { timeout: 180_000 },
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'alta-desk-killed-'))
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
    const alta = await testAlta()
    // Each write takes a while, so that kills fall between the steps.
    await alta.setFault('slow', { delayMs: 5, listener: 'api' })
    let child = await startKilledDesk(folder, true)
    const server = await addServer(child.api, alta)
    const seen = new Set<string>()
    for (const delayMs of [...killAfterMs, ...laterMs]) {
      if (seen.size > 1 && laterMs.includes(delayMs)) break
      const importing = importCamera(child.api, server.id, 'dock').then(
        () => 'done',
        () => 'cut',
      )
      await new Promise((resolve) => setTimeout(resolve, delayMs))
      await child.kill()
      await importing
      const channelLeft = 'desk/dock' in alta.config.ott.channels
      child = await startKilledDesk(folder, false)
      const { api } = child
      const cameras = async (): Promise<Camera[]> =>
        (await api.want<{ items: Camera[] }>('GET', '/cameras')).items
      const { value: settled } = await until(cameras, (items) => {
        const channel = 'desk/dock' in alta.config.ott.channels
        return items.length === 1 ? channel : !channel
      })
      seen.add(`${channelLeft ? 'channel' : 'nothing'} -> ${settled.length === 1 ? 'camera' : 'undone'}`)
      for (const camera of settled) {
        await until(
          () => api.call('DELETE', `/cameras/${camera.id}`),
          ({ status }) => status === 200,
        )
      }
      expect(alta.config.ott.channels).toEqual({})
      expect(Object.keys(alta.config.ott.authorizers)).toHaveLength(1)
    }
    // Otherwise the kills fell on one side only and have proved nothing.
    expect(seen.size).toBeGreaterThan(1)
  },
)

test('an import that was cut off after Alta made the channel is undone at the next start', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'alta-desk-killed-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const alta = await testAlta()
  const child = await startKilledDesk(folder, true)
  const server = await addServer(child.api, alta)
  // Kills the desk at the very moment at which Alta has the channel and the desk has not heard of it.
  const cut = new Promise<void>((resolve) => {
    const { channels } = alta.config.ott
    alta.config.ott.channels = new Proxy(channels, {
      set: (target, key, value) => {
        void child.kill().then(resolve)
        return Reflect.set(target, key, value)
      },
    })
  })
  const importing = importCamera(child.api, server.id, 'dock').catch(() => undefined)
  await cut
  await importing
  expect(Object.keys(alta.config.ott.channels)).toEqual(['desk/dock'])
  const { api } = await startKilledDesk(folder, false)
  await until(
    () => Promise.resolve(Object.keys(alta.config.ott.channels)),
    ({ length }) => length === 0,
  )
  expect((await api.want<{ total: number }>('GET', '/cameras')).total).toBe(0)
  await importCamera(api, server.id, 'dock')
})

/** What a desk that was killed had begun, as its database keeps it. */
function leaveOperation(folder: string, operation: Record<string, unknown>): void {
  const database = new Database(join(folder, 'altavms.db'))
  database
    .prepare(
      `insert into jobs (id, kind, state, priority, payload, attempts, run_at, cancel_requested, error, created_at, lane)
       values (?, 'cameras.pending-operation', 'queued', 0, ?, 0, 1, 0, '', 1, ?)`,
    )
    .run(String(operation['channelId']), JSON.stringify(operation), `server ${String(operation['serverId'])}`)
  database.close()
}

function openOperations(folder: string): Promise<number> {
  const database = new Database(join(folder, 'altavms.db'), { readonly: true })
  const open = database.prepare(`select count(*) from jobs where kind = ? and state <> 'done'`).pluck()
  const count = open.get('cameras.pending-operation') as number
  database.close()
  return Promise.resolve(count)
}

// Would catch: a camera that was removed from Alta and stays in the list; a channel, with its recordings, that is deleted
// under a camera since an import of the same receiver was cut off before.
test('a removal that was cut off is finished and recorded, and an import that was cut off takes nothing from a later one', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'alta-desk-killed-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const alta = await testAlta()
  const first = await startKilledDesk(folder, true)
  const { id: serverId } = await addServer(first.api, alta)
  const dock = await importCamera(first.api, serverId, 'dock')
  const yard = await importCamera(first.api, serverId, 'yard')
  await first.kill()
  const operation = { serverId, previousChannel: null }
  leaveOperation(folder, { ...operation, kind: 'remove', channelId: 'desk/dock', cameraId: dock.id })
  leaveOperation(folder, { ...operation, kind: 'import', channelId: 'desk/yard', cameraId: 'never-made' })
  const { api } = await startKilledDesk(folder, false)
  await until(
    () => openOperations(folder),
    (open) => open === 0,
  )
  expect(Object.keys(alta.config.ott.channels)).toEqual(['desk/yard'])
  const cameras = await api.want<{ items: Camera[] }>('GET', '/cameras')
  expect(cameras.items.map(({ id }) => id)).toEqual([yard.id])
  const audit = await api.want<{ items: { actor: { name: string } }[] }>(
    'GET',
    '/audit?action=camera.removed',
  )
  expect(audit.items.map(({ actor }) => actor.name)).toEqual(['desk (finishing what was begun)'])
})
