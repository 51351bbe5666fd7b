import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, onTestFinished, test } from 'vitest'
import { openKeptSignIn } from '../../main/desktop/kept-sign-in.ts'
import type { SafeStorage } from '../../main/desktop/vault.ts'
import { openLogger, parseLogFilter } from '../../main/platform/logging.ts'
import { startDeskInProcess, testAdmin, testViewer } from '../fixtures/desk-in-process.ts'
import type { DeskInProcess } from '../fixtures/desk-in-process.ts'
import { machineVault } from '../fixtures/machine-vault.ts'

let folder = ''
let file = ''
const log = openLogger({ filter: parseLogFilter('error'), format: 'json', write: () => undefined }).for(
  'desktop',
)

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'alta-desk-kept-'))
  file = join(folder, 'sign-in.sealed')
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** One run of the application, on the same machine as the last one. */
async function run(safeStorage: SafeStorage, use: (desk: DeskInProcess) => Promise<unknown>): Promise<void> {
  const signInVault = await openKeptSignIn({ safeStorage, platform: 'linux', file, log })
  const isFirst = !readdirSync(folder).includes('altavms.db')
  const desk = await startDeskInProcess({
    folder,
    signInVault,
    headless: false,
    ...(isFirst ? { people: [testAdmin, testViewer] } : {}),
  })
  onTestFinished(() => desk.stop())
  await use(desk)
  await desk.stop()
}

const isSignedIn = async (desk: DeskInProcess): Promise<string | null> =>
  desk
    .window()
    .auth.refresh({})
    .then(
      ({ user }) => user.email,
      () => null,
    )

// Would catch: a guard who signs in anew each morning although they asked not to, and a token that lies open on the disk.
test('kept: the next run goes on, and the one after it, with nothing readable on the disk', async () => {
  const { vault } = machineVault()
  await run(vault, (desk) => desk.window().auth.login({ ...testAdmin, keep: true }))
  expect(readdirSync(folder)).toContain('sign-in.sealed')
  expect(readFileSync(file).includes('token')).toBe(false)
  for (let times = 0; times < 2; times += 1) {
    await run(vault, async (desk) => expect(await isSignedIn(desk)).toBe(testAdmin.email))
  }
})

test('not asked for, it ends with the application', async () => {
  const { vault } = machineVault()
  await run(vault, (desk) => desk.window().auth.login(testAdmin))
  expect(readdirSync(folder)).not.toContain('sign-in.sealed')
  await run(vault, async (desk) => expect(await isSignedIn(desk)).toBeNull())
})

// Would catch: the first operator coming back tomorrow as the second, or after they signed out.
test('who signs out, and who hands over, leaves nothing behind', async () => {
  const { vault } = machineVault()
  await run(vault, async (desk) => {
    const session = await desk.window().auth.login({ ...testAdmin, keep: true })
    await desk.window(() => session.accessToken).auth.logout({})
  })
  expect(readdirSync(folder)).not.toContain('sign-in.sealed')
  await run(vault, async (desk) => {
    await desk.window().auth.login({ ...testAdmin, keep: true })
    await desk.window().auth.login(testViewer)
  })
  expect(readdirSync(folder)).not.toContain('sign-in.sealed')
})

test('without a real vault nothing is kept, and the page can say why', async () => {
  const { vault } = machineVault('v10')
  await run(vault, async (desk) => {
    const { keep } = await desk.window().auth.options()
    expect(keep?.obstacle).toContain('GNOME Keyring')
    await desk.window().auth.login({ ...testAdmin, keep: true })
  })
  expect(readdirSync(folder)).not.toContain('sign-in.sealed')
})

test('a file that another machine sealed costs a sign-in, not the start', async () => {
  await run(machineVault().vault, (desk) => desk.window().auth.login({ ...testAdmin, keep: true }))
  await run(machineVault().vault, async (desk) => {
    expect(await isSignedIn(desk)).toBeNull()
    expect((await desk.window().auth.options()).keep).toEqual({ obstacle: null })
  })
})
