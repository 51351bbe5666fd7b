import { spawn } from 'node:child_process'
import type { ChildProcessWithoutNullStreams } from 'node:child_process'
import { once } from 'node:events'
import type { RunningJob } from './job-kinds.ts'

/** A program that works on a job. */
export interface JobProcess {
  readonly child: ChildProcessWithoutNullStreams
  /** How it ended: its exit code, null where a signal ended it. Nothing of it runs any more then. */
  readonly ended: Promise<number | null>
}

/**
 * Starts a program that works on a job, and resolves once its process id is recorded: a later desk then ends it before it
 * runs the job again. Until then nothing is written to its input, which is its go-ahead: the program must do nothing
 * before the first byte, and end where its input ends before that (ffmpeg that reads from a pipe does both). So a desk
 * that dies in between leaves nothing that works. It is ended when the job's signal is aborted; the job waits for `ended`.
 * Throws what starting it throws, and `LeaseLostError`.
 */
export async function startJobProcess(
  job: Pick<RunningJob<unknown>, 'signal' | 'workedOnBy'>,
  command: string,
  args: readonly string[],
): Promise<JobProcess> {
  job.signal.throwIfAborted()
  const child = spawn(command, args, { stdio: 'pipe' })
  // Its end tells more than the pipe that broke with it.
  child.stdin.on('error', () => undefined)
  await once(child, 'spawn')
  const kill = (): void => void child.kill('SIGKILL')
  const exited = once(child, 'exit').then(([code]) => {
    job.signal.removeEventListener('abort', kill)
    return code as number | null
  })
  try {
    job.signal.addEventListener('abort', kill, { once: true })
    await job.workedOnBy(child.pid ?? 0)
    job.signal.throwIfAborted()
    return { child, ended: exited }
  } catch (error) {
    kill()
    await exited
    throw error
  }
}
