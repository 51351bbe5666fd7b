import { utilityProcess } from 'electron'
import { processorMs, stepBehind } from '../platform/child-process.ts'
import type { StartChildProcess } from '../platform/child-process.ts'
import type { AreaLogger } from '../platform/logging.ts'

/**
 * `StartChildProcess` on Electron: the runAsNode fuse is off, so `child_process.fork` would start a second desk. The
 * operating system ends a utility process with its parent.
 */
export function utilityProcessStarter(log: AreaLogger): StartChildProcess {
  return (modulePath, options = {}) => {
    const child = utilityProcess.fork(modulePath, [], { serviceName: 'Alta Desk worker', stdio: 'inherit' })
    if (options.lowPriority) {
      child.once('spawn', () => {
        if (child.pid !== undefined) stepBehind(child.pid)
      })
    }
    // Without a listener this event would end the desk as well. `exit` follows, whose listener starts another child when
    // it is needed. The report holds the variables of the environment, so it is not logged.
    child.on('error', (type, location) =>
      log.error('A worker process failed', { modulePath, type, location }),
    )
    return {
      send: (message) => child.postMessage(message),
      onMessage: (listener) => void child.on('message', listener),
      onExit: (listener) => void child.once('exit', listener),
      processorMs: () => processorMs(child.pid),
      // Electron's own kill() asks with SIGTERM; a child in the middle of native code must end as well.
      kill: () => void (child.pid === undefined ? child.kill() : killNow(child.pid)),
    }
  }
}

function killNow(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch (error) {
    // It ended by itself a moment ago.
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error
  }
}
