import { oc } from '@orpc/contract'
import type { AnyContractProcedure } from '@orpc/contract'
import type { GroupRole } from '../domain/roles.ts'
import { commonErrors } from './errors.ts'

/** The kinds of things that a person can have a role for; each contract file declares its own. */
export interface ResourceKinds {}
export type ResourceKind = keyof ResourceKinds

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

/** What the audit log can say that somebody did, in the past tense; each contract file declares its own. */
export interface AuditActions {}
export type AuditAction = keyof AuditActions

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
