import { onMessagePortClose, onMessagePortMessage, postMessagePortMessage } from '@orpc/client/message-port'
import type { SupportedMessagePort } from '@orpc/client/message-port'
import type { AnyRouter } from '@orpc/server'
import { RPCHandler } from '@orpc/server/websocket'
import type { MinimalWebsocket } from '@orpc/server/websocket'
import type {
  CallingWindow,
  PresentedToken,
  RefreshTokenKeeper,
  RequestContext,
} from '../rpc/request-context.ts'
import { newId } from '../platform/ids.ts'
import type { AreaLogger } from '../platform/logging.ts'
import type { Authenticate } from './http/request-context.ts'

/** A MessagePort of a window: Electron's MessagePortMain, or Node's own. */
export type DesktopPort = SupportedMessagePort & { close(): void }

export interface DesktopDoorOptions {
  /** The guarded router, which the HTTP door serves too. */
  readonly router: AnyRouter
  readonly authenticate: Authenticate
  /** One for all windows: they belong to the one person who sits there. */
  readonly keeper: RefreshTokenKeeper
  /** The window that the port belongs to; null where there is none (tests). */
  readonly window: CallingWindow | null
  readonly log: AreaLogger
}

/** A refresh token, good until `expiresAt` (ms since the epoch). */
export interface HeldSignIn {
  readonly token: string
  readonly expiresAt: number
}

/** The operating system's vault, as far as a sign-in is kept in it between two runs of the application. */
export interface SignInVault {
  /** Why nothing can be kept here, in a sentence; null where it can. */
  readonly obstacle: string | null
  /** What an earlier run left. */
  readonly kept: HeldSignIn | null
  save(held: HeldSignIn): void
  erase(): void
  /** Resolves once everything that was asked for is done. */
  settled(): Promise<void>
}

/**
 * Holds the desktop's refresh token in the main process, where no page can read it. It ends with the process, unless the
 * person wanted to stay signed in: then it lies in the vault as well.
 */
export class DesktopKeeper implements RefreshTokenKeeper {
  readonly namesSecurely = false
  readonly #vault: SignInVault | null
  #held: HeldSignIn | null
  #stays: boolean

  constructor(vault: SignInVault | null) {
    this.#vault = vault
    this.#held = vault?.kept ?? null
    this.#stays = this.#held !== null
  }

  get(): PresentedToken | null {
    const held = this.#held
    return held !== null && held.expiresAt > Date.now() ? { token: held.token, underOldName: false } : null
  }

  set(token: string, expiresAt: number): void {
    this.#held = { token, expiresAt }
    if (this.#stays) this.#vault?.save(this.#held)
  }

  stay(wanted: boolean): void {
    if (this.#stays && !wanted) this.#vault?.erase()
    this.#stays = wanted
  }

  clear(): void {
    this.#held = null
    this.stay(false)
  }
}

/**
 * Serves the desk to a window over a MessagePort, by oRPC's RPC protocol. The page sends its access token with every
 * call in the header `authorization`, as over HTTP, so that both doors look at a call in the same way; the refresh
 * token stays with `keeper`. The port must be started by whoever hands it in.
 */
export function serveDesktopPort(port: DesktopPort, options: DesktopDoorOptions): void {
  const handler = new RPCHandler<RequestContext>(options.router, {
    rootInterceptors: [
      async ({ request, next, ...others }) => {
        const context = await contextOf(request.headers, request.signal, options)
        return next({ ...others, request, context })
      },
    ],
  })
  // oRPC's own handler for ports leaves the promise of a message that is none unheard, which would end the process.
  // Its handler for WebSockets speaks the same protocol and returns it.
  const socket: MinimalWebsocket = {
    send: (data) => postMessagePortMessage(port, data),
    addEventListener: () => undefined,
  }
  // Replaced for every call by the interceptor; before that nobody has called.
  const context = anonymousContext(options, new AbortController().signal)
  onMessagePortMessage(port, (message: unknown) => {
    const heard = typeof message === 'string' || message instanceof ArrayBuffer ? message : asBytes(message)
    handler.message(socket, heard, { context }).catch((error: unknown) => {
      options.log.warn('a window sent what is no call; its port is closed', { error })
      port.close()
    })
  })
  onMessagePortClose(port, () => handler.close(socket))
}

/** Calls with files come as bytes; anything else becomes text that is no call. */
function asBytes(message: unknown): string | ArrayBuffer {
  return message instanceof Uint8Array ? new Uint8Array(message).buffer : ''
}

type Headers = Readonly<Record<string, string | readonly string[] | undefined>>

async function contextOf(
  headers: Headers,
  signal: AbortSignal | undefined,
  options: DesktopDoorOptions,
): Promise<RequestContext> {
  const { authorization } = headers
  const token =
    typeof authorization === 'string' && /^bearer /i.test(authorization) ? authorization.slice(7) : null
  const caller = token === null ? null : await options.authenticate(token)
  return { ...anonymousContext(options, signal ?? new AbortController().signal), caller }
}

function anonymousContext({ keeper, window }: DesktopDoorOptions, signal: AbortSignal): RequestContext {
  return {
    requestId: newId(),
    door: 'desktop',
    remoteAddress: 'desktop',
    userAgent: 'Alta Desk',
    requestOrigin: null,
    caller: null,
    refreshToken: keeper,
    window,
    signal,
    auditRecords: [],
  }
}
