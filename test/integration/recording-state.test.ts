import { describe, expect, test } from 'vitest'
import type { Camera } from '../../shared/contract/cameras.ts'
import type { ReceiverOptions } from '../alta-simulator/options.ts'
import { addServer, importCamera, testAlta, testDesk, until } from '../fixtures/desk-with-alta.ts'

const quick = { everyMs: 500, firstMs: 0, pauseMs: 500, tickMs: 100 }
const gate: ReceiverOptions = { id: 'gate', name: 'Gate', width: 160, height: 90, fps: 5 }

async function deskWithRecording() {
  const [alta, { api }] = await Promise.all([
    testAlta({ receivers: [gate], segmentSeconds: 1 }),
    testDesk({
      recordingTimes: quick,
      variables: { ALTAVMS_ALTA_STATUS_INTERVAL: '1s', ALTAVMS_ALTA_DRIFT_INTERVAL: '1s' },
    }),
  ])
  const server = await addServer(api, alta)
  const { id } = await importCamera(api, server.id, 'gate')
  const get = (): Promise<Camera> => api.want<Camera>('GET', `/cameras/${id}`)
  const reach = async (state: Camera['recordingState']): Promise<Camera> =>
    (await until(get, ({ recordingState }) => recordingState === state, 30_000)).value
  const asked = () => alta.requests().filter(({ path }) => path.endsWith('/recording_status.json'))
  return { alta, api, id, get, reach, asked }
}

// Would catch: REC on a camera whose disk has been full since last week.
describe('whether a camera is being recorded', () => {
  test('is on while Alta records it, stopped with a reason when Alta does not, and on again', async () => {
    const { alta, reach } = await deskWithRecording()
    expect(await reach('on')).toMatchObject({ recording: true, recordingReason: '' })
    await alta.setFault('disk-full', true)
    const { recording, recordingReason } = await reach('stopped')
    expect(recording).toBe(true)
    expect(recordingReason).toMatch(/^Nothing has been recorded since \d\d:\d\d:\d\d\.$/)
    await alta.clearFaults()
    await reach('on')
  })

  test('is unknown where Alta does not tell, and where it cannot be reached', async () => {
    const { alta, reach } = await deskWithRecording()
    await reach('on')
    await alta.setFault('no-recording-status', true)
    await reach('unknown')
    await alta.clearFaults()
    await reach('on')
    await alta.setFault('html', { listener: 'ott' })
    await reach('unknown')
    await alta.clearFaults()
    await reach('on')
    await alta.setFault('refuse', { listener: 'ott' })
    await reach('unknown')
  })

  test('is told by the clock of the server, where that is another', async () => {
    const { alta, reach, get, asked } = await deskWithRecording()
    await alta.setFault('clock-skew', { seconds: 600 })
    await reach('on')
    const before = asked().length
    await until(
      () => Promise.resolve(asked().length),
      (count) => count > before + 4,
    )
    expect((await get()).recordingState).toBe('on')
  })

  test('is off without a storage, which is not asked about at all', async () => {
    const { alta, api, id, reach, asked } = await deskWithRecording()
    await reach('on')
    await api.want('PATCH', `/cameras/${id}`, { storage: null, confirmName: 'Gate' })
    await reach('off')
    // A question may have been under way.
    await alta.setFault('hang', { listener: 'ott' })
    alta.clearRequests()
    await until(
      () => Promise.resolve(alta.requests().filter(({ path }) => path === '/api/status').length),
      (count) => count > 3,
    )
    expect(asked()).toEqual([])
  })

  test('is stopped where somebody took the storage from the channel on Alta', async () => {
    const { alta, reach } = await deskWithRecording()
    await reach('on')
    delete alta.config.ott.channels['desk/gate']?.archive
    alta.configChanged()
    expect((await reach('stopped')).recordingReason).toContain('Repair')
  })

  test('is asked with a ticket of the desk, at the streaming listener alone, and not more often than told', async () => {
    const { reach, asked } = await deskWithRecording()
    await reach('on')
    await until(
      () => Promise.resolve(asked().length),
      (count) => count >= 6,
    )
    const requests = asked()
    expect(new Set(requests.map(({ listener }) => listener))).toEqual(new Set(['ott']))
    for (const { query } of requests) {
      const parameters = new URLSearchParams(query)
      expect(parameters.get('token')).not.toBe('')
      expect(Number(parameters.get('to')) - Number(parameters.get('from'))).toBeLessThanOrEqual(601)
    }
    const tookMs = (requests.at(-1)?.at ?? 0) - (requests[0]?.at ?? 0)
    expect(tookMs / (requests.length - 1)).toBeGreaterThan(0.8 * quick.everyMs)
  })
})

// Would catch: a thousand questions in flight to a server that hangs.
test('a server that hangs is asked about four cameras at a time', async () => {
  const receivers = Array.from({ length: 12 }, (_, index) => ({
    id: `c-${index}`,
    name: `Corridor ${index}`,
    kind: 'status' as const,
  }))
  const [alta, { api }] = await Promise.all([
    testAlta({ receivers }),
    testDesk({ recordingTimes: { ...quick, firstMs: 2_000 } }),
  ])
  const server = await addServer(api, alta)
  await alta.setFault('hang', { listener: 'ott' })
  for (const { id } of receivers) await importCamera(api, server.id, id)
  const asked = () => alta.requests().filter(({ path }) => path.endsWith('/recording_status.json'))
  await until(
    () => Promise.resolve(asked().length),
    (count) => count >= 8,
    20_000,
  )
  const times = asked().map(({ at }) => at)
  // The fifth waited until one of the first four was given up, after 4 s.
  expect((times[4] ?? 0) - (times[0] ?? 0)).toBeGreaterThan(2_000)
})
