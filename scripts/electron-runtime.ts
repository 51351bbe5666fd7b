import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { sandboxFacts, whyNoSandbox } from './electron-sandbox.ts'
import { root } from './processes.ts'

/** Electron's executable, or the one sentence that says why there is no window. */
export type ElectronRuntime = { readonly path: string } | { readonly missing: string }

const downloadTimeoutMs = 180_000

/** Finds Electron's runtime, downloading it on first use where that is possible (the package itself brings none). */
export function findElectron(): ElectronRuntime {
  if (process.platform === 'linux' && !process.env.DISPLAY && !process.env.WAYLAND_DISPLAY) {
    return { missing: 'this machine has no display (neither DISPLAY nor WAYLAND_DISPLAY is set)' }
  }
  if (process.getuid?.() === 0) return usable('')
  const present = installedElectron()
  if (present) return usable(present)
  console.log("Alta Desk: fetching Electron's runtime, once for this version...")
  const fetched = spawnSync(process.execPath, [join(root, 'node_modules/electron/install.js')], {
    cwd: root,
    stdio: 'ignore',
    timeout: downloadTimeoutMs,
  })
  const path = fetched.status === 0 ? installedElectron() : null
  return path ? usable(path) : { missing: "Electron's runtime cannot be downloaded here" }
}

/** Chromium ends at once where it cannot set up its sandbox: that is known before it is started. */
function usable(path: string): ElectronRuntime {
  const obstacle = whyNoSandbox(sandboxFacts(path))
  return obstacle === null ? { path } : { missing: obstacle }
}

/** The executable that `electron` names in path.txt, if it was downloaded before. */
export function installedElectron(): string | null {
  const folder = join(root, 'node_modules/electron')
  const name = join(folder, 'path.txt')
  if (!existsSync(name)) return null
  const path = join(folder, 'dist', readFileSync(name, 'utf8').trim())
  return existsSync(path) ? path : null
}
