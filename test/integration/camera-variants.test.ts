import { describe, expect, test } from 'vitest'
import type { Camera } from '../../shared/contract/cameras.ts'
import type { Server } from '../../shared/contract/servers.ts'
import { addServer, importCamera, serverBody, testAlta, testDesk, until } from '../fixtures/desk-with-alta.ts'
import { heldConfig } from '../fixtures/held-config.ts'

async function deskWithGate({ driftInterval = '30s' } = {}) {
  const variables = { ALTAVMS_ALTA_STATUS_INTERVAL: '1s', ALTAVMS_ALTA_DRIFT_INTERVAL: driftInterval }
  const [alta, { api }] = await Promise.all([testAlta(), testDesk({ variables })])
  const proxy = await heldConfig(alta.baseUrl)
  const body = { ...serverBody(alta), baseUrl: proxy.baseUrl }
  const server = await api.want<Server>('POST', '/servers', body)
  const { id } = await importCamera(api, server.id, 'gate-1')
  const get = (): Promise<Camera> => api.want<Camera>('GET', `/cameras/${id}`)
  const reach = async (main: string, sub: string): Promise<Camera> => {
    const { value } = await until(get, (camera) => said(camera) === `${main} ${sub}`)
    return value
  }
  await reach('online', 'online')
  return { alta, api, proxy, get, reach }
}

function said({ variants }: Camera): string {
  return variants.map(({ status }) => status).join(' ')
}

// Would catch: a tile that plays the sub stream and cannot know that its source has stopped, because the desk speaks of the
// camera as a whole.
describe('the status of each stream', () => {
  test('tells a dead sub stream from a living main stream, and the other way round', async () => {
    const { alta, reach } = await deskWithGate()
    await alta.setFault('receiver-frozen', { receiver: 'gate-1-sub' })
    const subDead = await reach('online', 'degraded')
    expect(subDead).toMatchObject({ status: 'online', serverResponding: true })
    expect(subDead.variants[1]?.statusReason).toContain('no data from source')
    await alta.clearFaults()
    const back = await reach('online', 'online')
    expect(back.variants[1]?.statusSinceAt).toBeGreaterThanOrEqual(
      subDead.variants[1]?.statusSinceAt ?? Infinity,
    )
    await alta.setFault('receiver-frozen', { receiver: 'gate-1' })
    const mainDead = await reach('degraded', 'online')
    expect(mainDead.status).toBe('degraded')
    expect(mainDead.statusReason).toContain('Its sub stream still plays')
  })

  test('is lost for a receiver that is deleted on Alta, since the moment its source was lost', async () => {
    const { alta, reach } = await deskWithGate({ driftInterval: '1h' })
    await alta.setFault('receiver-frozen', { receiver: 'gate-1-sub' })
    const [, lost] = (await reach('online', 'degraded')).variants
    delete alta.config.receivers['gate-1-sub']
    alta.configChanged()
    const [, gone] = (await reach('online', 'offline')).variants
    expect(gone?.statusReason).toContain('deleted or renamed')
    expect(gone?.statusSinceAt).toBe(lost?.statusSinceAt)
  })

  // Would catch: FROZEN for half a minute on a camera that was enabled again and plays, until the configuration is read.
  test('follows a receiver that is disabled and enabled again, which the status shows before the configuration', async () => {
    const { alta, api, get, reach } = await deskWithGate({ driftInterval: '1h' })
    const sub = alta.config.receivers['gate-1-sub']
    if (!sub) throw new Error('The simulator has lost the sub stream.')
    sub.enable = false
    await api.call('POST', `/servers/${(await get()).serverId}/repair`, {})
    const [, disabled] = (await reach('online', 'offline')).variants
    expect(disabled?.statusReason).toContain('disabled')
    sub.enable = true
    alta.configChanged()
    await reach('online', 'online')
  })

  // Would catch: FROZEN seconds too late, because the round waits for a configuration that is slow.
  test('is lost with the next status, while the configuration is still under way', async () => {
    const { alta, proxy, reach } = await deskWithGate({ driftInterval: '1s' })
    const question = await proxy.hold()
    await alta.setFault('receiver-frozen', { receiver: 'gate-1-sub' })
    await reach('online', 'degraded')
    expect(question.destroyed).toBe(false)
  })

  test('is unknown while the server does not respond, except what was lost before', async () => {
    const { alta, get, reach } = await deskWithGate()
    await alta.setFault('receiver-frozen', { receiver: 'gate-1' })
    const [lost] = (await reach('degraded', 'online')).variants
    await alta.setFault('refuse', { listener: 'api' })
    const { value } = await until(get, ({ serverResponding }) => !serverResponding)
    expect(said(value)).toBe('degraded unknown')
    expect(value.variants[0]).toEqual(lost)
    expect(value.status).toBe('offline')
    await alta.clearFaults()
    await reach('online', 'online')
  })

  test('is unknown where Alta has no status call: a playlist moves with the last frame of a dead source, too', async () => {
    const { alta, get, reach } = await deskWithGate()
    await alta.setFault('no-status', true)
    const camera = await reach('unknown', 'unknown')
    expect(camera.serverResponding).toBe(true)
    await alta.clearFaults()
    await reach('online', 'online')
    expect((await get()).status).toBe('online')
  })

  // Would catch: green for three more seconds after a server has fallen silent, by a status that is too old to say anything.
  test('is unknown before the server counts as lost, once its last status is too old', async () => {
    const [alta, { api }] = await Promise.all([testAlta(), testDesk()])
    const server = await addServer(api, alta)
    const { id } = await importCamera(api, server.id, 'gate-1')
    const get = (): Promise<Camera> => api.want<Camera>('GET', `/cameras/${id}`)
    await until(get, (camera) => said(camera) === 'online online')
    await alta.setFault('hang', { listener: 'api' })
    const { value } = await until(get, ({ serverResponding }) => !serverResponding, 20_000)
    expect(said(value)).toBe('unknown unknown')
    // The server is unavailable only when it is silent a second time.
    expect(value.status).toBe('online')
    await alta.clearFaults()
    const { value: back } = await until(get, (camera) => said(camera) === 'online online')
    expect(back.serverResponding).toBe(true)
  })
})
