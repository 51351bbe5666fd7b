import type { ResourceKind } from '../../shared/contract/procedure.ts'
import type { GroupRole } from '../../shared/domain/roles.ts'
import type { Caller } from './request-context.ts'

/** One kind of things that access can be about, as the module registers it that keeps them. */
export interface Resource {
  /** What it is called, for the audit log; undefined where there is none with this id. */
  nameOf(id: string): Promise<string | undefined>
  /** What the caller may do with it; null where it does not exist for them. */
  roleFor(caller: Caller, id: string): GroupRole | null | Promise<GroupRole | null>
  /** Whether the caller had this access until a moment ago: their request was overtaken then, and is no attempt. */
  hadJustNow(caller: Caller, id: string, needed: GroupRole): boolean | Promise<boolean>
  /** The error of those who may see it, and ask for what only its operators may do. */
  readonly operatorsOnly: string
}

export type Resources = { readonly [Kind in ResourceKind]?: Resource }
