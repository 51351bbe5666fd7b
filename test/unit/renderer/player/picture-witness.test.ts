import { expect, test } from 'vitest'
import { PictureWitness } from '../../../../renderer/player/picture-witness.ts'

/** One pixel stands for the strips. */
class Looks {
  readonly witness = new PictureWitness()
  read = 0
  private now = 0
  private sameSizeMs: number | null = 0

  /** Seconds in which all frames have one size, or sizes differ, or nobody knows. */
  async seconds(
    count: number,
    sizes: 'same' | 'differ' | 'unknown',
    pixel: (second: number) => number | null,
  ): Promise<void> {
    for (let second = 0; second < count; second += 1) {
      this.now += 1000
      if (sizes === 'same') this.sameSizeMs = (this.sameSizeMs ?? 0) + 1000
      else this.sameSizeMs = sizes === 'differ' ? 0 : null
      const value = pixel(second)
      await this.witness.look({
        now: this.now,
        sameSizeMs: this.sameSizeMs,
        readStrips: () => {
          this.read += 1
          return Promise.resolve(value === null ? null : Uint8Array.of(7, value))
        },
      })
    }
  }

  get unchanging(): boolean {
    return this.witness.unchanging
  }
}

const still = (): number => 1
const moving = (second: number): number => second

// Would catch: a frozen receiver of a server without status that is called live for ever.
test('the same pixels in frames of one size for 15 s are not changing', async () => {
  const looks = new Looks()
  await looks.seconds(14, 'same', still)
  expect(looks.unchanging).toBe(false)
  await looks.seconds(1, 'same', still)
  expect(looks.unchanging).toBe(true)
})

// Would catch: an alarm on a camera that removes noise, on a black night or on a scene where only a small clock moves.
test('the same pixels are a quiet scene while sizes differ', async () => {
  const looks = new Looks()
  await looks.seconds(1800, 'differ', still)
  expect(looks.unchanging).toBe(false)
})

// Would catch: an alarm on an encoder that fills every frame to one size.
test('frames of one size are a living scene while pixels move', async () => {
  const looks = new Looks()
  await looks.seconds(1800, 'same', moving)
  expect(looks.unchanging).toBe(false)
  // Something moves only every ten seconds.
  await looks.seconds(1800, 'same', (second) => Math.floor(second / 10))
  expect(looks.unchanging).toBe(false)
})

// Would catch: the cost of reading pixels back, paid by every tile of a living wall.
test('pixels are not read while sizes differ', async () => {
  const looks = new Looks()
  await looks.seconds(100, 'differ', moving)
  expect(looks.read).toBe(0)
})

// Would catch: an alarm where one of the two witnesses has nothing to say.
test('without sizes or without pixels nothing is claimed', async () => {
  const looks = new Looks()
  await looks.seconds(60, 'unknown', still)
  expect(looks.unchanging).toBe(false)
  await looks.seconds(60, 'same', () => null)
  expect(looks.unchanging).toBe(false)
})

// Would catch: a word that stays on the tile when the picture lives again.
test.each([
  ['its pixels move', 'same', 2],
  ['sizes differ', 'differ', 1],
  ['sizes are not known any more', 'unknown', 1],
] as const)('the picture is changing at once when %s', async (_what, sizes, pixel) => {
  const looks = new Looks()
  await looks.seconds(20, 'same', still)
  expect(looks.unchanging).toBe(true)
  await looks.seconds(1, sizes, () => pixel)
  expect(looks.unchanging).toBe(false)
})

test('another source begins with a clean record', async () => {
  const looks = new Looks()
  await looks.seconds(20, 'same', still)
  looks.witness.rest()
  expect(looks.unchanging).toBe(false)
  await looks.seconds(5, 'same', still)
  expect(looks.unchanging).toBe(false)
})
