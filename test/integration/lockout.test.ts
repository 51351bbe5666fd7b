import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { totpCode, totpStep } from '../../main/sign-in/totp.ts'
import type { PasswordJob } from '../../main/accounts/passwords.ts'
import { forkChildProcess } from '../../main/platform/child-process.ts'
import type { StartChildProcess } from '../../main/platform/child-process.ts'
import type { PersonView } from '../../shared/contract/users.ts'
import { ApiClient } from '../fixtures/api-client.ts'
import type { ApiAnswer } from '../fixtures/api-client.ts'
import { readAudit } from '../fixtures/audit-rows.ts'
import { startDeskInProcess, testAdmin } from '../fixtures/desk-in-process.ts'
import type { DeskInProcess } from '../fixtures/desk-in-process.ts'

interface Names {
  readonly email: string
  readonly username: string
}
interface Refusal {
  code: string
  message: string
}

let desk: DeskInProcess
let boss: ApiClient
/** What the password process was asked, in order. */
const jobs: PasswordJob[] = []

const countingChildProcess: StartChildProcess = (...parameters) => {
  const child = forkChildProcess(...parameters)
  const send = (message: unknown): void => {
    jobs.push(message as PasswordJob)
    child.send(message)
  }
  return { ...child, send }
}

beforeAll(async () => {
  desk = await startDeskInProcess({ people: [testAdmin], startChildProcess: countingChildProcess })
  boss = new ApiClient(desk.origin)
  await boss.signIn(testAdmin.email, testAdmin.password)
})
afterAll(() => desk.stop())

const password = 'copper-lantern-63'

/** Names that nobody has. */
function nobody(): Names {
  const username = `n-${randomUUID().slice(0, 8)}`
  return { email: `${username}@desk`, username }
}

async function somebody(): Promise<Names & { id: string }> {
  const names = nobody()
  const person = { email: names.email, username: names.username, displayName: 'Somebody', password }
  return { ...names, id: (await boss.want<PersonView>('POST', '/users', person)).id }
}

function login(body: { email?: string; username?: string; password: string }): Promise<ApiAnswer<Refusal>> {
  return new ApiClient(desk.origin).call<Refusal>('POST', '/auth/login', body)
}

async function fail(name: { email: string } | { username: string }, times: number): Promise<void> {
  for (let time = 0; time < times; time += 1) {
    expect(await login({ ...name, password: 'no' })).toMatchObject({
      status: 401,
      body: { code: 'UNAUTHORIZED' },
    })
  }
}

/** Everything of an answer by which two could be told apart, but for the seconds that a lock still has. */
function seen({ status, body, headers }: ApiAnswer<Refusal>) {
  const names = [...headers.keys()].sort()
  return { status, body: JSON.stringify(body).replaceAll(/\d+/g, 'N'), names }
}

// Would catch: a stranger who learns, by whose lock falls with whose, that an address and a username are one person.
test('ten failures by e-mail tell nothing by the username, whoever has it', async () => {
  const [known, unknown] = [await somebody(), nobody()]
  const answers = []
  for (const { email, username } of [known, unknown]) {
    await fail({ email }, 10)
    const byEmail = await login({ email, password: 'no' })
    const byUsername = await login({ username, password: 'no' })
    expect([byEmail.status, byUsername.status]).toEqual([429, 401])
    answers.push([seen(byEmail), seen(byUsername)])
    // As often as a username that nobody ever tried.
    await fail({ username }, 9)
    answers.push([seen(await login({ username, password: 'no' }))])
  }
  expect(answers.slice(0, 2)).toEqual(answers.slice(2))
})

// Would catch: twice as many guesses for whoever knows both names of a person.
test('ten failures by both names together lock the account, and nobody can tell from a wrong password', async () => {
  const { email, username } = await somebody()
  await fail({ email }, 5)
  await fail({ username }, 5)
  const stranger = await login({ username: nobody().username, password })
  for (const name of [{ email }, { username }]) {
    expect(seen(await login({ ...name, password }))).toEqual(seen(stranger))
  }
  expect((await desk.window().auth.login({ email, password })).user.email).toBe(email)
  // Getting in at the desk's own window ended it, as any success does.
  expect((await login({ email, password })).status).toBe(200)
  const locks = readAudit(desk).filter(({ action }) => action === 'account.locked')
  expect(locks.filter(({ targetName }) => targetName === username)).toHaveLength(1)
  expect(locks.filter(({ targetName }) => targetName === email)).toHaveLength(0)
})

