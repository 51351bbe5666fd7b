import { oc } from '@orpc/contract'
import type { AnyContractProcedure } from '@orpc/contract'
import type { GroupRole } from '../domain/roles.ts'
import { commonErrors } from './errors.ts'

/**
 * Who may call a procedure. The role part (`anyone`, `signedIn`, `admin`, a camera's `role`) is decided before the
 * input is read; the resource part (this very camera) after it, from the input field `field` (an id, or a list of ids).
 */
export type Access =
  | { readonly kind: 'anyone' }
  | { readonly kind: 'signedIn' }
  | { readonly kind: 'admin' }
  | { readonly kind: 'camera'; readonly role: GroupRole; readonly field: string }

/** Strangers too: sign-in and what it needs, nothing else. */
export const anyone: Access = { kind: 'anyone' }
/** Any person with a valid access token. */
export const signedIn: Access = { kind: 'signedIn' }
/** Administrators of the desk. */
export const admin: Access = { kind: 'admin' }
/** Whoever may watch the camera that the input names in `field`; for others it does not exist (404). */
export function viewerOf(_what: 'camera', field = 'id'): Access {
  return { kind: 'camera', role: 'viewer', field }
}

/** Everything that can stand in the audit log; the past tense of what a person did. */
export type AuditAction =
  | 'session.opened'
  | 'session.refreshed'
  | 'session.closed'
  | 'desk.set-up'
  | 'password.changed'
  | 'server.added'
  | 'server.changed'
  | 'server.removed'
  | 'server.repaired'
  | 'camera.imported'
  | 'camera.changed'
  | 'camera.removed'
  | 'wall.saved'
  | 'listener.changed'

/** The two rules every procedure states; `audit: null` means that the procedure changes nothing. */
export interface ProcedureRules {
  readonly access: Access
  readonly audit: AuditAction | null
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
