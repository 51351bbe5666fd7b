import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { descriptorLimit } from '../../../../main/platform/descriptor-limit.ts'

// Would catch: the hard limit instead of the soft one, which is the one that ends a process.
test.each([
  ['256                  524288               files     ', 256],
  ['1073741816           1073741816           files     ', 65_536],
  ['unlimited            unlimited            files     ', 65_536],
  ['nonsense', 2048],
])('the soft limit of "%s" is %d', (columns, limit) => {
  const folder = mkdtempSync(join(tmpdir(), 'alta-desk-limits-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'limits')
  writeFileSync(
    file,
    `Limit  Soft Limit  Hard Limit  Units\nMax processes  1  2  processes\nMax open files            ${columns}\n`,
  )
  expect(descriptorLimit(file)).toBe(limit)
})

test('without /proc a limit is assumed', () => {
  expect(descriptorLimit('/nowhere/limits')).toBe(2048)
})
