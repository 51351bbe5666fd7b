import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createPageHandler } from '../../../../main/desktop/page-handler.ts'
import { securityHeaders } from '../../../../main/transport/http/security-headers.ts'

let folder = ''
let handle: (request: Request) => Promise<Response>
const refused: string[] = []
let policy = "default-src 'none'"

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'alta-desk-page-'))
  const root = join(folder, 'page')
  await mkdir(join(root, 'assets'), { recursive: true })
  await mkdir(join(folder, 'page-beside'))
  await writeFile(join(root, 'index.html'), '<!doctype html>page')
  await writeFile(join(root, 'theme.js'), 'theme')
  await writeFile(join(root, 'assets/index-abc.js'), 'script')
  await writeFile(join(root, 'assets/inter.woff2'), 'font')
  await writeFile(join(folder, 'secret.txt'), 'secret')
  await writeFile(join(folder, 'page-beside/secret.txt'), 'secret')
  await symlink(join(folder, 'secret.txt'), join(root, 'link.txt'))
  await symlink(folder, join(root, 'out'))
  await symlink(join(folder, 'page-beside'), join(root, 'beside'))
  handle = createPageHandler({
    root,
    securityHeaders: securityHeaders({ production: true, tlsEnabled: false }),
    prepareDocument: (html) => ({ html, policy }),
    answerFile: ({ path }) =>
      Promise.resolve(path === '/files/ticket/log.csv' ? new Response('seq,at') : null),
    apiDocument: () => Promise.resolve('{"openapi":"3.1"}'),
    onRefused: (url) => refused.push(url),
  })
})
afterAll(() => rm(folder, { recursive: true }))

/** A Request whose URL is as Electron hands it over; Node's own Request would resolve `..` before the handler sees it. */
function request(url: string, method = 'GET'): Request {
  return Object.defineProperty(new Request('http://placeholder/', { method }), 'url', { value: url })
}

async function get(url: string): Promise<{ status: number; body: string }> {
  const response = await handle(request(url))
  return { status: response.status, body: await response.text() }
}

describe('files for download', () => {
  it('come from their ticket alone, and a missing one is not answered with the page', async () => {
    expect(await get('alta-desk://desk/files/ticket/log.csv')).toEqual({ status: 200, body: 'seq,at' })
    expect((await get('alta-desk://desk/files/other/log.csv')).status).toBe(404)
  })
})

describe('what the page asks for', () => {
  it.each([
    ['alta-desk://desk/', '<!doctype html>page'],
    ['alta-desk://desk', '<!doctype html>page'],
    ['alta-desk://desk/settings/servers', '<!doctype html>page'],
    ['alta-desk://desk/cameras/?page=2#x', '<!doctype html>page'],
    ['alta-desk://desk/index.html', '<!doctype html>page'],
    ['alta-desk://desk/theme.js', 'theme'],
    ['alta-desk://desk/assets/index-abc.js?v=1', 'script'],
    ['alta-desk://desk/%74heme.js', 'theme'],
    ['alta-desk://desk/api/openapi.json', '{"openapi":"3.1"}'],
  ])('answers %s', async (url, body) => {
    expect(await get(url)).toEqual({ status: 200, body })
  })

  it('types each file, for a module of the wrong type does not run', async () => {
    const types = await Promise.all(
      ['/', '/assets/index-abc.js', '/assets/inter.woff2'].map(async (path) => {
        const response = await handle(request(`alta-desk://desk${path}`))
        expect(response.headers.get('x-content-type-options')).toBe('nosniff')
        return response.headers.get('content-type')
      }),
    )
    expect(types).toEqual(['text/html; charset=utf-8', 'text/javascript; charset=utf-8', 'font/woff2'])
  })

  it('gives every document the policy that holds now, so that a new server can be played after a reload', async () => {
    policy = "default-src 'none'; connect-src http://alta.example:8000"
    const response = await handle(request('alta-desk://desk/settings'))
    expect(response.headers.get('content-security-policy')).toBe(policy)
    expect(response.headers.get('cache-control')).toBe('no-store')
  })

  it('answers HEAD without a body', async () => {
    const response = await handle(request('alta-desk://desk/theme.js', 'HEAD'))
    expect([response.status, await response.text()]).toEqual([200, ''])
  })

  it('says 404 for a script that is not there, which as a page would fail far from its cause', async () => {
    expect((await get('alta-desk://desk/assets/missing.js')).status).toBe(404)
  })

  it('does not list a folder', async () => {
    // Without a dot it is a route like any other.
    expect((await get('alta-desk://desk/assets')).body).toBe('<!doctype html>page')
  })

  it('never takes a file of the desk for a route: a lost clip is 404, not the page', async () => {
    expect((await get('alta-desk://desk/files/clips/1')).status).toBe(404)
  })
})

describe('what lies outside the page', () => {
  it.each([
    '/../secret.txt',
    '/assets/../../secret.txt',
    '/..%2fsecret.txt',
    '/%2e%2e/secret.txt',
    '/%2e%2e%2fsecret.txt',
    '/.%2e/secret.txt',
    '/%252e%252e/secret.txt',
    '/..\\secret.txt',
    '/..%5csecret.txt',
    '/assets%5c..%5c..%5csecret.txt',
    '/C:/secret.txt',
    '/C%3A/Windows/win.ini',
    '/c:%5cwindows%5cwin.ini',
    '//secret.txt',
    '///etc/passwd.txt',
    '//server/share/secret.txt',
    '/theme.js%00.png',
    '/%00',
    '/theme.js::$DATA',
    '/theme.js.',
    '/.../secret.txt',
    '/.git/config.txt',
    '/assets%2findex-abc.js',
    '/%',
    '/%c0%ae%c0%ae/secret.txt',
    '/link.txt',
    '/out/secret.txt',
    '/beside/secret.txt',
    `/${'a'.repeat(5000)}.js`,
  ])('is not answered: %s', async (path) => {
    expect(await get(`alta-desk://desk${path}`)).toEqual({ status: 404, body: 'Not found' })
  })

  it.each([
    'alta-desk://other/index.html',
    'alta-desk://desk:80/index.html',
    'alta-desk://user@desk/index.html',
    'alta-desk:index.html',
    'https://desk/index.html',
  ])('is not ours: %s', async (url) => {
    expect((await get(url)).status).toBe(404)
    expect(refused).toContain(url)
  })

  it.each(['POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH'])('is not written: %s', async (method) => {
    const response = await handle(request('alta-desk://desk/index.html', method))
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'GET, HEAD'])
  })
})
