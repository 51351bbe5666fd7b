import type { EventEmitter } from 'node:events'
import type { AreaLogger } from '../platform/logging.ts'
import type { RestartBudget } from './restart-budget.ts'

export interface FaultsOptions {
  /** Asked when something is to be logged: the log as configured is there later than the first fault may be. */
  readonly log: () => AreaLogger
  readonly restarts: RestartBudget
  /** Ends this process and starts the application anew. */
  readonly restart: () => void
  /** The application failed too often: it stops, and says so. */
  readonly giveUp: () => void
}

/**
 * Handles the errors of the main process that were caught nowhere: nobody may be there to press a button, so they are
 * logged and the application starts anew; after three restarts in ten minutes it gives up. (With a listener of ours
 * Electron does not show its modal box.)
 * @param mainProcess `process`
 */
export function watchFaults(mainProcess: EventEmitter, options: FaultsOptions): void {
  let isEnding = false
  const handle = (event: string) => (error: unknown) => {
    options.log().error('An error was caught nowhere', { event, error })
    // What fails from now on fails because everything is being torn down.
    if (isEnding) return
    isEnding = true
    if (options.restarts.take()) options.restart()
    else options.giveUp()
  }
  for (const event of ['uncaughtException', 'unhandledRejection']) mainProcess.on(event, handle(event))
}
