import { rpc } from '../rpc/rpc.ts'
import { signedInCaller } from '../rpc/request-context.ts'
import type { EventStream } from './event-stream.ts'

/** What changes, as it changes. */
export function eventProcedures(stream: EventStream) {
  return {
    stream: rpc.events.stream.handler(({ context, lastEventId }) =>
      stream.open(signedInCaller(context), lastEventId, context.signal, context.door),
    ),
  }
}
