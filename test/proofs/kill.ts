import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { wallLayoutIds } from '../../shared/domain/wall-layouts.ts'
import { ApiClient } from '../fixtures/api-client.ts'
import { startDeskProcess } from '../fixtures/desk-process.ts'
import { seededRandom } from '../fixtures/seeded-random.ts'
import type { Proof } from './proof.ts'

/** What the client knows: how many saves were sent, how many acknowledged, and which was the last acknowledged one. */
interface Tally {
  sent: number
  acknowledged: number
  lastAcknowledged: number | null
}

const seed = 20_261_121
const longestLifeMs = 400
const mostFailures = 10

/**
 * The desk is killed (SIGKILL) at random instants while it saves; after each restart everything it acknowledged must be
 * there, with its audit row, and the database sound. A kill keeps what the kernel holds: this proves no half writes and
 * no lost acknowledgements of a dying process, not the loss of power.
 */
export const kill: Proof = {
  name: 'kill',
  defaultCount: 1000,
  async run(count) {
    const folder = mkdtempSync(join(tmpdir(), 'alta-desk-kill-'))
    const random = seededRandom(seed)
    const failures: string[] = []
    const tally: Tally = { sent: 0, acknowledged: 0, lastAcknowledged: null }
    try {
      for (let round = 0; round <= count && failures.length < mostFailures; round += 1) {
        const desk = await startDeskProcess({ folder })
        const api = new ApiClient(desk.origin)
        await api.signIn()
        const wrong = await check(api, folder, tally)
        failures.push(...wrong.map((failure) => `after kill ${round}: ${failure}`))
        setTimeout(() => void desk.child.kill('SIGKILL'), random() * longestLifeMs)
        if (round < count) await saveUntilDead(api, tally)
        await desk.kill()
      }
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
    const claim = `killed while saving, nothing acknowledged is lost (${tally.acknowledged} saves acknowledged, seed ${seed})`
    return { claim, tries: count, failures }
  },
}

async function saveUntilDead(api: ApiClient, tally: Tally): Promise<void> {
  for (;;) {
    const number = tally.sent
    tally.sent += 1
    const answer = await api
      .call('PUT', '/live/wall', { layout: layoutOf(number), tiles: [] })
      .catch(() => null)
    if (answer?.status !== 200) return
    tally.acknowledged += 1
    tally.lastAcknowledged = number
  }
}

/** Saves are told apart by their layout, which goes round. */
function layoutOf(number: number): string {
  return wallLayoutIds[number % wallLayoutIds.length] ?? '1'
}

async function check(api: ApiClient, folder: string, tally: Tally): Promise<string[]> {
  const failures: string[] = []
  const database = new Database(join(folder, 'altavms.db'), { readonly: true })
  try {
    const sound = database.pragma('integrity_check', { simple: true })
    if (sound !== 'ok') failures.push(`integrity_check says ${String(sound)}`)
    const rows = database
      .prepare(`SELECT count(*) FROM audit WHERE action = 'wall.saved'`)
      .pluck()
      .get() as number
    if (rows < tally.acknowledged || rows > tally.sent) {
      failures.push(`${rows} audit rows, ${tally.acknowledged} saves acknowledged, ${tally.sent} sent`)
    }
  } finally {
    database.close()
  }
  if (tally.lastAcknowledged === null) return failures
  const { layout } = await api.want<{ layout: string }>('GET', '/live/wall')
  // Any save since may have been written in the moment of the kill, also one of an earlier life in which no other
  // was acknowledged.
  const { lastAcknowledged: first, sent } = tally
  const possible = Array.from({ length: sent - first }, (_, index) => layoutOf(first + index))
  if (!possible.includes(layout)) failures.push(`the wall is ${layout}, not ${possible.join(' or ')}`)
  return failures
}
