import { createORPCClient, ORPCError } from '@orpc/client'
import type { ClientLink } from '@orpc/client'
import { RPCLink } from '@orpc/client/message-port'
import type {
  ContractRouterClient,
  InferContractRouterInputs,
  InferContractRouterOutputs,
} from '@orpc/contract'
import { OpenAPILink } from '@orpc/openapi-client/fetch'
import { contract } from '../../shared/contract/contract.ts'
import { AccessToken } from './access-token.ts'
import { desktopPort, inDesktopWindow } from './desktop-port.ts'

/** Every procedure of the desk, typed by the contract. */
export type DeskClient = ContractRouterClient<typeof contract>
/** What each procedure takes. */
export type Inputs = InferContractRouterInputs<typeof contract>
/** What each procedure answers. */
export type Outputs = InferContractRouterOutputs<typeof contract>
/** What signing in and renewing answer. */
export type Session = Outputs['auth']['login']

type NoContext = Record<never, never>
type Headers = () => Promise<Record<string, string>>

/** A call that nobody answers must not leave a button spinning; long jobs of the desk stay well below it. */
const callTimeoutMs = 60_000
/** An export is answered when its file is whole, which takes a long log its time. */
const exportTimeoutMs = 600_000

const door = inDesktopWindow() ? desktopDoor() : browserDoor()

/** One link per kind of caller over the same door. */
type Door = (headers: Headers, retryRefused: RetryRefused) => Promise<ClientLink<NoContext>>
type RetryRefused = <T>(call: () => Promise<T>) => Promise<T>

function browserDoor(): Door {
  return async (headers, retryRefused) =>
    new OpenAPILink<NoContext>(contract, {
      url: new URL('/api', location.origin).toString(),
      headers,
      fetch: (request, init) => fetch(request, { ...init, credentials: 'same-origin' }),
      customErrorResponseBodyDecoder: (body, { status }) => refusalIn(body, status),
      interceptors: [({ next }) => retryRefused(next)],
    })
}

/** The HTTP door answers refusals as `{code, message, data?}`, without the fields oRPC adds for itself. */
function refusalIn(body: unknown, status: number): ORPCError<string, unknown> | null {
  if (typeof body !== 'object' || body === null || !('code' in body && 'message' in body)) return null
  const data = 'data' in body ? body.data : undefined
  return new ORPCError(String(body.code), { status, message: String(body.message), data })
}

function desktopDoor(): Door {
  return async (headers, retryRefused) =>
    new RPCLink<NoContext>({
      // A port for each link: two links on one port number their calls alike and take each other's answers.
      port: await desktopPort(),
      headers,
      interceptors: [({ next }) => retryRefused(next)],
    })
}

/** The port of a desktop window arrives later than the page: the link waits for it, calls queue behind. */
function lazily(link: Promise<ClientLink<NoContext>>): ClientLink<NoContext> {
  return { call: async (path, input, options) => (await link).call(path, input, withTimeout(path, options)) }
}

function withTimeout<T extends { signal?: AbortSignal }>(path: readonly string[], options: T): T {
  if (path[0] === 'events') return options
  const timeout = AbortSignal.timeout(path.join('.') === 'audit.export' ? exportTimeoutMs : callTimeoutMs)
  return { ...options, signal: options.signal ? AbortSignal.any([options.signal, timeout]) : timeout }
}

/** For what strangers may call: no token is sent and none is renewed. */
const strangerClient = createORPCClient<DeskClient>(
  lazily(
    door(
      async () => ({}),
      (call) => call(),
    ),
  ),
)

let sessionEnded: (reason: string) => void = () => undefined
let sessionRenewed: (session: Session) => unknown = () => undefined

/** The token of this page. */
export const accessToken = new AccessToken(
  async () => {
    const session = await strangerClient.auth.refresh({})
    // Nothing is asked with the new token before whoever listens is ready for it: it may be another person's.
    await sessionRenewed(session)
    return session
  },
  (reason) => sessionEnded(reason),
)

/** Calls `listener`, with the desk's sentence, when it ended the session of this page (another tab signed out, the account is gone). */
export function onSessionEnded(listener: (reason: string) => void): void {
  sessionEnded = listener
}

/**
 * Calls `listener` with every renewed session: it tells whose sign-in this browser holds now. Calls wait until it is
 * done, so it must ask the desk through `deskOf` alone.
 */
export function onSessionRenewed(listener: (session: Session) => unknown): void {
  sessionRenewed = listener
}

async function authorization(): Promise<Record<string, string>> {
  const token = await accessToken.current()
  return token === null ? {} : { authorization: `Bearer ${token}` }
}

/** One more try where the desk refused the token although it looked good: its clock or its keys changed. */
async function retryRefused<T>(call: () => Promise<T>): Promise<T> {
  const token = await accessToken.current()
  try {
    return await call()
  } catch (error) {
    const refused = error instanceof ORPCError && error.status === 401
    if (refused && (await accessToken.renewedAfterRefusal(token))) return call()
    throw error
  }
}

/** Calls with the token of this page (null: nobody is signed in), and once more with a newer one where the desk answers 401. */
export function asSignedIn<T>(call: (token: string | null) => Promise<T>): Promise<T> {
  return retryRefused(async () => call(await accessToken.current()))
}

/** The desk, as the signed-in person. */
export const desk = createORPCClient<DeskClient>(lazily(door(authorization, retryRefused)))

let incomingToken = ''
const incomingDesk = createORPCClient<DeskClient>(
  lazily(
    door(
      async () => ({ authorization: `Bearer ${incomingToken}` }),
      (call) => call(),
    ),
  ),
)

/** The desk as somebody who is about to take over this page; everything else on it is still the last person's. */
export function deskOf(session: Session): DeskClient {
  incomingToken = session.accessToken
  return incomingDesk
}

/** The desk, as a stranger: sign-in, first-run set-up, registration, renewal. */
export const strangerDesk: Pick<DeskClient, 'auth' | 'registration'> = strangerClient
