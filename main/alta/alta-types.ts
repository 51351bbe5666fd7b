import type { AltaProblemCode } from '../../shared/domain/alta-problems.ts'
import type { Clock } from '../platform/clock.ts'
import type { AreaLogger } from '../platform/logging.ts'
import type { LargeAnswers } from './large-answers.ts'

/** What goes with every call to Alta. */
export interface CallContext {
  /** Sent as `X-Request-ID`; made at the door (or by a worker's round) that caused the call. */
  readonly requestId: string
  /** Ends the call, its retries and its place in the queue; the call then rejects with the signal's reason. */
  readonly signal?: AbortSignal
  /** Tries after the first one; the client's default where left out. A health round uses 0. */
  readonly retries?: number
  /** Most milliseconds for the whole call, retries and waiting included; never more than the client's own limit. */
  readonly timeoutMs?: number
}

/** Milliseconds each. */
export interface AltaTimeouts {
  /** TCP and TLS together. */
  readonly connectMs: number
  /** One try, from the request to the last byte of the answer. */
  readonly attemptMs: number
  /** A call with its retries and its wait for a free place. */
  readonly overallMs: number
}

/** How one call ended, for metrics: no ids, no names. */
export interface CallOutcome {
  readonly serverId: string
  /** Like `GET /api/config`; never with a query. */
  readonly operation: string
  readonly outcome: 'ok' | 'aborted' | AltaProblemCode
  readonly durationMs: number
}

export interface AltaClientOptions {
  readonly serverId: string
  /** The management API as an admin typed it; a path in it is kept as a prefix of `/api`. */
  readonly baseUrl: string
  readonly login: string
  readonly password: string
  readonly timeouts?: Partial<AltaTimeouts>
  readonly logger: AreaLogger
  readonly clock: Clock
  /** Reads large answers elsewhere; shared by all clients of a desk. */
  readonly answers: LargeAnswers
  readonly onCall?: (outcome: CallOutcome) => void
}

/** One object of Alta's configuration; {@link AltaClient.readObject} gives fields the desk does not know too, for `PUT`. */
export type ConfigObject = Readonly<Record<string, unknown>>

/** The kinds of objects that have calls of their own. */
export type ObjectKind = 'servers' | 'users' | 'receivers' | 'archives' | 'authorizers' | 'channels'

/** An HTTP listener of Alta. */
export interface AltaHttpServer extends ConfigObject {
  readonly listen?: string | undefined
  readonly serve?: string | undefined
  readonly allow_origin?: readonly string[] | undefined
  readonly crt_chain?: string | undefined
  readonly crt_key?: string | undefined
}
export interface AltaReceiver extends ConfigObject {
  readonly enable?: boolean | undefined
  readonly name?: string | undefined
  /** May hold a password: mask it before it leaves the main process. */
  readonly source?: string | undefined
}
/** A storage; `duration` in hours. */
export interface AltaArchive extends ConfigObject {
  readonly duration?: number | undefined
}
export interface AltaAuthorizer extends ConfigObject {
  readonly ip?: readonly string[] | undefined
  readonly securetoken?: string | undefined
  readonly backend?: readonly string[] | undefined
  readonly default?: string | undefined
}
export interface AltaChannel extends ConfigObject {
  readonly enable?: boolean | undefined
  readonly name?: string | undefined
  readonly authorizer?: string | undefined
  readonly archive?: string | undefined
  /** Hours; overrides the storage's. */
  readonly duration?: number | undefined
  readonly variants?: Readonly<Record<string, { readonly receiver?: string | undefined }>> | undefined
}

/** `GET /api/config`, read with tolerance. Look ids up with `Object.hasOwn`: they come from outside. */
export interface AltaConfig {
  readonly version: string | null
  readonly servers: Readonly<Record<string, AltaHttpServer>>
  /** Null: this Alta is older than receivers (ALTA_TOO_OLD). */
  readonly receivers: Readonly<Record<string, AltaReceiver>> | null
  readonly ott: {
    readonly archives: Readonly<Record<string, AltaArchive>>
    readonly authorizers: Readonly<Record<string, AltaAuthorizer>>
    readonly channels: Readonly<Record<string, AltaChannel>>
  }
}

/** What Alta reports of one receiver; null where it does not say. */
export interface AltaReceiverStatus {
  readonly active: boolean | null
  readonly bitrateKbps: number | null
  readonly codec: string | null
  readonly width: number | null
  readonly height: number | null
  readonly fps: number | null
  /** Empty where Alta reports none. */
  readonly error: string
}
export interface AltaStatus {
  readonly receivers: Readonly<Record<string, AltaReceiverStatus>>
  readonly channels: Readonly<Record<string, { readonly sessions: number | null; readonly error: string }>>
  /** A receiver or channel reports that the disk of Alta is full. */
  readonly diskFull: boolean
}

/** What the client knows of its server without asking. */
export interface AltaHealth {
  /** `open`: the last calls failed in a row, so calls fail at once with the last problem until the next trial. */
  readonly breaker: 'closed' | 'open' | 'half-open'
  /** Alta's clock less ours, measured on the last answer (exact to a second and half the time of the call); null before. */
  readonly clockOffsetMs: number | null
  /** `clock.now()` of the last answer of any kind, null before. */
  readonly lastAnswerAt: number | null
}

/**
 * The management API of one Alta server. Calls reject with {@link AltaProblem} (what is wrong with Alta), or with the
 * reason of the caller's signal. Logging in happens by itself.
 */
export interface AltaClient {
  readonly serverId: string
  readonly baseUrl: string
  config(call: CallContext): Promise<AltaConfig>
  /** Null where this Alta has no `/api/status` (404): then the HLS playlists tell. */
  status(call: CallContext): Promise<AltaStatus | null>
  /** Null where there is no such object. */
  readObject(call: CallContext, kind: ObjectKind, id: string): Promise<ConfigObject | null>
  /** `exists` also answers a retry whose first answer was lost: compare before calling it somebody else's. */
  createObject(
    call: CallContext,
    kind: ObjectKind,
    id: string,
    object: ConfigObject,
  ): Promise<'created' | 'exists'>
  /** Replaces the whole object: pass back what {@link readObject} gave, changed. */
  replaceObject(
    call: CallContext,
    kind: ObjectKind,
    id: string,
    object: ConfigObject,
  ): Promise<'replaced' | 'absent'>
  deleteObject(call: CallContext, kind: ObjectKind, id: string): Promise<'deleted' | 'absent'>
  startChannel(call: CallContext, id: string): Promise<'done' | 'absent'>
  stopChannel(call: CallContext, id: string): Promise<'done' | 'absent'>
  /** Makes sure that there is a session; ALTA_WRONG_PASSWORD where Alta refuses. */
  login(call: CallContext): Promise<void>
  logout(call: CallContext): Promise<void>
  /** Lets a client that gave up on its login try again; a health round begins with it. */
  allowLogin(): void
  health(): AltaHealth
  /** Ends calls and sockets at once; calls after it reject. */
  stop(): Promise<void>
}
