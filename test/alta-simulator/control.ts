import type { AltaConfig } from './config.ts'
import { faultDescriptions, isFaultName } from './faults.ts'
import type { FaultName, FaultScope } from './faults.ts'
import type { Exchange } from './http/exchange.ts'
import { exchangeOf, readJson, replyEmpty, replyError, replyJson } from './http/exchange.ts'
import { Listener } from './http/listener.ts'
import type { AltaServerHandle } from './start-alta-server.ts'

/** The control listener: loopback only, no token. */
export interface ControlHandle {
  readonly url: string
  stop(): Promise<void>
}

const ROUTES = {
  'GET /servers': 'addresses and state of every server',
  'GET /servers/{n}/sessions': 'who watches and who did: {live, ended}, times in ms since 1970',
  'GET /servers/{n}/requests': 'requests that the server saw',
  'GET /servers/{n}/backend-calls': 'questions to HTTP backends of authorizers',
  'GET /servers/{n}/config': 'the live configuration',
  'PATCH /servers/{n}/config': 'edit it behind the back of every client (JSON merge patch, RFC 7396)',
  'GET /servers/{n}/faults': 'faults that are in force',
  'PUT /servers/{n}/faults/{name}': 'switch a fault on; JSON body: parameters and scope, or {}',
  'DELETE /servers/{n}/faults/{name}': 'switch it off; query listener, receiver, channel: only that scope',
  'DELETE /servers/{n}/faults': 'switch all faults off',
  'POST /servers/{n}/stop': 'pull the plug',
  'POST /servers/{n}/start': 'put it back',
  'POST /servers/{n}/drop-logins': 'end every login: 401 in mid-life',
} as const

/** Opens the control listener for these servers; `{n}` in its paths is an index or a name. */
export async function startControl(servers: readonly AltaServerHandle[], port = 0): Promise<ControlHandle> {
  const listener = new Listener('127.0.0.1', port, (request, response) => {
    const exchange = exchangeOf(request, response)
    handleControl(exchange, servers).catch((error: unknown) => {
      if (response.headersSent) response.destroy()
      else replyError(exchange, 500, String(error))
    })
  })
  await listener.open()
  return { url: `http://127.0.0.1:${listener.boundPort}`, stop: () => listener.close() }
}

async function handleControl(exchange: Exchange, servers: readonly AltaServerHandle[]): Promise<void> {
  // No page of the web may press our buttons, not even by a rebound name.
  const host = (exchange.request.headers.host ?? '').replace(/:\d+$/, '')
  if (exchange.request.headers.origin !== undefined || !['127.0.0.1', 'localhost'].includes(host)) {
    return replyError(exchange, 403, 'not for pages')
  }
  const [area, which, action, detail] = (exchange.path ?? '').split('/').slice(1)
  if (area === '') return replyJson(exchange, 200, { routes: ROUTES, faults: faultDescriptions })
  if (area !== 'servers') return replyError(exchange, 404, 'not found')
  if (which === undefined) return replyJson(exchange, 200, servers.map(summaryOf))
  const server = servers.find((candidate) => candidate.name === which) ?? servers[Number(which)]
  if (!server) return replyError(exchange, 404, `no server "${which}"`)
  if (exchange.method === 'GET') return read(exchange, server, action)
  if (action === 'faults') return changeFaults(exchange, server, detail)
  if (action === 'config' && exchange.method === 'PATCH') return patchConfig(exchange, server)
  if (exchange.method !== 'POST') return replyError(exchange, 405, 'method not allowed')
  if (action === 'stop') await server.stop()
  else if (action === 'start') await server.start()
  else if (action === 'drop-logins') server.dropLogins()
  else return replyError(exchange, 404, 'not found')
  replyEmpty(exchange, 204)
}

function summaryOf(server: AltaServerHandle): object {
  const { name, baseUrl, ottUrl } = server
  return {
    name,
    baseUrl,
    ottUrl,
    running: server.isRunning(),
    encoders: server.encoders(),
    faults: server.faults(),
    problems: server.problems(),
  }
}

function read(exchange: Exchange, server: AltaServerHandle, action: string | undefined): void {
  switch (action) {
    case undefined:
      return replyJson(exchange, 200, summaryOf(server))
    case 'sessions':
      return replyJson(exchange, 200, { live: server.sessions(), ended: server.endedSessions() })
    case 'requests':
      return replyJson(exchange, 200, server.requests())
    case 'backend-calls':
      return replyJson(exchange, 200, server.backendCalls())
    case 'config':
      return replyJson(exchange, 200, server.config)
    case 'faults':
      return replyJson(exchange, 200, server.faults())
    default:
      return replyError(exchange, 404, 'not found')
  }
}

async function changeFaults(
  exchange: Exchange,
  server: AltaServerHandle,
  name: string | undefined,
): Promise<void> {
  if (name === undefined && exchange.method === 'DELETE') {
    await server.clearFaults()
    return replyEmpty(exchange, 204)
  }
  if (name === undefined || !isFaultName(name)) return replyError(exchange, 404, `no fault "${name ?? ''}"`)
  if (exchange.method === 'PUT') return setFault(exchange, server, name)
  if (exchange.method !== 'DELETE') return replyError(exchange, 405, 'method not allowed')
  await server.clearFault(name, exchange.query.size > 0 ? scopeOf(exchange.query) : undefined)
  replyEmpty(exchange, 204)
}

async function setFault(exchange: Exchange, server: AltaServerHandle, name: FaultName): Promise<void> {
  const hasBody = exchange.request.headers['content-type'] !== undefined
  const setting = hasBody ? await readJson(exchange.request) : {}
  if (typeof setting !== 'object' || setting === null)
    return replyError(exchange, 422, 'body: no JSON object')
  await server.setFault(name, setting)
  replyEmpty(exchange, 204)
}

function scopeOf(query: URLSearchParams): FaultScope {
  const listener = query.get('listener')
  const receiver = query.get('receiver')
  const channel = query.get('channel')
  return {
    ...(listener === 'api' || listener === 'ott' ? { listener } : {}),
    ...(receiver === null ? {} : { receiver }),
    ...(channel === null ? {} : { channel }),
  }
}

async function patchConfig(exchange: Exchange, server: AltaServerHandle): Promise<void> {
  const patch = await readJson(exchange.request)
  if (!isObject(patch)) return replyError(exchange, 422, 'body: no JSON object')
  mergeInto(server.config, patch)
  replyJson(exchange, 200, server.config satisfies AltaConfig)
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** JSON merge patch (RFC 7396), in place. */
function mergeInto(target: Record<string, unknown>, patch: Record<string, unknown>): void {
  for (const [key, value] of Object.entries(patch)) {
    const known = target[key]
    if (value === null) delete target[key]
    else if (isObject(value) && isObject(known)) mergeInto(known, value)
    else target[key] = value
  }
}
