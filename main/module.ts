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
import type { Resource, Resources } from './rpc/resource.ts'
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
  /** The kinds of things it keeps that access can be about. */
  readonly resources?: Resources
}

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

/** The kinds of things that access can be about, of all modules. Throws where two keep the same kind. */
export function mergeResources(modules: readonly Module[]): ReadonlyMap<ResourceKind, Resource> {
  const merged = new Map<ResourceKind, Resource>()
  for (const { resources = {} } of modules) {
    for (const [kind, resource] of Object.entries(resources) as [ResourceKind, Resource][]) {
      if (merged.has(kind)) throw new Error(`Two modules keep resources of the kind ${kind}.`)
      merged.set(kind, resource)
    }
  }
  return merged
}
