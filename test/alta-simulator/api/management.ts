import type { AltaConfig } from '../config.ts'
import type { FaultBoard } from '../faults.ts'
import type { Exchange } from '../http/exchange.ts'
import { readJson, replyEmpty, replyError, replyJson } from '../http/exchange.ts'
import type { Logins } from './logins.ts'
import { handleObject } from './objects.ts'
import { configSchema, danglingReference, firstProblem, loginSchema } from './schemas.ts'
import type { ObjectKind } from './schemas.ts'

/** What the management API needs of the server around it. */
export interface ManagementHost {
  readonly config: AltaConfig
  readonly faults: FaultBoard
  readonly logins: Logins
  /** Called after every change, before the next request is read. */
  configChanged(): void
  /** Body of `GET /api/status`. */
  status(): unknown
  startChannel(id: string): void
  stopChannel(id: string): void
}

const OBJECT_PATHS: Record<string, ObjectKind> = {
  '/api/servers': 'servers',
  '/api/users': 'users',
  '/api/receivers': 'receivers',
  '/api/ott/archives': 'archives',
  '/api/ott/authorizers': 'authorizers',
  '/api/ott/channels': 'channels',
}

const OLD_VERSION = '240909'
const DISK_FULL = 'write /etc/alta/alta.conf: no space left on device'

async function login(exchange: Exchange, host: ManagementHost): Promise<void> {
  const body = loginSchema.safeParse(await readJson(exchange.request))
  if (!body.success) return replyError(exchange, 422, firstProblem(body.error))
  const { login: name, password, remember } = body.data
  const cookie = host.logins.open(host.config, name, password, remember ?? false)
  if (cookie === undefined) return replyError(exchange, 403, 'forbidden')
  exchange.response.setHeader('Set-Cookie', cookie)
  replyEmpty(exchange, 204)
}

function logout(exchange: Exchange, host: ManagementHost): void {
  host.logins.close(exchange.request.headers.cookie)
  exchange.response.setHeader('Set-Cookie', 'auth=; Path=/api; Max-Age=0; HttpOnly; Secure; SameSite=None')
  replyEmpty(exchange, 204)
}

/** The configuration as this Alta shows it: one older than receivers has none. */
function visibleConfig(host: ManagementHost): unknown {
  if (!host.faults.find('no-receivers')) return host.config
  const { receivers: _receivers, ...rest } = host.config
  return { ...rest, version: OLD_VERSION }
}

/** Takes a whole configuration if every part and every reference in it is sound. */
async function replaceConfig(exchange: Exchange, host: ManagementHost): Promise<void> {
  const parsed = configSchema.safeParse(await readJson(exchange.request))
  if (!parsed.success) return replyError(exchange, 422, firstProblem(parsed.error))
  const { config } = host
  const next = {
    ...parsed.data,
    version: config.version,
    receivers: parsed.data.receivers ?? {},
    ott: { archives: {}, authorizers: {}, channels: {}, ...parsed.data.ott },
  } as AltaConfig
  for (const channel of Object.values(next.ott.channels)) {
    const problem = danglingReference(next, channel)
    if (problem !== undefined) return replyError(exchange, 422, problem)
  }
  // Replaced in place: tests and the streaming side hold on to this object.
  for (const key of Object.keys(config)) delete config[key]
  Object.assign(config, next)
  host.configChanged()
  replyEmpty(exchange, 204)
}

function switchChannel(exchange: Exchange, host: ManagementHost, action: 'start' | 'stop'): void {
  if (exchange.method !== 'POST') return replyError(exchange, 405, 'method not allowed')
  const id = exchange.query.get('id')
  if (!id) return replyError(exchange, 400, 'id: invalid')
  if (!Object.hasOwn(host.config.ott.channels, id)) return replyError(exchange, 404, `"${id}" not found`)
  if (action === 'start') host.startChannel(id)
  else host.stopChannel(id)
  replyEmpty(exchange, 204)
}

/** Answers a call that carries a good session. */
async function route(exchange: Exchange, host: ManagementHost): Promise<void> {
  const { path, method } = exchange
  if (path === '/api/config') {
    if (method === 'GET') return replyJson(exchange, 200, visibleConfig(host))
    if (method === 'PUT') return replaceConfig(exchange, host)
    return replyError(exchange, 405, 'method not allowed')
  }
  if (path === '/api/status' && !host.faults.find('no-status') && !host.faults.find('no-receivers')) {
    if (method !== 'GET') return replyError(exchange, 405, 'method not allowed')
    return replyJson(exchange, 200, host.status())
  }
  if (path === '/api/ott/channels/start') return switchChannel(exchange, host, 'start')
  if (path === '/api/ott/channels/stop') return switchChannel(exchange, host, 'stop')
  const kind = path === undefined ? undefined : OBJECT_PATHS[path]
  if (kind === undefined || (kind === 'receivers' && host.faults.find('no-receivers'))) {
    return replyError(exchange, 404, 'not found')
  }
  if (await handleObject(exchange, host.config, kind)) host.configChanged()
}

/** Answers one request to the management listener, as Alta's API does. */
export async function handleManagement(exchange: Exchange, host: ManagementHost): Promise<void> {
  const { path, method, request } = exchange
  if (path === '/api/login' && method === 'POST') return login(exchange, host)
  if (path === undefined || !path.startsWith('/api/')) return replyError(exchange, 404, 'not found')
  const user = host.faults.find('unauthorized')?.always
    ? undefined
    : host.logins.find(host.config, request.headers.cookie)
  if (!user) {
    request.resume()
    return replyError(exchange, 401, 'unauthorized')
  }
  if (path === '/api/logout' && method === 'POST') return logout(exchange, host)
  if (method !== 'GET') {
    const observer = user.role === 'observer' || host.faults.find('observer') !== undefined
    const refusal: [number, string] | undefined = observer
      ? [403, 'forbidden']
      : host.faults.find('disk-full')
        ? [500, DISK_FULL]
        : undefined
    if (refusal) {
      request.resume()
      return replyError(exchange, ...refusal)
    }
  }
  return route(exchange, host)
}
