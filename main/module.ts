import type { AnyProcedure } from '@orpc/server'
import type { ResourceKind } from '../shared/contract/procedure.ts'
import type { JobQueue } from './jobs/job-queue.ts'
import type { Bus } from './platform/bus.ts'
import type { StartChildProcess } from './platform/child-process.ts'
import type { Clock } from './platform/clock.ts'
import type { Config } from './platform/config.ts'
import type { Keyring } from './platform/keyring.ts'
import type { Service } from './platform/lifecycle.ts'
import type { Logger } from './platform/logging.ts'
import type { Metrics } from './platform/metrics.ts'
import type { PartsHealth } from './platform/service-health.ts'
import type { ChangeFeed } from './store/change-feed.ts'
import type { Store } from './store/store-types.ts'
import type { StreamHub } from './stream/stream-hub.ts'

/** What every module is given. */
export interface Core {
  readonly config: Config
  readonly logger: Logger
  readonly clock: Clock
  readonly metrics: Metrics
  readonly bus: Bus
  /** Where modules tell pages what changed, by topic. */
  readonly hub: StreamHub
  readonly health: PartsHealth
  readonly keyring: Keyring
  readonly store: Store
  readonly jobs: JobQueue
  readonly feed: ChangeFeed
  readonly startChildProcess: StartChildProcess
  /** The name of this desk among others; see `loadDeskId`. */
  readonly deskId: string
  /** Whether there is no window: the desk is a process in a terminal, or a service. */
  readonly headless: boolean
}

/** Part of the router: procedures, by the two names that the contract gives them (`cameras.list`). */
export type Procedures = Readonly<Record<string, Readonly<Record<string, AnyProcedure>>>>

/** One capability of the desk, as `desk.ts` knows it: what it answers, what it runs, what it names. */
export interface Module {
  readonly procedures: Procedures
  /** Started in this order, after those of the modules before it; stopped in reverse. */
  readonly services?: readonly Service[]
  /** Started after the services of every module, so that no news is missed: what polls servers. */
  readonly sources?: readonly Service[]
  /** What the resources are called that it keeps, for the audit log; the names of kinds are those of the contract. */
  readonly resources?: { readonly [Kind in ResourceKind]?: ResourceName }
}

/** What a resource is called; undefined where there is none with this id. */
export type ResourceName = (id: string) => Promise<string | undefined>

/** One router of the procedures of all modules. Throws where two answer the same. */
export function mergeProcedures(modules: readonly Module[]): Procedures {
  const merged: Record<string, Record<string, AnyProcedure>> = {}
  for (const { procedures } of modules) {
    for (const [branch, leaves] of Object.entries(procedures)) {
      const known = (merged[branch] ??= {})
      for (const [name, procedure] of Object.entries(leaves)) {
        if (known[name]) throw new Error(`Two modules answer ${branch}.${name}.`)
        known[name] = procedure
      }
    }
  }
  return merged
}

/** What something is called, by the module that keeps its kind. Throws where two name one kind. */
export function mergeResources(
  modules: readonly Module[],
): (kind: ResourceKind, id: string) => Promise<string | undefined> {
  const names = new Map<string, ResourceName>()
  for (const [kind, name] of modules.flatMap(({ resources = {} }) => Object.entries(resources))) {
    if (names.has(kind)) throw new Error(`Two modules keep resources of the kind ${kind}.`)
    names.set(kind, name)
  }
  return (kind, id) => names.get(kind)?.(id) ?? Promise.resolve(undefined)
}
