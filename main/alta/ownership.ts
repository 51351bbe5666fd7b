import type { DriftEntry } from '../../shared/contract/servers.ts'
import type { AltaAuthorizer, AltaChannel, AltaConfig, AltaHttpServer, ConfigObject } from './alta-types.ts'
import { channelEnabledByDefault, variantsOf } from './assumptions.ts'
import { ottServerId } from './ott.ts'
import type {
  Authorization,
  ChannelOwner,
  ExpectedChannel,
  RepairStep,
  ServerExpectation,
} from './ownership-types.ts'
import { securetokenSecret } from './securetoken.ts'

const authorizerPrefix = 'alta-desk-'

/** The authorizer of one desk on every Alta it uses. */
export function authorizerId(deskId: string): string {
  return `${authorizerPrefix}${deskId}`
}

/** The channel a receiver is published at. */
export function channelIdOf(receiverId: string): string {
  return `desk/${receiverId}`
}

/** The authorizer as it must be: exactly one way in, and nobody when that way is not to be had. */
export function authorizerObject(authorization: Authorization): ConfigObject {
  const { mode } = authorization
  return {
    // An address rule would come before both and let people in unseen.
    ip: [],
    securetoken: mode === 'securetoken' ? securetokenSecret(authorization.ticketSecret) : '',
    backend: mode === 'backend' ? [authorization.callbackUrl] : [],
    // Alta allows everybody where the default is not set.
    default: 'deny',
  }
}

/** Whether an authorizer on Alta asks as `authorization` says: other servers of a desk, and other attempts, ask otherwise. */
export function asksAs(found: ConfigObject, authorization: Authorization): boolean {
  const { backend, securetoken } = found
  if (authorization.mode === 'securetoken')
    return securetoken === securetokenSecret(authorization.ticketSecret)
  return Array.isArray(backend) && backend.includes(authorization.callbackUrl)
}

/** The channel as it must be; what it does not name may be as it likes. */
export function channelObject(deskId: string, channel: ExpectedChannel): ConfigObject {
  const { storageId, storageDurationHours, subReceiverId } = channel
  return {
    enable: true,
    name: channel.name,
    authorizer: authorizerId(deskId),
    ...(storageId === null ? {} : { archive: storageId }),
    ...(storageId === null || storageDurationHours === null ? {} : { duration: storageDurationHours }),
    variants: variantsOf({
      main: channel.receiverId,
      ...(subReceiverId === null ? {} : { sub: subReceiverId }),
    }),
  }
}

/** `found` with our fields as they must be; fields and variants the desk does not know stay. */
export function mergedChannel(found: ConfigObject, deskId: string, channel: ExpectedChannel): ConfigObject {
  const { archive: _archive, duration: _duration, ...kept } = found
  const expected = channelObject(deskId, channel)
  const { sub: _sub, ...otherVariants } = objectOf(found['variants'])
  const variants = Object.entries(objectOf(expected['variants'])).map(([name, variant]) => [
    name,
    { ...objectOf(otherVariants[name]), ...objectOf(variant) },
  ])
  return { ...kept, ...expected, variants: { ...otherVariants, ...Object.fromEntries(variants) } }
}

function objectOf(value: unknown): ConfigObject {
  return typeof value === 'object' && value !== null ? { ...value } : {}
}

function authorizerOf(channel: ConfigObject): string | null {
  const authorizer = channel['authorizer']
  return typeof authorizer === 'string' && authorizer !== '' ? authorizer : null
}

/** Whose channel it is, by the authorizer it carries. */
export function ownerOf(found: ConfigObject | null, deskId: string): ChannelOwner {
  if (found === null) return 'free'
  const authorizer = authorizerOf(found)
  if (authorizer === authorizerId(deskId)) return 'ours'
  return authorizer?.startsWith(authorizerPrefix) ? 'other-desk' : 'foreign'
}

/**
 * Whether a channel at a path of ours is still ours although its authorizer was edited: it shows the receiver we
 * expect and no other desk claims it. What shows something else was put there by somebody else.
 */
export function isRepairable(found: AltaChannel, deskId: string, expected: ExpectedChannel): boolean {
  const owner = ownerOf(found, deskId)
  if (owner === 'ours') return true
  return owner === 'foreign' && variantReceiver(found, 'main') === expected.receiverId
}

/** Whether to make `found` what is expected deletes recordings: Alta clears them when a storage is changed or detached. */
export function wouldClearRecordings(found: ConfigObject, expected: ExpectedChannel): boolean {
  const archive = found['archive']
  return typeof archive === 'string' && archive !== '' && archive !== expected.storageId
}

/** What differs from the expectation, field by field, in words; no secret is shown. */
export function compareServer(config: AltaConfig, expectation: ServerExpectation): DriftEntry[] {
  return [
    ...compareAuthorizer(config, expectation),
    ...compareOrigins(config, expectation.origins),
    ...expectation.channels.flatMap((channel) => compareChannel(config, expectation.deskId, channel)),
  ]
}

