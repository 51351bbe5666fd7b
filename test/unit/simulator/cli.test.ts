import { spawn, spawnSync } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, it } from 'vitest'

const CLI = fileURLToPath(new URL('../../alta-simulator/cli.ts', import.meta.url))
const started: ChildProcess[] = []

afterEach(() => {
  for (const child of started.splice(0)) child.kill('SIGKILL')
})

interface Ready {
  servers: { name: string; baseUrl: string; ottUrl: string; login: string; password: string }[]
  controlUrl: string
}

async function start(...options: string[]): Promise<{ child: ChildProcess; ready: Ready }> {
  const ports = ['--api-port', '0', '--ott-port', '0', '--control-port', '0']
  const child = spawn(process.execPath, [CLI, '--json', ...ports, ...options], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  started.push(child)
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string]
  return { child, ready: JSON.parse(line) as Ready }
}

/** Processes whose parent is (or was) the given one, by /proc. */
function childrenOf(processId: number | undefined): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => {
      const stat = statOf(name)
      return stat !== undefined && Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]) === processId
    })
    .map(Number)
}

function statOf(name: string): string | undefined {
  try {
    return readFileSync(`/proc/${name}/stat`, 'utf8')
  } catch (error) {
    // It ended since the folder was read.
    if (error instanceof Error && 'code' in error) return undefined
    throw error
  }
}

function isAlive(processId: number): boolean {
  const stat = statOf(String(processId))
  return stat !== undefined && !stat.slice(stat.lastIndexOf(')')).startsWith(') Z')
}

describe('command line', { timeout: 30_000 }, () => {
  it('explains itself, and says which option it does not understand', () => {
    const help = spawnSync(process.execPath, [CLI, '--help'], { encoding: 'utf8' })
    expect(help.status).toBe(0)
    expect(help.stdout).toContain('--control-port')
    const wrong = spawnSync(process.execPath, [CLI, '--size', 'big'], { encoding: 'utf8' })
    expect(wrong.status).toBe(2)
    expect(wrong.stderr).toContain('--size')
  })

  it('prints one line with every address when it is ready', async () => {
    const { child, ready } = await start(
      '--servers',
      '2',
      '--cameras',
      '7',
      '--status-receivers',
      '3',
      '--publish',
    )
    expect(ready.servers.map(({ name }) => name)).toEqual(['Demo 1', 'Demo 2'])
    const answer = await fetch(`${ready.controlUrl}/servers/Demo 2/config`)
    const config = (await answer.json()) as { receivers: object; ott: { channels: object } }
    expect(Object.keys(config.receivers)).toHaveLength(7 * 2 + 3)
    expect(Object.keys(config.ott.channels)).toContain('cam/gate-2')
    child.kill('SIGTERM')
    expect(await once(child, 'exit')).toEqual([0, null])
  })

  // Looks at /proc, which only Linux has.
  it.runIf(process.platform === 'linux').each(['SIGTERM', 'SIGINT', 'SIGKILL'] as const)(
    'leaves no ffmpeg behind after %s',
    async (signal) => {
      const { child } = await start(
        '--cameras',
        '1',
        '--size',
        '160x90',
        '--sub-size',
        '160x90',
        '--always-encode',
      )
      await expect.poll(() => childrenOf(child.pid).length, { timeout: 5000 }).toBe(2)
      const encoders = childrenOf(child.pid)
      child.kill(signal)
      await once(child, 'exit')
      await expect.poll(() => encoders.filter(isAlive), { timeout: 5000 }).toEqual([])
    },
  )
})
