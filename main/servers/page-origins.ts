import type { PageOrigins as PageOriginsAnswer } from '../../shared/contract/servers.ts'
import { webOrigin } from '../../shared/domain/web-origins.ts'
import { removeOrigins } from '../alta/provisioning.ts'
import { auditRecord } from '../rpc/request-context.ts'
import type { RequestContext } from '../rpc/request-context.ts'
import type { Clock } from '../platform/clock.ts'
import type { AreaLogger } from '../platform/logging.ts'
import type { AuditRecord, Store } from '../store/store-types.ts'
import { isKnownOrigin, mostPageOrigins, readPageOrigins } from './addresses.ts'
import type { ServerRegistry } from './server-registry.ts'
import { allowedPageOrigins, setAllowedPageOrigins, updateServer } from './queries.ts'
import type { ServerConnection } from './server-connection.ts'
import type { ServerMaintenance } from './maintenance.ts'
import { AppError } from '../rpc/app-error.ts'

/** Names that wait for an administrator: anybody who is signed in can bring some. */
const mostWaiting = 20
const mostOfOnePerson = 2
/** What is withdrawn is taken off an Alta that answers; one that does not is asked no longer than this. */
const removal = { retries: 0, timeoutMs: 3_000 } as const

interface Waiting {
  readonly origin: string
  readonly person: string
  readonly seenAt: number
}

export interface PageOriginsOptions {
  readonly store: Store
  readonly registry: ServerRegistry
  readonly maintenance: ServerMaintenance
  readonly clock: Clock
  readonly logger: AreaLogger
  /** Origins of the desk itself, which need nobody's leave. */
  readonly ownOrigins: () => readonly string[]
}

/**
 * Which names of the desk the servers are told to trust. Its own addresses are by themselves; any other name under which
 * somebody has opened a page waits here until an administrator allows it.
 */
export class PageOrigins {
  readonly #options: PageOriginsOptions
  readonly #waiting = new Map<string, Waiting>()

  constructor(options: PageOriginsOptions) {
    this.#options = options
  }

  /**
   * Lets the page of this request read from the streams of these servers. Answers its origin where a server blocks it
   * until an administrator has allowed it, else null. Never rejects.
   */
  async open(context: RequestContext, connections: readonly ServerConnection[]): Promise<string | null> {
    const origin = webOrigin(context.requestOrigin)
    const strange =
      origin === null
        ? []
        : connections.filter((connection) => !isKnownOrigin(connection.row.pageOrigins, origin))
    if (origin === null || strange.length === 0) return null
    if (await this.#isAllowed(origin)) {
      await Promise.all(
        strange.map((connection) => this.#options.maintenance.ensurePageOrigin(connection, origin, context)),
      )
      return null
    }
    this.#note(origin, context)
    return origin
  }

  async list(): Promise<PageOriginsAnswer> {
    const allowed = await this.#options.store.read(allowedPageOrigins)
    const waiting = [...this.#waiting.values()].map(({ origin, person, seenAt }) => ({
      origin,
      person,
      seenAt,
    }))
    return { allowed: [...allowed], waiting: waiting.reverse() }
  }

  /** Throws TOO_MANY_ORIGINS where the list is full. */
  async allow(context: RequestContext, typed: string): Promise<PageOriginsAnswer> {
    const { registry, maintenance } = this.#options
    const origin = webOrigin(typed) ?? typed
    await this.#change(context, 'page-origin.allowed', origin, (before) => {
      if (!before.includes(origin) && before.length >= mostPageOrigins) throw new AppError('TOO_MANY_ORIGINS')
      return [...new Set([...before, origin])]
    })
    this.#waiting.delete(origin)
    await Promise.all(
      registry
        .connections()
        .map((connection) => maintenance.ensurePageOrigin(connection, origin, context, true)),
    )
    return this.list()
  }

  /** Forgets a name, and takes it off the servers where the desk put it. */
  async withdraw(context: RequestContext, typed: string): Promise<PageOriginsAnswer> {
    const { registry } = this.#options
    const origin = webOrigin(typed) ?? typed
    await this.#change(context, 'page-origin.withdrawn', origin, (before) =>
      before.filter((known) => known !== origin),
    )
    if (!(await this.#isAllowed(origin)))
      await Promise.all(
        registry.connections().map((connection) => this.#takeOff(connection, origin, context.requestId)),
      )
    return this.list()
  }

  async #isAllowed(origin: string): Promise<boolean> {
    const { ownOrigins, store } = this.#options
    return ownOrigins().includes(origin) || (await store.read(allowedPageOrigins)).includes(origin)
  }

  #note(origin: string, context: RequestContext): void {
    const person = context.caller?.email ?? ''
    this.#waiting.delete(origin)
    const theirs = [...this.#waiting.values()].filter((entry) => entry.person === person)
    if (theirs.length >= mostOfOnePerson) this.#waiting.delete(theirs[0]?.origin ?? '')
    const [oldest] = this.#waiting.keys()
    if (this.#waiting.size >= mostWaiting && oldest !== undefined) this.#waiting.delete(oldest)
    this.#waiting.set(origin, { origin, person, seenAt: this.#options.clock.now() })
  }

  async #change(
    context: RequestContext,
    action: 'page-origin.allowed' | 'page-origin.withdrawn',
    origin: string,
    changed: (before: readonly string[]) => readonly string[],
  ): Promise<void> {
    const audit = ({ before, after }: { before: readonly string[]; after: readonly string[] }): AuditRecord =>
      auditRecord(context, {
        action,
        target: { kind: 'page-origin', id: null, name: origin },
        before: { allowed: before },
        after: { allowed: after },
      })
    await this.#options.store.write({ audit }, async (tx) => {
      const before = await allowedPageOrigins(tx)
      const after = changed(before)
      await setAllowedPageOrigins(tx, after)
      return { before, after }
    })
  }

  async #takeOff(connection: ServerConnection, origin: string, requestId: string): Promise<void> {
    const { store, registry, logger } = this.#options
    await connection.change(async () => {
      const pages = readPageOrigins(connection.row.pageOrigins)
      const ours = pages.some((page) => page.origin === origin && page.added)
      if (!pages.some((page) => page.origin === origin)) return
      const pageOrigins = JSON.stringify(pages.filter((page) => page.origin !== origin))
      await store.write({ audit: null }, (tx) => updateServer(tx, connection.id, { pageOrigins }))
      registry.adopt({ ...connection.row, pageOrigins }, null)
      if (!ours) return
      try {
        await removeOrigins(connection.client, { requestId, ...removal }, [origin])
      } catch (error) {
        logger.warn('a page origin that was withdrawn stays on Alta', {
          serverId: connection.id,
          origin,
          error,
        })
      }
    })
  }
}
