/// <reference lib="dom" />
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from '@playwright/test'
import type { Page } from '@playwright/test'
import type { Server } from '../../shared/contract/servers.ts'
import { startAltaServer } from '../alta-simulator/start-alta-server.ts'
import type { AltaServerHandle } from '../alta-simulator/start-alta-server.ts'
import { ApiClient } from '../fixtures/api-client.ts'
import { freePort, startDeskProcess } from '../fixtures/desk-process.ts'
import type { DeskProcess } from '../fixtures/desk-process.ts'
import { cameraPair, furnish, leaveWall, ownAdmin, ownAdminVariables, signIn, test } from './stage/stage.ts'
import { expectMoving, tileAt } from './stage/tiles.ts'

let folder: string
let alta: AltaServerHandle
let desk: DeskProcess
let api: ApiClient
let env: Record<string, string>
const ports: { close(): void }[] = []
/** What a browser logs of a policy that forbids an address, of a port without a listener, and of a stalled camera. */
const refused = [/Content Security Policy/, /ERR_CONNECTION_REFUSED/, /^console: .*40[49] .*\/desk\/gate\//]

test.beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'alta-desk-origins-'))
  env = {
    ...ownAdminVariables,
    ALTAVMS_ENV: 'production',
    ALTAVMS_HTTP_ADDR: `127.0.0.1:${await freePort()}`,
    ALTAVMS_ALTA_DRIFT_INTERVAL: '1s',
    ALTAVMS_ALTA_STATUS_INTERVAL: '1s',
    ALTAVMS_ENCRYPTION_KEY: randomBytes(32).toString('base64'),
    ALTAVMS_AUTH_JWT_SECRET: randomBytes(32).toString('base64'),
  }
  alta = await startAltaServer({ name: 'Harbour', segmentSeconds: 1, receivers: cameraPair('gate', 'Gate') })
  await startDesk()
  const stage = { desk, altas: [alta], api, stop: () => Promise.resolve() }
  const { cameras } = await furnish(stage, alta, ['gate'])
  await leaveWall(stage, { layout: '1', tiles: cameras.map(({ id }) => id) })
})
test.afterEach(async ({ page }) => {
  // A page whose desk goes away complains.
  await page.goto('about:blank')
  for (const port of ports.splice(0)) port.close()
  await desk.stop()
  await alta.dispose()
  rmSync(folder, { recursive: true, force: true })
})

async function startDesk(): Promise<void> {
  desk = await startDeskProcess({ folder, env })
  api = new ApiClient(desk.origin)
  await api.signIn(ownAdmin.email, ownAdmin.password)
}

/** Alta streams from another port from now on: the same listener behind it, as after a change of `listen`. */
async function moveStreams(): Promise<string> {
  const target = Number(new URL(alta.ottUrl).port)
  const forward = createServer((socket) => {
    const upstream = connect(target, '127.0.0.1')
    socket.pipe(upstream).pipe(socket)
    for (const end of [socket, upstream]) end.on('error', () => end.destroy())
  })
  await new Promise<void>((resolve) => forward.listen(0, '127.0.0.1', resolve))
  ports.push(forward)
  const { port } = forward.address() as AddressInfo
  return listenOn(port)
}

function listenOn(port: number): string {
  const server = alta.config.servers['ott']
  if (!server) throw new Error('The simulator has no streaming listener.')
  server.listen = `:${port}`
  return `http://127.0.0.1:${port}`
}

/** The camera sends nothing, so that nothing plays. */
async function stall(): Promise<void> {
  for (const receiver of ['gate', 'gate-sub']) await alta.setFault('receiver-stalled', { receiver })
}

async function untilTold(origin: string): Promise<void> {
  const streamOrigin = async (): Promise<string | null | undefined> =>
    (await api.want<{ items: Server[] }>('GET', '/servers?page=1&pageSize=10')).items[0]?.streamOrigin
  await expect.poll(streamOrigin).toBe(origin)
}

/** Counts the documents of the page from now on. */
function countLoads(page: Page): { readonly loads: number } {
  const counter = { loads: 0 }
  page.on('load', () => (counter.loads += 1))
  return counter
}

// Would catch: no picture after a start of the desk until somebody reloads, because the policy of the page was written
// before Alta had answered.
test('a page that is served before Alta has answered plays without being loaded again', async ({ page }) => {
  await desk.stop()
  await alta.setFault('refuse', { listener: 'api' })
  await startDesk()
  await signIn(page, desk.origin, ownAdmin)
  const counter = countLoads(page)
  await alta.clearFaults()
  await expectMoving(tileAt(page, 1))
  expect(counter.loads).toBe(0)
})

// Would catch: a camera that stays black after Alta's streaming port was changed; a reload that interrupts a guard's
// other pictures; a banner that stays when the address is the old one again.
test('new stream addresses: what plays nothing reloads by itself, what plays says so and goes on', async ({
  page,
  watch,
}) => {
  watch.expect(...refused)
  await stall()
  await signIn(page, desk.origin, ownAdmin)
  await expect(tileAt(page, 1)).not.toHaveAttribute('data-picture', 'video')
  const counter = countLoads(page)
  const moved = await moveStreams()
  await expect.poll(() => counter.loads).toBe(1)
  await alta.clearFaults()
  listenOn(Number(new URL(moved).port))
  await expectMoving(tileAt(page, 1))

  await untilTold(await moveStreams())
  await expect(page.getByTestId('outdated')).toContainText('Reload to resume video.')
  await expectMoving(tileAt(page, 1))
  expect(counter.loads).toBe(1)
  await page.getByTestId('outdated').getByRole('button', { name: 'Reload' }).click()
  await expectMoving(tileAt(page, 1))
  await expect(page.getByTestId('outdated')).toBeHidden()
  expect(counter.loads).toBe(2)
})

// Would catch: an Alta whose `listen` changes again and again makes every page of every guard reload without end.
test('a page follows stream addresses at most once a minute', async ({ page, watch }) => {
  watch.expect(...refused)
  await stall()
  await signIn(page, desk.origin, ownAdmin)
  await expect(tileAt(page, 1)).not.toHaveAttribute('data-picture', 'video')
  const counter = countLoads(page)
  const startedAt = performance.now()
  for (let change = 0; change < 5; change += 1) {
    const before = counter.loads
    await untilTold(listenOn(await freePort()))
    // The first one is followed at once; the others wait behind the banner.
    if (change === 0) await expect.poll(() => counter.loads).toBeGreaterThan(before)
    else await expect(page.getByTestId('outdated')).toBeVisible()
  }
  const minutes = Math.floor((performance.now() - startedAt) / 60_000)
  expect(counter.loads).toBeLessThanOrEqual(1 + minutes)
})
