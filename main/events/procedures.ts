import { os } from '../identity/implementer.ts'
import { signedInCaller } from '../identity/request-context.ts'
import type { EventStream } from './event-stream.ts'

/** What changes, as it changes. */
export function eventProcedures(stream: EventStream) {
  return {
    stream: os.events.stream.handler(({ context, lastEventId }) =>
      stream.open(signedInCaller(context), lastEventId, context.signal, context.door),
    ),
  }
}
