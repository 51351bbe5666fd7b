/// <reference lib="dom" />
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from '@playwright/test'
import type { Page } from '@playwright/test'
import { strangerScreens } from './stage/people-screens.ts'
import { painted, screens, startShowDesk, wear } from './stage/screens.ts'
import type { ShowDesk } from './stage/screens.ts'
import { ownAdmin, signIn, test } from './stage/stage.ts'

const root = join(import.meta.dirname, '../..')
const folder = join(root, 'out/pictures')
const sizes = [
  { width: 1280, height: 720 },
  { width: 1920, height: 1080 },
  { width: 3840, height: 2160 },
]
/** Screens that the pages in docs/ show, and under which name. They are taken anew only on request. */
const picturesOfDocs: Readonly<Record<string, string>> = {
  live: 'wall',
  'sign-in': 'sign-in',
  'add-server': 'add-server',
  server: 'server-drift',
  import: 'import',
  cameras: 'cameras',
  camera: 'camera',
  users: 'users',
  user: 'user',
  group: 'group',
  audit: 'audit-log',
  'sign-in-rules': 'sign-in-rules',
  locked: 'locked',
}
const updating = process.env.ALTA_DESK_UPDATE_PICTURES === '1'

let desk: ShowDesk

test.beforeAll(async () => {
  if (updating) mkdirSync(folder, { recursive: true })
  desk = await startShowDesk(updating, ownAdmin)
})
test.afterAll(() => desk.stop())

/** What does not fit: a page wider than its window, or controls beyond its edge that no panel scrolls to. */
function whatSticksOut(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const { clientWidth, scrollWidth } = document.documentElement
    const scrolls = (element: Element | null): boolean =>
      element !== null &&
      (/auto|scroll/.test(getComputedStyle(element).overflow) || scrolls(element.parentElement))
    const outside = [...document.querySelectorAll('button, a, input, select')].filter((element) => {
      const { left, right, width } = element.getBoundingClientRect()
      return width > 1 && (left < 0 || right > clientWidth) && !scrolls(element.parentElement)
    })
    const wide = scrollWidth > clientWidth ? [`the page is ${scrollWidth} wide in ${clientWidth}`] : []
    return [...wide, ...outside.map((element) => element.outerHTML.slice(0, 120))]
  })
}

/** Tries the screen in every size and answers what does not fit; takes its pictures where they were asked for. */
async function tryEverySize(page: Page, name: string): Promise<string[]> {
  const problems: string[] = []
  const picture = picturesOfDocs[name]
  if (updating && picture) await page.screenshot({ path: join(root, 'docs/pictures', `${picture}.png`) })
  for (const size of sizes) {
    await page.setViewportSize(size)
    if (updating) await takePictures(page, `${name}-${size.width}`)
    else await painted(page)
    problems.push(...(await whatSticksOut(page)).map((what) => `${name} at ${size.width}: ${what}`))
  }
  const [smallest] = sizes
  if (smallest) await page.setViewportSize(smallest)
  return problems
}

/** The screen as it is, in both themes; they differ in colours and in nothing that takes room. */
async function takePictures(page: Page, name: string): Promise<void> {
  for (const theme of ['light', 'dark'] as const) {
    await wear(page, theme)
    await page.screenshot({ path: join(folder, `${name}-${theme}.png`) })
  }
}

// Would catch: a bar that is cut off on a small screen, a page that scrolls sideways, a table that jumps when its rows
// arrive. With ALTA_DESK_UPDATE_PICTURES=1 it takes pictures as well, for eyes (out/pictures) and for docs/.
test('every screen fits, small to large', async ({ page, watch }) => {
  test.setTimeout(400_000)
  // A page that doubts a server asks for its root until it answers, whatever it answers.
  watch.expect(/^console: .*404 .*\/desk\/loading-bay\//, /^console: .*404 .* http:\/\/127\.0\.0\.1:\d+\/$/)
  await page.addInitScript(() => {
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) {
        const { hadRecentInput, value } = entry as PerformanceEntry & {
          hadRecentInput: boolean
          value: number
        }
        const root = document.documentElement
        if (!hadRecentInput) root.dataset['shift'] = String(Number(root.dataset['shift'] ?? 0) + value)
      }
    }).observe({ type: 'layout-shift', buffered: true })
  })
  // Colours change without a transition, so that no picture is taken in the middle of one.
  await page.emulateMedia({ reducedMotion: 'reduce' })
  await page.goto(desk.desk.origin)
  const problems: string[] = []
  for (const screen of strangerScreens) {
    await screen.open(page, desk)
    problems.push(...(await tryEverySize(page, screen.name)))
  }
  await signIn(page, desk.desk.origin, ownAdmin)
  for (const screen of screens.filter(({ axeOnly }) => !axeOnly)) {
    await screen.open(page, desk)
    const shift = Number(await page.evaluate(() => document.documentElement.dataset['shift'] ?? 0))
    if (shift > 0.05) problems.push(`${screen.name} shifted by ${shift.toFixed(3)} when its data arrived`)
    problems.push(...(await tryEverySize(page, screen.name)))
  }
  expect(problems).toEqual([])
})
