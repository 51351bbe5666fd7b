import type { Caller } from '../rpc/request-context.ts'
import type { GroupRole } from '../../shared/domain/roles.ts'
import type { Change } from '../store/change-feed.ts'
import type { Tx } from '../store/store-types.ts'

/** What somebody's sign-ins are counted and locked by. */
export interface NamedAccount {
  readonly id: string
  readonly email: string
  readonly username: string
}

/** How an account stands with sign-in, as administrators see it. */
export interface AccountStatus {
  readonly totp: boolean
  readonly lockedUntil: number | null
  readonly lastActiveAt: number | null
}

/** What accounts need of sign-in, a module that uses accounts itself and implements this. */
export interface AccountSignIns {
  /** Looks up some accounts at once, and answers for each of them. */
  statusOf(accounts: readonly NamedAccount[]): Promise<(account: NamedAccount) => AccountStatus>
  /** Ends every sign-in of an account; answers what the write must declare. */
  endAll(tx: Tx, userId: string): Promise<readonly Change[]>
  /** Throws REAUTHENTICATION_REQUIRED where the caller proved more than 15 minutes ago who they are. */
  requireRecentProof(caller: Caller): Promise<void>
}

/** A group as an account is shown with it. */
export interface AccountGroup {
  readonly id: string
  readonly name: string
  readonly role: GroupRole
}

/** What accounts need of access, a module that uses accounts itself and implements this. */
export interface AccountGroups {
  /** The groups of an account, by name. */
  groupsOf(userId: string): Promise<AccountGroup[]>
  groupCount(userId: string): number
}
