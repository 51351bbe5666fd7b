import type { AnyRouter } from '@orpc/server'
import { randomBytes } from 'node:crypto'
import { deskOrigin } from './desktop/desk-origin.ts'
import { EventStream } from './events/event-stream.ts'
import { eventProcedures } from './events/procedures.ts'
import { AccessTokens } from './identity/access-tokens.ts'
import { AuditWatch } from './identity/audit-watch.ts'
import { makeFirstAdministrator, newSetupCode } from './identity/bootstrap.ts'
import { loadDeskId } from './identity/desk-id.ts'
import { guardRouter } from './identity/guard.ts'
import { Passwords } from './identity/passwords.ts'
import type { PasswordCost } from './identity/passwords.ts'
import { People } from './identity/people.ts'
import { Policy } from './identity/policy.ts'
import { identityProcedures } from './identity/procedures.ts'
import { allPeople } from './identity/queries.ts'
import { RefreshSessions } from './identity/refresh-sessions.ts'
import { Identity } from './identity/service.ts'
import { loadTokenKeys } from './identity/token-keys.ts'
import type { TokenKeySource } from './identity/token-keys.ts'
import { Bus } from './platform/bus.ts'
import type { StartChildProcess } from './platform/child-process.ts'
import { systemClock } from './platform/clock.ts'
import { allowedOriginsProblem } from './platform/config.ts'
import type { Config } from './platform/config.ts'
import { openKeyring } from './platform/desk-keyring.ts'
import { PartRunner } from './platform/lifecycle.ts'
import type { Logger } from './platform/logging.ts'
import { Metrics } from './platform/metrics.ts'
import { PartsHealth } from './platform/parts-health.ts'
import { Fleet } from './servers/fleet.ts'
import { serversProcedures } from './servers/procedures.ts'
import { defaultWatchTimes } from './servers/server-watch.ts'
import { ServersService } from './servers/service.ts'
import { settingsProcedures } from './settings/procedures.ts'
import { Settings } from './settings/service.ts'
import { openStore } from './store/store.ts'
import { HttpDoor } from './transport/http/http-door.ts'
import { DesktopKeeper, serveDesktopPort } from './transport/ipc.ts'
import type { DesktopPort } from './transport/ipc.ts'

export interface DeskOptions {
  readonly config: Config
  readonly logger: Logger
  readonly version: string
  readonly headless: boolean
  /** How processes beside the desk are started: Node's fork, or Electron's utility process. */
  readonly startChildProcess: StartChildProcess
  readonly migrationsFolder: string
  /** The folder of the built page (out/renderer). */
  readonly pageFolder: string
  /** Cheaper hashes, for tests alone. */
  readonly passwordCost?: PasswordCost
}

/** One running Alta Desk, built but not yet started. */
export interface Desk {
  /** Starts every part in order. Throws what the first one throws that fails; the others are stopped by then. */
  start(): Promise<void>
  /** Drains the listener as configured and stops every part in reverse; `hurry` ends the waiting. */
  stop(hurry?: AbortSignal): Promise<void>
  /** Serves a window over its MessagePort. */
  serveWindow(port: DesktopPort): void
  /** Where the listener answers; empty while it is off. */
  addresses(): string[]
  /** The port of the listener; null while it is off. */
  readonly httpPort: number | null
  /** What a stranger must type to make the first administrator; null where that is not asked for. */
  readonly setupCode: string | null
  readonly documentedPasswordStands: () => boolean
  /** Origins of the Alta servers, for the security policy of a page. */
  readonly streamingOrigins: () => readonly string[]
}

