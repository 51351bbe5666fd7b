import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { app, safeStorage } from 'electron'
import { loadConfig, makeDataFolder } from '../platform/config.ts'
import type { Config } from '../platform/config.ts'
import { askVaultPatiently, openVault } from './vault.ts'

/**
 * The configuration of a desktop: config.yaml and the database lie in the user-data folder. An installed application is
 * production, with its keys from the operating system's vault; one under development has the development keys. Throws
 * `ConfigError` or `VaultError`. Call it when the app is ready.
 */
export async function readDesktopConfig(): Promise<Config> {
  const folder = app.getPath('userData')
  const packaged = app.isPackaged
  const vault = packaged
    ? await askVaultPatiently(
        () => openVault({ safeStorage, platform: process.platform, file: join(folder, 'keys.sealed') }),
        setTimeout,
      )
    : undefined
  const { config } = loadConfig({ folder, variables: process.env, kind: 'desktop', packaged, vault })
  makeDataFolder(config, folder)
  return config
}
