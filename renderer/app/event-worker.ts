import { createORPCClient } from '@orpc/client'
import { oc, type } from '@orpc/contract'
import type { ContractRouterClient } from '@orpc/contract'
import { OpenAPILink } from '@orpc/openapi-client/fetch'
import type { StreamMessage } from '../../shared/contract/events.ts'
import { SharedStreams } from './shared-streams.ts'

// The whole contract would bring every schema of the desk with it.
const contract = {
  stream: oc.route({ method: 'GET', path: '/events/stream' }).output(type<AsyncIterable<StreamMessage>>()),
}
interface Context {
  readonly token: string
}

const desk = createORPCClient<ContractRouterClient<typeof contract, Context>>(
  new OpenAPILink<Context>(contract, {
    url: new URL('/api', location.origin).toString(),
    headers: ({ context }) => ({ authorization: `Bearer ${context.token}` }),
  }),
)

const streams = new SharedStreams(({ token, lastEventId, signal }) =>
  desk.stream(undefined, { context: { token }, lastEventId, signal }),
)

addEventListener('connect', (event) => {
  if (event instanceof MessageEvent) for (const port of event.ports) streams.serve(port)
})
