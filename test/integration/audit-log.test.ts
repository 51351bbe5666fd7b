import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import Database from 'better-sqlite3'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import type { AuditEntry } from '../../shared/contract/audit.ts'
import { ApiClient } from '../fixtures/api-client.ts'
import { readAudit } from '../fixtures/audit-rows.ts'
import type { AuditRow } from '../fixtures/audit-rows.ts'
import { startDeskInProcess, testAdmin, testViewer } from '../fixtures/desk-in-process.ts'
import type { DeskInProcess } from '../fixtures/desk-in-process.ts'

interface Page {
  readonly items: AuditEntry[]
  readonly nextCursor: string | null
}

let desk: DeskInProcess
let api: ApiClient

beforeAll(async () => {
  desk = await startDeskInProcess({ people: [testAdmin, testViewer] })
  api = new ApiClient(desk.origin)
  await api.signIn(testAdmin.email, testAdmin.password)
  for (const layout of ['1', '4', '9', '16', '25']) await api.want('PUT', '/live/wall', { layout, tiles: [] })
  await api.call('POST', '/auth/login', { email: '=cmd|"/c calc"!A0', password: 'nonsense' })
  const viewer = new ApiClient(desk.origin)
  await viewer.signIn(testViewer.email, testViewer.password)
  await viewer.call('GET', '/audit')
})
afterAll(() => desk.stop())

const page = (query: string): Promise<Page> => api.want<Page>('GET', `/audit?${query}`)

describe('the list', () => {
  test('is newest first, and its pages meet without a gap or an overlap', async () => {
    const all = (await page('limit=200')).items
    const seqs = all.map(({ seq }) => seq)
    expect(seqs).toEqual(seqs.toSorted((left, right) => right - left))
    const paged: number[] = []
    let cursor: string | null = ''
    while (cursor !== null) {
      const next: Page = await page(`limit=3${cursor === '' ? '' : `&cursor=${cursor}`}`)
      paged.push(...next.items.map(({ seq }) => seq))
      cursor = next.nextCursor
    }
    expect(paged).toEqual(seqs)
  })

  test('says who, from where, what, on what, and how it ended', async () => {
    const [refused] = (await page('outcome=refused&action=access.refused')).items
    expect(refused).toMatchObject({
      action: 'access.refused',
      actor: { name: testViewer.email },
      target: { kind: 'procedure', name: 'audit.list' },
      outcome: 'refused',
      door: 'http',
      remoteAddress: '127.0.0.1',
      before: null,
    })
    expect(refused?.actor.id).toMatch(/^[0-9a-f-]{36}$/)
    expect(refused?.at).toBeGreaterThan(Date.now() - 60_000)
  })

  test('finds by action, by who did it (id or name), by what it was done to, by time and by words', async () => {
    const walls = await page('action=wall.saved')
    expect(walls.items).toHaveLength(5)
    const [first] = walls.items
    const byId = await page(`actor=${first?.actor.id}&action=wall.saved`)
    const byName = await page(`actor=${testAdmin.email}&action=wall.saved`)
    expect([byId, byName]).toEqual([walls, walls])
    expect((await page(`target=${first?.target?.id}&action=wall.saved`)).items).toHaveLength(5)
    expect((await page(`target=${testAdmin.email}&action=wall.saved`)).items).toHaveLength(5)
    const third = walls.items[2]
    const from = await page(`action=wall.saved&from=${third?.at}`)
    expect(from.items.map(({ seq }) => seq)).toContain(third?.seq)
    expect(new Set(from.items.map(({ at }) => at >= (third?.at ?? 0)))).toEqual(new Set([true]))
    const to = await page(`action=wall.saved&to=${third?.at}`)
    expect(new Set(to.items.map(({ at }) => at <= (third?.at ?? 0)))).toEqual(new Set([true]))
    expect((await page('to=1')).items).toEqual([])
    expect((await page('search=WALL.SAVED&limit=200')).items).toHaveLength(5)
    expect((await page('search=100%25')).items).toEqual([])
    expect((await page('search=_all.saved')).items).toEqual([])
  })

  test('refuses what is no filter, and changes nothing', async () => {
    for (const query of ['limit=201', 'limit=0', 'cursor=x', 'outcome=maybe', 'from=yesterday'])
      expect((await api.call('GET', `/audit?${query}`)).status).toBe(400)
  })

  test('names every action once, for a filter to choose from, and how far back it goes', async () => {
    const { actions } = await api.want<{ actions: string[] }>('GET', '/audit/actions')
    expect(actions).toEqual([...new Set(actions)].toSorted())
    expect(actions).toContain('wall.saved')
    expect(await api.want('GET', '/audit/state')).toMatchObject({
      keptForMs: 8760 * 3_600_000,
      finding: null,
    })
  })
})

