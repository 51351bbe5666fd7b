import type { CallContext, ConfigObject } from '../alta/alta-types.ts'
import { authorizerId } from '../alta/ownership.ts'
import { ensureAuthorizer, ensureOrigins } from '../alta/provisioning.ts'
import { auditRecord } from '../rpc/request-context.ts'
import type { RequestContext } from '../rpc/request-context.ts'
import type { AreaLogger } from '../platform/logging.ts'
import type { AuditRecord, Store } from '../store/store-types.ts'
import { isKnownOrigin, mostPageOrigins, readPageOrigins } from './addresses.ts'
import type { ServerRegistry } from './server-registry.ts'
import { updateServer } from './queries.ts'
import type { ServerRow } from './queries.ts'
import type { ServerConnection } from './server-connection.ts'

/** A refused origin is tried again after so long, ms. */
const originRetryMs = 30_000

/** Whether Alta asked our authorizer; `unknown` where the channel could not be opened at all. */
export type CallbackVerdict = 'called' | 'silent' | 'unknown'

export interface UpkeepOptions {
  readonly store: Store
  readonly registry: ServerRegistry
  readonly logger: AreaLogger
  readonly deskId: string
}

/** Changes of a server that the desk makes by itself while people watch. */
export class ServerMaintenance {
  readonly #options: UpkeepOptions
  /** Origins being put on a server now, or refused lately; the key is server and origin. */
  readonly #asked = new Map<string, Promise<void>>()

  constructor(options: UpkeepOptions) {
    this.#options = options
  }

  /**
   * Lets pages of an origin that is the desk's own, or was allowed, read from the server's streams: a colleague who opens
   * the desk by another name would see no picture. Never rejects; where Alta refuses, the page says what it sees.
   * `recorded`: what the caller does has an audit row of its own, which says this too.
   */
  async ensurePageOrigin(
    connection: ServerConnection,
    origin: string,
    context: RequestContext,
    recorded = false,
  ): Promise<void> {
    if (isKnownOrigin(connection.row.pageOrigins, origin)) return
    const key = `${connection.id} ${origin}`
    const running = this.#asked.get(key)
    if (running) return running
    const asking = this.#addOrigin(connection, origin, context, recorded)
    this.#asked.set(key, asking)
    setTimeout(() => this.#asked.delete(key), originRetryMs).unref()
    return asking
  }

  async #addOrigin(
    connection: ServerConnection,
    origin: string,
    context: RequestContext,
    recorded: boolean,
  ): Promise<void> {
    try {
      await connection.change(async () => {
        const known = readPageOrigins(connection.row.pageOrigins)
        if (isKnownOrigin(connection.row.pageOrigins, origin) || known.length >= mostPageOrigins) return
        const call = { requestId: context.requestId, retries: 0, timeoutMs: 3_000 }
        const { added } = await ensureOrigins(connection.client, call, [origin])
        const pageOrigins = JSON.stringify([...known, { origin, added: added.length > 0 }])
        const action = 'server.page-origin-added'
        const target = { kind: 'server', id: connection.id, name: connection.row.name }
        const audit = recorded ? null : auditRecord(context, { action, target, after: { origin } })
        await this.#save(connection, { pageOrigins }, audit)
        // What the desk knows of Alta's list is from the round before.
        connection.pollSoon()
      })
    } catch (error) {
      const fields = { serverId: connection.id, requestId: context.requestId, origin, error }
      this.#options.logger.warn('Alta was not told of a page origin; pages there see no picture', fields)
    }
  }

  /**
   * Finds out whether Alta reaches our authorizer, and makes it ask in the way that works; the server's page says why.
   * `reached` opens a channel and waits for the question; `unknown` leaves everything as it is. While a securetoken is
   * in use the backend is offered beside it, so that viewers go on meanwhile.
   */
  async settleAuthorization(
    connection: ServerConnection,
    call: CallContext,
    reached: () => Promise<CallbackVerdict>,
  ): Promise<void> {
    await connection.change(async () => {
      const { deskId } = this.#options
      const { callbackUrl } = connection
      if (callbackUrl === null) return
      const { authorizationMode: before, authorizationReason } = connection.row
      const found = before === 'securetoken' ? await this.#offerBackend(connection, callbackUrl, call) : null
      const verdict = await reached()
      const mode = verdict === 'called' ? 'backend' : verdict === 'silent' ? 'securetoken' : before
      // Where nothing changes, what somebody else edited there stays: that is drift, and is shown.
      if (mode !== before)
        await ensureAuthorizer(connection.client, call, deskId, connection.authorization(mode))
      else if (found) await connection.client.replaceObject(call, 'authorizers', authorizerId(deskId), found)
      const origin = new URL(callbackUrl).origin
      const reason = {
        called: `Alta asks the desk at ${origin} who may watch.`,
        silent: `Alta did not ask the desk at ${origin} within 3 s, so it checks securetokens by itself. Check that Alta reaches this address.`,
        unknown: authorizationReason,
      }[verdict]
      if (mode !== before || reason !== authorizationReason)
        await this.#save(connection, { authorizationMode: mode, authorizationReason: reason })
    })
  }

  /** Answers the authorizer as it stood, null where there is none. */
  async #offerBackend(
    connection: ServerConnection,
    callbackUrl: string,
    call: CallContext,
  ): Promise<ConfigObject | null> {
    const id = authorizerId(this.#options.deskId)
    const found = await connection.client.readObject(call, 'authorizers', id)
    if (found)
      await connection.client.replaceObject(call, 'authorizers', id, { ...found, backend: [callbackUrl] })
    return found
  }

  /** What the desk finds out by itself is no act of a person: it is logged, not audited. */
  async #save(
    connection: ServerConnection,
    changes: Partial<Omit<ServerRow, 'id' | 'createdAt'>>,
    audit: AuditRecord | null = null,
  ): Promise<void> {
    const row = { ...connection.row, ...changes }
    await this.#options.store.write({ audit }, (tx) => updateServer(tx, connection.id, changes))
    this.#options.registry.adopt(row, null)
  }
}
