import type { Accounts } from '../accounts/module.ts'
import type { AccountGroups } from '../accounts/account-uses.ts'
import type { Core, Module } from '../module.ts'
import { Groups } from './groups.ts'
import { groupById, groupFacts, groupsByName } from './groups-queries.ts'
import { Policy } from './policy.ts'
import { groupProcedures } from './procedures.ts'
import { Rights } from './rights.ts'
import { openAccessTopics } from './stream-topics.ts'

declare module '../platform/bus.ts' {
  interface Facts {
    /** What these people may see has changed. */
    'rights.changed': { userIds: readonly string[] }
  }
}

export interface Access extends Module {
  readonly rights: Rights
  readonly policy: Policy
  readonly accountGroups: AccountGroups
}

/** Groups, and what they let their members see and do. */
export async function openAccess(core: Core, { people }: Pick<Accounts, 'people'>): Promise<Access> {
  const { store, feed, bus, clock } = core
  const rights = new Rights(() => clock.monotonicMs())
  rights.load(await store.read(groupFacts))
  rights.follow(feed, (userIds) => {
    if (userIds.length > 0) bus.publish('rights.changed', { userIds })
  })
  const policy = new Policy({ rights, person: (userId) => people.get(userId) })
  openAccessTopics({ ...core, policy })
  return {
    procedures: { groups: groupProcedures(new Groups({ store, clock, rights, policy })) },
    resources: {
      group: {
        nameOf: async (id) => (await store.read((db) => groupById(db, id)))?.name,
        roleFor: (caller, id) => policy.groupRole(caller, id),
        hadJustNow: (caller, id, needed) => policy.hadJustNow(caller, 'group', id, needed),
        operatorsOnly: 'Only operators of this group may do this.',
      },
    },
    rights,
    policy,
    accountGroups: {
      groupCount: (userId) => rights.groupCount(userId),
      groupsOf: async (userId) => {
        const rows = await store.read((db) => groupsByName(db, rights.groupsOf(userId)))
        return rows.flatMap(({ id, name }) => {
          const role = rights.roleInGroup(userId, id)
          return role ? [{ id, name, role }] : []
        })
      },
    },
  }
}
