import type { CallContext } from '../alta/alta-types.ts'
import { authorizerId } from '../alta/ownership.ts'
import { ensureAuthorizer, ensureOrigins } from '../alta/provisioning.ts'
import type { AreaLogger } from '../platform/logging.ts'
import type { Store } from '../store/store-types.ts'
import { mostPageOrigins, readPageOrigins } from './addresses.ts'
import type { Fleet } from './fleet.ts'
import { updateServer } from './queries.ts'
import type { ServerRow } from './queries.ts'
import type { ServerLink } from './server-link.ts'

/** A refused origin is tried again after so long, ms. */
const originRetryMs = 30_000

export interface UpkeepOptions {
  readonly store: Store
  readonly fleet: Fleet
  readonly logger: AreaLogger
  readonly deskId: string
}

/** Changes of a server that the desk makes by itself while people watch. */
export class ServerUpkeep {
  readonly #options: UpkeepOptions
  /** Origins being put on a server now, or refused lately; the key is server and origin. */
  readonly #asked = new Map<string, Promise<void>>()

  constructor(options: UpkeepOptions) {
    this.#options = options
  }

  /**
   * Lets pages of the origin under which this caller reached us read from the server's streams: a colleague who opens
   * the desk by another name would see no picture. Never rejects; where Alta refuses, the page says what it sees.
   */
  async ensurePageOrigin(link: ServerLink, origin: string | null, requestId: string): Promise<void> {
    if (origin === null || !URL.canParse(origin) || isKnown(link, origin)) return
    const key = `${link.id} ${origin}`
    const running = this.#asked.get(key)
    if (running) return running
    const asking = this.#addOrigin(link, origin, requestId)
    this.#asked.set(key, asking)
    setTimeout(() => this.#asked.delete(key), originRetryMs).unref()
    return asking
  }

  async #addOrigin(link: ServerLink, origin: string, requestId: string): Promise<void> {
    try {
      await link.change(async () => {
        if (isKnown(link, origin) || readPageOrigins(link.row.pageOrigins).length >= mostPageOrigins) return
        const call = { requestId, retries: 0, timeoutMs: 3_000 }
        const { added } = await ensureOrigins(link.client, call, [origin])
        const pages = [...readPageOrigins(link.row.pageOrigins), { origin, added: added.length > 0 }]
        this.#save(link, { pageOrigins: JSON.stringify(pages) })
      })
    } catch (error) {
      const fields = { serverId: link.id, requestId, origin, error }
      this.#options.logger.warn('Alta was not told of a page origin; pages there see no picture', fields)
    }
  }

  /** Makes Alta ask in this way from now on, and says why on the server's page. */
  async useAuthorization(
    link: ServerLink,
    mode: ServerRow['authorizationMode'],
    reason: string,
    call: CallContext,
  ): Promise<void> {
    await link.change(async () => {
      const before = link.row
      link.adopt({ ...before, authorizationMode: mode }, null)
      try {
        await ensureAuthorizer(link.client, call, this.#options.deskId, link.authorization())
      } catch (error) {
        link.adopt(before, null)
        throw error
      }
      this.#save(link, { authorizationMode: mode, authorizationReason: reason })
    })
  }

  /** Adds our backend to the authorizer beside the securetoken, so that tickets can be tried while viewers go on. */
  async offerBackend(link: ServerLink, callbackUrl: string, call: CallContext): Promise<void> {
    await link.change(async () => {
      const id = authorizerId(this.#options.deskId)
      const found = await link.client.readObject(call, 'authorizers', id)
      if (found)
        await link.client.replaceObject(call, 'authorizers', id, { ...found, backend: [callbackUrl] })
    })
  }

  /** What the desk finds out by itself is no act of a person: it is logged, not audited. */
  #save(link: ServerLink, changes: Partial<Omit<ServerRow, 'id' | 'createdAt'>>): void {
    const row = { ...link.row, ...changes }
    this.#options.store.write({ audit: null }, (tx) => updateServer(tx, link.id, changes))
    this.#options.fleet.adopt(row, null)
  }
}

function isKnown(link: ServerLink, origin: string): boolean {
  return readPageOrigins(link.row.pageOrigins).some((page) => page.origin === origin)
}
