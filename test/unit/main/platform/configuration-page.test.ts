import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { renderConfigurationPage } from '../../../../scripts/configuration-page.ts'

test('docs/configuration.md says what the settings are (node scripts/configuration-page.ts writes it)', async () => {
  const page = readFileSync(join(import.meta.dirname, '../../../../docs/configuration.md'), 'utf8')
  expect(page).toBe(await renderConfigurationPage(page))
})
