/** What electron-builder reads to sign and to notarise. */
const signingVariables: ReadonlySet<string> = new Set([
  'CSC_LINK',
  'CSC_KEY_PASSWORD',
  'WIN_CSC_LINK',
  'WIN_CSC_KEY_PASSWORD',
  'APPLE_API_KEY',
  'APPLE_API_KEY_ID',
  'APPLE_API_ISSUER',
])

/**
 * The environment without signing variables that are empty: a CI job sets one to nothing where the secret is missing, and
 * electron-builder then takes the project's folder for a certificate, and fails.
 */
export function withoutEmptySigningVariables(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(env).filter(([name, value]) => !signingVariables.has(name) || value?.trim()),
  )
}
