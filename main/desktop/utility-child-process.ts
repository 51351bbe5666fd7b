import { utilityProcess } from 'electron'
import { stepBehind } from '../platform/child-process.ts'
import type { StartChildProcess } from '../platform/child-process.ts'

/**
 * `StartChildProcess` on Electron: the runAsNode fuse is off, so `child_process.fork` would start a second desk. The
 * operating system ends a utility process with its parent.
 */
export const startUtilityProcess: StartChildProcess = (modulePath, options = {}) => {
  const child = utilityProcess.fork(modulePath, [], { serviceName: 'Alta Desk worker', stdio: 'inherit' })
  if (options.lowPriority) {
    child.once('spawn', () => {
      if (child.pid !== undefined) stepBehind(child.pid)
    })
  }
  return {
    send: (message) => child.postMessage(message),
    onMessage: (listener) => void child.on('message', listener),
    onExit: (listener) => void child.once('exit', listener),
    // Electron's own kill() asks with SIGTERM; a child in the middle of native code must end as well.
    kill: () => void (child.pid === undefined ? child.kill() : process.kill(child.pid, 'SIGKILL')),
  }
}
