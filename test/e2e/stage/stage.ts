import { expect, test as base } from '@playwright/test'
import type { Page } from '@playwright/test'
import type { Camera } from '../../../shared/contract/cameras.ts'
import type { Wall } from '../../../shared/contract/live.ts'
import type { Server } from '../../../shared/contract/servers.ts'
import type { AltaServerOptions, ReceiverOptions } from '../../alta-simulator/options.ts'
import { startAltaServer } from '../../alta-simulator/start-alta-server.ts'
import type { AltaServerHandle } from '../../alta-simulator/start-alta-server.ts'
import { ApiClient } from '../../fixtures/api-client.ts'
import { startDeskProcess } from '../../fixtures/desk-process.ts'
import type { DeskProcess } from '../../fixtures/desk-process.ts'
import { ConsoleWatch } from './console-watch.ts'

/** A desk process with simulated servers and a client of its API that is signed in as the admin. */
export interface Stage {
  readonly desk: DeskProcess
  readonly altas: readonly AltaServerHandle[]
  readonly api: ApiClient
  stop(): Promise<void>
}

export interface Account {
  readonly email: string
  readonly password: string
}

/** What a desk in development begins with. */
export const documentedAdmin: Account = { email: 'admin@localhost', password: 'admin' }
/** An admin whose password is in no documentation, so that the desk answers under every name. */
export const ownAdmin: Account = { email: 'guard@desk.example', password: 'a quiet night at the gate' }
export const ownAdminVariables = {
  ADMIN_BOOTSTRAP_EMAIL: ownAdmin.email,
  ADMIN_BOOTSTRAP_PASSWORD: ownAdmin.password,
}

export const test = base.extend<{ watch: ConsoleWatch }>({
  watch: [
    async ({ context }, use) => {
      const watch = new ConsoleWatch()
      watch.attach(context)
      await use(watch)
      expect(watch.unexpected(), 'complaints of the pages').toEqual([])
    },
    { auto: true },
  ],
})

/** Starts a desk and its servers; `env` lies over the defaults of a test desk. */
export async function startStage(
  servers: readonly AltaServerOptions[],
  env: Readonly<Record<string, string>> = {},
  admin: Account = documentedAdmin,
): Promise<Stage> {
  const altas = await Promise.all(
    servers.map((options) => startAltaServer({ segmentSeconds: 1, ...options })),
  )
  const desk = await startDeskProcess({ env })
  const api = new ApiClient(desk.origin)
  await api.signIn(admin.email, admin.password)
  return {
    desk,
    altas,
    api,
    stop: async () => {
      await desk.stop()
      await Promise.all(altas.map((alta) => alta.dispose()))
    },
  }
}

/** A camera with a main and a sub stream, small enough that two cores encode several of them. */
export function cameraPair(id: string, name: string, more: Partial<ReceiverOptions> = {}): ReceiverOptions[] {
  return [
    { id, name, width: 640, height: 360, fps: 10, ...more },
    { id: `${id}-sub`, name: `${name} (sub)`, width: 320, height: 180, fps: 10, audio: more.audio },
  ]
}

/** Adds a server and imports these receivers through the API, not recording. */
export async function furnish(
  stage: Stage,
  alta: AltaServerHandle,
  receiverIds: readonly string[],
): Promise<{ server: Server; cameras: Camera[] }> {
  const body = { name: alta.name, baseUrl: alta.baseUrl, login: 'admin', password: 'admin' }
  const server = await stage.api.want<Server>('POST', '/servers', body)
  const cameras: Camera[] = []
  for (const receiverId of receiverIds) {
    const wish = { serverId: server.id, receiverId, storage: null }
    cameras.push(await stage.api.want<Camera>('POST', '/cameras', wish))
  }
  return { server, cameras }
}

/** Leaves a wall for the admin, as if they had arranged it before. */
export async function leaveWall(stage: Stage, wall: Wall): Promise<void> {
  await stage.api.want('PUT', '/live/wall', wall)
}

/** Signs in on the page of the desk and waits for the wall. */
export async function signIn(page: Page, origin: string, account: Account = documentedAdmin): Promise<void> {
  await page.goto(origin)
  await page.getByLabel('E-mail or username').fill(account.email)
  await page.getByLabel('Password').fill(account.password)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await expect(page.getByTestId('wall')).toBeVisible()
}
