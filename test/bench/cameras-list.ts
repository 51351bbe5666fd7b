import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import autocannon from 'autocannon'
import { startLargeDesk } from '../fixtures/large-desk.ts'
import { buildPeer } from './peers/build-peer.ts'
import { factRow, median, ratioRow } from './measure.ts'
import type { Bench, BenchRow } from './measure.ts'

const rounds = 7
const roundSeconds = 3
const secret = Buffer.alloc(32, 7).toString('base64')

/** The camera list with a token and 1,000 cameras, against the same by hand and against a bare Fastify. */
export const camerasList: Bench = {
  name: 'cameras-list',
  async run(): Promise<BenchRow[]> {
    const large = await startLargeDesk(20, 50, { env: { ALTAVMS_AUTH_JWT_SECRET: secret } })
    const entry = await buildPeer('fastify-cameras.ts')
    const peer = spawn(process.execPath, [entry, join(large.desk.folder, 'altavms.db'), secret], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    try {
      const [line] = (await once(peer.stdout, 'data')) as [Buffer]
      const peerOrigin = line.toString().trim()
      const headers = { authorization: `Bearer ${large.api.token}` }
      const samples = { ours: [] as number[], byHand: [] as number[], bare: [] as number[] }
      await requestsPerSecond(`${large.desk.origin}/api/cameras?pageSize=25`, headers)
      await requestsPerSecond(`${peerOrigin}/api/cameras?pageSize=25`, headers)
      for (let round = 0; round < rounds; round += 1) {
        samples.ours.push(await requestsPerSecond(`${large.desk.origin}/api/cameras?pageSize=25`, headers))
        samples.byHand.push(await requestsPerSecond(`${peerOrigin}/api/cameras?pageSize=25`, headers))
        samples.bare.push(await requestsPerSecond(`${peerOrigin}/bare`, {}))
      }
      const ours = median(samples.ours)
      const bare = median(samples.bare)
      return [
        ratioRow(
          'GET /api/cameras?pageSize=25, 1,000 cameras',
          'requests/s',
          ours,
          'Fastify by hand',
          median(samples.byHand),
          { atLeast: 0.6 },
        ),
        factRow(
          'GET /api/cameras?pageSize=25 beside bare Fastify',
          'requests/s',
          ours,
          `bare Fastify: ${Math.round(bare)} requests/s`,
          ours / bare,
        ),
      ]
    } finally {
      peer.kill('SIGTERM')
      await large.stop()
    }
  },
}

async function requestsPerSecond(url: string, headers: Record<string, string>): Promise<number> {
  const result = await autocannon({ url, headers, connections: 10, duration: roundSeconds })
  if (result.non2xx > 0 || result.errors > 0)
    throw new Error(`${url}: ${result.non2xx} refusals, ${result.errors} errors`)
  return result.requests.average
}
