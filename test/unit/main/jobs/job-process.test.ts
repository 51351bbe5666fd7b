import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { startJobProcess } from '../../../../main/jobs/job-process.ts'
import { endProcess, startOfProcess } from '../../../../main/jobs/other-process.ts'

/** Reads its input as ffmpeg reads a pipe: nothing happens before the first byte, and its end is the end. */
const program = `
  process.stdin.once('data', () => process.stdout.write('works'))
  process.stdin.once('end', () => process.exit(7))
`

// Would catch: a child that nobody knows of, since the desk died after it was started and before that was recorded.
test('a process does nothing before it is recorded, and ends where the desk dies in between', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'alta-desk-job-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const child = join(folder, 'child.mjs')
  writeFileSync(
    child,
    `import { writeFileSync } from 'node:fs'
     const file = process.argv[2]
     process.stdin.once('data', () => writeFileSync(file + '/worked', ''))
     process.stdin.once('end', () => process.exit(0))`,
  )
  const desk = join(folder, 'desk.mjs')
  const helper = join(import.meta.dirname, '../../../../main/jobs/job-process.ts')
  writeFileSync(
    desk,
    `import { startJobProcess } from ${JSON.stringify(helper)}
     const workedOnBy = (pid) => {
       process.stdout.write(String(pid))
       return new Promise(() => setInterval(() => undefined, 1000))
     }
     await startJobProcess(
       { signal: new AbortController().signal, workedOnBy },
       process.execPath, [${JSON.stringify(child)}, ${JSON.stringify(folder)}])`,
  )
  const dying = spawn(process.execPath, [desk], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [pid] = (await once(dying.stdout, 'data')) as [Buffer]
  dying.kill('SIGKILL')
  // Where nobody knows when it began, it is waited for and not ended.
  await endProcess(Number(pid), null, new AbortController().signal)
  expect(startOfProcess(Number(pid))).toBeNull()
  expect(() => readFileSync(join(folder, 'worked'))).toThrow('ENOENT')
})

test('a process works once it is recorded, and its end is known', async () => {
  const recorded: number[] = []
  const workedOnBy = (pid: number): Promise<void> => {
    recorded.push(pid)
    return Promise.resolve()
  }
  const job = { signal: new AbortController().signal, workedOnBy }
  const { child, ended } = await startJobProcess(job, process.execPath, ['-e', program])
  expect(recorded).toEqual([child.pid])
  child.stdin.write('go')
  expect(String((await once(child.stdout, 'data'))[0])).toBe('works')
  child.stdin.end()
  expect(await ended).toBe(7)
})

// Would catch: a child that goes on with a job that is somebody else's by now, or that was cancelled.
test('a process is ended where its lease is lost, and where its job is cancelled', async () => {
  const pids: number[] = []
  const lost = (pid: number): Promise<void> => {
    pids.push(pid)
    return Promise.reject(new Error('lost'))
  }
  const abort = new AbortController()
  const starting = startJobProcess({ signal: abort.signal, workedOnBy: lost }, process.execPath, [
    '-e',
    program,
  ])
  await expect(starting).rejects.toThrow('lost')
  expect(pids.map(startOfProcess)).toEqual([null])
  const job = { signal: abort.signal, workedOnBy: () => Promise.resolve() }
  const { ended } = await startJobProcess(job, process.execPath, ['-e', program])
  abort.abort()
  expect(await ended).toBeNull()
})

test('a program that is missing is an error', async () => {
  const job = { signal: new AbortController().signal, workedOnBy: () => Promise.resolve() }
  await expect(startJobProcess(job, '/no/such/program', [])).rejects.toThrow('ENOENT')
})
