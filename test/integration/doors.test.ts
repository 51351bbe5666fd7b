import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { createORPCClient, ORPCError } from '@orpc/client'
import type { ContractRouterClient } from '@orpc/contract'
import { OpenAPILink } from '@orpc/openapi-client/fetch'
import Database from 'better-sqlite3'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { contract } from '../../shared/contract/contract.ts'
import { startAltaServer } from '../alta-simulator/start-alta-server.ts'
import { ApiClient } from '../fixtures/api-client.ts'
import { startDeskInProcess, testAdmin, testViewer } from '../fixtures/desk-in-process.ts'
import type { DeskInProcess } from '../fixtures/desk-in-process.ts'
import { openSocket, readToEnd, sendRaw } from '../fixtures/raw-http.ts'

const production = {
  ALTAVMS_ENV: 'production',
  ALTAVMS_AUTH_JWT_SECRET: 'a secret of this test that is long enough',
  ALTAVMS_ENCRYPTION_KEY: Buffer.alloc(32, 7).toString('base64'),
  ALTAVMS_ALLOWED_ORIGINS: 'https://desk.example',
}

describe('the HTTP door in production', () => {
  let desk: DeskInProcess
  let api: ApiClient

  beforeAll(async () => {
    desk = await startDeskInProcess({
      people: [testAdmin, testViewer],
      variables: { ...production, ALTAVMS_HTTP_READ_TIMEOUT: '400ms' },
    })
    api = new ApiClient(desk.origin)
    await api.signIn(testAdmin.email, testAdmin.password)
  })
  afterAll(() => desk.stop())

  const get = (path: string, headers: Record<string, string> = {}): Promise<Response> =>
    fetch(desk.origin + path, { headers })
  const postText = (body: string, contentType = 'application/json'): Promise<Response> =>
    fetch(`${desk.origin}/api/auth/login`, { method: 'POST', headers: { 'content-type': contentType }, body })

  test.each([
    ['broken JSON', '{"email":', 'application/json', 400, 'BAD_REQUEST'],
    ['a poisoned prototype', '{"__proto__":{"admin":true}}', 'application/json', 400, 'BAD_REQUEST'],
    ['a form', 'email=a&password=b', 'application/x-www-form-urlencoded', 415, 'UNSUPPORTED_MEDIA_TYPE'],
    ['a list', '[]', 'application/json', 400, 'BAD_REQUEST'],
    [
      'a body of 2 MB',
      JSON.stringify({ email: 'x'.repeat(2 ** 21) }),
      'application/json',
      413,
      'PAYLOAD_TOO_LARGE',
    ],
  ])('%s is refused as {code, message}', async (_name, body, contentType, status, code) => {
    const answer = await postText(body, contentType)
    expect(answer.status).toBe(status)
    expect(await answer.json()).toMatchObject({ code, message: expect.any(String) as string })
  })

  // Would catch: a stranger who keeps the main thread from everything else with bodies that are parsed only to be refused:
  // one of a megabyte took up to half a second, and below /alta/ and at unknown addresses no rate limit counted them.
  test.each([
    ['/api/auth/login', 400],
    ['/api/servers', 400],
    ['/api/nothing', 404],
  ])('a large body to %s needs a sign-in', async (path, status) => {
    const body = JSON.stringify({ name: 'x'.repeat(17_000) })
    const json = { 'content-type': 'application/json' }
    const send = (headers: Record<string, string>): Promise<Response> =>
      fetch(desk.origin + path, { method: 'POST', headers: { ...json, ...headers }, body })
    const refused = await send({})
    expect([refused.status, await refused.json()]).toEqual([
      413,
      { code: 'PAYLOAD_TOO_LARGE', message: 'Sign in before you send a body larger than 16 kB.' },
    ])
    // So a page whose token has expired learns that it must renew it.
    expect((await send({ authorization: 'Bearer x' })).status).toBe(401)
    expect((await send({ authorization: `Bearer ${api.token}` })).status).toBe(status)
    const line = `POST ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n`
    const chunked = `${line}Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n0\r\n\r\n`
    expect(await sendRaw(desk.origin, chunked)).toMatch(/^HTTP\/1\.1 411 /)
  })

  test.each([
    ['/alta/none/authorize', '403'],
    ['/alta/none', '403'],
    ['/nothing', '404'],
  ])('a body to %s is not waited for', async (path, status) => {
    const line = `POST ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n`
    const answer = await sendRaw(desk.origin, `${line}Content-Length: 100\r\nConnection: close\r\n\r\n`)
    expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `))
  })

  test('a body that is nested without end is not parsed, but brackets in a text are text', async () => {
    const send = (body: string) =>
      postText(body).then((answer) => answer.json() as Promise<{ message: string }>)
    expect((await send('['.repeat(8000))).message).toBe('The body is nested too deep.')
    expect((await send(`{"a":"${'['.repeat(8000)}"`)).message).toBe('The body is not JSON.')
  })

  test('a refused input names its fields and says nothing else', async () => {
    const answer = await postText('{"email":7}')
    const body = (await answer.json()) as { data: { issues: { field: string }[] } }
    expect(Object.keys(body).sort()).toEqual(['code', 'data', 'message'])
    expect(body.data.issues.map(({ field }) => field)).toEqual(['email', 'password'])
  })

  test('a body that is no JSON is said to be none', async () => {
    const answer = (await (await postText('{"email":')).json()) as { message: string }
    expect(answer.message).toBe('The body is not JSON.')
  })

  test('unknown addresses are 404 and wrong methods 405, as JSON', async () => {
    const unknown = await get('/api/nothing')
    expect([unknown.status, ((await unknown.json()) as { code: string }).code]).toEqual([404, 'NOT_FOUND'])
    const wrong = await get('/api/auth/login')
    expect([wrong.status, wrong.headers.get('allow')]).toEqual([405, 'POST'])
    expect(((await wrong.json()) as { code: string }).code).toBe('METHOD_NOT_ALLOWED')
  })

  test.each([
    ['HEAD', '/alta/none/authorize'],
    ['POST', '/alta/none/authorize'],
    ['GET', '/alta/none/authorize/'],
    ['GET', '/alta/none'],
    ['GET', '/ALTA/none/authorize'],
    ['GET', '//alta/none/authorize'],
    ['GET', '/%61lta/none/authorize'],
    ['GET', '//api/users'],
    ['GET', '/Api/users'],
  ])('%s %s is not answered with the page: Alta would take its 200 for a yes', async (method, path) => {
    const line = `${method} ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`
    expect(await sendRaw(desk.origin, line)).toMatch(/^HTTP\/1\.1 40[34] /)
  })

  test('a stranger is told how to sign in (RFC 9110, 11.6.1)', async () => {
    const answer = await get('/api/account')
    expect([answer.status, answer.headers.get('www-authenticate')]).toEqual([401, 'Bearer realm="alta-desk"'])
  })

  test('a request id that is sane is kept, any other is replaced', async () => {
    expect((await get('/healthz', { 'x-request-id': 'trace-12345678' })).headers.get('x-request-id')).toBe(
      'trace-12345678',
    )
    const replaced = (await get('/healthz', { 'x-request-id': 'a b<script>' })).headers.get('x-request-id')
    expect(replaced).toMatch(/^[\da-f-]{36}$/)
  })

  test('every answer carries the security headers; HSTS only behind TLS', async () => {
    for (const path of ['/', '/api/account', '/api/nothing', '/assets/nothing.js', '/healthz']) {
      const { headers } = await get(path)
      expect(headers.get('x-content-type-options')).toBe('nosniff')
      expect(headers.get('x-frame-options')).toBe('DENY')
      expect(headers.get('cross-origin-opener-policy')).toBe('same-origin')
      expect(headers.get('cross-origin-resource-policy')).toBe('same-origin')
      expect(headers.get('referrer-policy')).toBe('strict-origin-when-cross-origin')
      expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'")
      expect(headers.has('strict-transport-security')).toBe(false)
    }
  })

  const altaAsks = {
    'X-Session-Id': 'b1d7',
    'X-Real-Ip': '10.0.0.9',
    'X-Real-Path': '/desk/gate/index.m3u8',
  } as const

  // Would catch: a backend URL with a slip in it, whose every question is answered with the page's 200: all may watch.
  test.each([
    '/./alta/s/authorize',
    '/desk/../alta/s/authorize',
    '/alta;x=1/s/authorize',
    '/desk/alta/s/authorize',
    '/alta%2Fs%2Fauthorize',
    '/alta.html',
    '/altas/s/authorize',
    '/authorize',
    '/s/authorize',
    '/Live',
    '/live/',
    '//live',
    '/%6cive',
    '/live/alta/s/authorize',
    '/cameras/alta/authorize',
    '/index.html/alta/s/authorize',
    `http://desk.example/alta/s/authorize/`,
  ])('%s is no page: 404 to a client, 403 to Alta', async (path) => {
    const ask = (more: string): Promise<string> =>
      sendRaw(desk.origin, `GET ${path} HTTP/1.1\r\nHost: localhost\r\n${more}Connection: close\r\n\r\n`)
    expect(await ask('')).toMatch(/^HTTP\/1\.1 40[34] /)
    const headers = Object.entries(altaAsks).map(([name, value]) => `${name}: ${value}\r\n`)
    expect(await ask(headers.join(''))).toMatch(/^HTTP\/1\.1 403 /)
  })

  test.each(['/', '/live', '/index.html', '/assets/index-1a2b3c.js'])(
    'nor is %s answered to a question of Alta, whichever of its headers came',
    async (path) => {
      for (const [name, value] of Object.entries(altaAsks))
        expect((await get(path, { [name]: value })).status).toBe(403)
    },
  )

  test.each(['/healthz', '/readyz', '/metrics', '/api/auth/setup', '/api/openapi.json', '/api/docs'])(
    'a question of Alta at %s is no question of ours',
    async (path) => {
      expect((await get(path, { 'x-session-id': 'b1d7' })).status).toBe(403)
      expect((await get(path, { 'x-real-path': '/desk/gate/index.m3u8' })).status).toBe(403)
    },
  )

  test('a mistyped address is told to a person as a page, to a program as JSON', async () => {
    const shown = await get('/lvie', { accept: 'text/html' })
    expect([shown.status, await shown.text()]).toEqual([
      404,
      expect.stringContaining('Page not found') as string,
    ])
    expect(await (await get('/lvie')).json()).toMatchObject({ code: 'NOT_FOUND' })
  })

  test('the page and its routes are served, its assets for ever, and nothing beside them', async () => {
    for (const path of ['/', '/live', '/settings/servers?tab=1', '/index.html']) {
      const answer = await get(path)
      expect([answer.status, answer.headers.get('cache-control')]).toEqual([200, 'no-cache'])
      expect(await answer.text()).toContain('<title>Alta Desk</title>')
      expect(answer.headers.get('content-security-policy')).toContain("script-src 'self';")
    }
    const asset = await get('/assets/index-1a2b3c.js')
    expect(asset.headers.get('cache-control')).toBe('public, max-age=31536000, immutable')
    const again = await get('/assets/index-1a2b3c.js', { 'if-none-match': asset.headers.get('etag') ?? '' })
    expect(again.status).toBe(304)
    expect((await get('/assets/gone.js')).status).toBe(404)
  })

  test.each([
    '/../secret.txt',
    '/%2e%2e/secret.txt',
    '/..%2fsecret.txt',
    '/assets/..%2f..%2fsecret.txt',
    '/%00',
    '/%',
  ])('no address leads out of the page: %s', async (path) => {
    const answer = await sendRaw(
      desk.origin,
      `GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`,
    )
    expect(answer).not.toContain('not for everybody')
    expect(answer).toMatch(/^HTTP\/1\.1 (400|404) /)
  })

  test('pages of other origins are refused unless they are listed, our own never', async () => {
    const { port } = new URL(desk.origin)
    expect((await get('/api/auth/setup', { origin: 'https://evil.example' })).status).toBe(403)
    expect((await get('/api/auth/setup', { origin: `http://127.0.0.1:${port}` })).status).toBe(200)
    const listed = await get('/api/auth/setup', { origin: 'https://desk.example' })
    expect([listed.status, listed.headers.get('access-control-allow-origin')]).toEqual([
      200,
      'https://desk.example',
    ])
    const preflight = await fetch(`${desk.origin}/api/account`, {
      method: 'OPTIONS',
      headers: { origin: 'https://desk.example', 'access-control-request-method': 'GET' },
    })
    expect([preflight.status, preflight.headers.get('access-control-allow-headers')]).toEqual([
      204,
      expect.stringContaining('authorization') as string,
    ])
  })

  test('what strangers may read: probes and the description of the API, which names every procedure', async () => {
    expect(await (await get('/healthz')).json()).toEqual({ status: 'ok' })
    expect(await (await get('/readyz')).json()).toEqual({ status: 'ready', degraded: [] })
    expect(await (await get('/metrics')).text()).toContain('process_cpu_seconds_total')
    const document = (await (await get('/api/openapi.json')).json()) as { paths: Record<string, unknown> }
    expect(Object.keys(document.paths)).toEqual(expect.arrayContaining(['/auth/login', '/cameras/{id}/live']))
  })

  // Would catch: a stack, a table's name or SQL in an answer, and an error that nobody can find by its request id.
  test('a bug of ours is answered with the request id and nothing else, and logged with its stack', async () => {
    const database = new Database(desk.databasePath)
    try {
      database.exec('alter table views rename to views_elsewhere')
      const answer = await get('/api/views', {
        authorization: `Bearer ${api.token}`,
        'x-request-id': 'looked-up-12345',
      })
      expect([answer.status, answer.headers.get('x-request-id')]).toEqual([500, 'looked-up-12345'])
      expect(await answer.json()).toEqual({
        code: 'INTERNAL',
        message: expect.any(String) as string,
        data: { requestId: 'looked-up-12345' },
      })
    } finally {
      database.exec('alter table views_elsewhere rename to views')
      database.close()
    }
    const logged = desk.log.filter((line) => line.includes('looked-up-12345') && line.includes('"error"'))
    expect(logged.join()).toMatch(/no such table: views.*\bat \S+/)
    expect((await get('/api/views', { authorization: `Bearer ${api.token}` })).status).toBe(200)
  })

  test('a request that never ends is cut off after read_timeout, and so is a silent connection', async () => {
    const slow = await sendRaw(desk.origin, 'POST /api/auth/login HTTP/1.1\r\nHost: localhost\r\nContent-Le')
    expect(slow).toMatch(/^HTTP\/1\.1 408 /)
    const half = await sendRaw(
      desk.origin,
      'POST /api/auth/login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{',
    )
    expect(half).toMatch(/^HTTP\/1\.1 408 /)
  })

  test('a client that closes its half after asking still gets its answer', async () => {
    const socket = await openSocket(desk.origin)
    const answer = readToEnd(socket)
    socket.end('GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n')
    expect(await answer).toContain('{"status":"ok"}')
  })

  test('what is no HTTP at all is told so', async () => {
    expect(await sendRaw(desk.origin, '\x16\x03\x01\x02\x00nonsense\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 /)
    const huge = `GET / HTTP/1.1\r\nHost: localhost\r\nX: ${'x'.repeat(40_000)}\r\n\r\n`
    expect(await sendRaw(desk.origin, huge)).toMatch(/^HTTP\/1\.1 431 /)
  })

  test("the page's client reads refusals with their code and data", async () => {
    const client = createORPCClient<ContractRouterClient<typeof contract>>(
      new OpenAPILink(contract, {
        url: `${desk.origin}/api`,
        headers: () => ({ authorization: `Bearer ${api.token}` }),
        customErrorResponseBodyDecoder: (body, { status }) => {
          const { code, ...rest } = body as { code: string; message: string; data?: unknown }
          return new ORPCError(code, { status, ...rest })
        },
      }),
    )
    expect((await client.account.show()).email).toBe(testAdmin.email)
    const refused = client.account.changePassword({ currentPassword: 'x', newPassword: 'teal-falcon-88' })
    await expect(refused).rejects.toMatchObject({ code: 'WRONG_PASSWORD', status: 422 })
    const stream = await client.events.stream()
    expect(await stream.next()).toMatchObject({ value: { type: 'hello', resync: true } })
    expect(await stream.next()).toMatchObject({ value: { type: 'heartbeat' } })
    await stream.return?.(undefined)
  })
})

test('an answer that stands still is given up after write_timeout; one that moves slowly is not', async () => {
  const desk = await startDeskInProcess({
    people: [testAdmin],
    variables: { ALTAVMS_HTTP_WRITE_TIMEOUT: '1s' },
  })
  try {
    const large = Buffer.alloc(24 * 1024 * 1024, 'x')
    writeFileSync(join(desk.pageFolder, 'large.txt'), large)
    const ask = 'GET /large.txt HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n'
    const still = await openSocket(desk.origin)
    still.write(ask)
    await once(still.pause(), 'readable')
    // Time that passes is what is tried here. That the desk closed shows once what lies in the buffers is read.
    await new Promise((resolve) => setTimeout(resolve, 2500))
    expect((await readToEnd(still)).length).toBeLessThan(large.length)

    const slow = await openSocket(desk.origin)
    let received = 0
    slow.on('data', (chunk: Buffer) => {
      received += chunk.length
      if (received < 6_000_000) {
        slow.pause()
        setTimeout(() => slow.resume(), 2)
      }
    })
    slow.write(ask)
    await once(slow, 'close')
    expect(received).toBeGreaterThan(large.length)
  } finally {
    await desk.stop()
  }
})

test('the page of somebody who signed in may load pictures from the Alta servers, that of a stranger may not', async () => {
  const alta = await startAltaServer({ name: 'alta', receivers: [] })
  const desk = await startDeskInProcess({ people: [testAdmin], variables: production })
  try {
    const api = new ApiClient(desk.origin)
    await api.signIn(testAdmin.email, testAdmin.password)
    const account = { login: 'admin', password: 'admin' }
    const added = await api.want<{ streamOrigin: string }>('POST', '/servers', {
      name: 'Alta',
      baseUrl: alta.baseUrl,
      ...account,
    })
    const signedIn = await api.call('POST', '/auth/login', testAdmin)
    const cookie = signedIn.headers
      .getSetCookie()
      .map((one) => one.split(';')[0])
      .join('; ')
    const policyFor = async (headers: Record<string, string>): Promise<string> =>
      (await fetch(desk.origin, { headers })).headers.get('content-security-policy') ?? ''
    expect(await policyFor({ cookie })).toContain(`media-src 'self' blob: ${added.streamOrigin}`)
    expect(await policyFor({})).not.toContain(added.streamOrigin)
    await api.call('POST', '/auth/logout')
    const { accessToken } = signedIn.body as { accessToken: string }
    api.token = accessToken
    await api.call('POST', '/auth/logout')
    expect(await policyFor({ cookie })).not.toContain(added.streamOrigin)
  } finally {
    await desk.stop()
    await alta.dispose()
  }
})

test('the API can be read on a page that loads nothing from elsewhere', async () => {
  const desk = await startDeskInProcess({ people: [testAdmin] })
  try {
    const page = await fetch(`${desk.origin}/api/docs`)
    expect([page.status, page.headers.get('content-security-policy')]).toEqual([
      200,
      expect.stringContaining("default-src 'self'") as string,
    ])
    for (const [, path] of (await page.text()).matchAll(/(?:src|href)="([^"]+)"/g)) {
      expect((await fetch(desk.origin + (path ?? ''))).status).toBe(200)
    }
    expect(await (await fetch(`${desk.origin}/metrics`)).text()).toContain(
      'alta_desk_http_answer_seconds_count{method="GET",status="200"}',
    )
  } finally {
    await desk.stop()
  }
})

test('behind TLS the browser is told to use nothing else, and cookies travel by TLS alone', async () => {
  const desk = await startDeskInProcess({
    people: [testAdmin],
    variables: { ALTAVMS_HTTP_TLS_ENABLED: 'true' },
  })
  try {
    const api = new ApiClient(desk.origin)
    const answer = await api.call('POST', '/auth/login', testAdmin)
    expect(answer.headers.get('strict-transport-security')).toBe('max-age=31536000; includeSubDomains')
    const secure = answer.headers.getSetCookie().map((cookie) => cookie.endsWith('; Secure'))
    expect(new Set(secure)).toEqual(new Set([true]))
  } finally {
    await desk.stop()
  }
})

test('probes answer on their own listener where one is configured, and only there', async () => {
  const spare = createServer().listen(0, '127.0.0.1')
  await once(spare, 'listening')
  const { port } = spare.address() as AddressInfo
  spare.close()
  await once(spare, 'close')
  const desk = await startDeskInProcess({
    people: [testAdmin],
    variables: { ALTAVMS_HTTP_INTERNAL_ADDR: `127.0.0.1:${port}` },
  })
  try {
    expect(await (await fetch(`http://127.0.0.1:${port}/readyz`)).json()).toMatchObject({ status: 'ready' })
    expect((await fetch(`http://127.0.0.1:${port}/api/account`)).status).toBe(404)
    expect((await fetch(`${desk.origin}/metrics`)).status).toBe(404)
  } finally {
    await desk.stop()
  }
})

test('a desk that stops fails /readyz first, ends open streams, and lets a request in flight finish', async () => {
  const desk = await startDeskInProcess({
    people: [testAdmin],
    // A stop that waited for the open stream would wait longer than a test may last.
    variables: { ALTAVMS_HTTP_PREDRAIN_DELAY: '300ms', ALTAVMS_HTTP_SHUTDOWN_GRACE: '10m' },
  })
  const api = new ApiClient(desk.origin)
  await api.signIn(testAdmin.email, testAdmin.password)
  const stream = await fetch(`${desk.origin}/api/events/stream`, {
    headers: { authorization: `Bearer ${api.token}` },
  })
  const told = stream.text()
  const stopped = desk.stop()
  expect((await fetch(`${desk.origin}/readyz`)).status).toBe(503)
  const [text] = await Promise.all([told, stopped])
  expect(text).toContain('event: message\nid: ')
  await expect(fetch(`${desk.origin}/healthz`)).rejects.toThrow('fetch failed')
})

test('a port that is taken is said in a sentence', async () => {
  const first = await startDeskInProcess({ people: [testAdmin] })
  try {
    const { host } = new URL(first.origin)
    const second = startDeskInProcess({ variables: { ALTAVMS_HTTP_ADDR: host } })
    await expect(second).rejects.toThrow(`already listens on ${host}. Stop it, or change http.addr.`)
  } finally {
    await first.stop()
  }
})

test('an administrator turns the listener of a desktop on and off', async () => {
  const desk = await startDeskInProcess({ headless: false, people: [testAdmin] })
  try {
    const { accessToken } = await desk.window().auth.login(testAdmin)
    const window = desk.window(() => accessToken)
    expect(await window.settings.listener()).toMatchObject({ enabled: false, addresses: [], canChange: true })
    const on = await window.settings.setListener({ enabled: true })
    const [address] = on.addresses
    expect((await fetch(`${address}/healthz`)).status).toBe(200)
    expect(await window.settings.setListener({ enabled: false })).toMatchObject({ addresses: [] })
    await expect(fetch(`${address}/healthz`)).rejects.toThrow('fetch failed')
  } finally {
    await desk.stop()
  }
})
