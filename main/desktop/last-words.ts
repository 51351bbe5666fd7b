import { app } from 'electron'
import { showNotice } from './notice-window.ts'
import { relaunchOptions } from './relaunch.ts'

/** Ends this process and starts the application anew. */
export function restart(): void {
  app.relaunch(relaunchOptions(process.env, process.argv))
  app.exit(1)
}

/** Says why there is no desk, in the words of the error, and ends the application or starts it again. */
export function failToStart(error: unknown): void {
  lastWords('Alta Desk cannot start', error instanceof Error ? error.message : String(error), restart)
}

/**
 * The application stops after too many faults: a window says so, where a person may start it again.
 * @param logFile where they are described
 */
export function stopAfterFaults(logFile: string, startAgain: () => void): void {
  lastWords(
    'Alta Desk has stopped',
    `It failed several times within ten minutes. The log says why: ${logFile}`,
    startAgain,
  )
}

function lastWords(title: string, text: string, startAgain: () => void): void {
  // Before that there can be no window; what starts the application sees the error on its terminal.
  if (!app.isReady()) {
    process.stderr.write(`${title}. ${text}\n`)
    return app.exit(1)
  }
  const quit = (): void => app.exit(1)
  showNotice({
    title,
    text,
    actions: [
      { label: 'Try again', run: startAgain },
      { label: 'Quit', run: quit },
    ],
    onClosed: quit,
  })
}
