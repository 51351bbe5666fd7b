import type { AltaClient, CallContext } from '../alta/alta-types.ts'
import type { Authorization } from '../alta/ownership-types.ts'
import { withdrawAddition } from '../alta/provisioning.ts'
import { doublingBackoff } from '../jobs/job-kinds.ts'
import type { HeldJob, RunningJob } from '../jobs/job-kinds.ts'
import type { JobQueue } from '../jobs/job-queue.ts'
import { newId } from '../platform/ids.ts'
import type { AreaLogger } from '../platform/logging.ts'
import type { Mutex } from '../platform/mutex.ts'
import type { Store } from '../store/store-types.ts'
import type { ServerRegistry } from './server-registry.ts'

export interface PendingAdditionsOptions {
  readonly store: Store
  readonly jobs: JobQueue
  readonly registry: ServerRegistry
  readonly logger: AreaLogger
  readonly deskId: string
}

/** What the desk is about to make on an Alta that it does not know yet. */
export interface Addition {
  readonly serverId: string
  readonly baseUrl: string
  readonly login: string
  readonly password: string
  readonly authorization: Authorization
  /** Page origins that Alta does not allow yet. */
  readonly origins: readonly string[]
}

/** The part of it that the database may show. */
interface AdditionPayload {
  readonly serverId: string
  readonly baseUrl: string
  readonly login: string
  readonly origins: readonly string[]
}

/** The other part, sealed. */
type AdditionSecret = Pick<Addition, 'password' | 'authorization'>

const kind = 'servers.pending-addition'
/** How long the undoing of a failed addition waits for an Alta that may be dead. */
const undoCall = { retries: 1, timeoutMs: 5_000 } as const

/**
 * Servers that are being added, each written down as a job before the first write on Alta. The transaction that keeps the
 * server finishes it; where that never comes, the job removes from Alta what the attempt made there, and nothing else.
 */
export class PendingAdditions {
  readonly #options: PendingAdditionsOptions
  readonly #additions: Mutex

  /** `additions`: held while a server is added, so that no other attempt is at work on the same Alta. */
  constructor(options: PendingAdditionsOptions, additions: Mutex) {
    this.#options = options
    this.#additions = additions
    options.jobs.register<AdditionPayload>({
      name: kind,
      concurrency: 1,
      // Some two days: the password may have been changed, and each attempt is a failed login on that Alta.
      mostAttempts: 50,
      backoffMs: doublingBackoff(1_000, 3_600_000),
      run: (job) => this.#run(job),
    })
  }

  /** Writes one down; it must be on disk before Alta hears of it. */
  note({ serverId, baseUrl, login, password, authorization, origins }: Addition): Promise<HeldJob> {
    const payload: AdditionPayload = { serverId, baseUrl, login, origins }
    const secret: AdditionSecret = { password, authorization }
    return this.#options.jobs.hold({ kind, payload, secret: JSON.stringify(secret) })
  }

  /** Takes a failed addition back. Where that fails too it is left for later; never rejects. */
  async undo(
    client: AltaClient,
    call: CallContext,
    { authorization, origins }: Addition,
    job: HeldJob,
  ): Promise<void> {
    const { store, deskId, logger } = this.#options
    try {
      await withdrawAddition(client, { ...call, ...undoCall }, { deskId, authorization, origins })
      await store.write({ audit: null }, (tx) => job.finish(tx))
    } catch (error) {
      const { requestId } = call
      logger.warn('what a failed addition made on Alta is removed once that answers', { requestId, error })
      await job.release()
    }
  }

  async #run({ payload, secret, signal }: RunningJob<AdditionPayload>): Promise<void> {
    const { registry, deskId, logger } = this.#options
    const { serverId, baseUrl, login, origins } = payload
    if (secret === null) throw new Error('The account of the server is missing.')
    const { password, authorization } = JSON.parse(secret) as AdditionSecret
    await this.#additions.run(async () => {
      signal.throwIfAborted()
      const client = registry.client(serverId, baseUrl, login, password)
      const call = { requestId: newId(), signal, ...undoCall }
      try {
        const found = await withdrawAddition(client, call, { deskId, authorization, origins })
        logger.info('what an unfinished addition made on Alta was looked for', { serverId, baseUrl, found })
      } finally {
        await client.stop()
      }
    })
  }
}
