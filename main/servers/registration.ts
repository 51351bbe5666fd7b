import { randomBytes } from 'node:crypto'
import { webOrigin } from '../../shared/domain/web-origins.ts'
import type { AltaClient, AltaConfig } from '../alta/alta-types.ts'
import { defaultWhepPath } from '../alta/assumptions.ts'
import type { Authorization } from '../alta/ownership-types.ts'
import { authorizerId, originsToAdd } from '../alta/ownership.ts'
import { ensureAuthorizer, ensureOrigins } from '../alta/provisioning.ts'
import { verifyServer } from '../alta/verify.ts'
import { auditRecord } from '../rpc/request-context.ts'
import type { RequestContext } from '../rpc/request-context.ts'
import type { JobQueue } from '../jobs/job-queue.ts'
import type { Clock } from '../platform/clock.ts'
import { newId } from '../platform/ids.ts'
import type { AreaLogger } from '../platform/logging.ts'
import { Mutex } from '../platform/mutex.ts'
import type { ReadHandle, Store } from '../store/store-types.ts'
import { normalBaseUrl, readPageOrigins, withAdded } from './addresses.ts'
import type { PageOrigin } from './addresses.ts'
import { auditView } from './audit-view.ts'
import { PendingAdditions } from './pending-additions.ts'
import type { Addition } from './pending-additions.ts'
import type { ServerRegistry } from './server-registry.ts'
import { insertServer, serverLike } from './queries.ts'
import type { ServerRow } from './queries.ts'
import type { KnownServer, ServerConnection } from './server-connection.ts'
import { AppError } from '../rpc/app-error.ts'

export interface RegistrationOptions {
  readonly store: Store
  readonly registry: ServerRegistry
  readonly jobs: JobQueue
  readonly clock: Clock
  readonly logger: AreaLogger
  readonly deskId: string
  /** `PUBLIC_URL`. */
  readonly publicUrl: string | null
  /** `http.allowed_origins`. */
  readonly allowedOrigins: readonly string[]
  /** Origin of the desktop window's pages; null on a headless desk. */
  readonly desktopOrigin: string | null
}

/** What an admin types of a server. */
export interface ServerInput {
  readonly name: string
  readonly baseUrl: string
  readonly streamUrl?: string | null | undefined
  readonly login: string
  readonly password: string
  readonly whepPath?: string | undefined
  readonly viewerAddress?: string | null | undefined
}

/** The input with its addresses written in the one way that finds duplicates. */
interface NewServer extends ServerInput {
  readonly id: string
  readonly streamUrl: string | null
}

/** Throws SERVER_EXISTS where another server than `exceptId` has this name or this address. */
export async function refuseDuplicate(
  db: ReadHandle,
  name: string,
  baseUrl: string,
  exceptId: string | null,
): Promise<void> {
  if (await serverLike(db, name, baseUrl, exceptId)) throw new AppError('SERVER_EXISTS')
}

/** Adds a server and proves changed ones: verify first, and leave nothing behind where anything fails. */
export class Registration {
  readonly #options: RegistrationOptions
  /** Two admins adding the same server at once: the second finds the first one's row. */
  readonly #additions = new Mutex()
  readonly #pending: PendingAdditions

  constructor(options: RegistrationOptions) {
    this.#options = options
    this.#pending = new PendingAdditions(options, this.#additions)
  }

