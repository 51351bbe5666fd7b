import { randomUUID } from 'node:crypto'
import { argon2id, hash } from 'argon2'
import Database from 'better-sqlite3'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { totpCode, totpStep } from '../../main/sign-in/totp.ts'
import { forkChildProcess } from '../../main/platform/child-process.ts'
import { ApiClient } from '../fixtures/api-client.ts'
import { readAudit } from '../fixtures/audit-rows.ts'
import { startDeskInProcess, testAdmin, testViewer } from '../fixtures/desk-in-process.ts'
import type { DeskInProcess } from '../fixtures/desk-in-process.ts'

let desk: DeskInProcess
beforeAll(async () => {
  desk = await startDeskInProcess({ people: [testAdmin, testViewer] })
})
afterAll(() => desk.stop())

/** An account of its own for each test, so that what one locks or changes is nobody else's. */
async function newPerson(more: { admin?: boolean } = {}) {
  const name = `person-${randomUUID().slice(0, 8)}`
  const person = { email: `${name}@desk`, username: name, password: 'copper-lantern-63' }
  const boss = new ApiClient(desk.origin)
  await boss.signIn(testAdmin.email, testAdmin.password)
  const { id } = await boss.want<{ id: string }>('POST', '/users', {
    email: person.email,
    username: name,
    displayName: name,
    password: person.password,
    ...more,
  })
  return { ...person, id }
}

type Person = Awaited<ReturnType<typeof newPerson>>

function login(body: Record<string, unknown>) {
  return new ApiClient(desk.origin).call<{ accessToken: string; mustSetUpTotp: boolean; code: string }>(
    'POST',
    '/auth/login',
    body,
  )
}

async function signedIn(person: Person, code?: string): Promise<ApiClient> {
  const { email, password } = person
  const answer = await login({ email, password, ...(code ? { code } : {}) })
  expect(answer.status).toBe(200)
  const api = new ApiClient(desk.origin)
  api.token = answer.body.accessToken
  return api
}

/** Sets an app up; the code it confirms with is of the step before, so that the present one is still good. */
async function withApp(api: ApiClient): Promise<{ secret: string; backupCodes: string[] }> {
  const { secret, otpauthUrl } = await api.want<{ secret: string; otpauthUrl: string }>(
    'POST',
    '/account/totp/setup',
  )
  expect(otpauthUrl).toContain(secret)
  const code = totpCode(secret, totpStep(Date.now()) - 1)
  const { backupCodes } = await api.want<{ backupCodes: string[] }>('POST', '/account/totp/confirm', { code })
  return { secret, backupCodes }
}

const codeNow = (secret: string): string => totpCode(secret, totpStep(Date.now()))
/** The next step's code: good too, and not yet used. */
const nextCode = (secret: string): string => totpCode(secret, totpStep(Date.now()) + 1)

describe('who signs in', () => {
  test('by address or username, in any case, and through either field', async () => {
    const { email, username, password } = await newPerson()
    const bodies = [{ email }, { username }, { email: username }, { username: ` ${username.toUpperCase()} ` }]
    const answers = await Promise.all(bodies.map((body) => login({ ...body, password })))
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200])
    expect(await login({ password })).toMatchObject({ status: 400, body: { code: 'BAD_REQUEST' } })
  })

  // Would catch: a process of ours that dies (the system was short of memory) answered as a bug, with 500.
  test('while no process can hash, the answer is 503 and a sentence, and the next sign-in works', async () => {
    let dies = true
    const started = await startDeskInProcess({
      people: [testAdmin],
      startChildProcess: (path, options) => {
        const child = forkChildProcess(path, options)
        const send = (message: unknown): void => (dies ? child.kill() : child.send(message))
        return { ...child, send }
      },
    })
    onTestFinished(() => started.stop())
    const api = new ApiClient(started.origin)
    const { email, password } = testAdmin
    expect(await api.call('POST', '/auth/login', { email, password })).toMatchObject({
      status: 503,
      body: {
        code: 'PASSWORDS_UNAVAILABLE',
        message: 'The desk could not check the password just now. Try again in a moment.',
      },
    })
    dies = false
    await api.signIn(email, password)
  })

  test('a hash of other cost is made anew at the next sign-in', async () => {
    const person = await newPerson()
    const older = await hash(person.password, {
      type: argon2id,
      memoryCost: 128,
      timeCost: 3,
      parallelism: 1,
    })
    const database = new Database(desk.databasePath)
    database.prepare('update users set password_hash = ? where id = ?').run(older, person.id)
    await signedIn(person)
    const { stored } = database
      .prepare<[string], { stored: string }>('select password_hash as stored from users where id = ?')
      .get(person.id) ?? { stored: '' }
    database.close()
    expect(stored).toMatch(/m=64,/)
    await signedIn(person)
  })

  test('ten failures lock a name, with the right password too; an unknown name looks the same', async () => {
    const { email, password } = await newPerson()
    for (const name of [{ email }, { username: 'nobody-at-all' }]) {
      for (let index = 0; index < 10; index += 1)
        expect((await login({ ...name, password: 'no' })).status).toBe(401)
    }
    const locked = await login({ email, password })
    const unknown = await login({ username: 'nobody-at-all', password })
    expect(locked).toMatchObject({ status: 429, body: { code: 'ACCOUNT_LOCKED' } })
    expect(unknown.status).toBe(429)
    expect(unknown.body).toEqual(locked.body)
    expect(Number(locked.headers.get('retry-after'))).toBeGreaterThan(880)
    // The window of the desk itself still opens.
    expect((await desk.window().auth.login({ email, password })).user.email).toBe(email)
    expect((await login({ email, password })).status).toBe(200)
  })
})

