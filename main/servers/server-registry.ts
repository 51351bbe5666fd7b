import { createAltaClient } from '../alta/alta-client.ts'
import type { AltaClient, AltaClientOptions, AltaTimeouts } from '../alta/alta-types.ts'
import { LargeAnswers } from '../alta/large-answers.ts'
import type { Bus } from '../platform/bus.ts'
import type { Clock } from '../platform/clock.ts'
import type { Keyring } from '../platform/keyring.ts'
import type { Service } from '../platform/lifecycle.ts'
import type { AreaLogger } from '../platform/logging.ts'
import type { Store } from '../store/store-types.ts'
import { allServers, expectedCameras, updateServer } from './queries.ts'
import type { ServerRow } from './queries.ts'
import { ServerConnection } from './server-connection.ts'
import type { VerifiedServer } from './server-connection.ts'
import { defaultWatchTimes } from './server-watch.ts'
import type { WatchTimes } from './server-watch.ts'
import { serverDigest, serverState } from './server-view.ts'

export interface FleetOptions {
  readonly store: Store
  readonly bus: Bus
  readonly keyring: Keyring
  readonly clock: Clock
  readonly logger: AreaLogger
  /** This desk's id: the name of its authorizer on every server. */
  readonly deskId: string
  /** `PUBLIC_URL`. */
  readonly publicUrl: string | null
  readonly times?: WatchTimes
  readonly timeouts?: Partial<AltaTimeouts>
  readonly onCall?: AltaClientOptions['onCall']
}

type ServerListener = (serverId: string) => void

const passwordColumn = 'servers.password_sealed'
const secretColumn = 'servers.ticket_secret_sealed'

/** All servers as the running desk knows them, each with a client and a watch of its own. */
export class ServerRegistry implements Service {
  readonly name = 'servers'
  readonly #options: FleetOptions
  readonly #connections = new Map<string, ServerConnection>()
  readonly #digests = new Map<string, string>()
  readonly #changeListeners = new Set<ServerListener>()
  readonly #pollListeners = new Set<ServerListener>()
  readonly #answers = new LargeAnswers()

  constructor(options: FleetOptions) {
    this.#options = options
  }

  async start(): Promise<void> {
    for (const row of await this.#options.store.read(allServers)) this.add(row, null)
  }

  async stop(): Promise<void> {
    const connections = [...this.#connections.values()]
    this.#connections.clear()
    await Promise.all(connections.map((connection) => connection.stop()))
    await this.#answers.stop()
  }

  connection(serverId: string): ServerConnection | undefined {
    return this.#connections.get(serverId)
  }

  connections(): readonly ServerConnection[] {
    return [...this.#connections.values()]
  }

  /** Origins from which the Alta servers stream, for the security policy of a page; sorted, each once. */
  streamOrigins(): string[] {
    const origins = this.connections().flatMap(({ state }) => state.streamOrigin ?? [])
    return [...new Set(origins)].sort()
  }

  /** Calls `listener` as soon as something else is known of a server; returns the function that ends that. */
  onChanged(listener: ServerListener): () => void {
    this.#changeListeners.add(listener)
    return () => this.#changeListeners.delete(listener)
  }

  /** Calls `listener` after every round of every server, when nothing is being read of it; returns the function that ends that. */
  onPolled(listener: ServerListener): () => void {
    this.#pollListeners.add(listener)
    return () => this.#pollListeners.delete(listener)
  }

  /** Begins to look after a server, with the client that verified it if there is one. */
  add(row: ServerRow, verified: VerifiedServer | null): ServerConnection {
    const { store, clock, logger, deskId, publicUrl, times = defaultWatchTimes } = this.#options
    const connection: ServerConnection = new ServerConnection({
      row,
      client: verified?.client ?? this.client(row.id, row.baseUrl, row.login, this.password(row)),
      ticketSecret: this.#options.keyring.open(secretColumn, row.id, row.ticketSecretSealed),
      deskId,
      publicUrl,
      clock,
      logger,
      times,
      expectedCameras: () => store.read((db) => expectedCameras(db, row.id)),
      onChanged: () => this.#announce(connection),
      onPolled: () => this.#tell(this.#pollListeners, connection),
    })
    this.#connections.set(row.id, connection)
    connection.start(verified?.known ?? null)
    this.#digests.set(row.id, serverDigest(connection))
    return connection
  }

  /** Takes over a changed row; `fresh` where its address or account was verified anew. */
  adopt(row: ServerRow, fresh: VerifiedServer | null): void {
    const connection = this.#connections.get(row.id)
    if (!connection) return
    connection.adopt(row, fresh)
    this.#announce(connection)
    this.#tell(this.#pollListeners, connection)
  }

  async drop(serverId: string): Promise<void> {
    const connection = this.#connections.get(serverId)
    this.#connections.delete(serverId)
    this.#digests.delete(serverId)
    await connection?.stop()
  }

  /** A client for a server that is not, or not like this, in the database yet; the caller stops it. */
  client(serverId: string, baseUrl: string, login: string, password: string): AltaClient {
    const { clock, logger, timeouts, onCall } = this.#options
    return createAltaClient({
      serverId,
      baseUrl,
      login,
      password,
      clock,
      logger,
      answers: this.#answers,
      ...(timeouts && { timeouts }),
      ...(onCall && { onCall }),
    })
  }

  password(row: ServerRow): string {
    return this.#options.keyring.open(passwordColumn, row.id, row.passwordSealed)
  }

  sealPassword(serverId: string, password: string): string {
    return this.#options.keyring.seal(passwordColumn, serverId, password)
  }

  sealTicketSecret(serverId: string, secret: string): string {
    return this.#options.keyring.seal(secretColumn, serverId, secret)
  }

  /** Tells the modules what is known of a server, and the bus where that changed what a person sees. */
  #announce(connection: ServerConnection): void {
    if (this.#connections.get(connection.id) !== connection) return
    this.#takeStreamOrigin(connection)
    const digest = serverDigest(connection)
    const before = this.#digests.get(connection.id)
    if (before !== digest) {
      const returned = before?.startsWith('unavailable') === true && serverState(connection) !== 'unavailable'
      this.#publish(connection, returned)
    }
    this.#tell(this.#changeListeners, connection)
  }

  #tell(listeners: ReadonlySet<ServerListener>, connection: ServerConnection): void {
    if (this.#connections.get(connection.id) !== connection) return
    for (const listener of listeners) listener(connection.id)
  }

  #takeStreamOrigin(connection: ServerConnection): void {
    const { streamOrigin } = connection.state
    if (streamOrigin === connection.row.streamOrigin) return
    connection.adopt({ ...connection.row, streamOrigin }, null)
    this.#options.bus.publish('stream-origins.changed', {})
    void this.#keepStreamOrigin(connection.id, streamOrigin)
  }

  /** The next start serves its pages before Alta has answered: their policy needs the address by then. */
  async #keepStreamOrigin(serverId: string, streamOrigin: string | null): Promise<void> {
    try {
      await this.#options.store.write({ audit: null }, (tx) => updateServer(tx, serverId, { streamOrigin }))
    } catch (error) {
      this.#options.logger.warn('where a server streams from could not be kept', { serverId, error })
    }
  }

  #publish(connection: ServerConnection, returned: boolean): void {
    this.#digests.set(connection.id, serverDigest(connection))
    this.#options.bus.publish('server.changed', {
      serverId: connection.id,
      state: serverState(connection),
      returned,
    })
  }
}
