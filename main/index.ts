import { join } from 'node:path'
import { app, safeStorage } from 'electron'
import { createDesk } from './desk.ts'
import type { Desk } from './desk.ts'
import { prepareApplication } from './desktop/before-ready.ts'
import { readDesktopConfig } from './desktop/desktop-config.ts'
import { openDesktopShell } from './desktop/desktop-shell.ts'
import { watchFaults } from './desktop/faults.ts'
import { openKeptSignIn } from './desktop/kept-sign-in.ts'
import { failToStart, restart, stopAfterFaults } from './desktop/last-words.ts'
import { openLink } from './desktop/open-link.ts'
import { quitOnce } from './desktop/quit-once.ts'
import { RestartBudget } from './desktop/restart-budget.ts'
import { whyUnsandboxed } from './desktop/sandbox.ts'
import { utilityProcessStarter } from './desktop/utility-child-process.ts'
import { secretsOf } from './platform/config-secrets.ts'
import type { Config } from './platform/config.ts'
import { openLogger, parseLogFilter } from './platform/logging.ts'
import type { Logger, LoggerOptions } from './platform/logging.ts'

/** Colleagues on the LAN get this long to finish what they are at; a desktop has no load balancer to wait for. */
const drainMs = 3_000
/** A person who quits does not wait longer than this, whatever hangs. */
const stopCapMs = 15_000

/** What the application holds while it runs, for whoever has to end it. */
interface Running {
  logger: Logger
  closeWindows: () => void
  stop: () => Promise<void>
}

// What the desk writes is for the account of its person alone.
process.umask(0o077)
if (prepareApplication()) {
  const running: Running = {
    logger: openLog({ filter: parseLogFilter('info'), format: 'text' }),
    closeWindows: () => undefined,
    stop: () => Promise.resolve(),
  }
  handleFaults(running)
  app
    .whenReady()
    .then(() => openDesktop(running))
    .catch((error: unknown) => {
      running.logger.for('desktop').error('The desk did not start', { error })
      failToStart(error)
    })
} else app.quit()

/** Where the desktop writes its log. */
function logFile(): string {
  return join(app.getPath('logs'), 'alta-desk.log')
}

function openLog(options: Pick<LoggerOptions, 'filter' | 'format' | 'secrets'>): Logger {
  return openLogger({ ...options, file: logFile() })
}

function handleFaults(running: Running): void {
  const restarts = new RestartBudget(join(app.getPath('userData'), 'restarts.json'), Date.now)
  watchFaults(process, {
    log: () => running.logger.for('desktop'),
    restarts,
    restart,
    giveUp: () => {
      const say = (): void => {
        stopAfterFaults(logFile(), () => {
          restarts.reset()
          restart()
        })
        // After the notice was opened, for an application without windows quits.
        running.closeWindows()
      }
      running.stop().then(say, say)
    },
  })
}

async function openDesktop(running: Running): Promise<void> {
  const unsandboxed = whyUnsandboxed({
    hasSwitch: (name) => app.commandLine.hasSwitch(name),
    env: process.env,
  })
  if (unsandboxed !== null) throw new Error(unsandboxed)
  const config = await readDesktopConfig()
  running.logger = openLog({
    filter: config.log.level,
    format: config.log.format,
    secrets: secretsOf(config),
  })
  const log = running.logger.for('desktop')
  const desk = await startDesk(config, running.logger)
  running.stop = () => desk.stop(AbortSignal.timeout(drainMs))
  const quit = quitOnce({
    stop: running.stop,
    capMs: stopCapMs,
    onFailure: (error) => log.error('The desk did not stop as it should', { error }),
    exit: () => app.exit(0),
  })
  app.on('will-quit', quit.onWillQuit)
  if (desk.isDefaultPasswordInUse()) {
    log.info(`Sign in as ${config.adminBootstrap.email} with the password admin, and change it`)
  }
  const windows = openDesktopShell({
    log,
    streamOrigins: desk.streamOrigins,
    answerFile: desk.answerFile,
    servePort: (port, window) => {
      desk.serveWindow(port, window)
      port.start()
    },
    endNow: quit.now,
  })
  running.closeWindows = () => windows.closeAll()
}

async function startDesk(config: Config, logger: Logger): Promise<Desk> {
  const root = app.getAppPath()
  const log = logger.for('desktop')
  const signInVault = await openKeptSignIn({
    safeStorage,
    platform: process.platform,
    file: join(app.getPath('userData'), 'sign-in.sealed'),
    log,
  })
  const desk = await createDesk({
    config,
    logger,
    version: app.getVersion(),
    headless: false,
    startChildProcess: utilityProcessStarter(log),
    migrationsFolder: join(root, 'resources/migrations'),
    pageFolder: join(root, 'out/renderer'),
    signInVault,
    openInBrowser: (url) => openLink(url, log),
  })
  await desk.start()
  return desk
}
