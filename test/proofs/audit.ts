import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { proveAuditOf } from '../../main/store/audit-proof.ts'
import { developmentStubKey, Keyring } from '../../main/platform/keyring.ts'
import { wallLayoutIds } from '../../shared/domain/wall-layouts.ts'
import { ApiClient } from '../fixtures/api-client.ts'
import { startDeskProcess } from '../fixtures/desk-process.ts'
import { seededRandom } from '../fixtures/seeded-random.ts'
import type { Proof } from './proof.ts'

const seed = 20_261_203
const longestLifeMs = 400
const mostFailures = 10
/** Requests in flight at once, so that a kill finds writes on both connections. */
const writers = 4

/**
 * The desk is killed (SIGKILL) at random instants while it writes its audit log. After each kill, before and after the
 * restart, every row must prove itself and the one before it, and no acknowledged row may be missing.
 */
export const audit: Proof = {
  name: 'audit',
  defaultCount: 300,
  async run(count) {
    const folder = mkdtempSync(join(tmpdir(), 'alta-desk-audit-'))
    const path = join(folder, 'altavms.db')
    const random = seededRandom(seed)
    const failures: string[] = []
    let acknowledged = 0
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
      }
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
    const claim = `killed while writing, the audit log proves itself (${acknowledged} rows acknowledged, seed ${seed})`
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
  const { broken, rows } = proveAuditOf(path, new Keyring([developmentStubKey]))
  const failures = broken ? [`row ${broken.seq}: ${broken.reason}`] : []
  return rows < acknowledged
    ? [...failures, `${rows} rows hold, ${acknowledged} were acknowledged`]
    : failures
}
