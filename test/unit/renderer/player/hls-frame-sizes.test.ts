import { expect, test } from 'vitest'
import { sampleSizes } from '../../../../renderer/player/hls/fragment-samples.ts'
import { HlsFrameSizes } from '../../../../renderer/player/hls/frame-sizes.ts'

const repeated = (count: number, size: number): number[] => Array.from({ length: count }, () => size)
/** Two seconds of 10 frames, each of its own size. */
const living = repeated(20, 0).map((_, index) => 500 + index)

// Would catch: an alarm that speaks of pictures which are read already, but shown only seconds later.
test('only frames that the picture has reached count', () => {
  const sizes = new HlsFrameSizes()
  sizes.add({ start: 10, duration: 2 }, living)
  sizes.add({ start: 12, duration: 2 }, repeated(20, 900))
  sizes.add({ start: 14, duration: 2 }, repeated(20, 900))
  expect(sizes.sameMs(11.95)).toBeCloseTo(50)
  expect(sizes.sameMs(13)).toBeCloseTo(1000)
  expect(sizes.sameMs(15)).toBeCloseTo(3000)
})

// Would catch: up to a segment of delay before a freeze counts, or an alarm that goes before the picture has moved.
test('a segment in which the source freezes or returns is taken frame by frame', () => {
  const sizes = new HlsFrameSizes()
  sizes.add({ start: 0, duration: 2 }, [...living.slice(10), ...repeated(10, 900)])
  sizes.add({ start: 2, duration: 2 }, [...repeated(10, 900), ...living.slice(10)])
  expect(sizes.sameMs(1.95)).toBeCloseTo(950)
  expect(sizes.sameMs(2.95)).toBeCloseTo(1950)
  expect(sizes.sameMs(3.05)).toBeCloseTo(50)
})

// Would catch: a series that goes on while the player stands at the end of what it has, or over frames nobody measured.
test('what is not known is not the same', () => {
  const sizes = new HlsFrameSizes()
  expect(sizes.sameMs(0)).toBeNull()
  sizes.add({ start: 0, duration: 2 }, repeated(20, 900))
  expect(sizes.sameMs(60)).toBeCloseTo(2000)
  sizes.add({ start: 2, duration: 2 }, [])
  expect(sizes.sameMs(60)).toBeNull()
})

test('a segment may come in pieces', () => {
  const sizes = new HlsFrameSizes()
  const place = { start: 0, duration: 2 }
  sizes.add(place, repeated(10, 900))
  sizes.add(place, living.slice(10))
  expect(sizes.sameMs(0.95)).toBeCloseTo(950)
  expect(sizes.sameMs(1.05)).toBeCloseTo(50)
})

function box(type: string, ...parts: (number[] | Uint8Array)[]): Uint8Array {
  const body = parts.flatMap((part) => [...part])
  return Uint8Array.from([...word(body.length + 8), ...new TextEncoder().encode(type), ...body])
}

function word(value: number): number[] {
  return [value >>> 24, (value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff]
}

/** A fragment as hls.js writes it: data offset, and for each frame its duration, size, flags and time offset. */
function fragment(sizes: readonly number[]): Uint8Array {
  const entries = sizes.flatMap((size) => [...word(3600), ...word(size), ...word(0x1010000), ...word(0)])
  const run = box('trun', word(0xf01), word(sizes.length), word(80), entries)
  const track = box('traf', box('tfhd', word(0), word(1)), box('tfdt', word(0), word(0)), run)
  return Uint8Array.from([
    ...box('moof', box('mfhd', word(0), word(1)), track),
    ...box('mdat', repeated(64, 7)),
  ])
}

test('sizes of frames are read out of a fragment', () => {
  expect(sampleSizes(fragment([16_165, 17, 4_000_000_000]))).toEqual([16_165, 17, 4_000_000_000])
  const [first, second] = [fragment([1]), fragment([2, 3])]
  expect(sampleSizes(Uint8Array.from([...first, ...second]))).toEqual([1, 2, 3])
})

test('optional fields of a run are skipped or missed, not misread', () => {
  const sizesOnly = box('trun', word(0x200), word(2), word(11), word(12))
  expect(sampleSizes(box('moof', box('traf', sizesOnly)))).toEqual([11, 12])
  const firstFlags = box('trun', word(0x305), word(1), word(80), word(9), word(3600), word(13))
  expect(sampleSizes(box('moof', box('traf', firstFlags)))).toEqual([13])
  const withoutSizes = box('trun', word(0x100), word(1), word(3600))
  expect(sampleSizes(box('moof', box('traf', withoutSizes)))).toEqual([])
})

// Would catch: a page that hangs or throws on bytes that only look like a fragment.
test('an initialization segment tells nothing, and broken bytes are not believed', () => {
  expect(sampleSizes(box('ftyp', word(1)))).toBeNull()
  expect(sampleSizes(new Uint8Array(0))).toBeNull()
  const whole = fragment([1, 2, 3])
  for (let length = 0; length < whole.length; length += 1) {
    const sizes = sampleSizes(whole.slice(0, length))
    expect(sizes === null || sizes.length === 0 || sizes.length === 3).toBe(true)
  }
  expect(sampleSizes(box('moof', box('traf', box('trun', word(0x200), word(0xffffffff)))))).toEqual([])
  expect(sampleSizes(Uint8Array.from([...word(0), ...new TextEncoder().encode('moof')]))).toBeNull()
})
