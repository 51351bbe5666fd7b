import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { _electron, test as base } from '@playwright/test'
import type { ElectronApplication, Page } from '@playwright/test'
import { installedElectron } from '../../../scripts/electron-runtime.ts'

const project = join(import.meta.dirname, '../../..')

/** Why the desktop cannot be started here; null where it can. */
function whyNoDesktop(): string | null {
  if (installedElectron() === null)
    return "Electron's runtime is not installed (node node_modules/electron/install.js)"
  const display = process.env.DISPLAY ?? process.env.WAYLAND_DISPLAY
  return process.platform === 'linux' && !display ? 'there is no display (try xvfb-run)' : null
}

const obstacle = whyNoDesktop()
if (obstacle !== null) console.log(`Alta Desk: the desktop is not tested here, because ${obstacle}.`)

export interface DesktopFixtures {
  /** A user-data folder of this test's own. */
  readonly dataFolder: string
  /** Starts the desktop on `dataFolder`; it is ended with the test. */
  readonly launch: () => Promise<{ application: ElectronApplication; page: Page }>
}

/** Tests that run where Electron runs, and say so where they do not. */
export const test = base.extend<DesktopFixtures>({
  dataFolder: async ({ browserName: _unused }, use) => {
    const folder = mkdtempSync(join(tmpdir(), 'alta-desk-desktop-'))
    await use(folder)
    rmSync(folder, { recursive: true, force: true })
  },
  launch: async ({ dataFolder }, use) => {
    const started: ElectronApplication[] = []
    await use(async () => {
      const application = await _electron.launch({
        executablePath: installedElectron() ?? '',
        args: [project, `--user-data-dir=${dataFolder}`],
        env: { ...inheritedEnvironment(), ALTAVMS_LOG_LEVEL: 'warn' },
      })
      started.push(application)
      return { application, page: await application.firstWindow() }
    })
    for (const application of started) await application.close()
  },
})
test.beforeEach(() => test.skip(obstacle !== null, obstacle ?? ''))

function inheritedEnvironment(): Record<string, string> {
  const entries = Object.entries(process.env)
  return Object.fromEntries(entries.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])))
}
