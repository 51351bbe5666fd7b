import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MessageChannel } from 'node:worker_threads'
import { createORPCClient, ORPCError } from '@orpc/client'
import { RPCLink } from '@orpc/client/message-port'
import type { ContractRouterClient } from '@orpc/contract'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createDesk } from '../../main/desk.ts'
import type { Desk } from '../../main/desk.ts'
import { forkChildProcess } from '../../main/platform/child-process.ts'
import { loadConfig, makeDataFolder } from '../../main/platform/config.ts'
import { openLogger } from '../../main/platform/logging.ts'
import type { contract } from '../../shared/contract/contract.ts'

type Client = ContractRouterClient<typeof contract>

const project = join(import.meta.dirname, '../..')
const person = { email: 'guard@desk.example', password: 'a long night shift, again' }
const vault = {
  encryptionKey: Buffer.alloc(32, 1).toString('base64'),
  jwtSecret: Buffer.alloc(32, 2).toString('base64'),
}

let folder = ''
let desk: Desk
let openPorts: { close(): void }[] = []
const lines: string[] = []

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'alta-desk-port-'))
  lines.length = 0
  desk = await startDesk()
})
afterEach(async () => {
  for (const port of openPorts) port.close()
  openPorts = []
  await desk.stop(AbortSignal.abort())
  rmSync(folder, { recursive: true, force: true })
})

/** The desk of an installed application, less Electron: production, keys from a vault, no listener. */
async function startDesk(): Promise<Desk> {
  const { config } = loadConfig({ folder, variables: {}, kind: 'desktop', packaged: true, vault })
  makeDataFolder(config, folder)
  const started = await createDesk({
    checkOutputs: true,
    config,
    version: '0.0.0-test',
    headless: false,
    logger: openLogger({ filter: config.log.level, format: 'json', write: (line) => lines.push(line) }),
    startChildProcess: forkChildProcess,
    migrationsFolder: join(project, 'resources/migrations'),
    pageFolder: join(project, 'out/renderer'),
    passwordCost: { memoryCost: 1024, timeCost: 2, parallelism: 1 },
  })
  await started.start()
  return started
}

/** A window's end of a port that the desk serves, as main/index.ts hands it over. */
function openWindow(): { client: Client; withToken: (token: string) => void; close: () => void } {
  const { port1, port2 } = new MessageChannel()
  openPorts.push(port1)
  desk.serveWindow(port1)
  port1.start()
  let token: string | null = null
  const headers = () => (token === null ? {} : { authorization: `Bearer ${token}` })
  const client = createORPCClient<Client>(new RPCLink({ port: port2, headers }))
  port2.start()
  return { client, withToken: (given) => (token = given), close: () => port2.close() }
}

async function signedIn() {
  const window = openWindow()
  const session = await window.client.auth.setup(person)
  window.withToken(session.accessToken)
  return { ...window, session }
}

describe('the desk behind a port', () => {
  it('makes the first administrator without a code: whoever sits at the desktop owns it', async () => {
    const { client } = openWindow()
    expect(await client.auth.setupState()).toEqual({ needed: true, codeNeeded: false })
    const session = await client.auth.setup(person)
    expect(session.user).toMatchObject({ email: person.email, admin: true })
    await expect(client.auth.setup(person)).rejects.toMatchObject({ code: 'ALREADY_SET_UP' })
  })

  it('answers a stranger as the listener would: 401, with the same words', async () => {
    const { client } = openWindow()
    const refusal = await client.settings.about().catch((error: unknown) => error)
    expect(refusal).toBeInstanceOf(ORPCError)
    expect(refusal).toMatchObject({ code: 'UNAUTHORIZED', status: 401 })
  })

  it('serves whoever brings a token, and refuses a forged one', async () => {
    const { client, withToken } = await signedIn()
    expect(await client.settings.about()).toMatchObject({ env: 'production', headless: false })
    withToken('forged')
    await expect(client.settings.about()).rejects.toMatchObject({ status: 401 })
  })

  it('keeps the listener off until an administrator turns it on', async () => {
    const { client } = await signedIn()
    expect(await client.settings.listener()).toMatchObject({ enabled: false, addresses: [], canChange: true })
    expect([desk.httpPort, desk.addresses()]).toEqual([null, []])
  })

  it('renews the session of a second window: both belong to the one person who sits there', async () => {
    await signedIn()
    const settings = openWindow()
    const renewed = await settings.client.auth.refresh({})
    settings.withToken(renewed.accessToken)
    expect(renewed.user.email).toBe(person.email)
    expect(await settings.client.settings.about()).toMatchObject({ headless: false })
  })

  it('never hands the refresh token to a page', async () => {
    const { session, client } = await signedIn()
    const renewed = await client.auth.refresh({})
    expect([Object.keys(session).sort(), Object.keys(renewed).sort()]).toEqual([
      ['accessToken', 'expiresAt', 'mustChoosePassword', 'mustSetUpTotp', 'recoveryCode', 'user'],
      ['accessToken', 'expiresAt', 'mustChoosePassword', 'mustSetUpTotp', 'user'],
    ])
  })

  it('streams news over the port, and lets the window go in the middle of it', async () => {
    const { client, close } = await signedIn()
    const stream = await client.events.stream()
    const first = await stream.next()
    expect(first.value).toMatchObject({ type: 'hello' })
    close()
  })

  it('gives each of many calls in flight its own answer', async () => {
    const { client } = await signedIn()
    const calls = Array.from({ length: 50 }, (_, index) =>
      index % 2 === 0 ? client.settings.about() : client.settings.listener(),
    )
    const answers = await Promise.all(calls)
    expect(answers.map((answer) => 'version' in answer)).toEqual(answers.map((_, index) => index % 2 === 0))
  })

  const nonsense = [
    '',
    '{',
    '[]',
    'null',
    '{"i":1}',
    '{"i":"1","p":{"u":"//"}}',
    7,
    null,
    { i: 1 },
    new Uint8Array([255, 0, 1]),
  ]
  it.each(nonsense)('hangs up on a page that says %j, and lives on', async (message) => {
    const { port1, port2 } = new MessageChannel()
    openPorts.push(port1)
    desk.serveWindow(port1)
    port1.start()
    const answer = Promise.race([once(port2, 'close'), once(port2, 'message')])
    port2.postMessage(message)
    await answer
    expect(await openWindow().client.auth.setupState()).toMatchObject({ needed: true })
  })
})
