import { openAccess } from './access/module.ts'
import { openAccounts } from './accounts/module.ts'
import { openAudit } from './audit/module.ts'
import { openCameras } from './cameras/module.ts'
import { openCore } from './core.ts'
import type { OpenCore } from './core.ts'
import type { DeskOptions } from './desk-options.ts'
import { deskOrigin } from './desktop/desk-origin.ts'
import { openEvents } from './events/module.ts'
import type { FileRequest } from './files/downloads.ts'
import { openFiles } from './files/open-files.ts'
import { openLive } from './live/module.ts'
import { mergeProcedures, mergeResources } from './module.ts'
import { descriptorLimit } from './platform/descriptor-limit.ts'
import { ServiceRunner } from './platform/lifecycle.ts'
import { guardRouter } from './rpc/guard.ts'
import type { CallingWindow } from './rpc/request-context.ts'
import { openServers } from './servers/module.ts'
import { openSettings } from './settings/module.ts'
import { openSignIn } from './sign-in/module.ts'
import { HttpTransport } from './transport/http/http-transport.ts'
import { DesktopKeeper, serveDesktopPort } from './transport/ipc.ts'
import type { DesktopPort } from './transport/ipc.ts'

/** One running Alta Desk, built but not yet started. */
export interface Desk {
  /** Starts every service in order. Throws what the first one throws that fails; the others are stopped by then. */
  start(): Promise<void>
  /** Drains the listener as configured and stops every service in reverse; `urgency` ends the waiting. */
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
  const opened = await openCore(options)
  try {
    return await openModules(options, opened)
  } catch (error) {
    await opened.sqlite.close()
    throw error
  }
}

async function openModules(options: DeskOptions, { core, sqlite, trackingStore }: OpenCore): Promise<Desk> {
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
  const audit = openAudit(core, { files, sqlite, trackingStore, isStillIn })
  const servers = openServers(core, { desktopOrigin, httpPort: () => http.port })
  const { policy } = access
  const { registry } = servers
  const cameras = openCameras(core, { registry, policy, recordingTimes: options.recordingTimes })
  const streamOrigins = (): readonly string[] => registry.streamOrigins()
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

  const more = options.openMore?.(core) ?? []
  const modules = [audit, accounts, access, signIn, servers, cameras, live, events, settings, ...more]
  const router = guardRouter(mergeProcedures(modules), {
    resources: mergeResources(modules),
    wasAdministratorJustNow: (caller) => policy.wasAdministratorJustNow(caller),
    store: trackingStore,
    log: logger.for('transport'),
    checkOutputs: options.checkOutputs ?? false,
  })
  const runner = new ServiceRunner(logger.for('desk'))
  const services = [
    ...modules.flatMap((module) => module.services ?? []),
    ...modules.flatMap((module) => module.sources ?? []),
    ...files.services,
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
