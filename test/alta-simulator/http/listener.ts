import { createServer as createHttpServer } from 'node:http'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'

/** Key and certificate in PEM. */
export interface TlsIdentity {
  key: string
  cert: string
}

/**
 * A TCP listener that keeps its port when it is closed and opened again, and whose closing cuts every connection,
 * as pulling the plug does.
 */
export class Listener {
  readonly host: string
  private port: number
  private readonly tls: TlsIdentity | undefined
  private readonly onRequest: (request: IncomingMessage, response: ServerResponse) => void
  private server: Server | undefined
  private readonly sockets = new Set<Socket>()

  constructor(
    host: string,
    port: number,
    onRequest: (request: IncomingMessage, response: ServerResponse) => void,
    tls?: TlsIdentity,
  ) {
    this.host = host
    this.port = port
    this.onRequest = onRequest
    this.tls = tls
  }

  /** The port that was asked for, or the free one that was found at the first opening. */
  get boundPort(): number {
    return this.port
  }

  get isOpen(): boolean {
    return this.server !== undefined
  }

  /** Opens the listener; does nothing when it is open. Rejects when the port is taken. */
  async open(): Promise<void> {
    if (this.server) return
    const server = this.tls ? createHttpsServer(this.tls, this.onRequest) : createHttpServer(this.onRequest)
    this.server = server
    // Alta's documented defaults: read 2 s, idle 10 s.
    server.headersTimeout = 2000
    server.keepAliveTimeout = 10_000
    server.on('connection', (socket: Socket) => {
      socket.setNoDelay(true)
      this.sockets.add(socket)
      socket.once('close', () => this.sockets.delete(socket))
    })
    try {
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject)
        server.listen(this.port, this.host, () => {
          server.off('error', reject)
          resolve()
        })
      })
    } catch (error) {
      this.server = undefined
      throw error
    }
    this.port = (server.address() as AddressInfo).port
  }

  /** Closes the listener and every connection; resolves when the port is free. */
  async close(): Promise<void> {
    const server = this.server
    if (!server) return
    this.server = undefined
    const closed = new Promise<void>((resolve) => server.close(() => resolve()))
    for (const socket of this.sockets) socket.destroy()
    await closed
  }
}
