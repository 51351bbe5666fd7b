import { join } from 'node:path'
import { app, safeStorage, shell } from 'electron'
import { createDesk } from './desk.ts'
import { prepareApplication } from './desktop/before-ready.ts'
import { readDesktopConfig } from './desktop/desktop-config.ts'
import { failToStart, openDesktopShell } from './desktop/desktop-shell.ts'
import { openKeptSignIn } from './desktop/kept-sign-in.ts'
import { quitOnce } from './desktop/quit-once.ts'
import { startUtilityProcess } from './desktop/utility-child-process.ts'
import { secretsOf } from './platform/config-secrets.ts'
import { openLogger } from './platform/logging.ts'

/** Colleagues on the LAN get this long to finish what they are at; a desktop has no load balancer to wait for. */
const drainMs = 3_000
/** A person who quits does not wait longer than this, whatever hangs. */
const stopCapMs = 15_000

async function openDesktop(): Promise<void> {
  const root = app.getAppPath()
  const config = await readDesktopConfig()
  const logger = openLogger({
    filter: config.log.level,
    format: config.log.format,
    file: join(app.getPath('logs'), 'alta-desk.log'),
    secrets: secretsOf(config),
  })
  const log = logger.for('desktop')
  const signInVault = await openKeptSignIn({
    safeStorage,
    platform: process.platform,
    file: join(app.getPath('userData'), 'sign-in.sealed'),
    log,
  })
  const desk = createDesk({
    config,
    logger,
    version: app.getVersion(),
    headless: false,
    startChildProcess: startUtilityProcess,
    migrationsFolder: join(root, 'resources/migrations'),
    pageFolder: join(root, 'out/renderer'),
    signInVault,
    openInBrowser: (url) => {
      shell.openExternal(url).catch((error: unknown) => log.warn('The system opened no browser', { error }))
    },
  })
  await desk.start()
  app.on(
    'will-quit',
    quitOnce({
      stop: () => desk.stop(AbortSignal.timeout(drainMs)),
      capMs: stopCapMs,
      onFailure: (error) => log.error('The desk did not stop as it should', { error }),
      exit: () => app.exit(0),
    }),
  )
  if (desk.documentedPasswordStands()) {
    log.info(`Sign in as ${config.adminBootstrap.email} with the password admin, and change it`)
  }
  openDesktopShell({
    log,
    streamOrigins: desk.streamOrigins,
    answerFile: desk.answerFile,
    servePort: (port) => {
      desk.serveWindow(port)
      port.start()
    },
  })
}

// What the desk writes is for the account of its person alone.
process.umask(0o077)
if (prepareApplication()) app.whenReady().then(openDesktop).catch(failToStart)
else app.quit()
