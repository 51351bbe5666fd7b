import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { expect, onTestFinished, test } from 'vitest'
import { addServer, serverBody, testAlta, until } from '../fixtures/desk-with-alta.ts'
import { startKilledDesk } from '../fixtures/start-killed-desk.ts'
import type { KilledDesk } from '../fixtures/start-killed-desk.ts'

type Alta = Awaited<ReturnType<typeof testAlta>>

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'alta-desk-killed-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** Adds the Alta and kills the desk at the very moment at which Alta has the authorizer, or the origins, of it. */
async function killWhileAdding(desk: KilledDesk, alta: Alta, at: 'authorizer' | 'origins'): Promise<void> {
  const killed = new Promise<void>((resolve) => {
    const cutting = <Table extends object>(table: Table): Table =>
      new Proxy(table, {
        set: (target, key, value) => {
          void desk.kill().then(resolve)
          return Reflect.set(target, key, value)
        },
      })
    const { config } = alta
    if (at === 'authorizer') config.ott.authorizers = cutting(config.ott.authorizers)
    else config.servers = cutting(config.servers)
  })
  const adding = desk.api.call('POST', '/servers', serverBody(alta)).catch(() => undefined)
  await killed
  await adding
}

function authorizersOf(alta: Alta): string[] {
  return Object.keys(alta.config.ott.authorizers)
}

function originsOf(alta: Alta): unknown {
  return Object.values(alta.config.servers).map(({ allow_origin }) => allow_origin ?? [])
}

// Would catch: an authorizer, or a page origin, of ours that stays on Alta for ever, since the desk died before it knew the server.
test.each(['authorizer', 'origins'] as const)(
  'a desk that is killed while it adds a server, once Alta has its %s, removes what it made at its next start',
  async (at) => {
    const [folder, alta] = [temporaryFolder(), await testAlta()]
    const origins = originsOf(alta)
    const first = await startKilledDesk(folder, true)
    await killWhileAdding(first, alta, at)
    expect(authorizersOf(alta)).toHaveLength(1)
    const { api } = await startKilledDesk(folder, false)
    await until(
      () => Promise.resolve(authorizersOf(alta)),
      ({ length }) => length === 0,
    )
    expect(originsOf(alta)).toEqual(origins)
    expect((await api.want<{ total: number }>('GET', '/servers')).total).toBe(0)
    await addServer(api, alta)
    expect(authorizersOf(alta)).toHaveLength(1)
  },
)

interface LeftJob {
  readonly state: string
  readonly attempts: number
  readonly error: string
  readonly payload: string
  readonly secretSealed: string | null
}

/** The job that an unfinished addition has left. */
function leftJob(folder: string): Promise<LeftJob | undefined> {
  const database = new Database(join(folder, 'altavms.db'), { readonly: true })
  const text = `select *, secret_sealed as secretSealed from jobs where kind = 'servers.pending-addition'`
  const job = database.prepare<[], LeftJob>(text).get()
  database.close()
  return Promise.resolve(job)
}

// Would catch: a cleaning that takes the authorizer of a server that was added since, or of another desk, and with it
// every picture; one that is given up where Alta is just not there; a password that the database shows.
test('what an unfinished addition left is looked for until Alta answers, and what others made there since stays', async () => {
  const [folder, alta] = [temporaryFolder(), await testAlta()]
  const first = await startKilledDesk(folder, true)
  await killWhileAdding(first, alta, 'authorizer')
  const [left = ''] = authorizersOf(alta)
  const { payload, secretSealed } = (await leftJob(folder)) ?? {}
  expect(payload).not.toContain('password')
  expect(secretSealed).toMatch(/^v1:/)
  const authorizer = { ip: [], securetoken: '', default: 'deny' as const }
  const ofAnotherServer = { ...authorizer, backend: ['http://desk/alta/another-server/authorize'] }
  const ofAnotherDesk = { ...authorizer, backend: ['http://other/alta/1/authorize'] }
  Object.assign(alta.config.ott.authorizers, { [left]: ofAnotherServer, 'alta-desk-other': ofAnotherDesk })
  alta.configChanged()
  await alta.setFault('refuse', { listener: 'api' })
  await startKilledDesk(folder, false)
  await until(
    () => leftJob(folder),
    (job) => job?.state === 'queued' && job.error !== '',
  )
  await alta.clearFaults()
  const { value: job } = await until(
    () => leftJob(folder),
    (found) => found?.state === 'done',
  )
  expect(job).toMatchObject({ secretSealed: null })
  expect(alta.config.ott.authorizers).toEqual({ [left]: ofAnotherServer, 'alta-desk-other': ofAnotherDesk })
})
