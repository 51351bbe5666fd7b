import { join } from 'node:path'
import { findElectron } from './electron-runtime.ts'
import { become, root } from './processes.ts'

/** The bundled headless desk. */
export const headlessEntry = join(root, 'out/main/headless.js')

/** Becomes the desktop application, or, where there is no window to be had, says why and becomes the headless desk. */
export function startDesk(deskArguments: readonly string[], env: NodeJS.ProcessEnv): void {
  const electron = deskArguments.includes('--headless')
    ? { missing: 'it was asked for with --headless' }
    : findElectron()
  if ('path' in electron) {
    become(electron.path, [root, ...deskArguments], env)
    return
  }
  console.log(
    `Alta Desk: no desktop window, because ${electron.missing}; the same interface opens in a browser.`,
  )
  become(
    process.execPath,
    [headlessEntry, ...deskArguments.filter((argument) => argument !== '--headless')],
    env,
  )
}
