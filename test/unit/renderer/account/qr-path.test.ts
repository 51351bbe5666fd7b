import { expect, it } from 'vitest'
import { qrDrawing } from '../../../../renderer/features/account/qr-path.ts'

const url = `otpauth://totp/Alta%20Desk:guard%40desk?secret=${'A'.repeat(32)}&issuer=Alta%20Desk`

it('draws a code with a finder pattern in three corners and nothing in the quiet zone', () => {
  const { size, path } = qrDrawing(url)
  const dark = new Set([...path.matchAll(/M(\d+) (\d+)h1v1h-1z/g)].map(([, x, y]) => `${x},${y}`))
  const edge = 4
  // Versions grow by 4 squares from 21 (ISO/IEC 18004, 6.3.1).
  expect((size - 2 * edge - 21) % 4).toBe(0)
  const isQuiet = (n: number): boolean => n < edge || n >= size - edge
  expect([...dark].some((at) => at.split(',').map(Number).some(isQuiet))).toBe(false)
  for (const [left, top] of [
    [edge, edge],
    [size - edge - 7, edge],
    [edge, size - edge - 7],
  ] as const) {
    const row = (y: number): string =>
      Array.from({ length: 7 }, (_, x) => (dark.has(`${left + x},${top + y}`) ? '#' : '.')).join('')
    expect(Array.from({ length: 7 }, (_, y) => row(y))).toEqual([
      '#######',
      '#.....#',
      '#.###.#',
      '#.###.#',
      '#.###.#',
      '#.....#',
      '#######',
    ])
  }
})
