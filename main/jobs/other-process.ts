import { readFileSync } from 'node:fs'
import { pause } from '../platform/lifecycle.ts'

/**
 * When a process began, in a form that no other process with the same id shares; null where it is not running, or where
 * the system does not tell (then nobody is ended by mistake). Linux: proc(5), field 22 of /proc/PID/stat.
 */
export function startOfProcess(pid: number): string | null {
  try {
    const line = readFileSync(`/proc/${pid}/stat`, 'latin1')
    const fields = line.slice(line.lastIndexOf(')') + 2).split(' ')
    // A process that has ended and waits for its parent does nothing any more.
    return fields[0] === 'Z' ? null : (fields[19] ?? null)
  } catch (error) {
    if (error instanceof Error && 'code' in error) return null
    throw error
  }
}

const pollMs = 20
/** So long a process may take to end by itself where nobody can tell it from a later one with its id. */
const longestWaitMs = 10_000

/**
 * Waits until the process is gone that began then. Where its beginning is known it is ended first; elsewhere it ends by
 * itself, since its input has (`startJobProcess`), and is waited for, 10 s at most. Throws when `signal` is aborted.
 */
export async function endProcess(pid: number, startedAt: string | null, signal: AbortSignal): Promise<void> {
  for (let waitedMs = 0; startedAt !== null || waitedMs < longestWaitMs; waitedMs += pollMs) {
    if (startedAt === null ? !isAlive(pid) : startOfProcess(pid) !== startedAt) return
    if (startedAt !== null) send(pid, 'SIGKILL')
    await pause(pollMs, signal)
    signal.throwIfAborted()
  }
}

function isAlive(pid: number): boolean {
  return send(pid, 0)
}

/** False where there is no such process. */
function send(pid: number, what: 'SIGKILL' | 0): boolean {
  try {
    return process.kill(pid, what)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ESRCH') return false
    // Another user's process has that id by now.
    if (error instanceof Error && 'code' in error && error.code === 'EPERM' && what === 0) return false
    throw error
  }
}
