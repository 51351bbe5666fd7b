import type { Access } from '../access/module.ts'
import type { Core, Module } from '../module.ts'
import { supervised } from '../platform/lifecycle.ts'
import type { Servers } from '../servers/module.ts'
import { keepFirstSlots } from './first-slots.ts'
import { groupWallProcedures, liveProcedures, viewProcedures } from './procedures.ts'
import { camerasOnWallsOf, viewName, viewOwner } from './queries.ts'
import { LiveService } from './service.ts'
import { openLiveTopics } from './stream-topics.ts'
import { ViewingSessions } from './viewing-sessions.ts'
import { viewResource } from './view-resource.ts'
import { Views } from './views.ts'
import { Walls } from './walls.ts'

declare module '../platform/bus.ts' {
  interface Facts {
    /** Somebody asked our authorizer about this ticket, which is good: of this server, this path, and signed by us. */
    'ticket.presented': { serverId: string; jti: string }
  }
}

export interface LiveUses {
  readonly servers: Servers
  readonly access: Access
  /** Whether a sign-in goes on: a ticket is worth nothing after its end. */
  readonly isSignInLive: (family: string) => Promise<boolean>
  /** The origin of the desktop's own pages; null on a headless desk. */
  readonly desktopOrigin: string | null
}

export interface Live extends Module {
  /** Answers an Alta server that asks whether somebody may watch. */
  readonly authorize: LiveService['authorize']
}

/** Live pictures, walls and views. */
export function openLive(core: Core, uses: LiveUses): Live {
  const { store, bus, clock, health } = core
  const { registry, pageOrigins } = uses.servers
  const { policy, rights } = uses.access
  const logger = core.logger.for('live')
  const onWallsOf = (userId: string): Promise<Set<string>> => store.read((db) => camerasOnWallsOf(db, userId))
  const viewingSessions = new ViewingSessions({ store, bus, clock, onWallsOf })
  const live = new LiveService({
    store,
    registry,
    bus,
    clock,
    logger,
    pageOrigins,
    isSignInLive: uses.isSignInLive,
    viewingSessions,
    policy,
    desktopOrigin: uses.desktopOrigin,
  })
  const walls = new Walls({ store, policy, rights, clock })
  const views = new Views({ store, policy, rights, walls, clock })
  openLiveTopics({ ...core, policy })
  return {
    procedures: {
      live: liveProcedures(live, walls),
      views: viewProcedures(views),
      groups: groupWallProcedures(walls),
    },
    resources: {
      view: viewResource(policy, {
        nameOf: (id) => store.read((db) => viewName(db, id)),
        ownerOf: (id) => store.read((db) => viewOwner(db, id)),
      }),
    },
    services: [
      { name: 'digits of views', start: () => keepFirstSlots(store, rights), stop: () => undefined },
      supervised({
        name: 'viewing sessions',
        run: (signal) => viewingSessions.run(signal),
        health,
        logger,
      }),
    ],
    authorize: live.authorize.bind(live),
  }
}
