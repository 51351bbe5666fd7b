import { AltaProblem } from '../alta/alta-problem.ts'
import type { CallContext } from '../alta/alta-types.ts'
import { openAsPlayer } from '../alta/hls-status.ts'
import type { Bus } from '../platform/bus.ts'
import type { Clock } from '../platform/clock.ts'
import { newId } from '../platform/ids.ts'
import type { Part } from '../platform/lifecycle.ts'
import type { AreaLogger } from '../platform/logging.ts'
import type { Store } from '../store/store-types.ts'
import type { Fleet } from './fleet.ts'
import { firstCamera } from './queries.ts'
import type { ServerLink } from './server-link.ts'
import type { CallbackVerdict, ServerUpkeep } from './upkeep.ts'

export interface CallbackCheckOptions {
  readonly store: Store
  readonly fleet: Fleet
  readonly upkeep: ServerUpkeep
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
export class CallbackCheck implements Part {
  readonly name = 'callback check'
  readonly #options: CallbackCheckOptions
  readonly #running = new Set<string>()
  readonly #tryAgainAtMs = new Map<string, number>()
  readonly #endings: (() => void)[] = []
  readonly #abort = new AbortController()

  constructor(options: CallbackCheckOptions) {
    this.#options = options
  }

  start(): void {
    const { fleet, bus } = this.#options
    const consider = (serverId: string): void => {
      const link = fleet.link(serverId)
      if (link && this.#isDue(link)) void this.#check(link)
    }
    this.#endings.push(
      fleet.onLooked(consider),
      bus.subscribe('camera.added', ({ serverId }) => consider(serverId)),
      bus.subscribe('server.removed', ({ serverId }) => this.#tryAgainAtMs.delete(serverId)),
    )
  }

  stop(): void {
    this.#abort.abort(new Error('The desk is stopping.'))
    for (const end of this.#endings) end()
  }

  #isDue(link: ServerLink): boolean {
    const { state, callbackUrl } = link
    const answers =
      state.reached && state.problem === null && state.streamOrigin !== null && !state.streamingClosed
    if (!answers || callbackUrl === null || this.#running.has(link.id)) return false
    const again = this.#tryAgainAtMs.get(link.id)
    return link.isCallbackDoubtful || (again !== undefined && again <= this.#options.clock.monotonicMs())
  }

  async #check(link: ServerLink): Promise<void> {
    const { store, upkeep, logger } = this.#options
    const call: CallContext = { requestId: newId(), signal: this.#abort.signal }
    this.#running.add(link.id)
    try {
      const camera = await store.read((db) => firstCamera(db, link.id))
      if (!camera) return
      link.noteCallbackDoubtful(false)
      await upkeep.settleAuthorization(link, call, () => this.#ask(link, call, camera))
    } catch (error) {
      if (this.#abort.signal.aborted) return
      const level = error instanceof AltaProblem ? 'info' : 'error'
      logger[level]('whether Alta reaches the desk could not be found out', { serverId: link.id, error })
    } finally {
      this.#running.delete(link.id)
      this.#plan(link)
    }
  }

  /** Where Alta asks the desk there is nothing to find out any more. */
  #plan(link: ServerLink): void {
    if (link.row.authorizationMode === 'backend') this.#tryAgainAtMs.delete(link.id)
    else this.#tryAgainAtMs.set(link.id, this.#options.clock.monotonicMs() + retryMs)
  }

  async #ask(
    link: ServerLink,
    call: CallContext,
    camera: { id: string; channelId: string },
  ): Promise<CallbackVerdict> {
    const { bus, clock, patienceMs = standardPatienceMs } = this.#options
    const { streamOrigin } = link.state
    if (streamOrigin === null) return 'unknown'
    const { channelId } = camera
    const { token, jti } = link.tickets.sign({
      personId: 'desk',
      signInId: '',
      cameraId: camera.id,
      channelId,
    })
    const { promise: asked, resolve } = Promise.withResolvers<'called'>()
    const end = bus.subscribe('ticket.presented', (presented) => {
      if (presented.serverId === link.id && presented.jti === jti) resolve('called')
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
