import { onTestFinished, describe, expect, test } from 'vitest'
import type { AuditEntry } from '../../shared/contract/audit.ts'
import type { Wall } from '../../shared/contract/live.ts'
import type { PersonView } from '../../shared/contract/users.ts'
import type { View } from '../../shared/contract/views.ts'
import { ApiClient } from '../fixtures/api-client.ts'
import { startDeskInProcess, testAdmin, testOperator, testViewer } from '../fixtures/desk-in-process.ts'
import type { DeskInProcess, TestPerson } from '../fixtures/desk-in-process.ts'
import { hall, seedGroupedCameras } from '../fixtures/grouped-cameras.ts'

const full = { layout: '1', tiles: [hall.cameraId] }
const empty = { layout: '4', tiles: [null, null, null, null] }

async function openDesk() {
  const desk = await startDeskInProcess({
    people: [testAdmin, testViewer, testOperator],
    seed: seedGroupedCameras,
  })
  onTestFinished(() => desk.stop())
  const clientOf = async ({ email, password }: TestPerson): Promise<ApiClient> => {
    const api = new ApiClient(desk.origin)
    await api.signIn(email, password)
    return api
  }
  const [boss, operator, viewer] = await Promise.all([testAdmin, testOperator, testViewer].map(clientOf))
  if (!boss || !operator || !viewer) throw new Error('Three people are needed.')
  const slotsOf = async (api: ApiClient): Promise<Record<string, number | null>> => {
    const { items } = await api.want<{ items: View[] }>('GET', '/views')
    return Object.fromEntries(items.map(({ name, slot }) => [name, slot]))
  }
  const save = (api: ApiClient, input: object): Promise<View> => api.want<View>('POST', '/views', input)
  return { desk, boss, operator, viewer, clientOf, slotsOf, save }
}

describe('the digits of views', () => {
  // Would catch: a key that opens another view because somebody saved one of an earlier name; digits that stay behind on
  // the machine where they were chosen, or that one person's choice changes for another.
  test('are each person’s own, stay where they were put, and follow the person to another browser', async () => {
    const { operator, viewer, clientOf, slotsOf, save } = await openDesk()
    const night = await save(operator, { ...full, name: 'Night', slot: 1 })
    await save(operator, { ...full, name: 'Airport' })
    const shared = await save(operator, { ...full, name: 'Ours', groupId: hall.id, slot: 7 })
    expect(await slotsOf(operator)).toEqual({ Night: 1, Airport: null, Ours: 7 })
    expect(await slotsOf(viewer)).toEqual({ Ours: null })
    expect((await viewer.want<View>('PUT', `/views/${shared.id}/slot`, { slot: 2 })).slot).toBe(2)
    expect((await viewer.call('PUT', `/views/${night.id}/slot`, { slot: 2 })).status).toBe(404)
    expect(await slotsOf(await clientOf(testViewer))).toEqual({ Ours: 2 })
    expect((await slotsOf(await clientOf(testOperator)))['Ours']).toBe(7)
    for (const slot of [0, 10, 1.5, '1'])
      expect((await viewer.call('PUT', `/views/${shared.id}/slot`, { slot })).status).toBe(400)
  })

  test('hold one view: a digit that is used moves, and the log says from which view', async () => {
    const { boss, operator, slotsOf, save } = await openDesk()
    await save(operator, { ...full, name: 'Night', slot: 1 })
    const day = await save(operator, { ...full, name: 'Day', slot: 2 })
    await operator.want('PUT', `/views/${day.id}/slot`, { slot: 1 })
    expect(await slotsOf(operator)).toEqual({ Night: null, Day: 1 })
    const { items } = await boss.want<{ items: AuditEntry[] }>('GET', '/audit?action=view.slot-set')
    expect(items[0]).toMatchObject({
      target: { kind: 'view', name: 'Day' },
      before: { slot: 2 },
      after: { slot: 1, replaced: 'Night' },
    })
    await operator.want('PUT', `/views/${day.id}/slot`, { slot: null })
    expect(await slotsOf(operator)).toEqual({ Night: null, Day: null })
    await save(operator, { ...full, name: 'Dusk', slot: 3 })
    await operator.want('DELETE', `/views/${day.id}`)
    expect(await slotsOf(operator)).toEqual({ Night: null, Dusk: 3 })
  })

  test('return with the group whose view they open', async () => {
    const { boss, viewer, operator, slotsOf, save } = await openDesk()
    const { id } = await save(operator, { ...full, name: 'Ours', groupId: hall.id })
    await viewer.want('PUT', `/views/${id}/slot`, { slot: 4 })
    const people = await boss.want<{ items: PersonView[] }>('GET', `/users?search=${testViewer.email}`)
    const membership = `/groups/${hall.id}/members/${people.items[0]?.id}`
    await boss.want('DELETE', membership)
    expect(await slotsOf(viewer)).toEqual({})
    await boss.want('PUT', membership, { role: 'viewer' })
    expect(await slotsOf(viewer)).toEqual({ Ours: 4 })
  })
})