describe('the export', () => {
  const bytesOf = async (answer: Response): Promise<Buffer> => Buffer.from(await answer.arrayBuffer())

  async function download(input: object): Promise<Response> {
    const { url } = await api.want<{ url: string }>('POST', '/audit/export', input)
    return fetch(desk.origin + url)
  }

  test('as CSV disarms what a spreadsheet would run, and quotes what has commas', async () => {
    const answer = await download({ format: 'csv' })
    expect(answer.headers.get('content-type')).toBe('text/csv; charset=utf-8')
    expect(answer.headers.get('content-disposition')).toMatch(
      /^attachment; filename="audit-log-\d{8}T\d{6}Z\.csv"$/,
    )
    const text = Buffer.from(await answer.arrayBuffer()).toString()
    const lines = text.split('\r\n')
    expect(lines[0]).toBe(
      '\ufeffseq,at,action,outcome,actor_name,actor_id,target_kind,target_name,target_id,door,remote_address,request_id,before,after,repeated,repeated_last_at',
    )
    expect(text).not.toMatch(/(^|,)"?[=+\-@]/m)
    expect(text).toContain(`"'=cmd|""/c calc""!a0"`)
    expect(lines[1]).toContain('audit.exported')
  })

  test('as JSON lines holds every row that the filter finds, and what proves it', async () => {
    const text = await (await download({ format: 'jsonl', action: 'wall.saved' })).text()
    const rows = text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>)
    expect(rows).toHaveLength(5)
    expect(rows[0]).toMatchObject({ action: 'wall.saved', actor_name: testAdmin.email })
    expect(rows[0]?.['hmac']).toMatch(/^[\w-]{43}$/)
  })

  // Would catch: an export that breaks off with the connection and has to begin again.
  test('is recorded with its filter before it is handed out, and can be fetched again, or from where it broke', async () => {
    const { url } = await api.want<{ url: string }>('POST', '/audit/export', { format: 'csv', action: 'x' })
    const [newest] = (await page('limit=1')).items
    expect(newest).toMatchObject({ action: 'audit.exported', after: { format: 'csv', action: 'x' } })
    expect((await fetch(desk.origin + url.replace(/[^/]+$/, 'other.csv'))).status).toBe(404)
    const first = await fetch(desk.origin + url)
    const whole = await bytesOf(first)
    const etag = first.headers.get('etag') ?? ''
    const rest = await fetch(desk.origin + url, { headers: { range: 'bytes=20-', 'if-range': etag } })
    expect([rest.status, await bytesOf(rest)]).toEqual([206, whole.subarray(20)])
  })

  test('works at the desk too, where no listener is needed', async () => {
    const window = desk.window(() => api.token)
    const { url } = await window.audit.export({ format: 'jsonl', action: 'wall.saved' })
    const { signal } = new AbortController()
    const ask = (path: string) => desk.desk.answerFile({ method: 'GET', path, header: () => null, signal })
    expect((await (await ask(url))?.text())?.trimEnd().split('\n')).toHaveLength(5)
    expect(await ask(`${url}x`)).toBe(null)
  })

  test('is an address of the sign-in that asked: it ends with it, and outlives the desk', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'alta-desk-export-'))
    const first = await startDeskInProcess({ folder, people: [testAdmin] })
    const client = new ApiClient(first.origin)
    await client.signIn(testAdmin.email, testAdmin.password)
    const made = await client.want<{ url: string }>('POST', '/audit/export', { format: 'csv' })
    const whole = await bytesOf(await fetch(first.origin + made.url))
    await first.stop()
    const again = await startDeskInProcess({ folder })
    onTestFinished(async () => {
      await again.stop()
      rmSync(folder, { recursive: true, force: true })
    })
    const rest = await fetch(again.origin + made.url, { headers: { range: 'bytes=20-' } })
    expect([rest.status, await bytesOf(rest)]).toEqual([206, whole.subarray(20)])
    const other = new ApiClient(again.origin)
    await other.signIn(testAdmin.email, testAdmin.password)
    await other.want('POST', '/auth/logout', {})
    expect((await fetch(again.origin + made.url)).status).toBe(200)
    client.origin = again.origin
    await client.want('POST', '/auth/logout', {})
    expect((await fetch(again.origin + made.url)).status).toBe(404)
  })

  // Would catch: an export without an end in the answer, or one that is said to be whole, where there was no room for it.
  test('says in a sentence that there is no more room, and records nothing as handed out', async () => {
    const small = await startDeskInProcess({ people: [testAdmin], variables: { ALTAVMS_FILES_QUOTA: '1MB' } })
    onTestFinished(() => small.stop())
    const client = new ApiClient(small.origin)
    await client.signIn(testAdmin.email, testAdmin.password)
    const database = new Database(small.databasePath)
    database.exec(
      `insert into files select '0192e4a0-0000-7000-8000-000000000000', id, 'kept', 'a', 'b', 1000000, 'c', 1, 9e15 from users`,
    )
    database.close()
    const { status, body } = await client.call('POST', '/audit/export', { format: 'csv' })
    expect([status, body]).toEqual([
      409,
      expect.objectContaining({
        code: 'FILE_QUOTA_REACHED',
        message: expect.stringMatching(/space/) as string,
      }),
    ])
    expect(readAudit(small).filter(({ action }) => action === 'audit.exported')).toEqual([])
  })
})