// Would catch: a locked account that is told by how soon it is refused, or by the question for a code.
test('a locked account costs a hash like any wrong password, and is not asked for a code', async () => {
  const { email, username } = await somebody()
  const api = new ApiClient(desk.origin)
  await api.signIn(email, password)
  const { secret } = await api.want<{ secret: string }>('POST', '/account/totp/setup')
  await api.want('POST', '/account/totp/confirm', { code: totpCode(secret, totpStep(Date.now())) })
  expect((await login({ email, password })).body.code).toBe('TOTP_REQUIRED')
  await fail({ email }, 5)
  await fail({ username }, 5)
  for (const body of [
    { email, password },
    { email, password: 'no' },
    { email: nobody().email, password },
  ]) {
    jobs.length = 0
    expect((await login(body)).body.code).toBe('UNAUTHORIZED')
    expect(jobs.map(({ kind }) => kind)).toEqual(['verify'])
  }
})

// Would catch: an administrator who sees nobody locked while somebody cannot get in, or who unlocks half of it.
test.each(['email', 'username', 'both'] as const)('who is locked by %s is shown and unlocked', async (by) => {
  const { id, email, username } = await somebody()
  const [byEmail, byUsername] = { email: [10, 0], username: [0, 10], both: [5, 5] }[by] as [number, number]
  await fail({ email }, byEmail)
  await fail({ username }, byUsername)
  const lockedUntil = async () => (await boss.want<PersonView>('GET', `/users/${id}`)).lockedUntil
  expect(await lockedUntil()).toBeGreaterThan(Date.now())
  const list = await boss.want<{ items: PersonView[] }>('GET', `/users?search=${username}`)
  expect(list.items[0]?.lockedUntil).toBe(await lockedUntil())
  await boss.want('DELETE', `/users/${id}/lock`)
  expect(await lockedUntil()).toBeNull()
  expect((await login({ email, password })).status).toBe(200)
  expect((await login({ username, password })).status).toBe(200)
})

// Would catch: the same question, asked of the page for a forgotten password.
test('recovery codes that fail by e-mail tell nothing by the username, and lock the account all the same', async () => {
  const person = await somebody()
  const api = new ApiClient(desk.origin)
  await api.signIn(person.email, password)
  const { recoveryCode } = await api.want<{ recoveryCode: string }>('POST', '/account/recovery-code', {
    password,
  })
  const recover = (name: Record<string, string>, code = 'AAAA-BBBB-CCCC-DDDD') =>
    new ApiClient(desk.origin).call<Refusal>('POST', '/auth/recover', {
      ...name,
      recoveryCode: code,
      newPassword: 'marble-kestrel-29',
    })
  const answers = []
  for (const { email, username } of [person, nobody()]) {
    for (let time = 0; time < 10; time += 1) expect((await recover({ email })).status).toBe(401)
    const after = [
      await recover({ email }),
      await recover({ username }),
      await recover({ username }, recoveryCode),
    ]
    expect(after.map(({ status }) => status)).toEqual([429, 401, 401])
    answers.push(after.map(seen))
  }
  expect(answers[0]).toEqual(answers[1])
})

// Would catch: guesses that are all under way before the first has failed, and are all judged.
test('of sixty guesses at once ten are judged, at the door and inside', async () => {
  const { email } = await somebody()
  const inside = new ApiClient(desk.origin)
  const person = await somebody()
  await inside.signIn(person.email, password)
  const guesses = [
    (guess: string) => login({ email, password: guess }),
    (guess: string) =>
      inside.call<Refusal>('POST', '/account/password', {
        currentPassword: guess,
        newPassword: 'marble-kestrel-29',
      }),
  ]
  for (const guess of guesses) {
    const answers = await Promise.all(Array.from({ length: 60 }, (_, index) => guess(`guess-${index}`)))
    const judged = answers.filter(({ body }) => ['UNAUTHORIZED', 'WRONG_PASSWORD'].includes(body.code))
    expect(judged).toHaveLength(10)
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(50)
  }
})
