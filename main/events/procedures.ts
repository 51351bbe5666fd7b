import { rpc } from '../rpc/rpc.ts'
import { signedInCaller } from '../rpc/request-context.ts'
import type { EventStreams } from '../stream/event-streams.ts'

/** What changes, as it changes. */
export function eventProcedures(streams: EventStreams) {
  return {
    stream: rpc.events.stream.handler(({ context, lastEventId }) =>
      streams.open(signedInCaller(context), lastEventId, context.signal, context.door),
    ),
  }
}
