import type { CompactVerifyGetKey } from 'jose'
import { errors } from 'jose'
import type { Configuration, ServerMetadata } from 'openid-client'
import type { Clock } from '../platform/clock.ts'
import type { Config } from '../platform/config.ts'
import type { Keyring } from '../platform/keyring.ts'
import { isPlainHttp } from '../platform/plain-http.ts'
import { fetchBounded } from './oidc-answers.ts'
import { checkSignature, providerKeys } from './oidc-signature.ts'
import { AppError } from '../rpc/app-error.ts'

/** The provider answered what it should not have, or nothing; the person tries again, or another way. */
const timeoutSeconds = 10
/** Between leaving for the provider and coming back. */
const flowLifetimeMs = 10 * 60_000
/** So long what was found out about the provider being there is believed. */
const healthKnownMs = 10_000
/** By so much the clocks of the provider and of the desk may differ. */
const clocksDifferMs = 60_000
const longAgoSeconds = 90 * 24 * 3600
const flowColumn = 'oidc.flow'
/** What an account is made of, or linked by. */
const wantedClaims = ['email', 'email_verified', 'preferred_username'] as const

/** How this desk is known to the provider; all of it is set, or single sign-on is off. */
export interface OidcSettings {
  readonly issuerUrl: string
  readonly clientId: string
  readonly clientSecret: string
  readonly redirectUri: string
  /** In development a provider on this machine may speak plain http. */
  readonly env: Config['env']
}

/** The provider as it was discovered. */
interface Discovered {
  readonly configuration: Configuration
  readonly keys: CompactVerifyGetKey
}

/** What is remembered of somebody between leaving and coming back. */
interface Flow {
  readonly state: string
  readonly nonce: string
  readonly verifier: string
  readonly redirectUri: string
  readonly invite: string | null
  /** They must prove who they are, even where the provider knows it. */
  readonly again: boolean
  readonly begunAt: number
}

/** Who came back, as the provider vouches for it. */
export interface OidcPerson {
  readonly issuer: string
  readonly subject: string
  readonly email: string | null
  /** Only an address that the provider has verified may link to an account that is there already. */
  readonly emailVerified: boolean
  readonly preferredUsername: string | null
  readonly displayName: string | null
  /** The invite that they brought when they left. */
  readonly invite: string | null
  /** When they last proved to the provider who they are, ms since the epoch; 0 where it does not say. */
  readonly provedAt: number
}

/** Why somebody cannot come in by single sign-on; the reason is for the log. */
export class OidcFailure extends Error {
  readonly kind: 'unavailable' | 'refused'

  constructor(kind: 'unavailable' | 'refused', message: string, cause?: unknown) {
    super(message, { cause })
    this.name = 'OidcFailure'
    this.kind = kind
  }
}

/** The settings where single sign-on is on; null where it is off. */
export function oidcSettings({ env, oidc }: Pick<Config, 'env' | 'oidc'>): OidcSettings | null {
  const { issuerUrl, clientId, clientSecret, redirectUri } = oidc
  if (issuerUrl === null || clientId === null || clientSecret === null || redirectUri === null) return null
  return { issuerUrl, clientId, clientSecret, redirectUri, env }
}

/**
 * The single sign-on provider (OpenID Connect Core 1.0): authorization code with PKCE (RFC 7636), state and nonce. What
 * must be remembered while somebody is there travels with them, sealed, so that strangers cost the desk no memory.
 */
export class OidcProvider {
  readonly settings: OidcSettings
  readonly #keyring: Keyring
  readonly #clock: Clock
  #discovering: Promise<Discovered> | null = null
  #health: { readonly answers: boolean; readonly at: number } | null = null

  constructor(settings: OidcSettings, keyring: Keyring, clock: Clock) {
    this.settings = settings
    this.#keyring = keyring
    this.#clock = clock
  }

