import { randomBytes } from 'node:crypto'
import type { AnyRouter } from '@orpc/server'
import { CameraBoard } from './cameras/camera-board.ts'
import { Intents } from './cameras/intents.ts'
import { camerasProcedures } from './cameras/procedures.ts'
import { RecordingWatch } from './cameras/recording-watch.ts'
import type { RecordingTimes } from './cameras/recording-watch.ts'
import { CamerasService } from './cameras/service.ts'
import { camerasWorker } from './cameras/worker.ts'
import { deskOrigin } from './desktop/desk-origin.ts'
import { EventStream } from './events/event-stream.ts'
import { eventProcedures } from './events/procedures.ts'
import { AuditWatch } from './identity/audit-watch.ts'
import { auditProcedures } from './identity/audit/procedures.ts'
import { AuditReader } from './identity/audit/service.ts'
import { runAuditAnchors, runAuditRetention } from './identity/audit/worker.ts'
import { loadDeskId } from './identity/desk-id.ts'
import { FileTickets } from './identity/file-tickets.ts'
import { guardRouter } from './rpc/guard.ts'
import { openIdentity } from './identity/open-identity.ts'
import type { PasswordCost } from './identity/passwords.ts'
import { openPeople } from './identity/open-people.ts'
import type { OpenPeople } from './identity/open-people.ts'
import { groupProcedures, peopleProcedures } from './identity/people-procedures.ts'
import { identityProcedures } from './identity/procedures.ts'
import type { Caller, CallingWindow } from './rpc/request-context.ts'
import { keepFirstSlots } from './live/first-slots.ts'
import { groupWallProcedures, liveProcedures, viewProcedures } from './live/procedures.ts'
import { camerasOnWallsOf } from './live/queries.ts'
import { LiveService } from './live/service.ts'
import { Sittings } from './live/sittings.ts'
import { Views } from './live/views.ts'
import { Walls } from './live/walls.ts'
import { Bus } from './platform/bus.ts'
import type { StartChildProcess } from './platform/child-process.ts'
import { systemClock } from './platform/clock.ts'
import type { Clock } from './platform/clock.ts'
import { allowedOriginsProblem } from './platform/config.ts'
import type { Config } from './platform/config.ts'
import { descriptorLimit } from './platform/descriptor-limit.ts'
import { openKeyring } from './platform/desk-keyring.ts'
import type { Keyring } from './platform/keyring.ts'
import { PartRunner, supervised } from './platform/lifecycle.ts'
import type { Logger } from './platform/logging.ts'
import { Metrics } from './platform/metrics.ts'
import { PartsHealth } from './platform/parts-health.ts'
import { CallbackCheck } from './servers/callback-check.ts'
import { Fleet } from './servers/fleet.ts'
import { ownOrigins } from './servers/own-origins.ts'
import { PageOrigins } from './servers/page-origins.ts'
import { serversProcedures } from './servers/procedures.ts'
import { defaultWatchTimes } from './servers/server-watch.ts'
import { ServersService } from './servers/service.ts'
import { ServerUpkeep } from './servers/upkeep.ts'
import { settingsProcedures } from './settings/procedures.ts'
import { Settings } from './settings/service.ts'
import type { ChangeFeed } from './store/change-feed.ts'
import { openStore } from './store/store.ts'
import type { SqliteStore } from './store/store.ts'
import { HttpDoor } from './transport/http/http-door.ts'
import { DesktopKeeper, serveDesktopPort } from './transport/ipc.ts'
import type { DesktopPort, SignInVault } from './transport/ipc.ts'

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
  /** How often servers are asked what they record, for tests alone. */
  readonly recordingTimes?: RecordingTimes
  /** Where a headless desk prints codes for whoever sits at it. */
  readonly printOnTerminal?: (line: string) => void
  /** How a desktop opens the system browser. */
  readonly openInBrowser?: (url: string) => void
  /** Where a desktop keeps a sign-in between two runs. */
  readonly signInVault?: SignInVault
  /** Holds every answer against the contract, for tests: the types do that before anything runs. */
  readonly checkOutputs?: boolean
}

