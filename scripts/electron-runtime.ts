import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './processes.ts'

/** Electron's executable, or the one sentence that says why there is no window. */
export type ElectronRuntime = { readonly path: string } | { readonly missing: string }

const downloadTimeoutMs = 180_000

/** Finds Electron's runtime, downloading it on first use where that is possible (the package itself brings none). */
export function findElectron(): ElectronRuntime {
  if (process.platform === 'linux' && !process.env.DISPLAY && !process.env.WAYLAND_DISPLAY) {
    return { missing: 'this machine has no display (neither DISPLAY nor WAYLAND_DISPLAY is set)' }
  }
  const present = installedElectron()
  if (present) return { path: present }
  console.log("Alta Desk: fetching Electron's runtime, once for this version...")
  const fetched = spawnSync(process.execPath, [join(root, 'node_modules/electron/install.js')], {
    cwd: root,
    stdio: 'ignore',
    timeout: downloadTimeoutMs,
  })
  const path = fetched.status === 0 ? installedElectron() : null
  return path ? { path } : { missing: "Electron's runtime cannot be downloaded here" }
}

/** The executable that `electron` names in path.txt, if it was downloaded before. */
export function installedElectron(): string | null {
  const folder = join(root, 'node_modules/electron')
  const name = join(folder, 'path.txt')
  if (!existsSync(name)) return null
  const path = join(folder, 'dist', readFileSync(name, 'utf8').trim())
  return existsSync(path) ? path : null
}