interface Ended {
  readonly code: number
  readonly printed: string
  readonly complained: string
}

/** Runs `alta-desk` on a database, as somebody at a terminal does. */
async function command(databasePath: string, ...args: string[]): Promise<Ended> {
  const { PATH, HOME } = process.env
  const entry = join(import.meta.dirname, '../../main/headless.ts')
  const child = spawn(process.execPath, [entry, ...args], {
    cwd: dirname(databasePath),
    env: { PATH, HOME, ALTAVMS_DB_PATH: databasePath },
  })
  const [printed, complained] = [[] as string[], [] as string[]]
  child.stdout.on('data', (text: Buffer) => printed.push(text.toString()))
  child.stderr.on('data', (text: Buffer) => complained.push(text.toString()))
  const [code] = (await once(child, 'close')) as [number]
  return { code, printed: printed.join(''), complained: complained.join('') }
}

describe('alta-desk verify-audit', () => {
  const verify = (...args: string[]): Promise<Ended> => command(desk.databasePath, 'verify-audit', ...args)

  test('proves the log of a desk that runs', async () => {
    const { code, printed } = await verify()
    expect(printed).toMatch(
      /^The audit log holds\.\n\d+ rows hold\.\n\d+ rows are signed with the development key.*\nLast row that holds: \d+ [\w-]{43}\n$/,
    )
    expect(code).toBe(0)
  })

  test('names the first row that was changed in a copy, and ends with status 1', async () => {
    const copy = join(desk.folder, 'copy.db')
    const source = new Database(desk.databasePath, { readonly: true })
    await source.backup(copy)
    source.close()
    const database = new Database(copy)
    database.exec(`drop trigger audit_unchangeable; update audit set actor_name = 'nobody' where seq = 4`)
    database.close()
    expect(await verify(copy)).toMatchObject({
      code: 1,
      printed: '',
      complained: expect.stringMatching(
        /^The audit log does NOT hold: row 4: it was changed, or put in the place of another\.\n3 rows hold before it\.\n/,
      ) as string,
    })
    rmSync(copy)
  })

  test('says in a sentence what is no database', async () => {
    const file = join(desk.folder, 'no.db')
    copyFileSync(join(desk.folder, 'secret.txt'), file)
    expect(await verify(file)).toMatchObject({
      code: 1,
      complained: expect.stringMatching(/is not a database of Alta Desk/) as string,
    })
  })
})

