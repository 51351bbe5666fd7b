import { openAccess } from './access/module.ts'
import { openAccounts } from './accounts/module.ts'
import type { PasswordCost } from './accounts/passwords.ts'
import { openAudit } from './audit/module.ts'
import { openCameras } from './cameras/module.ts'
import type { RecordingTimes } from './cameras/recording-watch.ts'
import { openCore } from './core.ts'
import { deskOrigin } from './desktop/desk-origin.ts'
import { openEvents } from './events/module.ts'
import type { FileRequest } from './files/downloads.ts'
import { openFiles } from './files/open-files.ts'
import { openLive } from './live/module.ts'
import { mergeProcedures, mergeResources } from './module.ts'
import type { StartChildProcess } from './platform/child-process.ts'
import type { Config } from './platform/config.ts'
import { descriptorLimit } from './platform/descriptor-limit.ts'
import { ServiceRunner } from './platform/lifecycle.ts'
import type { Logger } from './platform/logging.ts'
import { guardRouter } from './rpc/guard.ts'
import type { CallingWindow } from './rpc/request-context.ts'
import { openServers } from './servers/module.ts'
import { openSettings } from './settings/module.ts'
import { openSignIn } from './sign-in/module.ts'
import type { Store } from './store/store-types.ts'
import { HttpTransport } from './transport/http/http-transport.ts'
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
  /** Where a headless desk prints codes for the person at its terminal. */
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
  /** Drains the listener as configured and stops every part in reverse; `urgency` ends the waiting. */
  stop(urgency?: AbortSignal): Promise<void>
  /** Serves a window over its MessagePort, which the caller starts. `window` tells of the window and of its wall. */
  serveWindow(port: DesktopPort, window?: CallingWindow): void
  /** Where the listener answers; empty while it is off. */
  addresses(): string[]
  /** The port of the listener; null while it is off. */
  readonly httpPort: number | null
  /** What must be typed on the network to make the first administrator; null where that is not asked for. */
  readonly setupCode: string | null
  readonly isDefaultPasswordInUse: () => boolean
  /** Answers a request for a ticketed file; null where there is none. */
  readonly answerFile: (request: FileRequest) => Promise<Response | null>
  /** Origins from which the Alta servers stream, for the security policy of a page. */
  readonly streamOrigins: () => readonly string[]
}

/** Opens the database and builds every module. Throws with a message for the person who starts the desk. */
export async function createDesk(options: DeskOptions): Promise<Desk> {
  const { core, sqlite, trackingStore } = await openCore(options)
  const { config, logger, metrics } = core
  const desktopOrigin = options.headless ? null : deskOrigin
  const descriptors = descriptorLimit()

  const accounts = await openAccounts(core, {
    passwordCost: options.passwordCost,
    signIns: () => signIn.accountSignIns,
    groups: () => access.accountGroups,
  })
  const access = await openAccess(core, accounts)
  const signIn = await openSignIn(core, {
    accounts,
    printOnTerminal: options.printOnTerminal ?? null,
    openInBrowser: options.openInBrowser ?? null,
    keepObstacle: options.signInVault?.obstacle,
  })
  const { sessions } = signIn
  const isStillIn = sessions.isStillIn.bind(sessions)
  const isSignInLive = sessions.isSignInLive.bind(sessions)
  const authenticate = sessions.authenticate.bind(sessions)
  const isDefaultPasswordInUse = (): boolean => accounts.people.isDefaultPasswordInUse()
  const files = openFiles({ ...core, logger: logger.for('files'), isStillIn })
  const audit = openAudit(core, { ...files, sqlite, trackingStore, isStillIn })
  const servers = openServers(core, { desktopOrigin, httpPort: () => http.port })
  const streamOrigins = (): readonly string[] => servers.registry.streamOrigins()
  const cameras = openCameras(core, { ...servers, ...access, recordingTimes: options.recordingTimes })
  const live = openLive(core, { servers, access, isSignInLive, desktopOrigin })
  const events = openEvents(core, { isStillIn, streamOrigins, descriptors })
  const http = new HttpTransport({
    config,
    descriptors,
    version: options.version,
    pageFolder: options.pageFolder,
    router: () => router,
    authenticate,
    isSignInLive: (page) => sessions.isPageSignInLive(page),
    isDefaultPasswordInUse,
    streamOrigins,
    authorize: async (question) => (await live.authorize(question)).allowed,
    answerFile: (request) => files.downloads.answer(request),
    sso: signIn.sso,
    degraded: () => core.health.degraded(),
    metrics,
    log: logger.for('transport'),
  })
  const settings = openSettings(core, {
    version: options.version,
    listener: http,
    people: accounts.people,
    rules: signIn.rules,
  })

  const modules = [audit, accounts, access, signIn, servers, cameras, live, events, settings]
  const router = guardRouter(mergeProcedures(modules), {
    resources: mergeResources(modules),
    wasAdministratorJustNow: (caller) => access.policy.wasAdministratorJustNow(caller),
    store: trackingStore,
    log: logger.for('transport'),
    checkOutputs: options.checkOutputs ?? false,
  })
  const runner = new ServiceRunner(logger.for('desk'))
  const services = [
    ...modules.flatMap((module) => module.services ?? []),
    ...modules.flatMap((module) => module.sources ?? []),
    ...files.parts,
    // After what its jobs use, and before what brings requests.
    core.jobs,
    settings.listener,
  ]
  const keeper = new DesktopKeeper(options.signInVault ?? null)

  return {
    start: async () => {
      metrics.collectProcess()
      try {
        await runner.start(services)
      } catch (error) {
        await sqlite.close()
        throw error
      }
    },
    stop: async (urgency) => {
      await http.stop(urgency)
      await runner.stop()
      await options.signInVault?.settled()
      await sqlite.close()
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
    setupCode: signIn.setupCode,
    isDefaultPasswordInUse,
    answerFile: (request) => files.downloads.answer(request),
    streamOrigins,
  }
}
