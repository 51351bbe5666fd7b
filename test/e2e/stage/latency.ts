/// <reference lib="dom" />
import { expect, test } from '@playwright/test'
import type { Page } from '@playwright/test'

/** What a person waits for without noticing is a tenth of it; a busy machine of two cores gets the rest. */
const instantMs = 1_000

/**
 * Does something with the page and expects what the CSS selector `shown` finds first to hold `text` at once: measured in the page, from the last key or
 * click until the frame after it stands there. Steps of the test's own do not count.
 */
export async function expectInstantly(
  page: Page,
  act: () => Promise<unknown>,
  shown: string,
  text: string,
): Promise<void> {
  const first = page.locator(shown).first()
  await expect(first).not.toHaveText(text)
  const waiting = await page.evaluateHandle(
    ({ selector, wanted }) => {
      let inputAt: number | null = null
      const note = (event: Event): number => (inputAt = event.timeStamp)
      for (const kind of ['keydown', 'input', 'change', 'click'])
        addEventListener(kind, note, { capture: true })
      const took = new Promise<number>((resolve) => {
        const look = (): void => {
          const found = document.querySelector(selector)?.textContent.trim()
          if (inputAt !== null && found === wanted) return resolve(performance.now() - inputAt)
          requestAnimationFrame(look)
        }
        look()
      })
      return { took }
    },
    { selector: shown, wanted: text },
  )
  await act()
  await expect(first).toHaveText(text)
  const tookMs = await waiting.evaluate(({ took }) => took)
  test.info().annotations.push({ type: 'latency', description: `${Math.round(tookMs)} ms until "${text}"` })
  expect(tookMs, `until "${text}"`).toBeLessThan(instantMs)
}