/** One running Alta Desk, built but not yet started. */
export interface Desk {
  /** Starts every part in order. Throws what the first one throws that fails; the others are stopped by then. */
  start(): Promise<void>
  /** Drains the listener as configured and stops every part in reverse; `hurry` ends the waiting. */
  stop(hurry?: AbortSignal): Promise<void>
  /** Serves a window over its MessagePort, which the caller starts. `window` tells of the window and of its wall. */
  serveWindow(port: DesktopPort, window?: CallingWindow): void
  /** Where the listener answers; empty while it is off. */
  addresses(): string[]
  /** The port of the listener; null while it is off. */
  readonly httpPort: number | null
  /** What a stranger must type to make the first administrator; null where that is not asked for. */
  readonly setupCode: string | null
  readonly documentedPasswordStands: () => boolean
  /** Answers the path of a ticketed file; null where there is none. */
  readonly answerFile: (path: string) => Response | null
  /** Origins from which the Alta servers stream, for the security policy of a page. */
  readonly streamOrigins: () => readonly string[]
}

/** Opens the database and builds every part. Throws with a sentence for the person who starts the desk. */
export async function createDesk(options: DeskOptions): Promise<Desk> {
  const ground = await openGround(options)
  const { config, logger, store, bus } = ground
  const identity = await openIdentity({
    ...ground,
    logger: logger.for('identity'),
    startChildProcess: options.startChildProcess,
    offersSetupCode: options.headless,
    printOnTerminal: options.printOnTerminal ?? null,
    ...(options.passwordCost && { passwordCost: options.passwordCost }),
  })
  const people = await openPeople({
    ...ground,
    identity,
    logger: logger.for('identity'),
    openInBrowser: options.openInBrowser ?? null,
    keepObstacle: options.signInVault?.obstacle,
  })
  const { policy } = people
  const authenticate = identity.service.authenticate.bind(identity.service)
  const isSignInLive = (family: string): Promise<boolean> => identity.service.isSignInLive(family)
  const rooms = openRooms(ground, people, isSignInLive, options, () => http.port)
  const descriptors = descriptorLimit()
  const events = new EventStream({
    bus,
    clock: ground.clock,
    policy,
    isStillIn: (caller) => identity.service.isStillIn(caller),
    streamOrigins: rooms.streamOrigins,
    boot: randomBytes(6).toString('hex'),
    // A quarter: the rest is for requests, Alta's above all, for files and for connections to Alta servers.
    mostStreams: Math.floor(descriptors / 4),
    metrics: ground.metrics,
  })
  const files = new FileTickets(ground.clock)
  const audit = openAudit(ground, files, (caller) => identity.service.isStillIn(caller))
  const http = new HttpDoor({
    config,
    descriptors,
    version: options.version,
    pageFolder: options.pageFolder,
    router: () => router,
    authenticate,
    isSignInLive: (page) => identity.service.isPageSignInLive(page),
    documentedPasswordStands: identity.documentedPasswordStands,
    streamOrigins: rooms.streamOrigins,
    authorize: async (question) => (await rooms.authorize(question)).allowed,
    answerFile: (path) => files.answer(path),
    sso: people.sso,
    degraded: () => ground.health.degraded(),
    metrics: ground.metrics,
    log: logger.for('transport'),
  })
  const settings = new Settings({
    store,
    headless: options.headless,
    about: { version: options.version, deskId: ground.deskId, env: config.env },
    listener: http,
    listenerProblem: () => allowedOriginsProblem(config),
    documentedPasswordStands: identity.documentedPasswordStands,
    signInRules: identity.rules,
  })
  const nameOf = { camera: rooms.cameraName, group: people.groupName, view: people.viewName }
  const router: AnyRouter = guardRouter(
    {
      ...identityProcedures({ ...identity, sso: people.sso }),
      audit: auditProcedures(audit.reader),
      ...peopleProcedures(people),
      ...rooms.procedures,
      groups: { ...groupProcedures(people.groups), ...rooms.groupWalls },
      events: eventProcedures(events),
      settings: settingsProcedures(settings),
    },
    {
      policy,
      store,
      log: logger.for('transport'),
      nameOf: (kind, id) => nameOf[kind](id),
      checkOutputs: options.checkOutputs ?? false,
    },
  )
  const makeAdministrators = async (): Promise<void> => {
    await identity.makeFirstAdministrator()
    await people.grantNamedAdministrator()
  }
  const runner = new PartRunner(logger.for('desk'))
  const parts = [
    // First, so that it ends last: until then somebody may be refused.
    audit.repetitions,
    identity.passwords,
    { name: 'first administrator', start: makeAdministrators, stop: () => undefined },
    ...rooms.parts,
    audit.retention,
    audit.anchors,
    events,
    { name: 'listener', start: () => settings.openListenerAtStart(), stop: () => undefined },
  ]
  const keeper = new DesktopKeeper(options.signInVault ?? null)

  return {
    start: async () => {
      ground.metrics.collectProcess()
      try {
        await runner.start(parts)
      } catch (error) {
        await ground.sqlite.close()
        throw error
      }
    },
    stop: async (hurry) => {
      await http.stop(hurry)
      await runner.stop()
      await options.signInVault?.settled()
      await ground.sqlite.close()
    },
    serveWindow: (port, window) =>
      serveDesktopPort(port, {
        router,
        keeper,
        window: window ?? null,
        authenticate,
        log: logger.for('desktop'),
      }),
    addresses: () => http.addresses(),
    get httpPort() {
      return http.port
    },
    setupCode: identity.setupCode,
    documentedPasswordStands: identity.documentedPasswordStands,
    answerFile: (path) => files.answer(path),
    streamOrigins: rooms.streamOrigins,
  }
}

