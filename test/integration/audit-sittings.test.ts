import { expect, test } from 'vitest'
import { readAudit } from '../fixtures/audit-rows.ts'
import { testAdmin } from '../fixtures/desk-in-process.ts'
import { addServer, importCamera, testAlta, testDesk, until } from '../fixtures/desk-with-alta.ts'
import { temporaryFolder } from '../unit/main/store/open-test-store.ts'

test('watching a camera is one row however often tickets are asked for, and the end of the desk is its end', async () => {
  const alta = await testAlta()
  const { desk, api } = await testDesk({ folder: temporaryFolder() })
  const server = await addServer(api, alta)
  const camera = await importCamera(api, server.id, 'gate-1', { name: 'Gate' })
  const ticket = (): Promise<{ sources: unknown[] }> => api.want('POST', `/cameras/${camera.id}/live`)
  // Before its server was looked at there is nothing to play, and nobody watches.
  await until(ticket, ({ sources }) => sources.length > 0)
  await Promise.all(Array.from({ length: 10 }, ticket))
  await api.want('POST', '/live', { cameraIds: [camera.id] })
  const rows = () => readAudit(desk).filter(({ action }) => action.startsWith('live.'))
  await until(
    () => Promise.resolve(rows()),
    (found) => found.length > 0,
  )
  await desk.stop()
  expect(rows().map(({ action, actorName }) => [action, actorName])).toEqual([
    ['live.viewed', testAdmin.email],
    ['live.left', testAdmin.email],
  ])
  expect(JSON.parse(rows()[1]?.after ?? '')).toMatchObject({
    began: expect.any(String) as string,
    ended: expect.any(String) as string,
    seconds: expect.any(Number) as number,
  })
})
