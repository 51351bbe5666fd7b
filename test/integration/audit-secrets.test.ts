import Database from 'better-sqlite3'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { contractProcedures } from '../fixtures/contract-procedures.ts'
import { startDeskInProcess, testAdmin, testViewer } from '../fixtures/desk-in-process.ts'
import type { DeskInProcess } from '../fixtures/desk-in-process.ts'
import { callOverPort } from '../fixtures/procedure-calls.ts'

/** Names under which a caller hands in what must never be written down. */
const secretField = /password|code|secret|token|invite/i
const marker = 'Marker-of-a-secret-47'

let desk: DeskInProcess

beforeAll(async () => {
  desk = await startDeskInProcess({ people: [testAdmin, testViewer] })
})
afterAll(() => desk.stop())

interface SecretTaker {
  readonly procedure: ReturnType<typeof contractProcedures>[number]
  readonly input: Readonly<Record<string, unknown>>
}

const secretTakers: readonly SecretTaker[] = contractProcedures().flatMap((procedure) => {
  const shape = (procedure.inputSchema as { shape?: Record<string, unknown> } | undefined)?.shape ?? {}
  const names = Object.keys(shape)
  if (!names.some((name) => secretField.test(name))) return []
  return [{ procedure, input: Object.fromEntries(names.map((name) => [name, valueOf(name)])) }]
})

function valueOf(name: string): unknown {
  if (secretField.test(name)) return marker
  if (/url$/i.test(name)) return `http://user:${marker}@127.0.0.1:1`
  if (name === 'email') return 'somebody@desk'
  if (name === 'id') return '0190a6a0-0000-7000-8000-000000000000'
  return /^(admin|disabled)$/.test(name) ? false : 'somebody'
}

/** The whole log as text, whatever the columns. */
function logText(): string {
  const database = new Database(desk.databasePath, { readonly: true })
  try {
    return JSON.stringify(database.prepare('select * from audit').all())
  } finally {
    database.close()
  }
}

test('the contract has procedures that take secrets, sign-in among them', () => {
  const names = secretTakers.map(({ procedure }) => procedure.name)
  expect(names).toContain('auth.login')
  expect(names).toContain('servers.create')
  expect(names.length).toBeGreaterThan(5)
})

test.each(secretTakers)('$procedure.name writes no secret it is given, refused or not', async (taker) => {
  const { accessToken } = await desk.window().auth.login(testAdmin)
  for (const token of [accessToken, null])
    await callOverPort(
      desk.window(() => token),
      taker.procedure,
      taker.input,
    )
  const log = logText()
  for (const secret of [marker, testAdmin.password, accessToken]) expect(log).not.toContain(secret)
})
