import { expect, test } from 'vitest'
import { TicketDesk } from '../../../../renderer/player/ticket-desk.ts'
import type { LiveSource } from '../../../../shared/contract/live.ts'

const sourceOf = (cameraId: string): LiveSource => ({
  cameraId,
  serverId: 'alta',
  kind: 'whep',
  variant: 'main',
  url: `http://alta.example/${cameraId}`,
  codec: null,
  width: null,
  height: null,
  pageAllowed: null,
})

test('a wall that opens asks the desk once, and each tile gets its own', async () => {
  const calls: string[][] = []
  const desk = new TicketDesk((ids) => {
    calls.push(ids)
    return Promise.resolve({ sources: ids.filter((id) => id !== 'c').map(sourceOf), expiresAt: 0 })
  })
  const answers = await Promise.all(['a', 'b', 'c', 'a'].map((id) => desk.open(id)))
  expect(calls).toEqual([['a', 'b', 'c']])
  expect(answers.map((sources) => sources.map(({ cameraId }) => cameraId))).toEqual([['a'], ['b'], [], ['a']])
})

test('every new moment asks anew: tickets live 60 s and are never kept', async () => {
  let calls = 0
  const desk = new TicketDesk((ids) => {
    calls += 1
    return Promise.resolve({ sources: ids.map(sourceOf), expiresAt: 0 })
  })
  await desk.open('a')
  await desk.open('a')
  expect(calls).toBe(2)
})

test('the contract takes a hundred ids at a time', async () => {
  const sizes: number[] = []
  const desk = new TicketDesk((ids) => {
    sizes.push(ids.length)
    return Promise.resolve({ sources: ids.map(sourceOf), expiresAt: 0 })
  })
  const answers = await Promise.all(Array.from({ length: 230 }, (_, index) => desk.open(`cam-${index}`)))
  expect(sizes).toEqual([100, 100, 30])
  expect(new Set(answers.map((sources) => sources.length))).toEqual(new Set([1]))
})

test('a desk that does not answer is told to every tile that asked', async () => {
  const desk = new TicketDesk(() => Promise.reject(new Error('away')))
  const results = await Promise.allSettled([desk.open('a'), desk.open('b')])
  expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
})