/** What every room stands on. */
interface Ground {
  readonly config: Config
  readonly logger: Logger
  readonly clock: Clock
  readonly metrics: Metrics
  readonly bus: Bus
  readonly health: PartsHealth
  readonly keyring: Keyring
  readonly sqlite: SqliteStore
  /** The same store, as rooms get it: it knows which audit records were written. */
  readonly store: AuditWatch
  readonly feed: ChangeFeed
  readonly deskId: string
}

async function openGround(options: DeskOptions): Promise<Ground> {
  const { config, logger, migrationsFolder, startChildProcess } = options
  const clock = systemClock
  const bus = new Bus((fact, error) => logger.for('bus').error('a listener failed', { fact, error }))
  const keyring = openKeyring(config)
  const sqlite = openStore({ ...config.db, clock, keyring, logger, migrationsFolder, startChildProcess })
  const store = new AuditWatch(sqlite, clock)
  const [health, metrics] = [new PartsHealth(bus), new Metrics()]
  return {
    config,
    logger,
    clock,
    metrics,
    bus,
    health,
    keyring,
    sqlite,
    store,
    feed: sqlite.feed,
    deskId: await loadDeskId(store),
  }
}

/** The audit log as administrators read it, and its retention. */
function openAudit(ground: Ground, files: FileTickets, isStillIn: (caller: Caller) => Promise<boolean>) {
  const { config, clock, store, sqlite, health } = ground
  const { retentionMs } = config.audit
  const noticed = sqlite.auditBreak
  // Strangers read this too; administrators, and the log, are told what was found.
  if (noticed) health.degrade('audit log', 'It was altered from outside. Run alta-desk verify-audit.')
  const logger = ground.logger.for('identity')
  const run = (signal: AbortSignal) =>
    runAuditRetention({ store: sqlite, clock, logger, retentionMs }, signal)
  const runAnchors = (signal: AbortSignal) => runAuditAnchors(sqlite, signal)
  return {
    reader: new AuditReader({ store, clock, files, isStillIn, retentionMs, noticed }),
    repetitions: supervised({
      name: 'repeated refusals',
      run: (signal) => store.writeRepetitions(signal),
      health,
      logger,
    }),
    anchors: supervised({ name: 'audit anchors', run: runAnchors, health, logger }),
    retention: supervised({ name: 'audit retention', run, health, logger }),
  }
}

