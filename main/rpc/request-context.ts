import type { AuditAction } from '../../shared/contract/procedure.ts'
import type { AuditRecord } from '../store/store-types.ts'

/** Who calls, as the access token says it. */
export interface Caller {
  readonly userId: string
  readonly email: string
  readonly admin: boolean
  /** The sign-in this token belongs to: the family of its refresh tokens. */
  readonly family: string
  /** An administrator asks for an authenticator app: until there is one, little else is answered. */
  readonly mustSetUpTotp?: boolean
  /** Somebody else gave them their password: until they have chosen one of their own, next to nothing is answered. */
  readonly mustChoosePassword?: boolean
}

/** A refresh token as a caller presents it. */
export interface PresentedToken {
  readonly token: string
  /** With TLS: in a cookie of the name that it had without, which any page over plain HTTP could have planted. */
  readonly underOldName: boolean
}

/**
 * Where a door keeps the refresh token between calls: an HttpOnly cookie over HTTP, the main process (one per window)
 * on the desktop. Scripts never see it.
 */
export interface RefreshTokenKeeper {
  /** Whether what is set gets a name that only this desk, over TLS, can give. */
  readonly namesSecurely: boolean
  get(): PresentedToken | null
  /** `family` names the sign-in; `expiresAt` is in milliseconds since the epoch. */
  set(token: string, expiresAt: number, family: string): void
  /** Whether what is set from now on outlives the desktop application. A browser's cookie does in any case. */
  stay(wanted: boolean): void
  /** Forgets what was presented; a cookie of the old name takes none of the new name with it. */
  clear(): void
}

/** The window of the desktop application that a call comes from, as far as the wall on its page is concerned. */
export interface CallingWindow {
  /** Whether anybody can see it: it is neither minimised nor hidden. */
  readonly isSeen: boolean
  /** Calls `listener` on every change; returns the function that ends that. */
  onSeen(listener: (seen: boolean) => void): () => void
  /** Its page shows a wall, for which the display stays awake, until the returned function is called. */
  showsWall(): () => void
}

/** What a door knows about one request; every procedure gets it as its oRPC context. */
export interface RequestContext {
  readonly requestId: string
  readonly door: 'http' | 'desktop'
  /** Peer address of the socket (or what a trusted proxy says); `desktop` on the MessagePort door. */
  readonly remoteAddress: string
  readonly userAgent: string
  /** scheme://host[:port] under which the caller reached us; null on the desktop. */
  readonly requestOrigin: string | null
  /** Null for strangers. */
  readonly caller: Caller | null
  readonly refreshToken: RefreshTokenKeeper
  /** Null over HTTP. */
  readonly window: CallingWindow | null
  /** Aborted when the caller goes away or the desk stops. */
  readonly signal: AbortSignal
  /** The audit records made for this request; the guard looks whether one was written where one is due. */
  readonly auditRecords: AuditRecord[]
}

/** The parts of an audit record that a module adds to what the request already says. */
export interface AuditParts {
  readonly action: AuditAction
  readonly target: AuditRecord['target']
  readonly before?: AuditRecord['before']
  readonly after?: AuditRecord['after']
  readonly outcome?: AuditRecord['outcome']
  /** Where the actor is not the caller: a sign-in has no caller yet. */
  readonly actor?: { readonly id: string | null; readonly name: string }
}

/** Makes the audit record of a request, to be given to `store.write`; it counts as written once that returns. */
export function auditRecord(context: RequestContext, parts: AuditParts): AuditRecord {
  const record: AuditRecord = {
    action: parts.action,
    actorId: parts.actor ? parts.actor.id : (context.caller?.userId ?? null),
    actorName: parts.actor ? parts.actor.name : (context.caller?.email ?? 'stranger'),
    door: context.door,
    remoteAddress: context.remoteAddress,
    requestId: context.requestId,
    outcome: parts.outcome ?? 'done',
    target: parts.target,
    before: parts.before ?? null,
    after: parts.after ?? null,
  }
  context.auditRecords.push(record)
  return record
}

/** The caller of a procedure that is not for strangers; the guard has let nobody else pass. */
export function signedInCaller(context: RequestContext): Caller {
  if (!context.caller) throw new Error('A procedure that is open to strangers asked who is signed in.')
  return context.caller
}
