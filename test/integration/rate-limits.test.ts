import { expect, onTestFinished, test } from 'vitest'
import { ApiClient } from '../fixtures/api-client.ts'
import { startDeskInProcess, testAdmin, testViewer } from '../fixtures/desk-in-process.ts'
import type { DeskInProcess } from '../fixtures/desk-in-process.ts'
import { sendRaw } from '../fixtures/raw-http.ts'

/** A desk with the limits of the documentation, or those given. */
async function limitedDesk(variables: Record<string, string> = {}): Promise<DeskInProcess> {
  const desk = await startDeskInProcess({
    people: [testAdmin, testViewer],
    variables: { ALTAVMS_LIMITS_ENABLED: 'true', ...variables },
  })
  onTestFinished(() => desk.stop())
  return desk
}

async function statusesOf(
  url: string,
  times: number,
  headers: Record<string, string> = {},
  method = 'GET',
): Promise<Record<number, number>> {
  const answers = await Promise.all(
    Array.from({ length: times }, async () => {
      const answer = await fetch(url, { method, headers })
      await answer.arrayBuffer()
      return answer.status
    }),
  )
  const counts: Record<number, number> = {}
  for (const status of answers) counts[status] = (counts[status] ?? 0) + 1
  return counts
}

/** Refilled while the test runs, so that a slow machine lets a few more pass. */
const slowly = { ALTAVMS_LIMITS_ADDRESS_PER_SECOND: '0.1', ALTAVMS_LIMITS_SIGN_IN_PER_SECOND: '0.1' }

test('strangers: 50 at once, then 429 with a time to come back and a body that says so', async () => {
  const desk = await limitedDesk(slowly)
  expect(await statusesOf(`${desk.origin}/api/cameras`, 60)).toEqual({ 401: 50, 429: 10 })
  const answer = await fetch(`${desk.origin}/api/cameras`)
  expect(Number(answer.headers.get('retry-after'))).toBeGreaterThanOrEqual(1)
  expect(await answer.json()).toMatchObject({
    code: 'TOO_MANY_REQUESTS',
    data: { retryAfterSeconds: Number(answer.headers.get('retry-after')) },
  })
})

// Would catch: guesses at addresses of files that keep the database busy.
test('addresses of files that are guessed count as requests without a sign-in', async () => {
  const desk = await limitedDesk(slowly)
  const url = `${desk.origin}/files/${'x'.repeat(43)}/audit-log.csv`
  expect(await statusesOf(url, 60)).toEqual({ 404: 50, 429: 10 })
})

test('probes, the page, its files and the authorizer of Alta servers are not limited', async () => {
  const desk = await limitedDesk(slowly)
  const open = ['/healthz', '/readyz', '/metrics', '/', '/assets/index-1a2b3c.js', '/settings/servers']
  for (const path of open) expect(await statusesOf(`${desk.origin}${path}`, 60)).toEqual({ 200: 60 })
  expect(await statusesOf(`${desk.origin}/alta/nobody/authorize`, 60)).toEqual({ 403: 60 })
})

test('sign-in routes: 10 at once from one address, whatever the outcome; the rest of the API stays open', async () => {
  const desk = await limitedDesk(slowly)
  const json = { 'content-type': 'application/json' }
  const counts = await statusesOf(`${desk.origin}/api/auth/login`, 15, json, 'POST')
  expect(counts[429]).toBe(5)
  expect((await fetch(`${desk.origin}/api/auth/recover`, { method: 'POST' })).status).toBe(429)
  expect((await fetch(`${desk.origin}/api/auth/setup`)).status).toBe(200)
})

test('a person who is signed in has a bucket of their own, whatever strangers do from the same address', async () => {
  const desk = await limitedDesk({ ...slowly, ALTAVMS_LIMITS_PERSON_PER_SECOND: '0.1' })
  const api = new ApiClient(desk.origin)
  await api.signIn(testAdmin.email, testAdmin.password)
  await statusesOf(`${desk.origin}/api/cameras`, 49)
  const headers = { authorization: `Bearer ${api.token}` }
  expect((await api.call('GET', '/account')).status).toBe(200)
  expect(await statusesOf(`${desk.origin}/api/account`, 125, headers)).toEqual({ 200: 119, 429: 6 })
  const other = new ApiClient(desk.origin)
  await other.signIn(testViewer.email, testViewer.password)
  expect((await other.call('GET', '/account')).status).toBe(200)
})

test('the first request with a new token is of its person already: a whole burst passes, though strangers took theirs', async () => {
  const desk = await limitedDesk({ ...slowly, ALTAVMS_LIMITS_PERSON_PER_SECOND: '0.1' })
  const api = new ApiClient(desk.origin)
  await api.signIn(testAdmin.email, testAdmin.password)
  expect(await statusesOf(`${desk.origin}/api/cameras`, 55)).toEqual({ 401: 50, 429: 5 })
  const headers = { authorization: `Bearer ${api.token}` }
  expect(await statusesOf(`${desk.origin}/api/account`, 125, headers)).toEqual({ 200: 120, 429: 5 })
})

test('another spelling of a path is counted as the path: no way around the limits', async () => {
  const desk = await limitedDesk(slowly)
  const spellings = [
    '/api/auth/%6cogin',
    '/%61pi/auth/login',
    '/api/auth/login?x',
    `${desk.origin}/api/auth/login`,
  ]
  const statuses: string[] = []
  for (let index = 0; index < 16; index += 1) {
    const text = `POST ${spellings[index % 4]} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`
    statuses.push((await sendRaw(desk.origin, text)).slice(9, 12))
  }
  expect(statuses).toEqual([...Array<string>(10).fill('400'), ...Array<string>(6).fill('429')])
})

test('tokens that are worth nothing count as strangers, and cost no more signatures than strangers have requests', async () => {
  const desk = await limitedDesk(slowly)
  const counts = await statusesOf(`${desk.origin}/api/account`, 60, { authorization: 'Bearer not.a.token' })
  expect(counts).toEqual({ 401: 50, 429: 10 })
})

test('X-Forwarded-For counts from a trusted proxy alone', async () => {
  const forwarded = async (desk: DeskInProcess): Promise<number[]> => {
    const answers = Array.from({ length: 60 }, (_, index) =>
      fetch(`${desk.origin}/api/cameras`, { headers: { 'x-forwarded-for': `198.51.100.${index}` } }),
    )
    return (await Promise.all(answers)).map(({ status }) => status)
  }
  expect(await forwarded(await limitedDesk(slowly))).toContain(429)
  const behindProxy = await limitedDesk({ ...slowly, ALTAVMS_HTTP_TRUSTED_PROXIES: '127.0.0.0/8' })
  expect(await forwarded(behindProxy)).not.toContain(429)
})

test('IPv6 is counted by the network: whoever has one address of a /64 has them all', async () => {
  const desk = await limitedDesk({ ...slowly, ALTAVMS_HTTP_TRUSTED_PROXIES: '127.0.0.1' })
  const from = async (address: string): Promise<number> => {
    const answer = await fetch(`${desk.origin}/api/cameras`, { headers: { 'x-forwarded-for': address } })
    return answer.status
  }
  const same = await Promise.all(Array.from({ length: 55 }, (_, index) => from(`2001:db8::${index + 1}`)))
  expect(same.filter((status) => status === 429)).toHaveLength(5)
  expect(await from('2001:db8:0:1::1')).toBe(401)
})
