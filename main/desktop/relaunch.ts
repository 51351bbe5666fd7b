import type { RelaunchOptions } from 'electron'

/**
 * How the application starts itself anew. Inside an AppImage the executable lies in a mount that ends with this process:
 * the AppImage itself has to be started.
 */
export function relaunchOptions(
  env: NodeJS.ProcessEnv,
  processArguments: readonly string[],
): RelaunchOptions {
  const args = processArguments.slice(1)
  return env.APPIMAGE ? { execPath: env.APPIMAGE, args } : { args }
}
