import { AltaProblem } from '../alta/alta-problem.ts'
import type { CallContext } from '../alta/alta-types.ts'
import { openAsPlayer } from '../alta/hls-status.ts'
import type { Bus } from '../platform/bus.ts'
import type { Clock } from '../platform/clock.ts'
import { newId } from '../platform/ids.ts'
import type { Service } from '../platform/lifecycle.ts'
import type { AreaLogger } from '../platform/logging.ts'
import type { Store } from '../store/store-types.ts'
import type { ServerRegistry } from './server-registry.ts'
import { firstCamera } from './queries.ts'
import type { ServerConnection } from './server-connection.ts'
import type { CallbackVerdict, ServerMaintenance } from './maintenance.ts'

export interface CallbackCheckOptions {
  readonly store: Store
  readonly registry: ServerRegistry
  readonly maintenance: ServerMaintenance
  readonly bus: Bus
  readonly clock: Clock
  readonly logger: AreaLogger
  /** How long Alta may take to ask; the profile says 3 s. */
  readonly patienceMs?: number
}

const standardPatienceMs = 3_000
/** A server that checks securetokens is asked again so often whether it reaches us now. */
const retryMs = 15 * 60_000

/**
 * Finds out whether Alta reaches our authorizer: after the first import, after the desk's start, after repairs, and now
 * and then where it did not. Opens a channel as a player would, and waits for the question about that very ticket, which
 * nobody else has: a question about any other ticket, good or forged, may come from anybody.
 */
export class CallbackCheck implements Service {
  readonly name = 'callback check'
  readonly #options: CallbackCheckOptions
  readonly #running = new Set<string>()
  readonly #tryAgainAtMs = new Map<string, number>()
  readonly #disposables: (() => void)[] = []
  readonly #abort = new AbortController()

  constructor(options: CallbackCheckOptions) {
    this.#options = options
  }

  start(): void {
    const { registry, bus } = this.#options
    const consider = (serverId: string): void => {
      const connection = registry.connection(serverId)
      if (connection && this.#isDue(connection)) void this.#check(connection)
    }
    this.#disposables.push(
      registry.onPolled(consider),
      bus.subscribe('camera.added', ({ serverId }) => consider(serverId)),
      bus.subscribe('server.removed', ({ serverId }) => this.#tryAgainAtMs.delete(serverId)),
    )
  }

  stop(): void {
    this.#abort.abort(new Error('The desk is stopping.'))
    for (const end of this.#disposables) end()
  }

  #isDue(connection: ServerConnection): boolean {
    const { state, callbackUrl } = connection
    const answers =
      state.reached && state.problem === null && state.streamOrigin !== null && !state.streamingClosed
    if (!answers || callbackUrl === null || this.#running.has(connection.id)) return false
    const again = this.#tryAgainAtMs.get(connection.id)
    return (
      connection.isCallbackDoubtful || (again !== undefined && again <= this.#options.clock.monotonicMs())
    )
  }

  async #check(connection: ServerConnection): Promise<void> {
    const { store, maintenance, logger } = this.#options
    const call: CallContext = { requestId: newId(), signal: this.#abort.signal }
    this.#running.add(connection.id)
    try {
      const camera = await store.read((db) => firstCamera(db, connection.id))
      if (!camera) return
      connection.noteCallbackDoubtful(false)
      await maintenance.settleAuthorization(connection, call, () => this.#ask(connection, call, camera))
    } catch (error) {
      if (this.#abort.signal.aborted) return
      const level = error instanceof AltaProblem ? 'info' : 'error'
      logger[level]('whether Alta reaches the desk could not be found out', {
        serverId: connection.id,
        error,
      })
    } finally {
      this.#running.delete(connection.id)
      this.#plan(connection)
    }
  }

  /** Where Alta asks the desk there is nothing to find out any more. */
  #plan(connection: ServerConnection): void {
    if (connection.row.authorizationMode === 'backend') this.#tryAgainAtMs.delete(connection.id)
    else this.#tryAgainAtMs.set(connection.id, this.#options.clock.monotonicMs() + retryMs)
  }

  async #ask(
    connection: ServerConnection,
    call: CallContext,
    camera: { id: string; channelId: string },
  ): Promise<CallbackVerdict> {
    const { bus, clock, patienceMs = standardPatienceMs } = this.#options
    const { streamOrigin } = connection.state
    if (streamOrigin === null) return 'unknown'
    const { channelId } = camera
    const { token, jti } = connection.tickets.sign({
      personId: 'desk',
      signInId: '',
      cameraId: camera.id,
      channelId,
    })
    const { promise: asked, resolve } = Promise.withResolvers<'called'>()
    const end = bus.subscribe('ticket.presented', (presented) => {
      if (presented.serverId === connection.id && presented.jti === jti) resolve('called')
    })
    const waited = AbortSignal.timeout(patienceMs)
    const silence = new Promise<'silent'>((give) => waited.addEventListener('abort', () => give('silent')))
    const signal = AbortSignal.any([waited, this.#abort.signal])
    const opened = openVerdict(openAsPlayer({ streamOrigin, clock }, { ...call, signal }, channelId, token))
    try {
      const verdict = await Promise.race([asked, silence, opened])
      // A desk that stops in the middle has found out nothing.
      this.#abort.signal.throwIfAborted()
      return verdict
    } finally {
      end()
    }
  }
}

/**
 * What the opening alone says once it has ended without a question: allowed or refused means that Alta decided without
 * us; anything else (no stream yet, a closed port) says nothing. While it hangs, Alta may be waiting for us.
 */
async function openVerdict(opening: Promise<number>): Promise<CallbackVerdict> {
  try {
    const status = await opening
    return status === 200 || status === 403 ? 'silent' : 'unknown'
  } catch (error) {
    // A try that took too long is just what is looked for: Alta waits for an answer of ours in vain.
    return error instanceof AltaProblem && error.code !== 'ALTA_SLOW' ? 'unknown' : 'silent'
  }
}
