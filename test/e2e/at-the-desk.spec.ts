/// <reference lib="dom" />
import { expect } from '@playwright/test'
import type { Locator, Page } from '@playwright/test'
import type { Camera } from '../../shared/contract/cameras.ts'
import type { Group } from '../../shared/contract/groups.ts'
import type { AltaServerHandle } from '../alta-simulator/start-alta-server.ts'
import { addPerson, anotherBrowser, expectSignedIn, expectSignInPage, signOutByMenu } from './stage/people.ts'
import type { StagePerson } from './stage/people.ts'
import { refusalsAgainst, refusedRequests } from './stage/refusals.ts'
import { cameraPair, furnish, leaveWall, signIn, startStage, test } from './stage/stage.ts'
import type { Stage } from './stage/stage.ts'
import { drawnFrames, expectMoving, tileAt } from './stage/tiles.ts'

let stage: Stage
let alta: AltaServerHandle
let gate: Camera
let lobby: Camera
let vera: StagePerson
let gatehouse: Group

test.beforeAll(async () => {
  stage = await startStage([{ receivers: [...cameraPair('gate', 'Gate'), ...cameraPair('lobby', 'Lobby')] }])
  const [server] = stage.altas
  if (!server) throw new Error('A server is needed.')
  alta = server
  const furnished = await furnish(stage, alta, ['gate', 'lobby'])
  const [first, second] = furnished.cameras
  if (!first || !second) throw new Error('Two cameras are needed.')
  ;[gate, lobby] = [first, second]
  vera = await addPerson(stage, 'vera', 'Vera Ostrova')
  gatehouse = await stage.api.want<Group>('POST', '/groups', { name: 'Gatehouse' })
  await stage.api.want('PUT', `/groups/${gatehouse.id}/cameras/${gate.id}`)
  await stage.api.want('PUT', `/groups/${gatehouse.id}/members/${vera.id}`, { role: 'viewer' })
  await leaveWall(stage, { layout: '4', tiles: [lobby.id, gate.id, null, null] })
})
test.afterAll(() => stage.stop())
test.beforeEach(({ watch }) => watch.expect(/^console: .*40[14] .*\/api\//))

async function expectBothPlaying(page: Page): Promise<void> {
  await expectMoving(tileAt(page, 1))
  await expectMoving(tileAt(page, 2))
}

async function expectLocked(page: Page): Promise<void> {
  await expect(page.getByTestId('lock-screen')).toBeVisible()
  await expect(page.getByRole('button', { name: /^Account of / })).toHaveCount(0)
}

// Would catch: a lock that a reload opens, that lets keys through to the wall, or that the wrong password opens; pictures
// that stop though they should stay, or stay though they should not.
test('locked by a key: the pictures go on, nothing else does, and the password opens it', async ({
  page,
}) => {
  await signIn(page, stage.desk.origin)
  await expectBothPlaying(page)
  await page.keyboard.press('Control+l')
  await expectLocked(page)
  await expect(page.getByLabel('Password')).toBeFocused()
  await expectBothPlaying(page)
  await page.keyboard.press('Control+k')
  await expect(page.getByLabel('Search everything')).toHaveCount(0)
  await page.keyboard.type('not the password')
  await page.keyboard.press('Enter')
  await expect(page.getByTestId('lock-screen')).toContainText('do not match')
  await page.reload()
  await expectLocked(page)
  await expect(page.getByLabel('E-mail or username')).toHaveValue('admin')
  await page.getByLabel('Password').fill('admin')
  await page.keyboard.press('Enter')
  await expect(page.getByTestId('lock-screen')).toHaveCount(0)
  await expectBothPlaying(page)
})

// Would catch: a desk that nobody sits at and that everybody can use; a setting that is not kept.
test('left alone it locks by itself, and covers the pictures where it is told to', async ({ page }) => {
  await page.clock.install()
  await signIn(page, stage.desk.origin)
  await page.goto(`${stage.desk.origin}/account`)
  await page.getByLabel('Lock when nobody touches the keys or the mouse').selectOption('After a minute')
  await page.getByLabel('Pictures stay while it is locked').uncheck()
  await page.goto(`${stage.desk.origin}/live`)
  await expectBothPlaying(page)
  await page.clock.fastForward('00:50')
  await page.keyboard.press('ArrowRight')
  await page.clock.fastForward('00:50')
  await expect(page.getByTestId('lock-screen')).toHaveCount(0)
  await page.clock.fastForward('00:20')
  await expectLocked(page)
  await expect(page.getByTestId('tile')).toHaveCount(0)
  // Nothing is watched that nobody can see.
  await expect.poll(() => alta.sessions().length).toBe(0)
})

interface Moment {
  readonly what: string
  readonly at: number
}

/** Writes down when each of these first came true in the page, looking at every change of it before it is drawn. */
async function recordMoments(page: Page, forbiddenId: string, nextName: string): Promise<void> {
  await page.evaluate(
    ([id, name]) => {
      const moments: Moment[] = []
      const note = (what: string, isSo: boolean): void => {
        if (isSo && !moments.some((moment) => moment.what === what))
          moments.push({ what, at: performance.now() })
      }
      const look = (): void => {
        note('closed', document.querySelector(`[data-testid="tile"][data-camera-id="${id}"] video`) === null)
        note('drawn', document.body.innerText.includes(name))
        note('unlocked', document.querySelector('[data-testid="lock-screen"]') === null)
      }
      new MutationObserver(look).observe(document.body, {
        childList: true,
        subtree: true,
        attributes: true,
        characterData: true,
      })
      Object.assign(window, { moments })
    },
    [forbiddenId, nextName] as const,
  )
}

// Would catch: a switch of operators that cannot be taken back, one that costs the first person pictures or session, and
// one that an attempt of the second leaves half done.
test('switch operator is cancelled by Esc or the button: everything stays as it was', async ({ page }) => {
  await signIn(page, stage.desk.origin)
  await expectBothPlaying(page)
  const refused = refusedRequests(page)
  const cancelled = async (): Promise<void> => {
    await expect(page.getByTestId('lock-screen')).toHaveCount(0)
    await expect(page.getByRole('button', { name: /^Account of / })).toBeVisible()
  }
  await page.keyboard.press('Control+Shift+l')
  await expect(page.getByLabel('E-mail or username')).toBeFocused()
  const drawing = drawnFrames(tileAt(page, 1), 20)
  await page.keyboard.press('Escape')
  await cancelled()
  expect((await drawing).frames).toBeGreaterThan(0)
  await page.keyboard.press('ArrowRight')
  await expect(tileAt(page, 2)).toBeFocused()

  await page.keyboard.press('Control+Shift+l')
  await page.getByLabel('E-mail or username').fill(vera.username)
  await page.getByLabel('Password').fill('a wrong one')
  await page.keyboard.press('Enter')
  await expect(page.getByTestId('lock-screen')).toContainText('do not match')
  await page.reload()
  await expect(page.getByRole('heading', { name: 'Switch operator' })).toBeVisible()
  await page.getByRole('button', { name: 'Cancel' }).click()
  await cancelled()
  await expectBothPlaying(page)
  expect(refused).toEqual([])
  expect(await refusalsAgainst(stage, 'admin@localhost')).toEqual([])
})

// Would catch: pictures that stop while two people change places, a picture of the first that the second sees for a
// moment, a name or a list of the second that is drawn before.
test('switch operator: the pictures go on, and what the next may not see closes before anything of theirs is drawn', async ({
  page,
}) => {
  await signIn(page, stage.desk.origin)
  await expectBothPlaying(page)

  await page.keyboard.press('Control+Shift+l')
  await expect(page.getByRole('heading', { name: 'Switch operator' })).toBeVisible()
  await expect(page.getByLabel('E-mail or username')).toBeFocused()
  await expect(page.getByLabel('E-mail or username')).toHaveValue('')
  await expectBothPlaying(page)
  await page.keyboard.type(vera.username)
  await page.keyboard.press('Tab')
  await page.keyboard.type('a wrong one')
  await page.keyboard.press('Enter')
  await expect(page.getByTestId('lock-screen')).toContainText('do not match')
  await expectBothPlaying(page)

  const refused = refusedRequests(page)
  await recordMoments(page, lobby.id, vera.displayName)
  await page.getByLabel('Password').fill(vera.password)
  await page.keyboard.press('Enter')
  await expect(page.getByRole('button', { name: 'Account of Vera Ostrova' })).toBeVisible()
  const moments = await page.evaluate(() => (window as unknown as { moments: Moment[] }).moments)
  expect(moments[0]?.what).toBe('closed')
  expect(moments.map(({ what }) => what).sort()).toEqual(['closed', 'drawn', 'unlocked'])

  // Vera's own wall comes up; of what she may see, the picture never stopped.
  await expect(page.getByTestId('camera-list').getByRole('button')).toHaveText([/Gate/])
  await expect.poll(() => alta.sessions().filter(({ channel }) => channel.includes('lobby')).length).toBe(0)
  await signOutByMenu(page)
  await expect.poll(() => alta.sessions().length).toBe(0)
  // Would catch: a page that asks, in the name of the next person, for what was the last one's.
  expect(refused).toEqual([])
  expect(await refusalsAgainst(stage, vera.email)).toEqual([])
  // Signed out, no address leads into anything of hers.
  await page.goto(`${stage.desk.origin}/account`)
  await expectSignInPage(page)
})

// Would catch: a picture that both may see and that is connected anew when they change places.
test('a camera that both may see plays on without a break', async ({ page }) => {
  await stage.api.want('PUT', '/live/wall', { layout: '4', tiles: [null, gate.id, null, null] })
  await signIn(page, stage.desk.origin, vera)
  await page.getByRole('button', { name: 'Fill' }).click()
  await expectMoving(tileAt(page, 1))
  await page.keyboard.press('Control+Shift+l')
  await page.getByLabel('E-mail or username').fill('admin')
  await page.getByLabel('Password').fill('admin')
  const drawing = drawnFrames(tileAt(page, 1), 30)
  await page.keyboard.press('Enter')
  await expectSignedIn(page)
  expect((await drawing).frames).toBeGreaterThan(0)
})

// Would catch: a colleague abroad who says 14:03 and means another picture than the desk.
test('somebody in another zone sees the times of the desk, and which zone that is', async ({
  browser,
  watch,
}) => {
  const abroad = await browser.newContext({ timezoneId: 'Asia/Kathmandu' })
  watch.attach(abroad)
  const page = await abroad.newPage()
  await signIn(page, stage.desk.origin, vera)
  const { timeZone } = new Intl.DateTimeFormat().resolvedOptions()
  await expect(page.getByTestId('foreign-zone')).toHaveText(timeZone)
  const minute = { hour: '2-digit', minute: '2-digit' } as const
  const here = (): string => new Intl.DateTimeFormat('en-GB', minute).format(Date.now())
  await expect
    .poll(async () => (await page.getByRole('banner').innerText()).includes(`${here()}:`))
    .toBe(true)
  await abroad.close()
})

/** How many event streams the desk serves, by its own count. */
async function openStreams(): Promise<number> {
  const answer = await fetch(`${stage.desk.origin}/metrics`)
  return Number(/^alta_desk_event_streams (\d+)$/m.exec(await answer.text())?.[1])
}

/** Opens more tabs of the browser of `page` on its address, one after the other. */
async function openTabs(page: Page, count: number): Promise<Page[]> {
  const tabs = [page]
  for (let opened = 0; opened < count; opened += 1) {
    const tab = await page.context().newPage()
    await tab.goto(page.url())
    await expectSignedIn(tab)
    tabs.push(tab)
  }
  return tabs
}

/** The camera on the page "Cameras". */
function listed(page: Page, camera: Camera): Locator {
  return page.getByRole('link', { name: camera.name, exact: true })
}

// Would catch: a seventh tab that never loads, for six streams hold all connections that a browser opens to one host; a
// tab that keeps a camera which was taken away; tabs that fall silent with the first, or stay signed in.
test('eight tabs of one browser share one stream, and each hears everything', async ({
  page,
  browser,
  watch,
}) => {
  await expect.poll(openStreams).toBe(0)
  await signIn(page, stage.desk.origin, vera)
  await page.goto(`${stage.desk.origin}/cameras`)
  const tabs = await openTabs(page, 7)
  const theirs = await anotherBrowser(browser, watch)
  const admins = await theirs.newPage()
  await signIn(admins, stage.desk.origin)
  await admins.goto(`${stage.desk.origin}/cameras`)
  for (const tab of tabs) await expect(listed(tab, gate)).toBeVisible()
  await expect.poll(openStreams).toBe(2)

  await stage.api.want('DELETE', `/groups/${gatehouse.id}/cameras/${gate.id}`)
  for (const tab of tabs) await expect(listed(tab, gate)).toHaveCount(0)
  await expect(listed(admins, gate)).toBeVisible()

  const [first, ...others] = tabs
  await first?.close()
  await stage.api.want('PUT', `/groups/${gatehouse.id}/cameras/${gate.id}`)
  for (const tab of others) {
    await expect(listed(tab, gate)).toBeVisible()
    await expect(tab.getByTestId('cut-off')).toHaveCount(0)
  }
  expect(await openStreams()).toBe(2)

  const [leaving, ...left] = others
  if (leaving) await signOutByMenu(leaving)
  for (const tab of left) await expectSignInPage(tab)
  await expect.poll(openStreams).toBe(1)
  await expect(listed(admins, gate)).toBeVisible()
  await theirs.close()
  await expect.poll(openStreams).toBe(0)
})

// Would catch: a tab of one person that hears what is for another, for both came through the worker of one browser.
test('tabs of one browser in which two people are signed in hear what is for each', async ({ page }) => {
  await signIn(page, stage.desk.origin)
  await page.goto(`${stage.desk.origin}/cameras`)
  const [, admins] = await openTabs(page, 1)
  if (!admins) throw new Error('Two tabs are needed.')
  await expect(listed(admins, lobby)).toBeVisible()
  await expect.poll(openStreams).toBe(1)
  await page.keyboard.press('Control+Shift+l')
  await page.getByLabel('E-mail or username').fill(vera.username)
  await page.getByLabel('Password').fill(vera.password)
  await page.keyboard.press('Enter')
  await expect(page.getByRole('button', { name: 'Account of Vera Ostrova' })).toBeVisible()
  await page.getByRole('link', { name: 'Cameras', exact: true }).click()
  await expect(listed(page, gate)).toBeVisible()
  // The other tab belongs to the administrator until it renews its token.
  await expect.poll(openStreams).toBe(2)
  await stage.api.want('DELETE', `/groups/${gatehouse.id}/cameras/${gate.id}`)
  await expect(listed(page, gate)).toHaveCount(0)
  await stage.api.want('PUT', `/groups/${gatehouse.id}/cameras/${gate.id}`)
  await expect(listed(page, gate)).toBeVisible()
  await expect(listed(admins, lobby)).toBeVisible()
  await expect(listed(page, lobby)).toHaveCount(0)

  await admins.reload()
  await expect(admins.getByRole('button', { name: 'Account of Vera Ostrova' })).toBeVisible()
  await expect.poll(openStreams).toBe(1)
  await stage.api.want('PUT', `/groups/${gatehouse.id}/cameras/${lobby.id}`)
  for (const tab of [page, admins]) await expect(listed(tab, lobby)).toBeVisible()
  await stage.api.want('DELETE', `/groups/${gatehouse.id}/cameras/${lobby.id}`)
  for (const tab of [page, admins]) await expect(listed(tab, lobby)).toHaveCount(0)
  expect(await openStreams()).toBe(1)
})

// Would catch: tabs that stay cut off, or look connected, when what they share has crashed; a browser that shares nothing
// and hears nothing.
test('tabs whose shared worker crashed say so, and share a stream again; a browser without one has a stream each', async ({
  page,
  browser,
  watch,
}) => {
  await signIn(page, stage.desk.origin, vera)
  await page.goto(`${stage.desk.origin}/cameras`)
  const tabs = await openTabs(page, 1)
  await expect.poll(openStreams).toBe(1)
  const devtools = await browser.newBrowserCDPSession()
  const { targetInfos } = await devtools.send('Target.getTargets')
  const [worker, ...others] = targetInfos.filter(({ type }) => type === 'shared_worker')
  expect([worker?.url, others]).toEqual([expect.stringMatching(/\/assets\/event-worker-[^/]+\.js$/), []])
  await devtools.send('Target.closeTarget', { targetId: worker?.targetId ?? '' })
  await expect.poll(openStreams).toBe(0)
  for (const tab of tabs) await expect(tab.getByTestId('cut-off')).toBeVisible()
  for (const tab of tabs) await expect(tab.getByTestId('cut-off')).toBeHidden()
  expect(await openStreams()).toBe(1)

  const old = await anotherBrowser(browser, watch)
  await old.addInitScript(() => Object.defineProperty(window, 'SharedWorker', { value: undefined }))
  const theirs = await old.newPage()
  await signIn(theirs, stage.desk.origin, vera)
  await theirs.goto(`${stage.desk.origin}/cameras`)
  tabs.push(...(await openTabs(theirs, 1)))
  await expect.poll(openStreams).toBe(3)
  await stage.api.want('PUT', `/groups/${gatehouse.id}/cameras/${lobby.id}`)
  for (const tab of tabs) await expect(listed(tab, lobby)).toBeVisible()
  await stage.api.want('DELETE', `/groups/${gatehouse.id}/cameras/${lobby.id}`)
  for (const tab of tabs) await expect(listed(tab, lobby)).toHaveCount(0)
  await old.close()
})

// Would catch: nine browsers of one account that end each other's updates for ever; a page without updates that calls its
// pictures live, or one that stays without them beside a tab that was resumed.
test('a browser whose updates a ninth took over says so in each tab, calls nothing live, and resumes when asked', async ({
  page,
}) => {
  await leaveWall(stage, { layout: '4', tiles: [lobby.id, gate.id, null, null] })
  await expect.poll(openStreams).toBe(0)
  await signIn(page, stage.desk.origin)
  await expectBothPlaying(page)
  const other = await page.context().newPage()
  await other.goto(`${stage.desk.origin}/cameras`)
  await expect(listed(other, gate)).toBeVisible()
  await expect.poll(openStreams).toBe(1)
  const leave = new AbortController()
  const ended: string[] = []
  for (let number = 2; number <= 9; number += 1) {
    const answer = await fetch(`${stage.desk.origin}/api/events/stream`, {
      headers: { authorization: `Bearer ${stage.api.token}` },
      signal: leave.signal,
    })
    expect(answer.status).toBe(200)
    void answer.text().then(
      (text) => ended.push(text),
      () => 'left',
    )
  }
  for (const tab of [page, other])
    await expect(tab.getByTestId('updates-paused')).toContainText(
      'Updates paused: this account is open in more than 8 browsers.',
    )
  for (const place of [1, 2])
    await expect(tileAt(page, place)).toHaveAttribute('data-word', 'Playing; desk not responding')
  // Long enough for a page that would reconnect by itself.
  expect((await drawnFrames(tileAt(page, 1), 100)).pictures).toBeGreaterThan(5)
  expect(ended).toEqual([])
  await other.getByRole('button', { name: 'Resume here' }).click()
  for (const tab of [page, other]) await expect(tab.getByTestId('updates-paused')).toBeHidden()
  for (const place of [1, 2]) await expect(tileAt(page, place)).toHaveAttribute('data-word', 'Live')
  // The browser that has had its updates longest lost them, and no other.
  await expect.poll(() => ended.length).toBe(1)
  expect(ended[0]).toContain('stream.ended')
  expect(await openStreams()).toBe(8)
  leave.abort()
})