describe('an authenticator app', () => {
  test('asks for a code that works once, by word of the app or of the paper', async () => {
    const person = await newPerson()
    const { email, password } = person
    const { secret, backupCodes } = await withApp(await signedIn(person))
    expect(backupCodes).toHaveLength(8)
    expect(await login({ email, password })).toMatchObject({ status: 401, body: { code: 'TOTP_REQUIRED' } })
    expect(await login({ email, password: 'no', code: codeNow(secret) })).toMatchObject({
      status: 401,
      body: { code: 'UNAUTHORIZED' },
    })
    const code = codeNow(secret)
    expect((await login({ email, password, code })).status).toBe(200)
    expect(await login({ email, password, code })).toMatchObject({
      status: 401,
      body: { code: 'WRONG_CODE' },
    })
    const paper = backupCodes[0]?.toLowerCase().replaceAll('-', ' ') ?? ''
    expect((await login({ email, password, code: paper })).status).toBe(200)
    expect((await login({ email, password, code: paper })).status).toBe(401)
    const api = await signedIn(person, backupCodes[1])
    expect((await api.call('GET', '/account')).body).toMatchObject({ totp: true, backupCodesLeft: 6 })
  })

  test('wrong codes lock as wrong passwords do, missing ones do not', async () => {
    const person = await newPerson()
    const { email, password } = person
    const { backupCodes } = await withApp(await signedIn(person))
    for (let index = 0; index < 12; index += 1) {
      expect((await login({ email, password })).body.code).toBe('TOTP_REQUIRED')
    }
    for (let index = 0; index < 10; index += 1) {
      expect((await login({ email, password, code: '000000' })).body.code).toBe('WRONG_CODE')
    }
    expect((await login({ email, password, code: backupCodes[0] })).body.code).toBe('ACCOUNT_LOCKED')
  })

  test('two sign-ins with the same code at once: one gets in', async () => {
    const person = await newPerson()
    const { email, password } = person
    const { secret } = await withApp(await signedIn(person))
    const code = codeNow(secret)
    const answers = await Promise.all([1, 2, 3].map(() => login({ email, password, code })))
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 401, 401])
  })

  test('is confirmed by its code alone, and removed by password and code', async () => {
    const person = await newPerson()
    const { email, password } = person
    const api = await signedIn(person)
    await api.want('POST', '/account/totp/setup')
    expect((await login({ email, password })).status).toBe(200)
    expect(await api.call('POST', '/account/totp/confirm', { code: '12345' })).toMatchObject({ status: 422 })
    const { secret, backupCodes } = await withApp(api)
    expect(await api.call('POST', '/account/totp/setup')).toMatchObject({ status: 409 })
    const remove = (proof: Record<string, string>) => api.call('POST', '/account/totp/disable', proof)
    const [code, unused] = [codeNow(secret), nextCode(secret)]
    expect(await remove({ password: 'no', code })).toMatchObject({ body: { code: 'WRONG_PASSWORD' } })
    expect(await remove({ password, code: '000000' })).toMatchObject({ body: { code: 'WRONG_CODE' } })
    const renewed = await api.want<{ backupCodes: string[] }>('POST', '/account/totp/backup-codes', {
      password,
      code,
    })
    expect(await remove({ password, code: backupCodes[0] ?? '' })).toMatchObject({ status: 422 })
    expect(renewed.backupCodes).toHaveLength(8)
    expect(await remove({ password, code: unused })).toMatchObject({ status: 200 })
    expect((await login({ email, password })).status).toBe(200)
  })

  test('its secret and codes are readable nowhere in the database', async () => {
    const { secret, backupCodes } = await withApp(await signedIn(await newPerson()))
    const database = new Database(desk.databasePath, { readonly: true })
    const stored = JSON.stringify([
      database.prepare('select * from totp_secrets').all(),
      database.prepare('select * from backup_codes').all(),
      readAudit(desk),
    ])
    database.close()
    for (const text of [secret, ...backupCodes]) expect(stored).not.toContain(text)
  })

  test('required for administrators: they are answered nothing else until they have one', async () => {
    const person = await newPerson({ admin: true })
    const guard = await newPerson()
    const ruler = await signedIn(await newPerson({ admin: true }))
    const setRule = (totpRequiredFor: string) => ruler.call('PUT', '/settings/sign-in', { totpRequiredFor })
    const api = await signedIn(person)
    await withApp(ruler)
    expect(await setRule('admins')).toMatchObject({ status: 200, body: { totpRequiredFor: 'admins' } })
    try {
      expect(await api.call('GET', '/users')).toMatchObject({
        status: 403,
        body: { code: 'TOTP_SETUP_REQUIRED' },
      })
      expect((await api.call('GET', '/account')).body).toMatchObject({ mustSetUpTotp: true })
      expect((await login({ email: person.email, password: person.password })).body.mustSetUpTotp).toBe(true)
      expect((await (await signedIn(guard)).call('GET', '/cameras')).status).toBe(200)
      await withApp(api)
      expect((await api.call('GET', '/users')).status).toBe(200)
    } finally {
      expect(await setRule('nobody')).toMatchObject({ status: 200 })
    }
  })
})

