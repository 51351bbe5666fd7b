import { connect } from 'node:net'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { startControl } from '../../alta-simulator/control.ts'
import type { ControlHandle } from '../../alta-simulator/control.ts'
import { startAltaServer } from '../../alta-simulator/start-alta-server.ts'
import type { AltaServerHandle } from '../../alta-simulator/start-alta-server.ts'
import { login } from './alta-client.ts'

let server: AltaServerHandle
let control: ControlHandle

beforeAll(async () => {
  server = await startAltaServer({ name: 'one', receivers: [{ id: 'gate', kind: 'status' }] })
  control = await startControl([server])
})
afterAll(async () => {
  await control.stop()
  await server.dispose()
})
beforeEach(() => server.clearFaults())

const get = (signal?: AbortSignal): Promise<Response> => fetch(`${server.baseUrl}/api/config`, { signal })

function refused(url: string): Promise<boolean> {
  return new Promise((resolve) => {
    const { hostname, port } = new URL(url)
    const socket = connect(Number(port), hostname)
    socket.once('connect', () => {
      socket.destroy()
      resolve(false)
    })
    socket.once('error', () => resolve(true))
  })
}

describe('faults of a listener', () => {
  it('refuses on one listener while the other answers, and comes back on the same port', async () => {
    await server.setFault('refuse', { listener: 'ott' })
    expect(await refused(server.ottUrl)).toBe(true)
    expect((await get()).status).toBe(401)
    await server.clearFaults()
    expect(await refused(server.ottUrl)).toBe(false)
  })

  it('hangs until the client gives up', async () => {
    await server.setFault('hang', { listener: 'api' })
    await expect(get(AbortSignal.timeout(200))).rejects.toThrow('timeout')
  })

  // Would catch: a client whose every connection stays with requests that nobody will ever answer.
  it('ends what hangs when it is cleared', async () => {
    await server.setFault('hang', { listener: 'api' })
    server.clearRequests()
    const hanging = get().then(
      () => 'answered',
      () => 'ended',
    )
    while (server.requests().length === 0) await new Promise((resolve) => setImmediate(resolve))
    await server.clearFaults()
    expect(await hanging).toBe('ended')
    expect((await get()).status).toBe(401)
  })

  it('answers late', async () => {
    await server.setFault('slow', { delayMs: 150 })
    const before = performance.now()
    await get()
    expect(performance.now() - before).toBeGreaterThan(145)
  })

  it('answers garbage, a web page, half an answer and errors', async () => {
    await server.setFault('garbage', true)
    await expect((await get()).json()).rejects.toThrow(SyntaxError)
    await server.clearFaults()
    await server.setFault('html', true)
    expect((await get()).headers.get('content-type')).toContain('text/html')
    await server.clearFaults()
    await server.setFault('half-closed', true)
    await expect(get().then((answer) => answer.text())).rejects.toThrow()
    await server.clearFaults()
    await server.setFault('error-500', true)
    expect((await get()).status).toBe(500)
  })

  it('sends as many bytes as it was told to', async () => {
    await server.setFault('huge', { bytes: 1024 * 1024 })
    expect((await (await get()).arrayBuffer()).byteLength).toBeGreaterThanOrEqual(1024 * 1024)
  })

  it('shifts its clock', async () => {
    await server.setFault('clock-skew', { seconds: -300 })
    const before = Date.now()
    const date = Date.parse((await get()).headers.get('date') ?? '') + 300_000
    // `Date` has whole seconds.
    expect(date).toBeGreaterThan(before - 1000)
    expect(date).toBeLessThanOrEqual(Date.now())
  })

  it('drops logins in mid-life, and for good when told so', async () => {
    const alta = await login(server)
    await server.setFault('unauthorized', true)
    expect((await alta.call('GET', '/api/config')).status).toBe(401)
    expect((await (await login(server)).call('GET', '/api/config')).status).toBe(200)
    await server.setFault('unauthorized', { always: true })
    expect((await (await login(server)).call('GET', '/api/config')).status).toBe(401)
  })
})

describe('TLS', () => {
  it('is not trusted by a client that was told nothing', async () => {
    const untrusted = await startAltaServer({ tls: true })
    await expect(fetch(untrusted.baseUrl)).rejects.toMatchObject({
      cause: { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' },
    })
    await untrusted.dispose()
  })
})

describe('the plug', () => {
  it('refuses everything after stop and comes back on the same ports without logins', async () => {
    const alta = await login(server)
    const { baseUrl, ottUrl } = server
    await server.stop()
    expect(await refused(baseUrl)).toBe(true)
    expect(await refused(ottUrl)).toBe(true)
    await server.start()
    expect((await alta.call('GET', '/api/config')).status).toBe(401)
    expect(await refused(ottUrl)).toBe(false)
  })
})

describe('control listener', () => {
  it('sets, lists and clears faults and shows requests', async () => {
    const url = `${control.url}/servers/one`
    const body = JSON.stringify({ listener: 'api' })
    const headers = { 'Content-Type': 'application/json' }
    expect((await fetch(`${url}/faults/error-500`, { method: 'PUT', headers, body })).status).toBe(204)
    expect((await get()).status).toBe(500)
    expect(await (await fetch(`${url}/faults`)).json()).toEqual([
      { name: 'error-500', scope: { listener: 'api' }, parameters: {} },
    ])
    expect((await fetch(`${url}/faults/error-500?listener=api`, { method: 'DELETE' })).status).toBe(204)
    expect(server.faults()).toEqual([])
    expect((await fetch(`${url}/faults/no-such`, { method: 'PUT' })).status).toBe(404)
    const requests = (await (await fetch(`${url}/requests`)).json()) as { path: string; status: number }[]
    expect(requests.at(-1)).toMatchObject({ path: '/api/config', status: 500 })
  })

  it('edits the configuration behind the back of everybody', async () => {
    const patch = { receivers: { gate: { name: 'Renamed', enable: null } } }
    await fetch(`${control.url}/servers/0/config`, {
      method: 'PATCH',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(patch),
    })
    expect(server.config.receivers['gate']).toEqual({
      name: 'Renamed',
      source: 'rtsp://gate.camera.invalid/stream',
    })
  })

  it('takes no orders from a web page', async () => {
    const headers = { Origin: 'http://evil.invalid' }
    expect((await fetch(`${control.url}/servers/one/stop`, { method: 'POST', headers })).status).toBe(403)
    expect(server.isRunning()).toBe(true)
  })
})
