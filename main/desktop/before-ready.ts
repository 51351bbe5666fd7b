import { join } from 'node:path'
import { app, crashReporter, protocol } from 'electron'
import { deskScheme } from './desk-origin.ts'

/** Tells Windows whose notifications these are; the same as appId in electron-builder.yml. */
const applicationId = 'org.altadesk.desktop'

/**
 * Everything that Electron accepts before it is ready only. Returns false in a second instance, which has nothing left
 * to do: the first one comes to the front.
 */
export function prepareApplication(): boolean {
  app.enableSandbox()
  app.setAppUserModelId(applicationId)
  protocol.registerSchemesAsPrivileged([
    {
      scheme: deskScheme,
      privileges: { standard: true, secure: true, supportFetchAPI: true, codeCache: true },
    },
  ])
  chooseDataFolder()
  // Dumps stay on this machine, in the data folder; Crashpad removes the oldest ones.
  crashReporter.start({ uploadToServer: false })
  return app.requestSingleInstanceLock()
}

/**
 * A desk under development has a folder of its own beside the installed one's, or the one a test names. The data folder
 * is also what the single instance lock stands for, so this comes before it.
 */
function chooseDataFolder(): void {
  if (app.isPackaged) return
  const named = app.commandLine.getSwitchValue('user-data-dir')
  app.setPath('userData', named === '' ? join(app.getPath('appData'), 'alta-desk-development') : named)
}
