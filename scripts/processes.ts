import { spawn, spawnSync } from 'node:child_process'
import type { ChildProcess, SpawnOptions } from 'node:child_process'
import { join } from 'node:path'

/** The project's folder; every script runs in it. */
export const root = join(import.meta.dirname, '..')

/** Runs a tool of the project's own to its end with its output shown; returns its exit code. */
export function runTool(
  script: string,
  toolArguments: readonly string[],
  env: NodeJS.ProcessEnv = process.env,
): number {
  const done = spawnSync(process.execPath, [join(root, script), ...toolArguments], {
    cwd: root,
    stdio: 'inherit',
    env,
  })
  return done.status ?? 1
}

/** The same beside others: its output is kept together and returned with the code. */
export async function runToolQuietly(
  script: string,
  toolArguments: readonly string[],
  env: NodeJS.ProcessEnv = process.env,
): Promise<{ code: number; output: string }> {
  const child = spawn(process.execPath, [join(root, script), ...toolArguments], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    env,
  })
  const printed: Buffer[] = []
  child.stdout.on('data', (chunk: Buffer) => printed.push(chunk))
  child.stderr.on('data', (chunk: Buffer) => printed.push(chunk))
  const code = await new Promise<number>((resolve) => {
    child.once('error', () => resolve(1))
    child.once('close', (status) => resolve(status ?? 1))
  })
  return { code, output: Buffer.concat(printed).toString() }
}

/** Starts a script on the project's Node as a child of this one. */
export function startNode(scriptArguments: readonly string[], options: SpawnOptions = {}): ChildProcess {
  return spawn(process.execPath, scriptArguments, { cwd: root, stdio: 'inherit', ...options })
}

/**
 * Becomes the given program where the system can (so that signals reach it and nobody else), otherwise runs it as a
 * child and ends with its code.
 */
export function become(
  program: string,
  programArguments: readonly string[],
  env: NodeJS.ProcessEnv = process.env,
): void {
  if (process.execve && process.platform !== 'win32') {
    const values = Object.fromEntries(
      Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined),
    )
    process.execve(program, [program, ...programArguments], values)
  }
  const child = spawn(program, programArguments, { cwd: root, stdio: 'inherit', env })
  endWith(child)
}

/** Passes signals on to a child and ends when it ends, with its code. */
export function endWith(child: ChildProcess): void {
  process.on('SIGINT', () => {
    if (!process.stdin.isTTY) child.kill('SIGINT')
  })
  process.on('SIGTERM', () => child.kill('SIGTERM'))
  child.on('exit', (code, signal) => process.exit(code ?? (signal === 'SIGINT' ? 130 : 143)))
}