/** Follows what `api`'s page is told about views and walls; what is returned waits for so many messages of it. */
async function wallsTold(
  desk: DeskInProcess,
  api: ApiClient,
): Promise<(count: number) => Promise<unknown[]>> {
  const abort = new AbortController()
  onTestFinished(() => abort.abort())
  const { body } = await fetch(`${desk.origin}/api/events/stream`, {
    headers: { authorization: `Bearer ${api.token}` },
    signal: abort.signal,
  })
  const reader = body?.pipeThrough(new TextDecoderStream()).getReader()
  if (!reader) throw new Error('There is no stream.')
  let text = (await reader.read()).value ?? ''
  return async (count) => {
    const told = (): unknown[] =>
      [...text.matchAll(/"walls\.changed".*"groupId":(null|"[^"]*")/g)].map((match) => match[1])
    while (told().length < count) text += (await reader.read()).value ?? ''
    return told()
  }
}

describe('open pages', () => {
  // Would catch: a key that opens a view of the group as it was this morning, or one that a colleague has deleted; a wall
  // of the group that its members see only after a reload.
  test('hear of every change to a view and to the wall of their group, and of their own keys', async () => {
    const { desk, operator, viewer, save } = await openDesk()
    const [ofViewer, ofOperator] = await Promise.all([wallsTold(desk, viewer), wallsTold(desk, operator)])
    const { id } = await save(operator, { ...full, name: 'Ours', groupId: hall.id })
    const { savedAt } = await operator.want<View>('PATCH', `/views/${id}`, { wall: empty })
    await operator.want('POST', `/views/${id}/restore`, { savedAt })
    await operator.want('PUT', `/views/${id}/slot`, { slot: 3 })
    await save(operator, { ...full, name: 'Mine' })
    await operator.want('DELETE', `/views/${id}`)
    const path = `/groups/${hall.id}/wall`
    const wall = await operator.want<{ savedAt: number }>('PUT', path, empty)
    await operator.want('POST', `${path}/restore`, { savedAt: wall.savedAt })
    const ours = `"${hall.id}"`
    expect(await ofViewer(6)).toEqual([ours, ours, ours, ours, ours, ours])
    expect(await ofOperator(8)).toEqual([ours, ours, ours, 'null', 'null', ours, ours, ours])
  })
})

describe('the names of views', () => {
  test('are taken once by each owner, in any case and alphabet, and the field is named', async () => {
    const { operator, viewer, save } = await openDesk()
    await save(operator, { ...full, name: 'Ворота' })
    const twin = await operator.call('POST', '/views', { ...full, name: ' ВОРОТА ' })
    expect(twin).toMatchObject({ status: 409, body: { code: 'VIEW_EXISTS', data: { field: 'name' } } })
    // Another owner's names are their own.
    await save(operator, { ...full, name: 'Ворота', groupId: hall.id })
    await save(viewer, { ...full, name: 'Ворота' })
    const other = await save(operator, { ...full, name: 'Yard' })
    expect((await operator.call('PATCH', `/views/${other.id}`, { name: 'ворота' })).status).toBe(409)
    expect((await operator.want<View>('PATCH', `/views/${other.id}`, { name: 'YARD' })).name).toBe('YARD')
  })
})

describe('names that look alike', () => {
  // Would catch: two views that nobody can tell apart, for a space is shown once however often it was typed; a view whose
  // name nobody can see.
  test('are one name, and one that cannot be seen is none', async () => {
    const { operator, boss, save } = await openDesk()
    expect((await save(operator, { ...full, name: 'Gate  1' })).name).toBe('Gate 1')
    for (const name of ['Gate 1', 'gate   1', 'Gate\u00a01'])
      expect((await operator.call('POST', '/views', { ...full, name })).status).toBe(409)
    const unseen = await operator.call('POST', '/views', { ...full, name: '\u200b' })
    expect(unseen).toMatchObject({ status: 400, body: { data: { issues: [{ field: 'name' }] } } })
    await boss.want('POST', '/groups', { name: 'Night shift' })
    expect((await boss.call('POST', '/groups', { name: 'Night  shift' })).status).toBe(409)
  })
})

describe('undoing', () => {
  // Would catch: an undo that puts back only what this person sees of a view, so that tiles of others are lost; one that
  // throws away what a colleague saved in between.
  test('puts back a view whole, once, and not over what was saved since', async () => {
    const { boss, operator, save } = await openDesk()
    const { id } = await save(operator, { ...full, name: 'Ours', groupId: hall.id })
    await boss.want('DELETE', `/groups/${hall.id}/cameras/${hall.cameraId}`)
    const { savedAt } = await operator.want<View>('PATCH', `/views/${id}`, { wall: empty })
    await operator.want('POST', `/views/${id}/restore`, { savedAt })
    expect((await operator.call('POST', `/views/${id}/restore`, { savedAt })).status).toBe(409)
    await boss.want('PUT', `/groups/${hall.id}/cameras/${hall.cameraId}`)
    expect(await operator.want<View>('GET', `/views/${id}`)).toMatchObject(full)

    const first = await operator.want<View>('PATCH', `/views/${id}`, { wall: empty })
    await boss.want('PATCH', `/views/${id}`, { name: 'All of ours' })
    const late = await operator.call('POST', `/views/${id}/restore`, { savedAt: first.savedAt })
    expect(late).toMatchObject({ status: 409, body: { code: 'NOTHING_TO_RESTORE' } })
  })

  test('puts back the wall of a group, or that it had none', async () => {
    const { operator, viewer } = await openDesk()
    const path = `/groups/${hall.id}/wall`
    const put = async (wall: object): Promise<number> =>
      (await operator.want<Wall & { savedAt: number }>('PUT', path, wall)).savedAt
    const savedAt = await put(empty)
    expect((await viewer.call('POST', `${path}/restore`, { savedAt })).status).toBe(403)
    await operator.want('POST', `${path}/restore`, { savedAt })
    expect(await viewer.want<Wall>('GET', path)).toEqual(full)
    const four = { layout: '4', tiles: [null, hall.cameraId, null, null] }
    await put(four)
    await operator.want('POST', `${path}/restore`, { savedAt: await put(empty) })
    expect(await viewer.want<Wall>('GET', path)).toEqual(four)
  })
})
