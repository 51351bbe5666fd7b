import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { startDeskProcess } from '../fixtures/desk-process.ts'
import { startLargeDesk } from '../fixtures/large-desk.ts'
import { buildPeer } from './peers/build-peer.ts'
import { factRow, median, quantile, ratioRow } from './measure.ts'
import type { Bench, BenchRow } from './measure.ts'

const serverCount = 20
const camerasEach = 50
const rounds = 9

/** Ready from a cold start, against a bundle that only imports the same libraries and opens the same database. */
export const coldStart: Bench = {
  name: 'cold-start',
  async run(): Promise<BenchRow[]> {
    const large = await startLargeDesk(serverCount, camerasEach)
    const { folder } = large.desk
    const peer = await buildPeer('only-imports.ts')
    try {
      await large.desk.kill()
      const ours: number[] = []
      const theirs: number[] = []
      let residentMiB = 0
      await started(folder)
      for (let round = 0; round < rounds; round += 1) {
        const desk = await started(folder)
        ours.push(desk.readyAfterMs)
        residentMiB = desk.residentMiB
        theirs.push(await peerReadyMs(peer, join(folder, 'altavms.db')))
      }
      return [
        ratioRow(
          'ready from a cold start, 20 servers and 1,000 cameras, median',
          'ms',
          median(ours),
          'the same libraries and database only',
          median(theirs),
          {
            atMost: 2,
          },
        ),
        ratioRow(
          'ready from a cold start, p95',
          'ms',
          quantile(ours, 0.95),
          'the same libraries and database only',
          quantile(theirs, 0.95),
          {},
        ),
        factRow('resident memory when ready', 'MiB', residentMiB, 'nothing', null),
      ]
    } finally {
      await large.stop()
    }
  },
}

async function started(folder: string): Promise<{ readyAfterMs: number; residentMiB: number }> {
  const desk = await startDeskProcess({ folder })
  const residentMiB = residentOf(desk.child.pid)
  await desk.kill()
  return { readyAfterMs: desk.readyAfterMs, residentMiB }
}

function residentOf(pid: number | undefined): number {
  const line = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))
  return Number(line?.[1] ?? 0) / 1024
}

/** The peer answers HTTP as soon as it is up; it is asked as impatiently as the desk. */
async function peerReadyMs(entry: string, database: string): Promise<number> {
  const startedAt = performance.now()
  const child = spawn(process.execPath, [entry, database], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [line] = (await once(child.stdout, 'data')) as [Buffer]
  const origin = line.toString().trim()
  const answer = await fetch(origin)
  await answer.arrayBuffer()
  const readyMs = performance.now() - startedAt
  child.kill('SIGKILL')
  await once(child, 'exit')
  return readyMs
}
