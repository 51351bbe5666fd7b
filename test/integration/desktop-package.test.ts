import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { extractAll, extractFile, listPackage } from '@electron/asar'
import { FuseV1Options, getCurrentFuseWire } from '@electron/fuses'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { buildIfStale } from '../../scripts/build-if-stale.ts'
import { startDeskProcess } from '../fixtures/desk-process.ts'

const project = join(import.meta.dirname, '../..')
/** electron-builder packs for the system it runs on; the stand-in for Electron's runtime below is Linux's. */
const onLinux = process.platform === 'linux'

let folder = ''
let resources = ''
let packed: string[] = []

beforeAll(() => {
  if (!onLinux) return
  buildIfStale()
  folder = mkdtempSync(join(tmpdir(), 'alta-desk-package-'))
  const runtime = join(folder, 'electron')
  makeRuntime(runtime)
  const output = join(folder, 'dist')
  const packing = spawnSync(
    process.execPath,
    [
      join(project, 'node_modules/electron-builder/cli.js'),
      ...['--linux', 'dir', '--publish', 'never'],
      `-c.electronDist=${runtime}`,
      `-c.directories.output=${output}`,
    ],
    { cwd: project, encoding: 'utf8' },
  )
  expect(packing.status, packing.stdout + packing.stderr).toBe(0)
  const unpacked = readdirSync(output).find((name) => name.endsWith('-unpacked')) ?? ''
  resources = join(output, unpacked, 'resources')
  packed = listPackage(join(resources, 'app.asar'), { isPack: false }).map((path) => path.slice(1))
})
afterAll(() => rmSync(folder || join(tmpdir(), 'nothing-was-packed'), { recursive: true, force: true }))

/**
 * What electron-builder needs of a runtime that cannot be downloaded everywhere: an executable with the nine fuses of
 * Electron 45, all of them the wrong way round, and its languages.
 */
function makeRuntime(runtime: string): void {
  mkdirSync(join(runtime, 'locales'), { recursive: true })
  writeFileSync(join(runtime, 'locales/en-US.pak'), '')
  const sentinel = 'dL7pKGdnNz796PbbjQWNKmHXBZaB9tsX'
  const wire = `${String.fromCharCode(1, 9)}101100110`
  writeFileSync(join(runtime, 'electron'), `start ${sentinel}${wire} end`)
  chmodSync(join(runtime, 'electron'), 0o755)
}

describe.runIf(onLinux)('the installed application', () => {
  it.each([
    'out/main/index.js',
    'out/main/headless.js',
    'out/preload/index.cjs',
    'out/renderer/index.html',
    'resources/icons/tray.png',
    'package.json',
    'LICENSE',
    'NOTICE',
    'out/licences/third-party.txt',
  ])('contains %s', (path) => {
    expect(packed).toContain(path)
  })

  // Would catch: a renamed product, whose update finds neither its data folder nor its key in the vault.
  it('has the names that the data folder and the vault entry hang on', () => {
    const { productName, desktopName } = JSON.parse(
      extractFile(join(resources, 'app.asar'), 'package.json').toString(),
    ) as Record<string, string>
    expect([productName, desktopName]).toEqual(['Alta Desk', 'alta-desk.desktop'])
    const configuration = readFileSync(join(project, 'electron-builder.yml'), 'utf8')
    expect(configuration).toMatch(/^productName: Alta Desk$/m)
    expect(configuration).toMatch(/^appId: org\.altadesk\.desktop$/m)
  })

  it('contains every module that the desk starts in a process of its own', () => {
    expect(packed).toEqual(
      expect.arrayContaining(
        ['query-worker-process', 'password-process', 'large-answers-thread'].map(
          (name) => `out/main/${name}.js`,
        ),
      ),
    )
  })

  it('contains every migration: without one, an update cannot open its database', () => {
    const migrations = readdirSync(join(project, 'resources/migrations')).filter((name) =>
      name.endsWith('.sql'),
    )
    expect(migrations.length).toBeGreaterThan(0)
    expect(packed).toEqual(expect.arrayContaining(migrations.map((name) => `resources/migrations/${name}`)))
    expect(packed).toContain('resources/migrations/meta/_journal.json')
  })

  it('has native addons outside the archive, where the operating system can load them', () => {
    const natives = packed.filter((path) => path.endsWith('.node'))
    expect(natives.filter((path) => path.includes('better-sqlite3'))).toEqual([
      `node_modules/better-sqlite3/prebuilds/linux-${process.arch}.node`,
    ])
    expect(natives.some((path) => path.includes('argon2'))).toBe(true)
    expect(natives.filter((path) => !existsSync(join(resources, 'app.asar.unpacked', path)))).toEqual([])
  })

  it('contains nothing of the workshop: no tests, no sources, no simulator, no tools, no data', () => {
    const top = new Set(packed.map((path) => path.split('/')[0]))
    expect([...top].sort()).toEqual(['LICENSE', 'NOTICE', 'node_modules', 'out', 'package.json', 'resources'])
    expect(packed.filter((path) => /\.(ts|vue|map|spec|log|db|yaml)$/.test(path))).toEqual([])
    expect(packed.filter((path) => /simulator|ffmpeg|electron-vite|\/test\//.test(path))).toEqual([])
  })

  it('contains no package that the bundle holds already', () => {
    const packages = packed
      .filter((path) => /^node_modules\/(@[^/]+\/)?[^/@]+$/.test(path))
      .map((path) => path.slice('node_modules/'.length))
    expect(packages.sort()).toEqual([
      '@phc/format',
      'argon2',
      'better-sqlite3',
      'node-gyp-build',
      'swagger-ui-dist',
    ])
  })

  it('runs from what was packed alone: every import, migration, native addon and child process is there', async () => {
    const application = join(folder, 'application')
    extractAll(join(resources, 'app.asar'), application)
    const desk = await startDeskProcess({ entry: join(application, 'out/main/headless.js') })
    try {
      // Signing in starts the password process and its native addon.
      const signedIn = await fetch(`${desk.origin}/api/auth/login`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ email: 'admin@localhost', password: 'admin' }),
      })
      expect(signedIn.status, desk.output()).toBe(200)
      const page = await fetch(`${desk.origin}/settings`)
      expect(await page.text()).toContain('<div id="app">')
    } finally {
      await desk.stop()
    }
  })

  it('has every fuse as decided, whatever the runtime came with', async () => {
    const output = join(resources, '..')
    const { version: _version, ...wire } = await getCurrentFuseWire(join(output, 'alta-desk'))
    const on = '1'.charCodeAt(0)
    const off = '0'.charCodeAt(0)
    expect(wire).toEqual({
      [FuseV1Options.RunAsNode]: off,
      [FuseV1Options.EnableCookieEncryption]: on,
      [FuseV1Options.EnableNodeOptionsEnvironmentVariable]: off,
      [FuseV1Options.EnableNodeCliInspectArguments]: off,
      [FuseV1Options.EnableEmbeddedAsarIntegrityValidation]: on,
      [FuseV1Options.OnlyLoadAppFromAsar]: on,
      [FuseV1Options.LoadBrowserProcessSpecificV8Snapshot]: off,
      [FuseV1Options.GrantFileProtocolExtraPrivileges]: off,
      [FuseV1Options.WasmTrapHandlers]: on,
    })
  })
})
