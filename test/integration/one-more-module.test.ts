import { expect, onTestFinished, test } from 'vitest'
import { ApiClient } from '../fixtures/api-client.ts'
import { readAudit } from '../fixtures/audit-rows.ts'
import { startDeskInProcess, testAdmin, testViewer } from '../fixtures/desk-in-process.ts'
import { openGates } from '../fixtures/gates-module.ts'
import type { GateEvents } from '../fixtures/gates-module.ts'

async function startWithGates() {
  const happened: GateEvents = []
  const desk = await startDeskInProcess({
    people: [testAdmin, testViewer],
    openMore: (core) => [openGates(core, happened)],
  })
  const api = async ({ email, password }: typeof testAdmin): Promise<ApiClient> => {
    const client = new ApiClient(desk.origin)
    await client.signIn(email, password)
    return client
  }
  return { desk, happened, boss: await api(testAdmin), viewer: await api(testViewer) }
}

// Would catch: a module that must be entered in more places than its own files and the list of `desk.ts` before its
// procedures are answered and guarded, its services run, and its facts, audit actions and resources are known.
test('a module that is on the list, and nowhere else, is answered, guarded, audited and run', async () => {
  const { desk, happened, boss, viewer } = await startWithGates()
  let stopped = false
  onTestFinished(async () => {
    if (!stopped) await desk.stop()
  })
  expect(happened).toEqual(['started'])
  expect(await boss.want('GET', '/gates')).toEqual({ items: ['north'] })
  expect(await new ApiClient(desk.origin).call('GET', '/gates')).toMatchObject({ status: 401 })

  await boss.want('POST', '/gates/north/open')
  expect(await viewer.call('POST', '/gates/north/open')).toMatchObject({
    status: 403,
    body: { code: 'FORBIDDEN', message: 'Only operators of this gate may do this.' },
  })
  expect(await boss.call('POST', '/gates/south/open')).toMatchObject({ status: 404 })
  const rows = readAudit(desk).filter(({ targetName }) => targetName?.startsWith('Gate '))
  expect(rows.map(({ action, actorName, targetName }) => [action, actorName, targetName])).toEqual([
    ['gate.opened', testAdmin.email, 'Gate north'],
    ['access.refused', testViewer.email, 'Gate north'],
  ])

  await desk.stop()
  stopped = true
  expect(happened).toEqual(['started', 'opened north', 'stopped'])
})

// Would catch: one module that answers in place of another without a word.
test('two modules that answer the same are refused at the start', async () => {
  const started = startDeskInProcess({
    people: [testAdmin],
    openMore: (core) => [openGates(core, []), openGates(core, [])],
  })
  await expect(started).rejects.toThrow('Two modules answer gates.list.')
})
