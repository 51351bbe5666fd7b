import { randomBytes } from 'node:crypto'
import type { AnyRouter } from '@orpc/server'
import { CameraStatusRegistry } from './cameras/camera-status-registry.ts'
import { PendingOperations } from './cameras/pending-operations.ts'
import { camerasProcedures } from './cameras/procedures.ts'
import { RecordingWatch } from './cameras/recording-watch.ts'
import type { RecordingTimes } from './cameras/recording-watch.ts'
import { CamerasService } from './cameras/service.ts'
import { openCameraTopics } from './cameras/stream-topics.ts'
import { camerasWorker } from './cameras/worker.ts'
import { deskOrigin } from './desktop/desk-origin.ts'
import { eventProcedures } from './events/procedures.ts'
import { AuditTrackingStore } from './identity/audit-watch.ts'
import { auditProcedures } from './identity/audit/procedures.ts'
import { AuditReader } from './identity/audit/service.ts'
import { auditRetention, runAuditAnchors } from './identity/audit/worker.ts'
import { loadDeskId } from './identity/desk-id.ts'
import type { FileRequest } from './files/downloads.ts'
import { openFiles } from './files/open-files.ts'
import type { OpenFiles } from './files/open-files.ts'
import { guardRouter } from './rpc/guard.ts'
import { openIdentity } from './identity/open-identity.ts'
import { openAccountTopics } from './identity/stream-topics.ts'
import type { PasswordCost } from './identity/passwords.ts'
import { openPeople } from './identity/open-people.ts'
import type { OpenPeople } from './identity/open-people.ts'
import type { Policy } from './identity/policy.ts'
import { groupProcedures, peopleProcedures } from './identity/people-procedures.ts'
import { identityProcedures } from './identity/procedures.ts'
import type { Caller, CallingWindow } from './rpc/request-context.ts'
import { JobQueue } from './jobs/job-queue.ts'
import { keepFirstSlots } from './live/first-slots.ts'
import { groupWallProcedures, liveProcedures, viewProcedures } from './live/procedures.ts'
import { camerasOnWallsOf } from './live/queries.ts'
import { LiveService } from './live/service.ts'
import { openLiveTopics } from './live/stream-topics.ts'
import { ViewingSessions } from './live/viewing-sessions.ts'
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
import { ServiceRunner, supervised } from './platform/lifecycle.ts'
import type { Logger } from './platform/logging.ts'
import { Metrics } from './platform/metrics.ts'
import { PartsHealth } from './platform/service-health.ts'
import { CallbackCheck } from './servers/callback-check.ts'
import { ServerRegistry } from './servers/server-registry.ts'
import { ownOrigins } from './servers/own-origins.ts'
import { PageOrigins } from './servers/page-origins.ts'
import { serversProcedures } from './servers/procedures.ts'
import { defaultWatchTimes } from './servers/server-watch.ts'
import { ServersService } from './servers/service.ts'
import { openServerTopics } from './servers/stream-topics.ts'
import { ServerMaintenance } from './servers/maintenance.ts'
import { settingsProcedures } from './settings/procedures.ts'
import { Settings } from './settings/service.ts'
import { openSettingsTopics } from './settings/stream-topics.ts'
import type { ChangeFeed } from './store/change-feed.ts'
import { openStore } from './store/store.ts'
import type { SqliteStore } from './store/store.ts'
import type { Store } from './store/store-types.ts'
import { EventStreams } from './stream/event-streams.ts'
import { StreamHub } from './stream/stream-hub.ts'
import { HttpTransport } from './transport/http/http-transport.ts'
import { DesktopKeeper, serveDesktopPort } from './transport/ipc.ts'
import type { DesktopPort, SignInVault } from './transport/ipc.ts'

/** Of the machine that the desk runs on; set TZ to change it. */
const { timeZone } = new Intl.DateTimeFormat().resolvedOptions()

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
  /** Wraps the store that the modules get, for tests: to let writes wait for each other. */
  readonly aroundStore?: (store: Store) => Store
  /** Holds every answer against the contract, for tests: the types do that before anything runs. */
  readonly checkOutputs?: boolean
}

/** One running Alta Desk, built but not yet started. */
export interface Desk {
  /** Starts every part in order. Throws what the first one throws that fails; the others are stopped by then. */
  start(): Promise<void>
  /** Drains the listener as configured and stops every part in reverse; `hurry` ends the waiting. */
  stop(urgency?: AbortSignal): Promise<void>
  /** Serves a window over its MessagePort, which the caller starts. `window` tells of the window and of its wall. */
  serveWindow(port: DesktopPort, window?: CallingWindow): void
  /** Where the listener answers; empty while it is off. */
  addresses(): string[]
  /** The port of the listener; null while it is off. */
  readonly httpPort: number | null
  /** What a stranger must type to make the first administrator; null where that is not asked for. */
  readonly setupCode: string | null
  readonly isDefaultPasswordInUse: () => boolean
  /** Answers a request for a ticketed file; null where there is none. */
  readonly answerFile: (request: FileRequest) => Promise<Response | null>
  /** Origins from which the Alta servers stream, for the security policy of a page. */
  readonly streamOrigins: () => readonly string[]
}

