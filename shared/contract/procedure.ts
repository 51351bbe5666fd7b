import { oc } from '@orpc/contract'
import type { AnyContractProcedure } from '@orpc/contract'
import type { GroupRole } from '../domain/roles.ts'
import { commonErrors } from './errors.ts'

/** What a person can have a role for: a camera and a group by their groups; a view by being its owner, or by its group. */
export type ResourceKind = 'camera' | 'group' | 'view'

/**
 * Who may call a procedure. The role part (`anyone`, `signedIn`, `admin`) is decided before the input is read; the
 * resource part (this very camera) after it, from the input field `field` (an id, or a list of ids).
 */
export type Access =
  | { readonly kind: 'anyone' }
  | { readonly kind: 'signedIn' }
  | { readonly kind: 'admin' }
  | {
      readonly kind: ResourceKind
      readonly role: GroupRole
      readonly field: string
      /** Whether the field may be left out: nothing is then asked of anybody but that they are signed in. */
      readonly mayBeAbsent: boolean
    }

/** Strangers too: sign-in and what it needs, nothing else. */
export const anyone: Access = { kind: 'anyone' }
/** Any person with a valid access token. */
export const signedIn: Access = { kind: 'signedIn' }
/** Administrators of the desk. */
export const admin: Access = { kind: 'admin' }
/** Whoever may see what the input names in `field`; for others it does not exist (404). */
export function viewerOf(what: ResourceKind, field = 'id'): Access {
  return { kind: what, role: 'viewer', field, mayBeAbsent: false }
}
/** Its operators. Viewers, who know that it exists, are refused (403); for others it does not exist (404). */
export function operatorOf(what: ResourceKind, field = 'id'): Access {
  return { kind: what, role: 'operator', field, mayBeAbsent: false }
}
/** The same where the input names it at all; anybody who is signed in where it does not. */
export function operatorOfAny(what: ResourceKind, field: string): Access {
  return { kind: what, role: 'operator', field, mayBeAbsent: true }
}

/** Everything that can stand in the audit log; the past tense of what a person did. */
export type AuditAction =
  | 'session.opened'
  | 'session.refreshed'
  | 'session.closed'
  | 'session.proven'
  | 'desk.set-up'
  | 'password.changed'
  | 'password.refused'
  | 'totp.prepared'
  | 'totp.confirmed'
  | 'totp.removed'
  | 'backup-codes.renewed'
  | 'recovery-code.renewed'
  | 'notices.dismissed'
  | 'account.recovered'
  | 'account.locked'
  | 'account.changed'
  | 'account.linked'
  | 'session.ended'
  | 'sign-in-rules.changed'
  | 'server.added'
  | 'server.changed'
  | 'server.removed'
  | 'server.repaired'
  | 'server.page-origin-added'
  | 'page-origin.allowed'
  | 'page-origin.withdrawn'
  | 'camera.imported'
  | 'camera.changed'
  | 'camera.removed'
  | 'wall.saved'
  | 'live.viewed'
  | 'live.left'
  | 'audit.exported'
  | 'listener.changed'
  | 'user.added'
  | 'user.registered'
  | 'user.changed'
  | 'user.removed'
  | 'user.password-reset'
  | 'user.sign-in-ended'
  | 'user.totp-removed'
  | 'user.unlocked'
  | 'user.sign-ins-ended'
  | 'invite.made'
  | 'invite.withdrawn'
  | 'group.added'
  | 'group.changed'
  | 'group.removed'
  | 'group.camera-added'
  | 'group.camera-removed'
  | 'group.member-set'
  | 'group.member-removed'
  | 'group.wall-saved'
  | 'group.wall-restored'
  | 'view.added'
  | 'view.changed'
  | 'view.restored'
  | 'view.slot-set'
  | 'view.removed'

/** The two rules every procedure states; `audit: null` means that the procedure changes nothing. */
export interface ProcedureRules {
  readonly access: Access
  readonly audit: AuditAction | null
  /** True where also somebody is answered who must set up an authenticator app first. */
  readonly withoutTotp?: true
  /** True where also somebody is answered who must choose a password of their own first. */
  readonly withoutOwnPassword?: true
}

/**
 * Starts a procedure of the contract. There is no other way to start one: `api()` refuses a bare `oc`.
 * The rules travel as meta, where the doors find them.
 */
export function procedure(rules: ProcedureRules) {
  return oc.$meta<RulesMeta>({ rules }).errors(commonErrors)
}

/** The meta under which the doors find a procedure's rules. */
export interface RulesMeta extends Record<string, unknown> {
  readonly rules: ProcedureRules
}

interface RuledProcedure {
  '~orpc': { meta: RulesMeta }
}
type RuledRouter = { readonly [name: string]: (AnyContractProcedure & RuledProcedure) | RuledRouter }

/** Collects procedures into a contract; a procedure without rules does not compile. */
export function api<T extends RuledRouter>(router: T): T {
  return router
}