/** What a repair would do, in the order in which it must be done. */
export function planRepair(config: AltaConfig, expectation: ServerExpectation): RepairStep[] {
  const steps: RepairStep[] = []
  const { deskId } = expectation
  const id = authorizerId(deskId)
  if (compareAuthorizer(config, expectation).length > 0) {
    const action = own(config.ott.authorizers, id) ? 'change' : 'create'
    steps.push({ action, kind: 'authorizer', id, clearsRecordings: false })
  }
  const server = ottServerId(config)
  if (server !== null && compareOrigins(config, expectation.origins).length > 0) {
    steps.push({ action: 'change', kind: 'origins', id: server, clearsRecordings: false })
  }
  for (const channel of expectation.channels) {
    if (compareChannel(config, deskId, channel).length === 0) continue
    const found = own(config.ott.channels, channel.channelId)
    steps.push({
      action: found ? 'change' : 'create',
      kind: 'channel',
      id: channel.channelId,
      clearsRecordings: found !== undefined && wouldClearRecordings(found, channel),
    })
  }
  return steps
}

function own<T>(table: Readonly<Record<string, T>>, id: string): T | undefined {
  return Object.hasOwn(table, id) ? table[id] : undefined
}

type Difference = readonly [field: string, expected: string, found: string]

function entriesOf(object: string, differences: readonly Difference[]): DriftEntry[] {
  return differences
    .filter(([, expected, found]) => expected !== found)
    .map(([field, expected, found]) => ({ object, field, expected, found }))
}

const there = 'exists'
const missing = 'missing'
const none = 'none'

function compareAuthorizer(config: AltaConfig, { deskId, authorization }: ServerExpectation): DriftEntry[] {
  const id = authorizerId(deskId)
  const object = `authorizer ${id}`
  const found = own(config.ott.authorizers, id)
  if (!found) return entriesOf(object, [['authorizer', there, missing]])
  const expected: AltaAuthorizer = authorizerObject(authorization)
  return entriesOf(object, [
    ['ip', listText(expected.ip), listText(found.ip)],
    ['securetoken', ...secretTexts(expected.securetoken ?? '', found.securetoken ?? '')],
    ['backend', listText(expected.backend), listText(found.backend)],
    ['default', expected.default ?? none, found.default || 'not set (allows everybody)'],
  ])
}

function listText(list: readonly string[] | undefined): string {
  return list === undefined || list.length === 0 ? none : list.join(', ')
}

function secretTexts(expected: string, found: string): [string, string] {
  if (expected === found) return ['', '']
  if (expected === '') return [none, 'a secret']
  return ['the secret of this desk', found === '' ? none : 'another secret']
}

/** Origins in `origins` that this listener does not allow. */
export function originsMissing(server: AltaHttpServer, origins: readonly string[]): string[] {
  const allowed = server.allow_origin ?? []
  return allowed.includes('*') ? [] : origins.filter((origin) => !allowed.includes(origin))
}

/** Origins in `origins` that the streaming listener does not allow; none where there is no such listener. */
export function originsToAdd(config: AltaConfig, origins: readonly string[]): string[] {
  const id = ottServerId(config)
  const server = id === null ? undefined : own(config.servers, id)
  return server ? originsMissing(server, origins) : []
}

/** Whether the streaming listener lets pages of this origin read its answers; null where there is no such listener. */
export function allowsPage(config: AltaConfig, origin: string): boolean | null {
  const id = ottServerId(config)
  const server = id === null ? undefined : own(config.servers, id)
  return server ? originsMissing(server, [origin]).length === 0 : null
}

function compareOrigins(config: AltaConfig, origins: readonly string[]): DriftEntry[] {
  const id = ottServerId(config)
  const server = id === null ? undefined : own(config.servers, id)
  if (id === null || !server) return []
  const lacking = originsMissing(server, origins)
  if (lacking.length === 0) return []
  const found = listText(server.allow_origin)
  return [
    { object: `server ${id}`, field: 'allow_origin', expected: `contains ${lacking.join(', ')}`, found },
  ]
}

function variantReceiver(channel: AltaChannel, name: string): string | null {
  const { variants } = channel
  return (variants && own(variants, name)?.receiver) || null
}

function compareChannel(config: AltaConfig, deskId: string, channel: ExpectedChannel): DriftEntry[] {
  const object = `channel ${channel.channelId}`
  const found = own(config.ott.channels, channel.channelId)
  if (!found) return entriesOf(object, [['channel', there, missing]])
  const { storageId, storageDurationHours } = channel
  const hours = (value: number | null | undefined): string => (value ? `${value} h` : "the storage's")
  return entriesOf(object, [
    ['enable', 'true', String(found.enable ?? channelEnabledByDefault)],
    ['name', channel.name, found.name ?? none],
    ['authorizer', authorizerId(deskId), authorizerOf(found) ?? 'none (public)'],
    ['archive', storageId ?? none, found.archive || none],
    [
      'duration',
      ...durationTexts(storageId === null ? null : hours(storageDurationHours), hours(found.duration)),
    ],
    ['variants.main', channel.receiverId, variantReceiver(found, 'main') ?? none],
    ['variants.sub', channel.subReceiverId ?? none, variantReceiver(found, 'sub') ?? none],
  ])
}

/** Without a storage a duration means nothing. */
function durationTexts(expected: string | null, found: string): [string, string] {
  return expected === null ? ['', ''] : [expected, found]
}
