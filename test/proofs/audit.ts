import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { anchorFileOf } from '../../main/store/audit-anchors.ts'
import { proveAuditOf } from '../../main/store/audit-proof.ts'
import { developmentStubKey, Keyring } from '../../main/platform/keyring.ts'
import { wallLayoutIds } from '../../shared/domain/wall-layouts.ts'
import { ApiClient } from '../fixtures/api-client.ts'
import { startDeskProcess } from '../fixtures/desk-process.ts'
import { seededRandom } from '../fixtures/seeded-random.ts'
import type { Proof } from './proof.ts'

const seed = 20_261_203
const keyring = new Keyring([developmentStubKey])
const longestLifeMs = 400
const mostFailures = 10
/** Requests in flight at once, so that a kill finds writes on both connections. */
const writers = 4
/** Every so many kills, and after the last, what the kill left is forged in every way below. */
const killsBetweenForgeries = 50

/** What somebody does to the file of a stopped desk who has no key; the anchors are taken away too. */
const forgeries: Readonly<Record<string, string>> = {
  'rows, head and triggers dropped': `delete from audit; delete from desk_values where key like 'audit%'`,
  'HMACs blanked, a row edited, the head deleted': `update audit set hmac = '', key_id = '';
    update audit set actor_name = 'nobody' where seq = 1; delete from desk_values where key = 'audit_head'`,
  'the last row dropped': 'delete from audit where seq = (select max(seq) from audit)',
}

/**
 * The desk is killed (SIGKILL) at random instants while it writes its audit log. After each kill, before and after the
 * restart, every row must prove itself and the one before it, and no acknowledged row may be missing. In between, copies
 * of what the kills left are forged: the proof must fail before a desk is started on them and afterwards, however much
 * that desk then writes.
 */
export const audit: Proof = {
  name: 'audit',
  defaultCount: 300,
  async run(count) {
    const folder = mkdtempSync(join(tmpdir(), 'alta-desk-audit-'))
    const path = join(folder, 'altavms.db')
    const random = seededRandom(seed)
    const failures: string[] = []
    let [acknowledged, forged] = [0, 0]
    try {
      for (let round = 0; round <= count && failures.length < mostFailures; round += 1) {
        const desk = await startDeskProcess({ folder, env: { ALTAVMS_LIMITS_ENABLED: 'false' } })
        failures.push(
          ...check(path, acknowledged).map((failure) => `restarted after kill ${round}: ${failure}`),
        )
        const api = new ApiClient(desk.origin)
        await api.signIn()
        setTimeout(() => void desk.child.kill('SIGKILL'), random() * longestLifeMs)
        if (round < count) {
          const saved = await Promise.all(Array.from({ length: writers }, () => saveUntilDead(api)))
          acknowledged += saved.reduce((sum, one) => sum + one, 0)
        }
        await desk.kill()
        failures.push(...check(path, acknowledged).map((failure) => `after kill ${round + 1}: ${failure}`))
        if (round === count || round % killsBetweenForgeries === killsBetweenForgeries - 1) {
          failures.push(...(await forge(folder)))
          forged += Object.keys(forgeries).length + 1
        }
      }
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
    const claim = `killed while writing, the audit log proves itself (${acknowledged} rows acknowledged, seed ${seed}), and ${forged} forgeries without a key are found`
    return { claim, tries: count, failures }
  },
}

/** Returns how many saves were acknowledged. */
async function saveUntilDead(api: ApiClient): Promise<number> {
  for (let saved = 0; ; saved += 1) {
    const layout = wallLayoutIds[saved % wallLayoutIds.length] ?? '1'
    const answer = await api.call('PUT', '/live/wall', { layout, tiles: [] }).catch(() => null)
    if (answer?.status !== 200) return saved
  }
}

function check(path: string, acknowledged: number): string[] {
  const { holds, broken, rows } = proveAuditOf(path, keyring, anchorFileOf(path))
  const failures = broken ? [`row ${broken.seq}: ${broken.reason}`] : holds ? [] : ['it does not hold']
  return rows < acknowledged
    ? [...failures, `${rows} rows hold, ${acknowledged} were acknowledged`]
    : failures
}

/** Forges copies of a stopped desk's folder; returns which forgeries were not found. */
async function forge(folder: string): Promise<string[]> {
  const missed: string[] = []
  for (const [name, sql] of Object.entries(forgeries)) {
    const unnoticed = await inCopyOf(folder, async (copy, path) => {
      const database = new Database(path)
      database.exec('drop trigger audit_unchangeable; drop trigger audit_unremovable')
      database.exec(sql)
      database.close()
      rmSync(anchorFileOf(path), { force: true })
      const before = proveAuditOf(path, keyring).holds
      await writeSome(copy)
      return before || proveAuditOf(path, keyring).holds
    })
    if (unnoticed) missed.push(`not found: ${name}`)
  }
  const rolledBack = await inCopyOf(folder, async (copy, path) => {
    const older = join(copy, 'older.db')
    const database = new Database(path)
    database.prepare('vacuum into ?').run(older)
    database.close()
    await writeSome(copy)
    for (const end of ['-wal', '-shm']) rmSync(`${path}${end}`, { force: true })
    cpSync(older, path)
    const before = proveAuditOf(path, keyring, anchorFileOf(path)).holds
    await writeSome(copy)
    return before || proveAuditOf(path, keyring).holds
  })
  return rolledBack ? [...missed, 'not found: an older copy in the place of the database'] : missed
}

async function inCopyOf(
  folder: string,
  attack: (copy: string, path: string) => Promise<boolean>,
): Promise<boolean> {
  const copy = mkdtempSync(join(tmpdir(), 'alta-desk-forged-'))
  try {
    cpSync(folder, copy, { recursive: true })
    return await attack(copy, join(copy, 'altavms.db'))
  } finally {
    rmSync(copy, { recursive: true, force: true })
  }
}

/** Starts a desk on the folder, writes a few rows and stops it. */
async function writeSome(folder: string): Promise<void> {
  const desk = await startDeskProcess({ folder, env: { ALTAVMS_LIMITS_ENABLED: 'false' } })
  const api = new ApiClient(desk.origin)
  await api.signIn()
  for (const layout of wallLayoutIds.slice(0, 3)) await api.want('PUT', '/live/wall', { layout, tiles: [] })
  await desk.stop()
}