describe("a person's own account", () => {
  test('sees its sign-ins, and ends one of them at once; another person has none of them', async () => {
    const person = await newPerson()
    const [here, there] = [await signedIn(person), await signedIn(person)]
    const list = await here.want<{ items: { id: string; current: boolean }[]; total: number }>(
      'GET',
      '/account/sessions',
    )
    expect(list.total).toBe(2)
    const other = list.items.find(({ current }) => !current)?.id ?? ''
    const stranger = await signedIn(await newPerson())
    expect((await stranger.call('DELETE', `/account/sessions/${other}`)).status).toBe(404)
    expect((await here.call('DELETE', `/account/sessions/${other}`)).status).toBe(200)
    expect((await there.call('GET', '/account')).status).toBe(401)
    expect((await here.call('GET', '/account')).status).toBe(200)
  })

  test('changes its names; a new address or username asks for the password and must be free', async () => {
    const person = await newPerson()
    const { password } = person
    const api = await signedIn(person)
    const change = (body: Record<string, string>) => api.call('PATCH', '/account', body)
    expect(await change({ displayName: ' Mara K. ' })).toMatchObject({ body: { displayName: 'Mara K.' } })
    expect(await change({ email: 'new@desk' })).toMatchObject({ body: { code: 'WRONG_PASSWORD' } })
    expect(await change({ email: testAdmin.email, currentPassword: password })).toMatchObject({
      status: 409,
      body: { code: 'EMAIL_TAKEN' },
    })
    const [email, username] = [`new-${person.email}`, `n${person.username.slice(1)}`]
    expect(await change({ email, username, currentPassword: password })).toMatchObject({
      status: 200,
      body: { email, username },
    })
    expect((await login({ username, password })).status).toBe(200)
    expect((await login({ email: person.email, password })).status).toBe(401)
  })

  test('a recovery code resets the password once, ends every sign-in, and brings the next code', async () => {
    const person = await newPerson()
    const { email, username, password } = person
    const api = await signedIn(person)
    const { recoveryCode } = await api.want<{ recoveryCode: string }>('POST', '/account/recovery-code', {
      password,
    })
    const recover = (body: Record<string, string>) =>
      new ApiClient(desk.origin).call<{ recoveryCode: string; code: string }>('POST', '/auth/recover', {
        newPassword: 'marble-kestrel-29',
        ...body,
      })
    const wrong = await recover({ email, recoveryCode: 'AAAA-BBBB-CCCC-DDDD' })
    const unknown = await recover({ email: 'nobody@desk', recoveryCode })
    expect([wrong.status, unknown.status]).toEqual([401, 401])
    expect(wrong.body).toEqual(unknown.body)
    expect((await recover({ email, recoveryCode, newPassword: `${username}1` })).body.code).toBe(
      'WEAK_PASSWORD',
    )
    const done = await recover({ username, recoveryCode: recoveryCode.toLowerCase().replaceAll('-', '') })
    expect(done.status).toBe(200)
    expect(done.body.recoveryCode).not.toBe(recoveryCode)
    expect((await api.call('GET', '/account')).status).toBe(401)
    expect((await login({ email, password })).status).toBe(401)
    expect((await login({ email, password: 'marble-kestrel-29' })).status).toBe(200)
    expect((await recover({ email, recoveryCode })).status).toBe(401)
  })

  test('recovery codes cannot be guessed for long', async () => {
    const { email } = await newPerson()
    const guess = () =>
      new ApiClient(desk.origin).call<{ code: string }>('POST', '/auth/recover', {
        email,
        recoveryCode: 'AAAA-BBBB-CCCC-DDDD',
        newPassword: 'marble-kestrel-29',
      })
    for (let index = 0; index < 10; index += 1) expect((await guess()).status).toBe(401)
    expect(await guess()).toMatchObject({ status: 429, body: { code: 'ACCOUNT_LOCKED' } })
  })
})
