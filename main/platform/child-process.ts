import { fork } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { constants, getPriority, setPriority } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** A module of ours running in a process of its own, so that it can be slow, or be killed, without harm to the desk. */
export interface ChildProcess {
  /** Structured-clonable values only. */
  send(message: unknown): void
  onMessage(listener: (message: unknown) => void): void
  /** Called once, however the process ended. */
  onExit(listener: () => void): void
  /** Processor time that it has used so far, ms: see `processorMs`. */
  processorMs(): number | null
  /** Ends it at once, even in the middle of native code. */
  kill(): void
}

/** How far a child of low priority stands behind the desk itself, in steps of niceness. */
const stepsBehind = 10

/**
 * Lets a process give way to this one and still get its share: at the lowest priority nobody could sign in while a
 * wall of pictures keeps every core busy.
 */
export function stepBehind(pid: number): void {
  try {
    setPriority(pid, Math.min(getPriority() + stepsBehind, constants.priority.PRIORITY_LOW))
  } catch (error) {
    // It has just ended, or the system does not allow it: the work is the same, only less considerate.
    if (!(error instanceof Error && 'code' in error)) throw error
  }
}

/** Linux states times of processes in hundredths of a second to every program (proc(5), sysconf(_SC_CLK_TCK)). */
const tickMs = 10

/** Processor time that a process has used, ms; null where it has ended, or where the system keeps no /proc. */
export function processorMs(pid: number | undefined): number | null {
  try {
    const line = readFileSync(`/proc/${pid}/stat`, 'latin1')
    // The name of the program comes before, in parentheses, with whatever characters it has.
    const fields = line.slice(line.lastIndexOf(')') + 2).split(' ')
    const ticks = Number(fields[11]) + Number(fields[12])
    return Number.isFinite(ticks) ? ticks * tickMs : null
  } catch (error) {
    if (error instanceof Error && 'code' in error) return null
    throw error
  }
}

interface ChildProcessOptions {
  /** Gives way to everything else on the machine. */
  readonly lowPriority?: boolean
}

/**
 * Starts a module in another process. A headless desk forks Node; the desktop application, whose Electron binary does
 * not run as Node, passes one that is built on `utilityProcess`.
 */
export type StartChildProcess = (modulePath: string, options?: ChildProcessOptions) => ChildProcess

/** `StartChildProcess` on plain Node. The child ends when its parent does: see `parentProcess`. */
export const forkChildProcess: StartChildProcess = (modulePath, options = {}) => {
  const child = fork(modulePath, [], {
    execArgv: [],
    serialization: 'advanced',
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  if (options.lowPriority && child.pid !== undefined) stepBehind(child.pid)
  let alive = true
  const exitListeners: (() => void)[] = []
  const ended = (): void => {
    if (!alive) return
    alive = false
    for (const listener of exitListeners) listener()
  }
  child.once('exit', ended)
  // A process that could not be started, or a message to one that is just ending: `onExit` says so.
  child.on('error', () => {
    if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) ended()
  })
  return {
    send: (message) => {
      if (child.connected) child.send(message as object)
    },
    onMessage: (listener) => void child.on('message', listener),
    onExit: (listener) => void exitListeners.push(listener),
    processorMs: () => processorMs(child.pid),
    kill: () => void child.kill('SIGKILL'),
  }
}

/** The other end of a `ChildProcess`, as the module in the child sees it. */
interface ParentProcess {
  send(message: unknown): void
  onMessage(listener: (message: unknown) => void): void
}

/** The message port by which Electron's `utilityProcess` talks to its parent. */
interface UtilityParentPort {
  postMessage(message: unknown): void
  on(event: 'message', listener: (event: { data: unknown }) => void): void
}

/** Connects a child module with the desk that started it, and ends the process when that desk is gone. */
export function parentProcess(): ParentProcess {
  const port = (process as { parentPort?: UtilityParentPort }).parentPort
  if (port) {
    return {
      send: (message) => port.postMessage(message),
      onMessage: (listener) => port.on('message', (event) => listener(event.data)),
    }
  }
  process.once('disconnect', () => process.exit(0))
  // A terminal sends Ctrl+C to the whole group; the desk decides when its children end.
  process.on('SIGINT', () => undefined)
  return {
    send: (message) => void process.send?.(message),
    onMessage: (listener) => void process.on('message', listener),
  }
}

/**
 * Finds the file of a module that is to be started apart: `<name>.ts` beside its starter in the source tree; in a
 * bundle `<name>.js`, beside the entries, of which the starter may be a chunk one folder down.
 * `starterUrl` is the starter's `import.meta.url`. Throws when there is none.
 */
export function childModulePath(name: string, starterUrl: string): string {
  const starter = fileURLToPath(starterUrl)
  const folder = dirname(starter)
  const candidates = starter.endsWith('.ts')
    ? [join(folder, `${name}.ts`)]
    : [join(folder, `${name}.js`), join(dirname(folder), `${name}.js`)]
  const found = candidates.find((candidate) => existsSync(candidate))
  if (!found) throw new Error(`The module ${name} is missing (looked for ${candidates.join(', ')}).`)
  return found
}