  /** Where to send a browser, and what it must bring back. Throws `OidcFailure`. */
  async begin(options: {
    redirectUri?: string
    invite: string | null
    again: boolean
  }): Promise<{ url: string; flow: string }> {
    const client = await import('openid-client')
    const { configuration } = await this.#discovered()
    const flow: Flow = {
      state: client.randomState(),
      nonce: client.randomNonce(),
      verifier: client.randomPKCECodeVerifier(),
      redirectUri: options.redirectUri ?? this.settings.redirectUri,
      invite: options.invite,
      again: options.again,
      begunAt: this.#clock.now(),
    }
    const url = client.buildAuthorizationUrl(configuration, {
      redirect_uri: flow.redirectUri,
      scope: 'openid email profile',
      state: flow.state,
      nonce: flow.nonce,
      code_challenge: await client.calculatePKCECodeChallenge(flow.verifier),
      code_challenge_method: 'S256',
      // Also where it is long ago: with it the provider says when they last proved who they are (auth_time).
      max_age: String(options.again ? 0 : longAgoSeconds),
    })
    return {
      url: url.href,
      flow: this.#keyring.seal(flowColumn, this.settings.clientId, JSON.stringify(flow)),
    }
  }

  /** Who came back with this query. Throws `OidcFailure`. */
  async finish(query: string, sealedFlow: string | null): Promise<OidcPerson> {
    const flow = this.#openFlow(sealedFlow)
    const client = await import('openid-client')
    const { configuration, keys } = await this.#discovered()
    const url = new URL(flow.redirectUri)
    url.search = query
    try {
      const tokens = await client.authorizationCodeGrant(configuration, url, {
        pkceCodeVerifier: flow.verifier,
        expectedState: flow.state,
        expectedNonce: flow.nonce,
        idTokenExpected: true,
      })
      const claims = tokens.claims()
      if (!claims || tokens.id_token === undefined)
        throw new OidcFailure('refused', 'The provider sent no identity.')
      await checkSignature(tokens.id_token, keys)
      const provedAt = provedAtOf(claims, flow)
      // Many providers put only some of it into the ID token; the endpoint has it all.
      const lacks = wantedClaims.some((name) => claims[name] === undefined)
      const asks = lacks && configuration.serverMetadata().userinfo_endpoint
      const more = asks ? await client.fetchUserInfo(configuration, tokens.access_token, claims.sub) : {}
      return { ...personOfClaims(claims, more, flow.invite), provedAt }
    } catch (error) {
      throw asFailure(error)
    }
  }

  /** Whether the provider is there, as found out within the last seconds. */
  async answers(): Promise<boolean> {
    const now = this.#clock.now()
    if (this.#health && now - this.#health.at < healthKnownMs) return this.#health.answers
    const answers = await this.#probe()
    this.#health = { answers, at: now }
    return answers
  }

  async #probe(): Promise<boolean> {
    try {
      const issuer = this.settings.issuerUrl.replace(/\/$/, '')
      const answer = await fetch(`${issuer}/.well-known/openid-configuration`, {
        signal: AbortSignal.timeout(timeoutSeconds * 1000),
      })
      await answer.body?.cancel()
      return answer.ok
    } catch (error) {
      // Nobody there, or too slow; fetch says every one of them as a TypeError or a DOMException.
      if (error instanceof TypeError || error instanceof DOMException) return false
      throw error
    }
  }

