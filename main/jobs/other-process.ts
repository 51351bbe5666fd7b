import { readFileSync } from 'node:fs'

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

/** Ends the process that began then, if it still runs, and waits until it is gone. */
export async function endProcess(pid: number, startedAt: string | null): Promise<void> {
  if (startedAt === null) return
  while (startOfProcess(pid) === startedAt) {
    try {
      process.kill(pid, 'SIGKILL')
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error
    }
    await new Promise((resolve) => setTimeout(resolve, pollMs))
  }
}
