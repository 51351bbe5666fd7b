import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { startDeskProcess } from '../fixtures/desk-process.ts'

const entry = join(import.meta.dirname, '../../main/headless.ts')
let folder = ''

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'alta-desk-headless-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** Runs the desk until it ends by itself. */
async function run(
  words: readonly string[],
  env: Record<string, string> = {},
): Promise<{ code: number; printed: string; complained: string }> {
  const { PATH, HOME } = process.env
  const child = spawn(process.execPath, [entry, ...words], { cwd: folder, env: { PATH, HOME, ...env } })
  const [printed, complained] = [[] as string[], [] as string[]]
  child.stdout.on('data', (text: Buffer) => printed.push(text.toString()))
  child.stderr.on('data', (text: Buffer) => complained.push(text.toString()))
  const [code] = (await once(child, 'close')) as [number]
  return { code, printed: printed.join(''), complained: complained.join('') }
}

test('check-config prints every setting and hides what is secret', async () => {
  const secret = 'a secret that must not be printed anywhere'
  const { code, printed } = await run(['check-config'], { ALTAVMS_AUTH_JWT_SECRET: secret })
  expect(code).toBe(0)
  expect(printed).toMatch(/http\.addr\s+:3303\s+default/)
  expect(printed).toMatch(/auth\.jwt_secret\s+\(hidden\)\s+ALTAVMS_AUTH_JWT_SECRET/)
  expect(printed).not.toContain(secret)
})

test('a wrong configuration is told in full, without a stack, and the desk does not start', async () => {
  writeFileSync(join(folder, 'config.yaml'), 'http:\n  adr: ":1"\nenv: prod\n')
  for (const words of [['check-config'], ['serve'], []]) {
    const { code, complained } = await run(words)
    expect(code).toBe(1)
    expect(complained).toContain('Did you mean http.addr?')
    expect(complained).toContain('ALTAVMS_ENV')
    expect(complained).not.toMatch(/\n\s+at /)
  }
})

test('a command that does not exist is said so', async () => {
  expect(await run(['sevre'])).toMatchObject({
    code: 2,
    complained: 'There is no command "sevre". See --help.\n',
  })
  expect((await run(['--help'])).printed).toContain('check-config')
})

test('a taken port, and a database of another desk, are one sentence each and exit code 1', async () => {
  const taken = createServer().listen(0, '127.0.0.1')
  await once(taken, 'listening')
  const { port } = taken.address() as AddressInfo
  const portTaken = await run([], { ALTAVMS_HTTP_ADDR: `127.0.0.1:${port}` })
  taken.close()
  expect(portTaken.code).toBe(1)
  expect(portTaken.complained).toMatch(/^Another program, or another Alta Desk, already listens on .*\n$/)
  const desk = await startDeskProcess({ entry, folder })
  try {
    const second = await run([], {
      ALTAVMS_HTTP_ADDR: '127.0.0.1:0',
      ALTAVMS_DB_PATH: join(folder, 'altavms.db'),
      ALTAVMS_DB_CONNECT_TIMEOUT: '100ms',
    })
    expect(second).toMatchObject({ code: 1 })
    expect(second.complained).toMatch(/^Another Alta Desk already uses the database .*\n$/)
  } finally {
    await desk.stop()
  }
})

// Would catch: a test that talks to another desk, which took the port first, and is refused its password.
test('a desk that cannot listen is not mistaken for the one that answers there', async () => {
  const desk = await startDeskProcess({ entry, folder })
  try {
    const env = { ALTAVMS_HTTP_ADDR: new URL(desk.origin).host }
    await expect(startDeskProcess({ entry, env })).rejects.toThrow('another Alta Desk, already listens')
  } finally {
    await desk.stop()
  }
})

test('it says where it answers and how to sign in, and one signal stops it in order', async () => {
  const desk = await startDeskProcess({ entry, folder })
  expect(desk.output()).toContain(`is ready at ${desk.origin}`)
  expect(desk.output()).toContain('Sign in as admin@localhost with the password admin')
  desk.child.kill('SIGTERM')
  expect(await once(desk.child, 'exit')).toEqual([0, null])
})

test('production without an administrator prints the code of the first-run page, anew at every start', async () => {
  const env = {
    ALTAVMS_ENV: 'production',
    ALTAVMS_AUTH_JWT_SECRET: 'a secret of this test that is long enough',
    ALTAVMS_ENCRYPTION_KEY: Buffer.alloc(32, 7).toString('base64'),
    ALTAVMS_ALLOWED_ORIGINS: 'https://desk.example',
  }
  const codes: (string | undefined)[] = []
  for (let start = 0; start < 2; start += 1) {
    const desk = await startDeskProcess({ entry, folder, env })
    codes.push(/with this code: ([2-9A-Z-]{14})/.exec(desk.output())?.[1])
    await desk.stop()
  }
  expect(codes).toEqual([expect.any(String), expect.any(String)])
  expect(codes[0]).not.toBe(codes[1])
})

test('a second Ctrl+C ends it at once, whatever it waits for', async () => {
  const desk = await startDeskProcess({ entry, folder, env: { ALTAVMS_HTTP_PREDRAIN_DELAY: '10m' } })
  desk.child.kill('SIGINT')
  // It has heard the first signal once /readyz fails.
  while ((await fetch(`${desk.origin}/readyz`)).status === 200) continue
  desk.child.kill('SIGINT')
  expect(await once(desk.child, 'exit')).toEqual([130, null])
})