  /** Verifies, makes our objects on Alta and the row, and begins to look after the server. */
  add(context: RequestContext, input: ServerInput): Promise<ServerConnection> {
    return this.#additions.run(async () => {
      const baseUrl = normalBaseUrl(input.baseUrl)
      await this.#options.store.read((db) => refuseDuplicate(db, input.name, baseUrl, null))
      const streamUrl = webOrigin(input.streamUrl ?? null)
      const server: NewServer = { ...input, id: newId(), baseUrl, streamUrl }
      const client = this.#options.registry.client(server.id, baseUrl, input.login, input.password)
      try {
        const known = await this.#verify(client, context, streamUrl)
        this.#refuseSameAlta(known.config)
        const row = await this.#provision(context, client, server, known.config)
        return this.#options.registry.add(row, { client, known })
      } catch (error) {
        await client.stop()
        throw error
      }
    })
  }

  /**
   * Proves a changed address or account and puts our authorizer and origins there. Answers the row to save and the
   * client to go on with; the caller stops that client where the row cannot be saved.
   */
  async prove(
    context: RequestContext,
    connection: ServerConnection,
    next: ServerRow,
    password: string | undefined,
  ): Promise<{ row: ServerRow; client: AltaClient; known: KnownServer }> {
    const { registry, deskId } = this.#options
    const client = registry.client(next.id, next.baseUrl, next.login, password ?? registry.password(next))
    try {
      const known = await this.#verify(client, context, next.streamUrl)
      const call = { requestId: context.requestId }
      await ensureAuthorizer(client, call, deskId, connection.authorization())
      const origins = readPageOrigins(next.pageOrigins).map(({ origin }) => origin)
      const { added } = await ensureOrigins(client, call, origins)
      return { row: { ...next, pageOrigins: withAdded(next.pageOrigins, added) }, client, known }
    } catch (error) {
      await client.stop()
      throw error
    }
  }

  #verify(client: AltaClient, context: RequestContext, streamUrl: string | null): Promise<KnownServer> {
    const call = { requestId: context.requestId, signal: context.signal }
    return verifyServer(client, call, { deskId: this.#options.deskId, streamUrl })
  }

  /**
   * Makes our objects on Alta, then the row; takes the objects back where one of them cannot be made. All of it is on disk
   * before Alta hears of it, so that a desk that dies meanwhile leaves nothing there either.
   */
  async #provision(
    context: RequestContext,
    client: AltaClient,
    server: NewServer,
    config: AltaConfig,
  ): Promise<ServerRow> {
    const { store, deskId, publicUrl } = this.#options
    // From here on the caller may leave: what was begun is finished, or undone.
    const call = { requestId: context.requestId }
    const callbackOrigin = publicUrl ?? webOrigin(context.requestOrigin)
    const ticketSecret = randomBytes(32).toString('base64url')
    const authorization = authorizationOf(server.id, callbackOrigin, ticketSecret)
    const origins = this.#pageOrigins(callbackOrigin, webOrigin(context.requestOrigin))
    const { id: serverId, baseUrl, login, password } = server
    const account = { serverId, baseUrl, login, password }
    const addition: Addition = { ...account, authorization, origins: originsToAdd(config, origins) }
    const job = await this.#pending.note(addition)
    try {
      await ensureAuthorizer(client, call, deskId, authorization)
      const { added } = await ensureOrigins(client, call, origins)
      const pageOrigins = origins.map((origin) => ({ origin, added: added.includes(origin) }))
      const row = this.#newRow(server, { callbackOrigin, ticketSecret, pageOrigins })
      const audit = auditRecord(context, {
        action: 'server.added',
        target: { kind: 'server', id: row.id, name: row.name },
        after: auditView(row),
      })
      await store.write({ audit }, async (tx) => {
        await refuseDuplicate(tx, row.name, row.baseUrl, null)
        await insertServer(tx, row)
        await job.finish(tx)
      })
      return row
    } catch (error) {
      await this.#pending.undo(client, call, addition, job)
      throw error
    }
  }

  /** The same Alta under another address: two rows would fight over one authorizer. */
  #refuseSameAlta(config: AltaConfig): void {
    const { registry, deskId } = this.#options
    const ours = config.ott.authorizers[authorizerId(deskId)]
    if (!ours) return
    const asks = (connection: ServerConnection): boolean =>
      ours.backend?.some((url) => url.endsWith(`/alta/${connection.id}/authorize`)) === true ||
      (ours.securetoken ? connection.ownsSecret(ours.securetoken) : false)
    const same = registry.connections().find(asks)
    if (!same) return
    const message = `This is the Alta that was added before as ${same.row.name}.`
    throw new AppError('SERVER_EXISTS', { message })
  }

  #newRow(
    server: NewServer,
    made: { callbackOrigin: string | null; ticketSecret: string; pageOrigins: PageOrigin[] },
  ): ServerRow {
    const { registry, clock } = this.#options
    const { id, name, baseUrl, streamUrl, login, password } = server
    return {
      id,
      name,
      baseUrl,
      streamUrl,
      // The first look finds it.
      streamOrigin: null,
      login,
      passwordSealed: registry.sealPassword(id, password),
      ticketSecretSealed: registry.sealTicketSecret(id, made.ticketSecret),
      callbackOrigin: made.callbackOrigin,
      pageOrigins: JSON.stringify(made.pageOrigins),
      authorizationMode: made.callbackOrigin === null ? 'securetoken' : 'backend',
      authorizationReason:
        made.callbackOrigin === null
          ? 'The desk has no address at which Alta could ask it. Turn its listener on, or set PUBLIC_URL.'
          : `Alta asks the desk at ${made.callbackOrigin}; this is tried with the first camera.`,
      whepPath: server.whepPath ?? defaultWhepPath,
      viewerAddress: server.viewerAddress ?? null,
      createdAt: clock.now(),
    }
  }

  #pageOrigins(callbackOrigin: string | null, requestOrigin: string | null): string[] {
    const { allowedOrigins, desktopOrigin } = this.#options
    const candidates = [callbackOrigin, requestOrigin, ...allowedOrigins, desktopOrigin]
    return [...new Set(candidates.filter((origin) => origin !== null && !origin.includes('*')))] as string[]
  }
}

function authorizationOf(id: string, callbackOrigin: string | null, ticketSecret: string): Authorization {
  return callbackOrigin === null
    ? { mode: 'securetoken', ticketSecret }
    : { mode: 'backend', callbackUrl: `${callbackOrigin}/alta/${id}/authorize` }
}
