import { createServer } from 'node:http'
import type { IncomingMessage, Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import type { AltaAuthorizer, AltaConfig } from '../../alta-simulator/config.ts'
import { initialConfig } from '../../alta-simulator/config.ts'
import { resolveOptions } from '../../alta-simulator/options.ts'
import { authorize, checkIpRules } from '../../alta-simulator/ott/authorizer.ts'
import type { BackendCall, Decision, Viewer } from '../../alta-simulator/ott/authorizer.ts'
import { makeSecuretoken } from '../../alta-simulator/ott/securetoken.ts'

const NOW = 1_700_000_000
const open: Server[] = []

afterEach(async () => {
  await Promise.all(open.splice(0).map((server) => new Promise((resolve) => server.close(resolve))))
})

async function backend(status: number): Promise<{ url: string; seen: IncomingMessage[] }> {
  const seen: IncomingMessage[] = []
  const server = createServer((request, response) => {
    seen.push(request)
    response.writeHead(status, { Connection: 'close' }).end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  open.push(server)
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/ask`, seen }
}

async function unreachable(): Promise<string> {
  const { url } = await backend(200)
  const server = open.pop()
  await new Promise((resolve) => server?.close(resolve))
  return url
}

function configWith(authorizer: AltaAuthorizer | undefined): AltaConfig {
  const channels = { 'desk/gate 1': { authorizer: 'a', variants: {} } }
  return initialConfig(resolveOptions({ authorizers: authorizer ? { a: authorizer } : {}, channels }))
}

const viewer: Viewer = {
  channel: 'desk/gate 1',
  encodedPath: '/desk/gate%201/index.m3u8',
  rawQuery: 'token=123&x=%20',
  token: '123',
  ip: '10.0.0.7',
  origin: 'http://alta:8200',
  userAgent: 'guard',
  sessionId: 'session-1',
}

function ask(
  authorizer: AltaAuthorizer | undefined,
  changes: Partial<Viewer> = {},
  calls: BackendCall[] = [],
): Promise<Decision> {
  const environment = { nowSeconds: NOW, onBackendCall: (call: BackendCall) => void calls.push(call) }
  return authorize(configWith(authorizer), { ...viewer, ...changes }, environment)
}

function tokenFor(secret: string): string {
  const path = '/desk/gate 1/index.m3u8'
  return makeSecuretoken({ path, ip: viewer.ip, start: NOW - 10, end: NOW + 10, secret, salt: 'salt' })
}

describe('authorizer', () => {
  it('takes the first IP rule that matches and goes on after pass or no match', () => {
    expect(checkIpRules(['deny 10.0.0.7', 'allow any'], '10.0.0.7')).toBe('deny')
    expect(checkIpRules(['allow 10.0.0.0/24', 'deny any'], '10.0.0.7')).toBe('allow')
    expect(checkIpRules(['pass 10.0.0.0/24', 'deny any'], '10.0.0.7')).toBe('skip')
    expect(checkIpRules(['deny fd32:ce04:8a5c::1/64'], 'fd32:ce04:8a5c::99')).toBe('deny')
    expect(checkIpRules([], '10.0.0.7')).toBe('skip')
  })

  it('asks IP before securetoken before backend: a backend that allows cannot overrule a bad securetoken', async () => {
    const { url, seen } = await backend(200)
    const authorizer = { securetoken: 'secret', backend: [url], default: 'deny' as const }
    expect(await ask({ ...authorizer, ip: ['allow any'] })).toEqual({ allowed: true, by: 'ip' })
    expect(await ask(authorizer, { token: tokenFor('secret') })).toEqual({ allowed: true, by: 'securetoken' })
    expect(await ask(authorizer, { token: tokenFor('wrong') })).toEqual({ allowed: false, by: 'securetoken' })
    expect(seen).toHaveLength(0)
    expect(await ask(authorizer)).toEqual({ allowed: true, by: 'backend' })
  })

  it('sends the query and the five headers that a backend decides by', async () => {
    const { url, seen } = await backend(200)
    await ask({ backend: [`${url}?server=7`] })
    expect(seen[0]?.method).toBe('GET')
    expect(seen[0]?.url).toBe('/ask?server=7&token=123&x=%20')
    expect(seen[0]?.headers).toMatchObject({
      'x-session-id': 'session-1',
      'x-real-ip': '10.0.0.7',
      'x-real-path': '/desk/gate%201/index.m3u8',
      'x-real-origin': 'http://alta:8200',
      'x-real-ua': 'guard',
    })
  })

  it('denies on any answer but 200, also on a redirect that a client would follow to a 200', async () => {
    for (const status of [204, 302, 401, 500]) {
      const { url } = await backend(status)
      expect(await ask({ backend: [url], default: 'allow' })).toEqual({ allowed: false, by: 'backend' })
    }
  })

  it('tries the next backend when one is unreachable, and falls to the default when all are', async () => {
    const dead = await unreachable()
    const { url } = await backend(200)
    const calls: BackendCall[] = []
    expect(await ask({ backend: [dead, url], default: 'deny' }, {}, calls)).toEqual({
      allowed: true,
      by: 'backend',
    })
    expect(calls.map(({ status }) => status)).toEqual([undefined, 200])
    expect(await ask({ backend: [dead], default: 'deny' })).toEqual({ allowed: false, by: 'default' })
  })

  it('allows when the default is unset: forgetting it opens the channel, as on Alta', async () => {
    expect(await ask({})).toEqual({ allowed: true, by: 'default' })
    expect(await ask({ default: 'deny' })).toEqual({ allowed: false, by: 'default' })
  })

  it('keeps a channel closed whose authorizer was deleted', async () => {
    expect(await ask(undefined)).toEqual({ allowed: false, by: 'unknown-authorizer' })
  })
})
