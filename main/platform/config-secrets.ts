import type { Config } from './settings-table.ts'

/** Values of the configuration that must never stand in a log line, wherever they came from. */
export function secretsOf({ auth, adminBootstrap, env, oidc }: Config): string[] {
  const password = env === 'development' ? null : adminBootstrap.password
  return [auth.jwtSecret, oidc.clientSecret, password].filter((secret) => secret !== null)
}