  /** Discovered once; a failure is forgotten, so that the next person tries again. */
  #discovered(): Promise<Discovered> {
    this.#discovering ??= this.#discover().catch((error: unknown) => {
      this.#discovering = null
      throw new OidcFailure('unavailable', 'The single sign-on provider does not answer as it should.', error)
    })
    return this.#discovering
  }

  async #discover(): Promise<Discovered> {
    const client = await import('openid-client')
    const { issuerUrl, clientId, clientSecret, env } = this.settings
    // The configuration has let plain http pass only for a provider on this machine, in development.
    const execute = issuerUrl.startsWith('http:') ? [client.allowInsecureRequests] : []
    const found = await client.discovery(new URL(issuerUrl), clientId, undefined, client.None(), {
      execute,
      timeout: timeoutSeconds,
      [client.customFetch]: fetchBounded,
    })
    const server = found.serverMetadata()
    const jwksUri = safeKeysAddress(server, env)
    // Without a word from the provider its tokens are asked for with Basic (OpenID Connect Discovery 1.0, section 3).
    const methods = server.token_endpoint_auth_methods_supported ?? ['client_secret_basic']
    const authenticate = methods.includes('client_secret_basic')
      ? client.ClientSecretBasic(clientSecret)
      : client.ClientSecretPost(clientSecret)
    const configuration = new client.Configuration(server, clientId, undefined, authenticate)
    configuration.timeout = timeoutSeconds
    configuration[client.customFetch] = fetchBounded
    for (const prepare of execute) prepare(configuration)
    return { configuration, keys: providerKeys(jwksUri, timeoutSeconds) }
  }

  #openFlow(sealed: string | null): Flow {
    try {
      const flow = JSON.parse(this.#keyring.open(flowColumn, this.settings.clientId, sealed ?? '')) as Flow
      if (this.#clock.now() - flow.begunAt <= flowLifetimeMs) return flow
    } catch (error) {
      throw new OidcFailure('refused', 'This browser did not leave for the provider from here.', error)
    }
    throw new OidcFailure('refused', 'It took too long to come back from the provider.')
  }
}

/** Where secrets and identities travel, or what proves them. */
const endpoints = ['authorization_endpoint', 'token_endpoint', 'userinfo_endpoint', 'jwks_uri'] as const

/** Where the provider publishes its keys. Throws where it has none, or where others could read or change the way. */
function safeKeysAddress(server: ServerMetadata, env: Config['env']): string {
  for (const name of endpoints) {
    const address = server[name]
    if (address !== undefined && isPlainHttp(address, env))
      throw new Error(`The provider names the ${name} ${address.slice(0, 200)}, which is not https.`)
  }
  if (server.jwks_uri === undefined) throw new Error('The provider publishes no keys (jwks_uri).')
  return server.jwks_uri
}

/** Throws `OidcFailure` where they had to prove who they are and have not since they left. */
function provedAtOf({ auth_time: seconds }: Claims, { again, begunAt }: Flow): number {
  const provedAt = typeof seconds === 'number' ? seconds * 1000 : 0
  if (again && provedAt < begunAt - clocksDifferMs)
    throw new OidcFailure('refused', 'The provider did not ask them anew who they are (auth_time).')
  return provedAt
}

type Claims = Readonly<Record<string, unknown>>

/** Who came back: of the ID token first, then of what the userinfo endpoint adds. That an address is verified counts only where it stands beside that very address. */
export function personOfClaims(
  token: Claims,
  more: Claims,
  invite: string | null,
): Omit<OidcPerson, 'provedAt'> {
  const textOf = (name: string): string | null => {
    const value = token[name] ?? more[name]
    return typeof value === 'string' && value.trim() !== '' ? value.trim() : null
  }
  return {
    issuer: textOf('iss') ?? '',
    subject: textOf('sub') ?? '',
    email: textOf('email'),
    emailVerified: [token, more].some(
      (claims) =>
        claims.email_verified === true &&
        typeof claims.email === 'string' &&
        claims.email === (token.email ?? more.email),
    ),
    preferredUsername: textOf('preferred_username'),
    displayName: textOf('name'),
    invite,
  }
}

/** A provider that said no, or an answer that does not hold, is a refusal; one that is not there is not. */
function asFailure(error: unknown): OidcFailure {
  if (error instanceof OidcFailure) return error
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  const isAway =
    error instanceof TypeError ||
    error instanceof DOMException ||
    error instanceof errors.JWKSTimeout ||
    code === 'OAUTH_TIMEOUT'
  const reason = error instanceof Error ? error.message : String(error)
  return new OidcFailure(isAway ? 'unavailable' : 'refused', reason, error)
}

/** What a person is told. */
export function refusalOf({ kind }: OidcFailure): AppError {
  return new AppError(kind === 'unavailable' ? 'SSO_UNAVAILABLE' : 'SSO_REFUSED')
}
