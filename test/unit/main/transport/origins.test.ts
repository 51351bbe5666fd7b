import { describe, expect, test } from 'vitest'
import {
  isAllowedOrigin,
  isLoopbackAddress,
  isPrivateHost,
  isOwnOrigin,
  plainAddress,
  saneHost,
} from '../../../../main/transport/http/origins.ts'
import { readPageCookie } from '../../../../main/transport/http/refresh-cookie.ts'
import { pageContentPolicy, securityHeaders } from '../../../../main/transport/http/security-headers.ts'

describe('this machine', () => {
  test.each(['127.0.0.1', '127.8.9.10', '::1', '::ffff:127.0.0.1'])('%s is loopback', (address) => {
    expect(isLoopbackAddress(address)).toBe(true)
  })
  test.each(['', '10.0.0.7', '::ffff:10.0.0.7', '127.0.0.1.evil.example', 'localhost', '::2'])(
    '%s is not',
    (address) => expect(isLoopbackAddress(address)).toBe(false),
  )
  test.each(['localhost', 'LOCALHOST:3303', '127.0.0.1:3303', '[::1]:3303', 'desk', 'desk.local:3303'])(
    'only this machine or its network is called %s',
    (host) => {
      expect(isPrivateHost(host)).toBe(true)
    },
  )
  // A foreign page can point its own name at 127.0.0.1 (DNS rebinding).
  test.each([
    'localhost.evil.com',
    'evil.com:3303',
    '127.0.0.1.nip.io',
    'localhost@evil.com',
    '10.0.0.7',
    '3232235777',
    'evil.example.com.evil.com',
    '',
  ])('%s does not', (host) => expect(isPrivateHost(host)).toBe(false))
  test('IPv4 in IPv6 reads as IPv4 in logs and in the audit log', () => {
    expect([plainAddress('::ffff:10.0.0.7'), plainAddress('fe80::1'), plainAddress(undefined)]).toEqual([
      '10.0.0.7',
      'fe80::1',
      '',
    ])
  })
})

describe('pages', () => {
  test.each([
    ['http://desk:3303', 'desk:3303', true],
    ['https://desk.example', 'desk.example', true],
    ['https://desk.example', 'desk.example:443', true],
    ['http://DESK:3303', 'desk:3303', true],
    ['http://desk:3304', 'desk:3303', false],
    ['http://evil.example', 'desk:3303', false],
    ['null', 'desk:3303', false],
    ['http://desk:3303', undefined, false],
    ['http://desk:3303', 'a b%', false],
    ['http://desk:3303', 'desk:99999', false],
  ])('a page of %s that calls %s is our own: %s', (origin, host, own) => {
    expect(isOwnOrigin(origin, host)).toBe(own)
  })
  test('another origin is allowed by name, or by * in development', () => {
    expect(isAllowedOrigin('https://a.example', ['https://a.example'])).toBe(true)
    expect(isAllowedOrigin('https://a.example.evil', ['https://a.example'])).toBe(false)
    expect(isAllowedOrigin('null', ['*'])).toBe(true)
    expect(isAllowedOrigin('https://a.example', [])).toBe(false)
  })
  test.each(['a b', 'x\r\ny', 'desk:3303/path', '"><script>', 'desk:999999', ''])(
    'a Host header like %j is repeated nowhere',
    (host) => expect(saneHost(host)).toBeNull(),
  )
})

describe('what a browser is told', () => {
  test('in production the page loads itself and the pictures of the Alta servers, no inline script', () => {
    const options = { production: true, tlsEnabled: false }
    const policy = pageContentPolicy(['http://10.0.0.7:8200'], options)
    expect(policy).toContain("script-src 'self';")
    expect(policy).toContain("connect-src 'self' http://10.0.0.7:8200;")
    expect(policy).toContain("media-src 'self' blob: http://10.0.0.7:8200;")
    expect(policy).not.toMatch(/script-src[^;]*unsafe|\*|http:(?!\/\/10)/)
    expect(pageContentPolicy([], options)).toContain("connect-src 'self';")
  })
  // Would catch: an address of a server that adds a directive or a source of its own to the policy of every page.
  test.each([
    'http://x;sandbox',
    "http://x; script-src 'unsafe-inline'",
    'http://x,http://y',
    'http://x http://y',
    'http://*',
    'http://x/path',
    'http://user@x',
    "'unsafe-eval'",
    'data:',
    'HTTP://X',
  ])('what is not an origin never gets into the policy: %s', (address) => {
    const options = { production: true, tlsEnabled: false }
    expect(pageContentPolicy([address], options)).toBe(pageContentPolicy([], options))
    expect(pageContentPolicy(['http://10.0.0.7:8200', address], options)).toBe(
      pageContentPolicy(['http://10.0.0.7:8200'], options),
    )
  })
  test('HSTS is sent only where TLS is spoken: on plain HTTP it would lock people out', () => {
    expect(securityHeaders({ production: true, tlsEnabled: false })).not.toHaveProperty(
      'strict-transport-security',
    )
    expect(securityHeaders({ production: true, tlsEnabled: true })).toMatchObject({
      'strict-transport-security': 'max-age=31536000; includeSubDomains',
    })
  })
})

test('the page cookie is read by its exact name, and only where it looks like one of ours', () => {
  const family = '0190a6a0-0000-7000-8000-000000000000'
  expect(readPageCookie(`a=1; alta_desk_page=${family}; b=2`, false)).toEqual({
    family,
    underOldName: false,
  })
  expect(readPageCookie(`xalta_desk_page=${family}`, false)).toBeNull()
  expect(readPageCookie('alta_desk_page=../../etc', false)).toBeNull()
  expect(readPageCookie(undefined, false)).toBeNull()
})
