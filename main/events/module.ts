import type { Core, Module } from '../module.ts'
import type { Caller } from '../rpc/request-context.ts'
import { EventStreams } from '../stream/event-streams.ts'
import { eventProcedures } from './procedures.ts'

export interface EventsUses {
  readonly isStillIn: (caller: Caller) => Promise<boolean>
  readonly streamOrigins: () => readonly string[]
  /** How many files and connections the desk may have open. */
  readonly descriptors: number
}

/** Of the machine that the desk runs on; set TZ to change it. */
const { timeZone } = new Intl.DateTimeFormat().resolvedOptions()

/** The open streams of what changes, told to every page that may know it. */
export function openEvents(core: Core, { isStillIn, streamOrigins, descriptors }: EventsUses): Module {
  const streams = new EventStreams({
    ...core,
    isStillIn,
    greeting: () => ({ timeZone, streamOrigins: [...streamOrigins()] }),
    // A quarter: the rest is for requests, Alta's above all, for files and for connections to Alta servers.
    mostStreams: Math.floor(descriptors / 4),
  })
  return { procedures: { events: eventProcedures(streams) }, services: [streams] }
}