describe('refusals that repeat themselves', () => {
  // Would catch: a stranger, or a viewer with a script, who fills the disk through the audit log.
  test('are one row at once, and one more with their count and times when the desk stops', async () => {
    const busy = await startDeskInProcess({ people: [testAdmin, testViewer] })
    const viewer = new ApiClient(busy.origin)
    await viewer.signIn(testViewer.email, testViewer.password)
    for (let turn = 0; turn < 30; turn += 1) {
      await viewer.call('GET', '/audit')
      await viewer.call('POST', '/auth/login', { email: `stranger-${turn}@desk`, password: 'nope' })
    }
    const trouble = (): AuditRow[] => readAudit(busy).filter(({ outcome }) => outcome !== 'done')
    expect(trouble().filter(({ action }) => action === 'access.refused')).toHaveLength(1)
    expect(trouble().filter(({ action }) => action === 'session.opened')).toHaveLength(20)
    await busy.desk.stop()
    const counted = trouble().flatMap(({ action, actorName, targetName, after }) => {
      const { repeated } = JSON.parse(after ?? '{}') as { repeated?: { times: number } }
      return repeated ? [{ action, actorName, targetName, times: repeated.times }] : []
    })
    expect(counted.toSorted((left, right) => left.action.localeCompare(right.action))).toEqual([
      { action: 'access.refused', actorName: testViewer.email, targetName: 'audit.list', times: 29 },
      { action: 'session.opened', actorName: 'several', targetName: null, times: 10 },
    ])
    expect(await command(busy.databasePath, 'verify-audit')).toMatchObject({ code: 0 })
    await busy.stop()
  })
})

describe('a database that was altered while the desk was stopped', () => {
  let altered: DeskInProcess
  let older: string
  let path: string
  const anchors = (): string => path.replace(/\.db$/, '-audit-anchors.txt')

  beforeAll(async () => {
    altered = await startDeskInProcess({ people: [testAdmin, testViewer] })
    path = altered.databasePath
    older = join(desk.folder, 'older.db')
    const source = new Database(path, { readonly: true })
    await source.backup(older)
    source.close()
    const client = new ApiClient(altered.origin)
    await client.signIn(testAdmin.email, testAdmin.password)
    await client.want('PUT', '/live/wall', { layout: '4', tiles: [] })
    await altered.desk.stop()
    await copyAway()
  })
  afterAll(() => rmSync(altered.folder, { recursive: true, force: true }))

  /** An older backup in the place of the database: rows are gone, and the chain in itself is whole. */
  async function copyAway(): Promise<void> {
    for (const end of ['-wal', '-shm']) rmSync(`${path}${end}`, { force: true })
    await Promise.resolve(copyFileSync(older, path))
  }

  // Would catch: a log that was cut, of which verify-audit says "holds" and the running desk says nothing.
  test('is found by its anchors; a plain proof cannot know', async () => {
    expect(await command(path, 'verify-audit')).toMatchObject({ code: 0 })
    const found = await command(path, 'verify-audit', '--anchor', anchors())
    expect(found.complained).toMatch(/^The audit log does NOT hold\.\n/)
    expect(found.complained).toMatch(/CUT: \d+ anchored rows? (is|are) missing or replaced/)
    expect(found.code).toBe(1)
  })

  test('is told by the desk that runs, to the log, to /readyz and to administrators, and it goes on recording', async () => {
    const again = await startDeskInProcess({ folder: altered.folder })
    const client = new ApiClient(again.origin)
    await client.signIn(testAdmin.email, testAdmin.password)
    const { finding } = await client.want<{ finding: string }>('GET', '/audit/state')
    expect(finding).toMatch(
      /^The audit log was altered outside Alta Desk\. Noticed on .* it went to row \d+\./,
    )
    expect(await (await fetch(`${again.origin}/readyz`)).json()).toMatchObject({
      degraded: ['audit log'],
    })
    expect(again.log.filter((line) => line.includes('altered outside the desk'))).toHaveLength(1)
    const { items } = await client.want<Page>('GET', '/audit?action=audit.broken')
    expect(items).toMatchObject([{ action: 'audit.broken', outcome: 'failed', actor: { name: 'desk' } }])
    expect((await command(path, 'record-restore', 'too early')).complained).toMatch(
      /^Another Alta Desk already uses the database/,
    )
    await again.desk.stop()
    expect((await command(path, 'verify-audit')).code).toBe(1)
  })

  test('is accounted for once an administrator has recorded the restore', async () => {
    expect((await command(path, 'record-restore')).code).toBe(2)
    expect(await command(path, 'record-restore', 'Backup of yesterday, the disk failed.')).toMatchObject({
      code: 0,
      printed: 'The restore is recorded in the audit log.\n',
    })
    const proof = await command(path, 'verify-audit', '--anchor', anchors())
    expect(proof.printed).toMatch(/a restore was recorded by .*: Backup of yesterday, the disk failed\./)
    expect(proof.printed).toMatch(/given up by the restore recorded in row/)
    expect(proof.code).toBe(0)
  })
})
