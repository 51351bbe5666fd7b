/// <reference lib="dom" />
import { randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect } from '@playwright/test'
import {
  cameraPair,
  furnish,
  leaveWall,
  ownAdmin,
  ownAdminVariables,
  signIn,
  startStage,
  test,
} from './stage/stage.ts'
import type { Stage } from './stage/stage.ts'
import { expectMoving, tileAt } from './stage/tiles.ts'

let stage: Stage

test.beforeAll(async () => {
  stage = await startStage(
    [
      { name: 'Harbour', receivers: [...cameraPair('gate', 'Gate'), ...cameraPair('dock', 'Dock')] },
      { name: 'Island', receivers: cameraPair('pier', 'Pier') },
    ],
    {
      ...ownAdminVariables,
      ALTAVMS_ENV: 'production',
      ALTAVMS_LOG_LEVEL: 'debug',
      ALTAVMS_ENCRYPTION_KEY: randomBytes(32).toString('base64'),
      ALTAVMS_AUTH_JWT_SECRET: randomBytes(32).toString('base64'),
      ALTAVMS_ALLOWED_ORIGINS: 'https://intranet.example',
    },
    ownAdmin,
  )
})
test.afterAll(() => stage.stop())

// Would catch: a policy so strict that no picture plays in production, or so lax that a foreign script runs; a ticket,
// token or password in the log or in an address of the desk; a signed-out page that still holds names.
test('production: pictures play under a strict policy, and nothing secret is written down', async ({
  page,
  watch,
}) => {
  const [alta, island] = stage.altas
  if (!alta || !island) throw new Error('Two servers are needed.')
  const { cameras } = await furnish(stage, alta, ['gate', 'dock'])
  await alta.setFault('whep-absent', { channel: 'desk/dock' })
  watch.expect(/^console: .*404 .*\/desk\/dock\/whep$/)
  await leaveWall(stage, { layout: '4', tiles: cameras.map(({ id }) => id) })

  const strangers = await page.goto(stage.desk.origin)
  const strangersPolicy = strangers?.headers()['content-security-policy'] ?? ''
  expect(strangersPolicy).toContain("script-src 'self';")
  expect(strangersPolicy).not.toContain(alta.ottUrl)
  expect(await page.locator('body').innerText()).not.toMatch(/Gate|Dock|Harbour|Pier|Island/)

  await signIn(page, stage.desk.origin, ownAdmin)
  await expectMoving(tileAt(page, 1), 'whep')
  await expectMoving(tileAt(page, 2), 'hls')
  const signedIn = await page.reload()
  const policy = signedIn?.headers()['content-security-policy'] ?? ''
  expect(policy).toContain(`connect-src 'self' ${alta.ottUrl};`)
  expect(policy).not.toMatch(/script-src[^;]*(unsafe|http:|\*)/)
  await expectMoving(tileAt(page, 1), 'whep')
  await expectMoving(tileAt(page, 2), 'hls')
  // A page that is open already does not know a new server: it says so and is loaded again.
  const [pier] = (await furnish(stage, island, ['pier'])).cameras
  await expect(page.getByTestId('outdated')).toBeVisible()
  await leaveWall(stage, { layout: '4', tiles: [pier?.id ?? null] })
  await page.getByTestId('outdated').getByRole('button', { name: 'Reload' }).click()
  await expect(tileAt(page, 1)).toHaveAttribute('data-camera-id', pier?.id ?? '')
  await expectMoving(tileAt(page, 1), 'whep')
  await expect(page.getByTestId('outdated')).toBeHidden()

  await page.getByRole('link', { name: 'Cameras' }).click()
  await expect(page.getByRole('link', { name: 'Gate', exact: true })).toBeVisible()
  await page.getByRole('link', { name: 'Settings' }).click()
  await expect(
    page.getByRole('table', { name: 'Servers' }).getByRole('row', { name: /Harbour/ }),
  ).toContainText('Healthy')
  const kept = await page.evaluate(() =>
    JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie]),
  )
  expect(kept).not.toMatch(/eyJ/)

  await page.getByRole('button', { name: /^Account of/ }).click()
  await page.getByRole('menuitem', { name: 'Sign out' }).click()
  await expect(page.getByRole('heading', { name: 'Sign in' })).toBeVisible()
  expect(await page.content()).not.toMatch(/Gate|Dock|Harbour|Pier|Island|guard@desk/)
  await page.goBack()
  await expect(page.getByRole('heading', { name: 'Sign in' })).toBeVisible()
  expect(await page.content()).not.toMatch(/Gate|Dock|Harbour|Pier|Island|guard@desk/)

  const token = /eyJ[\w-]{10,}\.[\w-]{10,}|[0-9a-f]{40}-[0-9a-f]{8}-/
  expect(stage.desk.output()).not.toMatch(token)
  expect(stage.desk.output()).not.toContain(ownAdmin.password)
  const deskUrls = watch.requestedUrls().filter((url) => url.startsWith(stage.desk.origin))
  expect(deskUrls.length).toBeGreaterThan(10)
  expect(deskUrls.filter((url) => token.test(url))).toEqual([])
})

