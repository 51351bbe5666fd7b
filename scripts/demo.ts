// npm run demo: an empty desk beside a simulated Alta server with six live, recording cameras.
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { buildIfStale } from './build-if-stale.ts'
import { demoAddress, demoEnvironment, DemoError, openDemoDatabase } from './demo-desk.ts'
import type { DemoDatabase } from './demo-desk.ts'
import { DeskClient } from './desk-client.ts'
import { headlessEntry } from './desk-process.ts'
import { findElectron } from './electron-runtime.ts'
import { endWith, root, startNode } from './processes.ts'

/** What the simulator prints once it is ready; the rest of the line is for other readers. */
interface SimulatorReady {
  servers: { name: string; baseUrl: string; login: string; password: string }[]
  /** Where faults are switched on and off, to see what the desk makes of them. */
  controlUrl: string
}

const readyTimeoutMs = 60_000
const { database, address } = await prepare()
const env = demoEnvironment(process.env, database.path, address)
// Where the demo runs: a folder of its own, so that it reads no config.yaml of a real desk.
const folder = mkdtempSync(join(tmpdir(), 'alta-desk-demo-'))
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))

buildIfStale()

const simulator = startNode(
  [
    'test/alta-simulator/cli.ts',
    '--json',
    '--exit-with-parent',
    // Twelve encoders and a browser that decodes share this machine, which may have two cores.
    ...['--size', '960x540', '--sub-size', '480x270'],
    ...['--api-port', '0', '--ott-port', '0', '--control-port', '0'],
  ],
  {
    stdio: ['ignore', 'pipe', 'inherit'],
  },
)
process.on('exit', () => simulator.kill('SIGTERM'))
const ready = await simulatorReady(simulator)
console.log(
  `Alta Desk demo: a simulated Alta answers at ${ready.servers.map((server) => server.baseUrl).join(', ')}.`,
)

const electron = process.argv.includes('--headless')
  ? { missing: 'it was asked for with --headless' }
  : findElectron()
if ('missing' in electron) {
  console.log(
    `Alta Desk: no desktop window, because ${electron.missing}; the same interface opens in a browser.`,
  )
}
const desk = startNode([headlessEntry], { env, cwd: folder })
const ended = new Promise<never>((_, reject) => {
  desk.once('exit', (code) => reject(new Error(`the desk ended with code ${code}; its message stands above`)))
})
ended.catch((error: Error) => fail(error))
// A demo that is ended while it starts leaves no desk behind.
const endEarly = (): void => {
  desk.removeAllListeners('exit')
  endWith(desk)
  desk.kill('SIGTERM')
}
process.once('SIGTERM', endEarly)
await Promise.race([furnish(), ended])
process.off('SIGTERM', endEarly)

if ('path' in electron) {
  desk.removeAllListeners('exit')
  desk.kill('SIGTERM')
  await new Promise((resolve) => desk.once('exit', resolve))
  const window = spawn(electron.path, [root, `--user-data-dir=${folder}`], {
    cwd: root,
    stdio: 'inherit',
    env,
  })
  endWith(window)
} else {
  desk.removeAllListeners('exit')
  endWith(desk)
}

/** A database and an address of its own: the demo never touches those that a person really uses, nor another demo's. */
async function prepare(): Promise<{ database: DemoDatabase; address: string }> {
  try {
    const address = await demoAddress(process.env.ALTAVMS_HTTP_ADDR)
    return { address, database: openDemoDatabase(root, process.env.ALTAVMS_DB_PATH) }
  } catch (error) {
    if (!(error instanceof DemoError)) throw error
    console.error(`Alta Desk demo: ${error.message}`)
    process.exit(1)
  }
}

/** Adds the simulated server and its cameras as an admin would, and leaves a wall with all of them. */
async function furnish(): Promise<void> {
  const client = await DeskClient.whenReady(env, readyTimeoutMs)
  await client.signIn('admin@localhost', 'admin')
  const cameraIds: string[] = []
  for (const server of ready.servers) {
    const added = await client.post<{ id: string }>('/servers', {
      name: server.name,
      baseUrl: server.baseUrl,
      login: server.login,
      password: server.password,
    })
    const receivers = await client.get<{ items: { id: string }[] }>(`/servers/${added.id}/receivers`)
    for (const receiver of receivers.items.filter(({ id }) => !id.endsWith('-sub'))) {
      const camera = await client.post<{ id: string }>('/cameras', {
        serverId: added.id,
        receiverId: receiver.id,
      })
      cameraIds.push(camera.id)
    }
  }
  await client.put('/live/wall', { layout: '1+5', tiles: cameraIds.slice(0, 6) })
  console.log(`Alta Desk demo: ${cameraIds.length} cameras are live at ${client.origin}`)
  console.log(`Alta Desk demo: the simulator's faults are switched at ${ready.controlUrl}`)
  console.log('Alta Desk demo: sign in as admin@localhost with the password admin. Ctrl+C ends everything.')
}

/** The first line the simulator prints is JSON. */
async function simulatorReady(child: ChildProcess): Promise<SimulatorReady> {
  if (!child.stdout) throw new Error('The simulator was started without its output.')
  for await (const line of createInterface({ input: child.stdout })) {
    if (line.startsWith('{')) return JSON.parse(line) as SimulatorReady
  }
  return fail(new Error('the simulator ended before it was ready'))
}

function fail(error: Error): never {
  console.error(`Alta Desk demo: ${error.message}`)
  simulator.kill('SIGTERM')
  process.exit(1)
}