/** The rooms of video, in the order in which one may use another. */
function openRooms(
  ground: Ground,
  { policy, rights }: OpenPeople,
  isSignInLive: (family: string) => Promise<boolean>,
  options: DeskOptions,
  httpPort: () => number | null,
) {
  const { headless, recordingTimes } = options
  const { config, clock, store, bus, deskId, logger, health } = ground
  const { publicUrl } = config
  const desktopOrigin = headless ? null : deskOrigin
  const { statusIntervalMs: statusMs, driftIntervalMs: driftMs } = config.alta
  const times = { ...defaultWatchTimes, statusMs, driftMs }
  const fleet = new Fleet({ ...ground, logger: logger.for('alta'), publicUrl, times })
  const servers = new ServersService({
    store,
    fleet,
    bus,
    clock,
    deskId,
    publicUrl,
    logger: logger.for('servers'),
    allowedOrigins: config.http.allowedOrigins,
    desktopOrigin,
  })
  const board = new CameraBoard({ fleet, bus, clock })
  const intents = new Intents({ store, board, bus, clock, deskId, logger: logger.for('cameras') })
  const cameras = new CamerasService({
    store,
    fleet,
    board,
    intents,
    policy,
    bus,
    clock,
    deskId,
    logger: logger.for('cameras'),
  })
  const upkeep = new ServerUpkeep({ store, fleet, deskId, logger: logger.for('servers') })
  const { tlsEnabled, allowedOrigins } = config.http
  const pageOrigins = new PageOrigins({
    store,
    fleet,
    upkeep,
    clock,
    logger: logger.for('servers'),
    ownOrigins: () => ownOrigins({ port: httpPort(), tlsEnabled, publicUrl, allowedOrigins }),
  })
  const watching = { store, fleet, upkeep, bus, clock, logger: logger.for('live') }
  const onWallsOf = (userId: string): Promise<Set<string>> => store.read((db) => camerasOnWallsOf(db, userId))
  const sittings = new Sittings({ store, bus, clock, onWallsOf })
  const live = new LiveService({ ...watching, pageOrigins, isSignInLive, sittings, policy, desktopOrigin })
  const walls = new Walls({ store, policy, rights, clock, bus })
  const views = new Views({ store, policy, rights, walls, clock, bus })
  return {
    procedures: {
      servers: serversProcedures(servers, pageOrigins),
      cameras: camerasProcedures(cameras),
      live: liveProcedures(live, walls),
      views: viewProcedures(views),
    },
    groupWalls: groupWallProcedures(walls),
    // Those who follow the rounds of the fleet stand before it, so that they miss none.
    parts: [
      { name: 'digits of views', start: () => keepFirstSlots(store, rights), stop: () => undefined },
      supervised({
        name: 'sittings',
        run: (signal) => sittings.run(signal),
        health,
        logger: watching.logger,
      }),
      camerasWorker({ store, fleet, board, intents, bus }),
      new RecordingWatch({ fleet, board, clock, times: recordingTimes, logger: logger.for('cameras') }),
      new CallbackCheck(watching),
      fleet,
    ],
    authorize: live.authorize.bind(live),
    cameraName: (cameraId: string) => cameras.nameOf(cameraId),
    streamOrigins: () => fleet.streamOrigins(),
  }
}
