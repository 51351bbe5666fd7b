import { join } from 'node:path'
import type { Page } from '@playwright/test'

const folder = join(import.meta.dirname, '../../../docs/pictures')

/** Takes the picture of this name for docs/, where ALTA_DESK_UPDATE_PICTURES=1 asks for it; else nothing. */
export async function takeForDocs(page: Page, name: string): Promise<void> {
  if (process.env.ALTA_DESK_UPDATE_PICTURES === '1')
    await page.screenshot({ path: join(folder, `${name}.png`) })
}