// Would catch: a page that a guard opens in the next tab and that rides on the guard's cookie.
test('a page of another origin gets nothing with the cookies of a signed-in guard', async ({
  page,
  watch,
}) => {
  const foreign = createServer((_request, response) => {
    response.setHeader('content-type', 'text/html').end('<!doctype html><title>Foreign</title>')
  })
  await new Promise<void>((resolve) => foreign.listen(0, '127.0.0.1', resolve))
  try {
    const { port } = foreign.address() as AddressInfo
    watch.expect(
      /^console: .*(CORS policy|net::ERR_FAILED|ERR_BLOCKED_BY_RESPONSE|403|frame-ancestors|X-Frame-Options)/i,
    )
    await leaveWall(stage, { layout: '4', tiles: [] })
    await signIn(page, stage.desk.origin, ownAdmin)
    const before = await page.context().cookies(`${stage.desk.origin}/api/auth`)
    expect(before.map(({ name }) => name)).toContain('alta_desk_refresh')

    const other = await page.context().newPage()
    // The same host on another port is the same site: the browser would send the cookies along.
    await other.goto(`http://127.0.0.1:${port}/`)
    const seen = await other.evaluate(async (origin) => {
      const ask = (path: string, options: RequestInit): Promise<string> =>
        fetch(origin + path, { credentials: 'include', ...options }).then(
          async (answer) => `${answer.status} ${answer.type} ${await answer.text()}`,
          () => 'refused',
        )
      const opaque: RequestInit = { method: 'POST', mode: 'no-cors' }
      const json: RequestInit = {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: '{}',
      }
      const frame = document.createElement('iframe')
      frame.src = origin
      const framed = new Promise<boolean>((resolve) => {
        frame.onload = () => resolve(frame.contentDocument !== null || frame.contentWindow?.length !== 0)
      })
      document.body.append(frame)
      return {
        refresh: await ask('/api/auth/refresh', json),
        opaqueRefresh: await ask('/api/auth/refresh', opaque),
        cameras: await ask('/api/cameras', {}),
        framed: await framed,
      }
    }, stage.desk.origin)
    expect(seen).toEqual({
      refresh: 'refused',
      // Not even as an opaque answer: it is told to be for our own origin alone.
      opaqueRefresh: 'refused',
      cameras: 'refused',
      framed: false,
    })

    // The refresh token is the same, so the opaque request was turned away before it was used.
    const after = await page.context().cookies(`${stage.desk.origin}/api/auth`)
    expect(after.map(({ value }) => value).sort()).toEqual(before.map(({ value }) => value).sort())
  } finally {
    foreign.close()
  }
})
