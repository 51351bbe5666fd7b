import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { demoAddress, demoEnvironment, DemoError, openDemoDatabase } from '../../scripts/demo-desk.ts'
import { ApiClient } from '../fixtures/api-client.ts'

const root = join(import.meta.dirname, '../..')

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'alta-desk-demo-test-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** What a real desk's surroundings hold, and a demo must not care about. */
const ofARealDesk = {
  ADMIN_BOOTSTRAP_EMAIL: 'chief@example.com',
  ADMIN_BOOTSTRAP_PASSWORD: 'crimson-walrus-75',
  ADMIN_USERNAME: 'chief',
  PUBLIC_URL: 'https://desk.example.com',
  DATABASE_URL: 'postgres://desk@db.example.com/desk',
  ALTAVMS_ENV: 'production',
  ALTAVMS_ENCRYPTION_KEY: 'nonsense',
  ALTAVMS_AUTH_JWT_SECRET: 'short',
  OIDC_ISSUER_URL: 'https://sso.example.com',
  REGISTRATION_MODE: 'open',
}

describe('the database of a demo', () => {
  // Would catch: a second demo that deletes the database under the first.
  test('two demos side by side have two, and the next demo begins anew with one that is free', () => {
    const project = temporaryFolder()
    const first = openDemoDatabase(project, undefined)
    writeFileSync(first.path, 'rows of the first')
    const second = openDemoDatabase(project, undefined)
    expect(second.path).not.toBe(first.path)
    expect(readFileSync(first.path, 'utf8')).toBe('rows of the first')
    first.lock.release()
    const third = openDemoDatabase(project, undefined)
    expect([third.path, existsSync(third.path)]).toEqual([first.path, false])
    second.lock.release()
    third.lock.release()
  })

  // Would catch: npm run demo with the variables of a real desk, whose database is gone afterwards.
  test('one that no demo made is left alone', () => {
    const project = temporaryFolder()
    const path = join(project, 'real.db')
    writeFileSync(path, 'rows of years')
    expect(() => openDemoDatabase(project, 'real.db')).toThrow('was not made by a demo')
    expect(readFileSync(path, 'utf8')).toBe('rows of years')
  })

  test('a named one is used again by the next demo, and refused while a demo uses it', () => {
    const project = temporaryFolder()
    const demo = openDemoDatabase(project, 'a/demo.db')
    expect(demo.path).toBe(join(project, 'a/demo.db'))
    expect(() => openDemoDatabase(project, 'a/demo.db')).toThrow(DemoError)
    writeFileSync(demo.path, 'rows')
    demo.lock.release()
    openDemoDatabase(project, 'a/demo.db').lock.release()
    expect(existsSync(demo.path)).toBe(false)
  })
})

test('of its surroundings a demo takes its address, its database and its log level alone', () => {
  const variables = { ...ofARealDesk, HOME: '/home/guard', ALTAVMS_LOG_LEVEL: 'debug' }
  expect(demoEnvironment(variables, '/demo.db', ':4000')).toEqual({
    HOME: '/home/guard',
    ALTAVMS_ENV: 'development',
    ALTAVMS_DB_PATH: '/demo.db',
    ALTAVMS_HTTP_ADDR: ':4000',
    ALTAVMS_LOG_LEVEL: 'debug',
  })
})

// Would catch: a demo that adds its servers to whichever desk answers at its address.
test('an address where somebody answers is refused in a sentence; port 0 is a free one', async () => {
  const other = createServer().listen(0, '127.0.0.1')
  await once(other, 'listening')
  onTestFinished(() => void other.close())
  const { port } = other.address() as AddressInfo
  await expect(demoAddress(`127.0.0.1:${port}`)).rejects.toThrow('another program answers')
  expect(await demoAddress('127.0.0.1:0')).toMatch(/^127\.0\.0\.1:[1-9]\d+$/)
})

// Would catch: a demo that ends with 401 where ADMIN_BOOTSTRAP_* is set, and lines that scripts cannot read any more.
test('a demo among the variables of a real desk is signed in to as its last line says', async () => {
  const { origin, faults } = await startDemo()
  const api = new ApiClient(origin)
  await api.signIn('admin@localhost', 'admin')
  expect(await api.want('GET', '/cameras')).toMatchObject({ total: 6 })
  expect((await fetch(faults)).status).toBe(200)
})

// Would catch: a desk that goes on without anybody knowing, after the script that started the demo gave up on it.
test('a demo that is ended while it starts leaves no desk behind', async () => {
  const address = await demoAddress('127.0.0.1:0')
  const demo = spawnDemo(address)
  const deskAnswers = async (): Promise<boolean> =>
    (await fetch(`http://${address}/healthz`).catch(() => null))?.ok === true
  while (!(await deskAnswers())) continue
  demo.kill('SIGTERM')
  await once(demo, 'exit')
  expect(await deskAnswers()).toBe(false)
})

interface RunningDemo {
  readonly origin: string
  readonly faults: string
}

function spawnDemo(address: string): ChildProcess {
  const demo = spawn(process.execPath, [join(root, 'scripts/demo.ts'), '--headless'], {
    cwd: root,
    env: {
      ...process.env,
      ...ofARealDesk,
      ALTAVMS_HTTP_ADDR: address,
      ALTAVMS_DB_PATH: join(temporaryFolder(), 'demo.db'),
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  onTestFinished(async () => {
    if (demo.exitCode !== null || demo.signalCode !== null) return
    demo.kill('SIGTERM')
    await once(demo, 'exit')
  })
  return demo
}

async function startDemo(): Promise<RunningDemo> {
  const said = await untilSaid(spawnDemo('127.0.0.1:0'), /Ctrl\+C ends everything/)
  return {
    origin: /6 cameras are live at (http:\S+)/.exec(said)?.[1] ?? '',
    faults: /faults are switched at (http:\S+)/.exec(said)?.[1] ?? '',
  }
}

/** Everything that was printed until this line; throws with it when the program ends before. */
function untilSaid(demo: ChildProcess, line: RegExp): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = ''
    const hear = (chunk: Buffer): void => {
      said += chunk.toString()
      if (line.test(said)) resolve(said)
    }
    demo.stdout?.on('data', hear)
    demo.stderr?.on('data', hear)
    demo.once('exit', (code) => reject(new Error(`The demo ended with ${code}: ${said}`)))
  })
}
