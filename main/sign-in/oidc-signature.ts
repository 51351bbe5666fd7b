import { compactVerify, createRemoteJWKSet, customFetch, errors } from 'jose'
import type { CompactVerifyGetKey } from 'jose'
import { fetchBounded } from './oidc-answers.ts'

/** Those that a key pair makes: a shared secret proves nothing, and `none` even less (RFC 8725, section 3.1). */
const algorithms = [
  ...['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'],
  ...['ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'],
]

/**
 * The keys with which a provider signs, as it publishes them at `jwksUri`; nothing is fetched yet. A key that is not
 * known is looked for there at once, so that nobody is kept out while the provider changes its keys.
 */
export function providerKeys(jwksUri: string, timeoutSeconds: number): CompactVerifyGetKey {
  // Without a pause in between: every such token cost a code of the provider, so strangers cannot ask for many.
  const options = {
    timeoutDuration: timeoutSeconds * 1000,
    cooldownDuration: 0,
    [customFetch]: fetchBounded,
  }
  return createRemoteJWKSet(new URL(jwksUri), options)
}

/**
 * Checks that one of these keys signed the ID token (OpenID Connect Core 1.0, section 3.1.3.7); what it claims is for
 * the caller to judge. Throws a `JOSEError` where none did, a `TypeError` where the keys cannot be fetched.
 */
export async function checkSignature(idToken: string, keys: CompactVerifyGetKey): Promise<void> {
  try {
    await compactVerify(idToken, keys, { algorithms })
  } catch (error) {
    if (!(error instanceof errors.JWKSMultipleMatchingKeys)) throw error
    await checkWithEach(idToken, error)
  }
}

/** A token that does not name its key is good by any of those that could have made it. */
async function checkWithEach(idToken: string, candidates: errors.JWKSMultipleMatchingKeys): Promise<void> {
  for await (const key of candidates) {
    try {
      await compactVerify(idToken, key, { algorithms })
      return
    } catch (error) {
      if (!(error instanceof errors.JWSSignatureVerificationFailed)) throw error
    }
  }
  throw new errors.JWSSignatureVerificationFailed()
}