/** Opens the database and builds every part. Throws with a sentence for the person who starts the desk. */
export function createDesk(options: DeskOptions): Desk {
  const { config, logger, headless, version } = options
  const clock = systemClock
  const metrics = new Metrics()
  const bus = new Bus((name, error) => logger.for('bus').error('a listener failed', { fact: name, error }))
  const health = new PartsHealth(bus)
  const keyring = openKeyring(config)
  const sqlite = openStore({
    ...config.db,
    clock,
    keyring,
    logger,
    migrationsFolder: options.migrationsFolder,
    startChildProcess: options.startChildProcess,
  })
  const store = new AuditWatch(sqlite)
  const runner = new PartRunner(logger.for('desk'))

  const deskId = loadDeskId(store)
  const policy = new Policy()
  const people = new People()
  people.load(store.read(allPeople))
  const administrator = bootstrapOf(config)
  const setupCode = headless && people.size === 0 && !administrator ? newSetupCode() : null
  const passwords = new Passwords(options.startChildProcess, options.passwordCost)
  const tokens = new AccessTokens(loadTokenKeys(tokenKeySource(config), store, keyring), deskId, clock)
  const sessions = new RefreshSessions(clock)
  const identity = new Identity({ store, clock, passwords, people, tokens, sessions, setupCode })
  const documentedPasswordStands = (): boolean => people.documentedPasswordStands()

  const fleet = new Fleet({
    store,
    bus,
    keyring,
    clock,
    deskId,
    logger: logger.for('alta'),
    publicUrl: config.publicUrl,
    times: {
      ...defaultWatchTimes,
      statusMs: config.alta.statusIntervalMs,
      driftMs: config.alta.driftIntervalMs,
    },
  })
  const servers = new ServersService({
    store,
    fleet,
    bus,
    clock,
    deskId,
    logger: logger.for('servers'),
    publicUrl: config.publicUrl,
    allowedOrigins: config.http.allowedOrigins,
    desktopOrigin: headless ? null : deskOrigin,
  })
  const events = new EventStream({
    bus,
    clock,
    policy,
    isStillIn: (caller) => identity.isStillIn(caller),
    boot: randomBytes(6).toString('hex'),
  })
  const streamingOrigins = (): readonly string[] =>
    fleet.links().flatMap((link) => link.state.streamOrigin ?? [])
  const http = new HttpDoor({
    config,
    version,
    pageFolder: options.pageFolder,
    router: () => router,
    authenticate: (token) => identity.authenticate(token),
    isSignInLive: (family) => identity.isSignInLive(family),
    documentedPasswordStands,
    streamingOrigins,
    authorize: () => false,
    degraded: () => health.degraded(),
    metrics,
    log: logger.for('transport'),
  })
  const settings = new Settings({
    store,
    headless,
    about: { version, deskId, env: config.env },
    listener: http,
    listenerProblem: () => allowedOriginsProblem(config),
    documentedPasswordStands,
  })
  const router: AnyRouter = guardRouter(
    {
      ...identityProcedures(identity),
      servers: serversProcedures(servers),
      events: eventProcedures(events),
      settings: settingsProcedures(settings),
    },
    {
      policy,
      store,
      log: logger.for('transport'),
      cameraExists: () => false,
      checkOutputs: config.env === 'development',
    },
  )
  const keeper = new DesktopKeeper()

  return {
    start: async () => {
      metrics.collectProcess()
      try {
        await runner.start([
          passwords,
          {
            name: 'first administrator',
            start: () =>
              makeFirstAdministrator({
                store,
                identity,
                passwords,
                people,
                administrator,
                log: logger.for('identity'),
              }),
            stop: () => undefined,
          },
          fleet,
          events,
          { name: 'listener', start: () => settings.openListenerAtStart(), stop: () => undefined },
        ])
      } catch (error) {
        sqlite.close()
        throw error
      }
    },
    stop: async (hurry) => {
      await http.stop(hurry)
      await runner.stop()
      sqlite.close()
    },
    serveWindow: (port) =>
      serveDesktopPort(port, {
        router,
        keeper,
        authenticate: (token) => identity.authenticate(token),
        log: logger.for('transport'),
      }),
    addresses: () => http.addresses(),
    get httpPort() {
      return http.port
    },
    setupCode,
    documentedPasswordStands,
    streamingOrigins,
  }
}

function bootstrapOf({ adminBootstrap }: Config): { email: string; password: string } | null {
  const { email, password } = adminBootstrap
  return email !== null && password !== null ? { email, password } : null
}

function tokenKeySource({ auth }: Config): TokenKeySource {
  const { jwtPrivateKeyPath, jwtPublicKeyPath, jwtSecret } = auth
  if (jwtPrivateKeyPath !== null && jwtPublicKeyPath !== null) {
    return { kind: 'files', privateKeyPath: jwtPrivateKeyPath, publicKeyPath: jwtPublicKeyPath }
  }
  return jwtSecret === null ? { kind: 'kept' } : { kind: 'secret', secret: jwtSecret }
}
