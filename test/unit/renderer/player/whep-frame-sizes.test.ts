import { expect, test } from 'vitest'
import { WhepFrameSizes } from '../../../../renderer/player/whep/frame-sizes.ts'

/** A camera of 25 frames a second, looked at once a second. */
class Stream {
  readonly sizes = new WhepFrameSizes()
  private now = 0
  private bytes = 1000
  private frames = 3
  private keyFrames: number | null = 1

  constructor(countsKeyFrames = true) {
    if (!countsKeyFrames) this.keyFrames = null
    this.look()
  }

  get sameMs(): number {
    return this.sizes.sameMs
  }

  /** A second goes by in which these frames arrive; `underWay` are bytes of a frame that is not complete yet. */
  second(frames: readonly number[], keyFrames: number, underWay = 0): void {
    this.now += 1000
    this.frames += frames.length
    if (this.keyFrames !== null) this.keyFrames += keyFrames
    this.bytes += frames.reduce((sum, size) => sum + size, 0) + underWay
    this.look()
    this.bytes -= underWay
  }

  /** The same full picture again and again. */
  frozen(seconds: number, size = 16_165): void {
    for (let second = 0; second < seconds; second += 1) this.second(repeated(25, size), 25)
  }

  private look(): void {
    const { bytes, frames, keyFrames } = this
    this.sizes.look(this.now, { bytes, frames, keyFrames, framesDecoded: frames })
  }
}

const repeated = (count: number, size: number): number[] => Array.from({ length: count }, () => size)
/** A group of pictures as an encoder makes it of a black night: one full picture, and hardly anything after it. */
const night = (full: number): number[] => [full, ...repeated(24, 17)]

// Would catch: a frozen source that is missed, because its bytes in a second depend on how many frames that second had.
test('a repeated picture has one size, however many frames arrive between two looks', () => {
  const stream = new Stream()
  stream.frozen(1)
  for (const count of [25, 24, 26, 25, 23, 27, 25]) stream.second(repeated(count, 16_165), count)
  expect(stream.sameMs).toBe(8000)
})

// Would catch: an alarm on a black night, whose frames add up to the same sum, second after second.
test('an encoder that sends full and other frames never counts as repeating, whatever the sums', () => {
  const stream = new Stream()
  for (let second = 0; second < 60; second += 1) {
    stream.second(night(242), 1)
    expect(stream.sameMs).toBe(0)
  }
})

// Would catch: an alarm of a browser without the count of key frames, on a scene whose sizes differ by a byte.
test('without the count of key frames, sums that differ by a byte are different sizes', () => {
  const stream = new Stream(false)
  for (let second = 0; second < 60; second += 1) {
    stream.second(night(second % 2 === 0 ? 242 : 243), 1)
    expect(stream.sameMs).toBe(0)
  }
  stream.frozen(10)
  expect(stream.sameMs).toBe(10_000)
})

// Would catch: an alarm on a camera that sends full pictures only, which are of nearly one size.
test('full pictures of nearly one size are not repeated ones', () => {
  const stream = new Stream()
  for (let second = 0; second < 60; second += 1) {
    stream.second(
      repeated(25, 16_000).map((size, index) => size + ((index * 7 + second * 3) % 11)),
      25,
    )
    expect(stream.sameMs).toBe(0)
  }
})

// Would catch: an alarm that is lost whenever a look falls between two packets of one frame.
test('a frame that is under way at a look does not end the series', () => {
  const stream = new Stream()
  stream.frozen(2)
  for (let second = 0; second < 20; second += 1) {
    stream.second(repeated(25, 16_165), 25, second % 3 === 0 ? 1180 * 3 : 0)
  }
  expect(stream.sameMs).toBe(22_000)
})

// Would catch: a frozen source that counts as living as long as packets are lost now and then.
test('a frame that is lost for ever does not end the series', () => {
  const stream = new Stream()
  stream.frozen(2)
  for (let second = 0; second < 10; second += 1) {
    // Half of one frame arrived, and it was never complete.
    stream.second([...repeated(24, 16_165)], 24, 0)
    stream.second([16_165 + 8000, ...repeated(23, 16_165)], 24)
    stream.frozen(1)
  }
  expect(stream.sameMs).toBe(32_000)
})

// Would catch: an alarm that stays for seconds after the source has returned.
test('the first second of a living source ends the series', () => {
  for (const countsKeyFrames of [true, false]) {
    const stream = new Stream(countsKeyFrames)
    stream.frozen(20)
    expect(stream.sameMs).toBe(20_000)
    stream.second(night(16_171), 1)
    expect(stream.sameMs).toBe(0)
  }
})

// Would catch: an alarm for a camera of one frame in two seconds, or none when such a one freezes.
test('seconds without a frame say nothing', () => {
  const stream = new Stream()
  for (let pair = 0; pair < 6; pair += 1) {
    stream.second([5000], 1)
    stream.second([], 0)
  }
  // Six frames, the last of them after eleven seconds.
  expect(stream.sameMs).toBe(11_000)
})
