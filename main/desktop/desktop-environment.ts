import type { DeskKeys } from './vault.ts'

/**
 * The environment a packaged desk is configured from: always production, with the vault's keys unless the administrator
 * of the machine sets others.
 */
export function packagedEnvironment(environment: NodeJS.ProcessEnv, keys: DeskKeys): NodeJS.ProcessEnv {
  return {
    ALTAVMS_ENCRYPTION_KEY: keys.encryptionKey,
    ALTAVMS_AUTH_JWT_SECRET: keys.jwtSecret,
    ...environment,
    ALTAVMS_ENV: 'production',
  }
}
