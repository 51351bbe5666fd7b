import { createSelfSignedCertificate, HashAlgorithm, RTCDtlsTransport, SignatureAlgorithm } from 'werift'
import { AltaServer } from './alta-server.ts'
import type { AltaConfig } from './config.ts'
import type { ActiveFault, FaultName, FaultParameters, FaultScope } from './faults.ts'
import type { TlsIdentity } from './http/listener.ts'
import type { AltaServerOptions, ListenerName } from './options.ts'
import { resolveOptions } from './options.ts'
import type { BackendCall } from './ott/authorizer.ts'
import type { SessionInfo } from './ott/sessions.ts'
import type { LoggedRequest } from './request-log.ts'

/** What a test can do with a running simulated Alta. */
export interface AltaServerHandle {
  readonly name: string
  /** Management API, e.g. `http://127.0.0.1:41234`. */
  readonly baseUrl: string
  /** Streaming, e.g. `http://127.0.0.1:41235`. */
  readonly ottUrl: string
  /** The live configuration: reading and editing it is "behind our back" and takes effect within 500 ms. */
  readonly config: AltaConfig
  /** Switches a fault on (with its defaults, or parameters and scope) or, with false, off everywhere. */
  setFault<N extends FaultName>(name: N, setting: boolean | (FaultParameters[N] & FaultScope)): Promise<void>
  /** Switches off one fault, everywhere or for exactly one scope. */
  clearFault(name: FaultName, scope?: FaultScope): Promise<void>
  clearFaults(): Promise<void>
  /** Takes what was changed in `config` at once, instead of at the next look half a second later at most. */
  configChanged(): void
  faults(): readonly ActiveFault[]
  /** Requests seen by both listeners, oldest first, the last 5000. */
  requests(): readonly LoggedRequest[]
  clearRequests(): void
  /** Questions to HTTP backends and their answers, the last 5000. */
  backendCalls(): readonly BackendCall[]
  /** Who watches now. */
  sessions(): SessionInfo[]
  /** The last 1000 sessions that ended, with the reason. */
  endedSessions(): SessionInfo[]
  isRunning(): boolean
  /** Drops every login at once: the next call gets 401. */
  dropLogins(): void
  /** How many ffmpeg processes run for this server. */
  encoders(): number
  /** Failures of the simulator itself (ffmpeg): empty in a good test. */
  problems(): readonly string[]
  /** Pulls the plug: both ports refuse, sockets and WebRTC die without a word, encoders end. Recordings stay. */
  stop(): Promise<void>
  /** Comes back on the same ports, with the same configuration and no logins. */
  start(): Promise<void>
  /** Stops for good and removes the recordings. */
  dispose(): Promise<void>
}

/** Starts one simulated Alta; several can run in one process. Rejects when a named port is taken. */
export async function startAltaServer(options: AltaServerOptions = {}): Promise<AltaServerHandle> {
  const resolved = resolveOptions(options)
  const server = new AltaServer(resolved, resolved.tls ? await untrustedIdentity() : undefined)
  // Made once per process; the first viewer must not wait for it.
  await RTCDtlsTransport.SetupCertificate()
  await server.start()
  return handleOf(server)
}

/** A certificate that no browser and no client trusts. */
async function untrustedIdentity(): Promise<TlsIdentity> {
  const { certPem, keyPem } = await createSelfSignedCertificate({
    hash: HashAlgorithm.sha256_4,
    signature: SignatureAlgorithm.rsa_1,
  })
  return { key: keyPem, cert: certPem }
}

/** Sorts the parameters of a fault from its scope. */
function activeFaultOf(name: FaultName, setting: Record<string, unknown>): ActiveFault {
  const { listener, receiver, channel, ...parameters } = setting
  const scope: FaultScope = {
    ...(listener === 'api' || listener === 'ott' ? { listener } : {}),
    ...(typeof receiver === 'string' ? { receiver } : {}),
    ...(typeof channel === 'string' ? { channel } : {}),
  }
  return { name, scope, parameters }
}

function handleOf(server: AltaServer): AltaServerHandle {
  const scheme = server.options.tls ? 'https' : 'http'
  const { host } = server.options
  const shownHost = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host
  const urlOf = (name: ListenerName): string => `${scheme}://${shownHost}:${server.listeners[name].boundPort}`
  return {
    name: server.options.name,
    baseUrl: urlOf('api'),
    ottUrl: urlOf('ott'),
    config: server.config,
    async setFault(name, setting) {
      if (setting === false) server.faults.clear(name)
      else server.faults.set(activeFaultOf(name, setting === true ? {} : { ...setting }))
      if (name === 'unauthorized' && setting !== false) server.logins.closeAll()
      await server.applyFaults()
    },
    async clearFault(name, scope) {
      server.faults.clear(name, scope)
      await server.applyFaults()
    },
    async clearFaults() {
      server.faults.clearAll()
      await server.applyFaults()
    },
    configChanged: () => server.configChanged(),
    faults: () => server.faults.list(),
    requests: () => server.requests.list(),
    clearRequests: () => server.requests.clear(),
    backendCalls: () => server.backendCalls.list(),
    sessions: () => server.sessions.list(),
    endedSessions: () => server.sessions.listEnded(),
    isRunning: () => server.isRunning,
    dropLogins: () => server.logins.closeAll(),
    encoders: () => server.encoders,
    problems: () => server.problems.list(),
    start: () => server.start(),
    stop: () => server.stop(),
    dispose: () => server.dispose(),
  }
}