/** Opens the database and builds every part. Throws with a sentence for the person who starts the desk. */
export async function createDesk(options: DeskOptions): Promise<Desk> {
  const core = await openCore(options)
  const { config, logger, store } = core
  const identity = await openIdentity({
    ...core,
    logger: logger.for('identity'),
    startChildProcess: options.startChildProcess,
    offersSetupCode: options.headless,
    printOnTerminal: options.printOnTerminal ?? null,
    ...(options.passwordCost && { passwordCost: options.passwordCost }),
  })
  const people = await openPeople({
    ...core,
    identity,
    logger: logger.for('identity'),
    openInBrowser: options.openInBrowser ?? null,
    keepObstacle: options.signInVault?.obstacle,
  })
  const { policy } = people
  const authenticate = identity.service.authenticate.bind(identity.service)
  const isSignInLive = (family: string): Promise<boolean> => identity.service.isSignInLive(family)
  const rooms = openRooms(core, people, isSignInLive, options, () => http.port)
  const descriptors = descriptorLimit()
  openTopics(core, policy, rooms.streamOrigins)
  const events = new EventStreams({
    ...core,
    isStillIn: (caller) => identity.service.isStillIn(caller),
    greeting: () => ({ timeZone, streamOrigins: [...rooms.streamOrigins()] }),
    // A quarter: the rest is for requests, Alta's above all, for files and for connections to Alta servers.
    mostStreams: Math.floor(descriptors / 4),
  })
  const files = openFiles({
    ...core,
    logger: logger.for('files'),
    isStillIn: (holder) => identity.service.isStillIn(holder),
  })
  const audit = openAudit(core, files, (caller) => identity.service.isStillIn(caller))
  const http = new HttpTransport({
    config,
    descriptors,
    version: options.version,
    pageFolder: options.pageFolder,
    router: () => router,
    authenticate,
    isSignInLive: (page) => identity.service.isPageSignInLive(page),
    isDefaultPasswordInUse: identity.isDefaultPasswordInUse,
    streamOrigins: rooms.streamOrigins,
    authorize: async (question) => (await rooms.authorize(question)).allowed,
    answerFile: (request) => files.downloads.answer(request),
    sso: people.sso,
    degraded: () => core.health.degraded(),
    metrics: core.metrics,
    log: logger.for('transport'),
  })
  const settings = new Settings({
    store,
    headless: options.headless,
    about: { version: options.version, deskId: core.deskId, env: config.env },
    listener: http,
    listenerProblem: () => allowedOriginsProblem(config),
    isDefaultPasswordInUse: identity.isDefaultPasswordInUse,
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
  const runner = new ServiceRunner(logger.for('desk'))
  const parts = [
    // First, so that it ends last: until then somebody may be refused.
    audit.repetitions,
    identity.passwords,
    { name: 'first administrator', start: makeAdministrators, stop: () => undefined },
    ...rooms.parts,
    ...files.parts,
    // After what its jobs use, and before what brings requests.
    core.jobs,
    audit.retention,
    audit.anchors,
    events,
    { name: 'listener', start: () => settings.openListenerAtStart(), stop: () => undefined },
  ]
  const keeper = new DesktopKeeper(options.signInVault ?? null)

  return {
    start: async () => {
      core.metrics.collectProcess()
      try {
        await runner.start(parts)
      } catch (error) {
        await core.sqlite.close()
        throw error
      }
    },
    stop: async (urgency) => {
      await http.stop(urgency)
      await runner.stop()
      await options.signInVault?.settled()
      await core.sqlite.close()
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
    isDefaultPasswordInUse: identity.isDefaultPasswordInUse,
    answerFile: (request) => files.downloads.answer(request),
    streamOrigins: rooms.streamOrigins,
  }
}

/** What every room stands on. */
interface Core {
  readonly config: Config
  readonly logger: Logger
  readonly clock: Clock
  readonly metrics: Metrics
  readonly bus: Bus
  readonly hub: StreamHub
  readonly health: PartsHealth
  readonly keyring: Keyring
  readonly sqlite: SqliteStore
  /** The same store, as rooms get it: it knows which audit records were written. */
  readonly store: AuditTrackingStore
  readonly feed: ChangeFeed
  readonly jobs: JobQueue
  readonly deskId: string
}

async function openCore(options: DeskOptions): Promise<Core> {
  const { config, logger, migrationsFolder, startChildProcess } = options
  const clock = systemClock
  const bus = new Bus((fact, error) => logger.for('bus').error('a listener failed', { fact, error }))
  const keyring = openKeyring(config)
  const sqlite = openStore({ ...config.db, clock, keyring, logger, migrationsFolder, startChildProcess })
  const store = new AuditTrackingStore(options.aroundStore?.(sqlite) ?? sqlite, clock)
  const [health, metrics] = [new PartsHealth(bus), new Metrics()]
  const { feed } = sqlite
  return {
    config,
    logger,
    clock,
    metrics,
    bus,
    hub: new StreamHub(randomBytes(6).toString('hex')),
    health,
    keyring,
    sqlite,
    store,
    feed,
    jobs: new JobQueue({ store, feed, clock, keyring, logger: logger.for('jobs') }),
    deskId: await loadDeskId(store),
  }
}

/** What each module tells on `events.stream`. */
function openTopics(core: Core, policy: Policy, streamOrigins: () => readonly string[]): void {
  openAccountTopics({ ...core, policy })
  openServerTopics({ ...core, streamOrigins })
  openCameraTopics({ ...core, policy })
  openLiveTopics({ ...core, policy })
  openSettingsTopics(core)
}

/** The audit log as administrators read it, and its retention. */
function openAudit(
  core: Core,
  { files, tickets }: OpenFiles,
  isStillIn: (caller: Caller) => Promise<boolean>,
) {
  const { config, clock, store, sqlite, health, jobs } = core
  const { retentionMs } = config.audit
  const noticed = sqlite.auditBreak
  // Strangers read this too; administrators, and the log, are told what was found.
  if (noticed) health.degrade('audit log', 'It was altered from outside. Run alta-desk verify-audit.')
  const logger = core.logger.for('identity')
  const runAnchors = (signal: AbortSignal) => runAuditAnchors(sqlite, signal)
  return {
    reader: new AuditReader({ store, clock, files, tickets, isStillIn, retentionMs, noticed }),
    repetitions: supervised({
      name: 'repeated refusals',
      run: (signal) => store.writeRepetitions(signal),
      health,
      logger,
    }),
    anchors: supervised({ name: 'audit anchors', run: runAnchors, health, logger }),
    retention: auditRetention({ store: sqlite, jobs, health, clock, logger, retentionMs }),
  }
}

/** The rooms of video, in the order in which one may use another. */
function openRooms(
  core: Core,
  { policy, rights }: OpenPeople,
  isSignInLive: (family: string) => Promise<boolean>,
  options: DeskOptions,
  httpPort: () => number | null,
) {
  const { headless, recordingTimes } = options
  const { config, clock, store, bus, deskId, logger, health, jobs } = core
  const { publicUrl } = config
  const desktopOrigin = headless ? null : deskOrigin
  const { statusIntervalMs: statusMs, driftIntervalMs: driftMs } = config.alta
  const times = { ...defaultWatchTimes, statusMs, driftMs }
  const registry = new ServerRegistry({ ...core, logger: logger.for('alta'), publicUrl, times })
  const servers = new ServersService({
    store,
    registry,
    jobs,
    bus,
    clock,
    deskId,
    publicUrl,
    logger: logger.for('servers'),
    allowedOrigins: config.http.allowedOrigins,
    desktopOrigin,
  })
  const statuses = new CameraStatusRegistry({ registry, bus, clock })
  const operations = new PendingOperations({
    store,
    jobs,
    registry,
    statuses,
    bus,
    deskId,
    logger: logger.for('cameras'),
  })
  const cameras = new CamerasService({
    store,
    registry,
    statuses,
    operations,
    policy,
    bus,
    clock,
    deskId,
    logger: logger.for('cameras'),
  })
  const maintenance = new ServerMaintenance({ store, registry, deskId, logger: logger.for('servers') })
  const { tlsEnabled, allowedOrigins } = config.http
  const pageOrigins = new PageOrigins({
    store,
    registry,
    maintenance,
    clock,
    logger: logger.for('servers'),
    ownOrigins: () => ownOrigins({ port: httpPort(), tlsEnabled, publicUrl, allowedOrigins }),
  })
  const watching = { store, registry, maintenance, bus, clock, logger: logger.for('live') }
  const onWallsOf = (userId: string): Promise<Set<string>> => store.read((db) => camerasOnWallsOf(db, userId))
  const viewingSessions = new ViewingSessions({ store, bus, clock, onWallsOf })
  const live = new LiveService({
    ...watching,
    pageOrigins,
    isSignInLive,
    viewingSessions,
    policy,
    desktopOrigin,
  })
  const walls = new Walls({ store, policy, rights, clock })
  const views = new Views({ store, policy, rights, walls, clock })
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
        run: (signal) => viewingSessions.run(signal),
        health,
        logger: watching.logger,
      }),
      camerasWorker({ store, registry, statuses, operations, bus }),
      new RecordingWatch({ registry, statuses, clock, times: recordingTimes, logger: logger.for('cameras') }),
      new CallbackCheck(watching),
      registry,
    ],
    authorize: live.authorize.bind(live),
    cameraName: (cameraId: string) => cameras.nameOf(cameraId),
    streamOrigins: () => registry.streamOrigins(),
  }
}
