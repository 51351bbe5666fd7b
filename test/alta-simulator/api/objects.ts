import type { AltaConfig } from '../config.ts'
import { hashPassword } from '../config.ts'
import type { Exchange } from '../http/exchange.ts'
import { readJson, replyEmpty, replyError, replyJson } from '../http/exchange.ts'
import { danglingReference, firstProblem, objectSchemas } from './schemas.ts'
import type { ObjectKind } from './schemas.ts'

type Table = Record<string, Record<string, unknown>>

/** Where each kind of object lives in the configuration. */
function tableOf(config: AltaConfig, kind: ObjectKind): Table {
  switch (kind) {
    case 'servers':
    case 'users':
    case 'receivers':
      return config[kind]
    case 'archives':
    case 'authorizers':
    case 'channels':
      return config.ott[kind]
  }
}

type Checked = { object: Record<string, unknown> } | { problem: string }

/** Validates a body against its kind and the rest of the configuration, without changing anything. */
function check(config: AltaConfig, kind: ObjectKind, id: string, body: unknown): Checked {
  const parsed = objectSchemas[kind].object.safeParse(body)
  if (!parsed.success) return { problem: firstProblem(parsed.error) }
  // The id stands in the body of POST and in the query of PUT, never in the stored object.
  const { id: _id, login: _login, ...object } = parsed.data as Record<string, unknown>
  if (kind === 'channels') {
    const channel = objectSchemas.channels.object.parse(object)
    const problem = danglingReference(config, channel)
    if (problem !== undefined) return { problem }
  }
  return kind === 'users' ? checkUser(config, id, object) : { object }
}

/** Replaces the password by its hash; a PUT without a password keeps the one that was. */
function checkUser(config: AltaConfig, id: string, object: Record<string, unknown>): Checked {
  const { password, token: _token, ...rest } = object
  const known = Object.hasOwn(config.users, id) ? config.users[id]?.token : undefined
  const token = typeof password === 'string' ? hashPassword(id, password) : known
  return token === undefined ? { problem: 'password: required' } : { object: { ...rest, token } }
}

async function create(exchange: Exchange, config: AltaConfig, kind: ObjectKind): Promise<boolean> {
  const body = await readJson(exchange.request)
  if (typeof body !== 'object' || body === null)
    return refuse(exchange, 422, 'body: a JSON object is required')
  const fields = body as Record<string, unknown>
  const rawId = kind === 'users' ? (fields['login'] ?? fields['id']) : fields['id']
  const id = objectSchemas[kind].id.safeParse(rawId)
  if (!id.success) return refuse(exchange, 422, 'id: invalid')
  const table = tableOf(config, kind)
  if (Object.hasOwn(table, id.data)) return refuse(exchange, 409, `"${id.data}" already exists`)
  const checked = check(config, kind, id.data, body)
  if ('problem' in checked) return refuse(exchange, 422, checked.problem)
  table[id.data] = checked.object
  replyEmpty(exchange, 204)
  return true
}

async function replace(
  exchange: Exchange,
  config: AltaConfig,
  kind: ObjectKind,
  id: string,
): Promise<boolean> {
  const checked = check(config, kind, id, await readJson(exchange.request))
  if ('problem' in checked) return refuse(exchange, 422, checked.problem)
  tableOf(config, kind)[id] = checked.object
  replyEmpty(exchange, 204)
  return true
}

function refuse(exchange: Exchange, status: number, problem: string): false {
  exchange.request.resume()
  replyError(exchange, status, problem)
  return false
}

/**
 * Answers one call about one kind of object: GET, PUT and DELETE take `?id=`, POST takes it in the body.
 * Resolves to true when the configuration was changed.
 */
export async function handleObject(
  exchange: Exchange,
  config: AltaConfig,
  kind: ObjectKind,
): Promise<boolean> {
  if (exchange.method === 'POST') return create(exchange, config, kind)
  if (!['GET', 'PUT', 'DELETE'].includes(exchange.method)) return refuse(exchange, 405, 'method not allowed')
  const id = exchange.query.get('id')
  if (id === null || !objectSchemas[kind].id.safeParse(id).success)
    return refuse(exchange, 400, 'id: invalid')
  const table = tableOf(config, kind)
  if (!Object.hasOwn(table, id)) return refuse(exchange, 404, `"${id}" not found`)
  if (exchange.method === 'PUT') return replace(exchange, config, kind, id)
  if (exchange.method === 'DELETE') {
    delete table[id]
    replyEmpty(exchange, 204)
    return true
  }
  replyJson(exchange, 200, table[id])
  return false
}
