import { BlockList, isIPv6 } from 'node:net'
import { request } from 'undici'
import type { AltaAuthorizer, AltaConfig } from '../config.ts'
import { checkSecuretoken } from './securetoken.ts'

/** Someone who starts a channel. */
export interface Viewer {
  /** Channel id. */
  channel: string
  /** Path of the request, percent-encoded. */
  encodedPath: string
  /** Query of the request as it came. */
  rawQuery: string
  token: string | undefined
  ip: string
  /** Scheme, host and port of the request. */
  origin: string
  userAgent: string
  sessionId: string
}

/** One question to an HTTP backend and what came of it; `status` undefined means unreachable. */
export interface BackendCall {
  at: number
  url: string
  headers: Record<string, string>
  status: number | undefined
}

/** What the decision needs beside viewer and configuration. */
export interface AuthorizerEnvironment {
  nowSeconds: number
  onBackendCall: (call: BackendCall) => void
}

/** The outcome with the step that decided. */
export interface Decision {
  allowed: boolean
  by: 'no-authorizer' | 'unknown-authorizer' | 'ip' | 'securetoken' | 'backend' | 'default'
}

const BACKEND_TIMEOUT_MS = 5000

function ruleMatches(rule: string, ip: string): boolean {
  const [, address = ''] = rule.split(' ')
  if (address === 'any') return true
  const [network = '', prefix] = address.split('/')
  const list = new BlockList()
  const family = isIPv6(network) ? 'ipv6' : 'ipv4'
  if (prefix === undefined) list.addAddress(network, family)
  else list.addSubnet(network, Number(prefix), family)
  return list.check(ip, isIPv6(ip) ? 'ipv6' : 'ipv4')
}

/** The first rule that matches decides; `pass` and no match go on to the next step. */
export function checkIpRules(rules: readonly string[], ip: string): 'allow' | 'deny' | 'skip' {
  const action = rules.find((rule) => ruleMatches(rule, ip))?.split(' ')[0]
  return action === 'allow' || action === 'deny' ? action : 'skip'
}

/** Asks one backend; undefined when it cannot be reached. */
async function askBackend(
  backend: string,
  viewer: Viewer,
  onCall: (call: BackendCall) => void,
): Promise<number | undefined> {
  const separator = backend.includes('?') ? '&' : '?'
  const url = viewer.rawQuery ? `${backend}${separator}${viewer.rawQuery}` : backend
  const headers = {
    'X-Session-Id': viewer.sessionId,
    'X-Real-Ip': viewer.ip,
    'X-Real-Path': viewer.encodedPath,
    'X-Real-Origin': viewer.origin,
    'X-Real-Ua': viewer.userAgent,
  }
  const at = Date.now()
  let status: number | undefined
  try {
    const answer = await request(url, { headers, signal: AbortSignal.timeout(BACKEND_TIMEOUT_MS) })
    status = answer.statusCode
    await answer.body.dump()
  } catch (error) {
    // Alta treats every failure to get an answer alike: the backend is unreachable.
    if (!(error instanceof Error)) throw error
  }
  onCall({ at, url, headers, status })
  return status
}

/** Tries the backends in order until one answers: 200 allows, any other answer denies. */
async function checkBackends(
  backends: readonly string[],
  viewer: Viewer,
  onCall: (call: BackendCall) => void,
): Promise<'allow' | 'deny' | 'skip'> {
  for (const backend of backends) {
    const status = await askBackend(backend, viewer, onCall)
    if (status !== undefined) return status === 200 ? 'allow' : 'deny'
  }
  return 'skip'
}

async function decide(
  authorizer: AltaAuthorizer,
  viewer: Viewer,
  environment: AuthorizerEnvironment,
): Promise<Decision> {
  const byIp = checkIpRules(authorizer.ip ?? [], viewer.ip)
  if (byIp !== 'skip') return { allowed: byIp === 'allow', by: 'ip' }
  if (authorizer.securetoken && viewer.token !== undefined) {
    const path = `/${viewer.channel}/index.m3u8`
    const { nowSeconds } = environment
    const byToken = checkSecuretoken(viewer.token, {
      path,
      ip: viewer.ip,
      secret: authorizer.securetoken,
      nowSeconds,
    })
    if (byToken !== 'skip') return { allowed: byToken === 'allow', by: 'securetoken' }
  }
  const byBackend = await checkBackends(authorizer.backend ?? [], viewer, environment.onBackendCall)
  if (byBackend !== 'skip') return { allowed: byBackend === 'allow', by: 'backend' }
  return { allowed: authorizer.default !== 'deny', by: 'default' }
}

/**
 * Whether somebody may start a channel, in Alta's order: IP rules, securetoken, HTTP backend, default (unset allows).
 * A channel without an authorizer is public; one whose authorizer is missing is closed.
 */
export async function authorize(
  config: AltaConfig,
  viewer: Viewer,
  environment: AuthorizerEnvironment,
): Promise<Decision> {
  const id = config.ott.channels[viewer.channel]?.authorizer
  if (!id) return { allowed: true, by: 'no-authorizer' }
  const authorizer = Object.hasOwn(config.ott.authorizers, id) ? config.ott.authorizers[id] : undefined
  if (!authorizer) return { allowed: false, by: 'unknown-authorizer' }
  return decide(authorizer, viewer, environment)
}
