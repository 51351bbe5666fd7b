import { expect, test } from 'vitest'
import type { MediaSample } from '../../../../renderer/player/session.ts'
import { staleAfterMs, Watchdog } from '../../../../renderer/player/watchdog.ts'
import type { Finding } from '../../../../renderer/player/watchdog.ts'

interface Look {
  bytes?: number
  decoded?: number
  drawn?: number
  lost?: number
  keyFrames?: number
  intervalMs?: number
}

/** Looks once a second; figures that are left out grow as those of a healthy camera do. */
class Watcher {
  readonly dog = new Watchdog(900)
  private now = 0
  private sample: MediaSample = {
    bytes: 0,
    framesDecoded: 0,
    framesDropped: 0,
    keyFrames: 0,
    packetsReceived: 0,
    packetsLost: 0,
    delayMs: null,
    sameSizeMs: null,
  }
  private drawn = 0
  private lastAt = 0

  look({
    bytes = 50_000,
    decoded = 25,
    drawn = 25,
    lost = 0,
    keyFrames = 1,
    intervalMs = 40,
  }: Look = {}): Finding {
    this.now += 1000
    const { sample } = this
    this.sample = {
      ...sample,
      bytes: sample.bytes + bytes,
      framesDecoded: (sample.framesDecoded ?? 0) + decoded,
      keyFrames: (sample.keyFrames ?? 0) + keyFrames,
      packetsReceived: (sample.packetsReceived ?? 0) + bytes / 1000,
      packetsLost: (sample.packetsLost ?? 0) + lost,
    }
    this.drawn += drawn
    if (drawn > 0) this.lastAt = this.now - 10
    const frames = { count: this.drawn, lastAt: this.lastAt, intervalMs }
    return this.dog.look({ now: this.now, frames, sample: this.sample })
  }
}

function healthy(): Watcher {
  const watcher = new Watcher()
  for (let second = 0; second < 5; second++) expect(watcher.look()).toBe('fine')
  return watcher
}

test('a source that delivers nothing is noticed within two looks', () => {
  const watcher = healthy()
  const dead = { bytes: 0, decoded: 0, drawn: 0, keyFrames: 0 }
  expect([watcher.look(dead), watcher.look(dead)]).toContain('no-bytes')
})

test('bytes that are never decoded are told from silence, and a key frame is waited for', () => {
  const watcher = healthy()
  const undecoded = { decoded: 0, drawn: 0, keyFrames: 0 }
  const findings = Array.from({ length: 5 }, () => watcher.look(undecoded))
  expect(findings).not.toContain('no-bytes')
  expect(findings.indexOf('no-frames')).toBeGreaterThanOrEqual(2)
})

test('after a silence the decoder gets its time again before it is blamed', () => {
  const watcher = healthy()
  for (let second = 0; second < 4; second++) watcher.look({ bytes: 0, decoded: 0, drawn: 0, keyFrames: 0 })
  expect(watcher.look({ decoded: 0, drawn: 0, keyFrames: 0 })).toBe('late')
  expect(watcher.look()).toBe('fine')
})

test('frames that are decoded but not drawn point at the element, not at the network', () => {
  const watcher = healthy()
  watcher.look({ drawn: 0 })
  expect(watcher.look({ drawn: 0 })).toBe('not-drawn')
})

test('a camera of one frame in two seconds is not called frozen', () => {
  const watcher = healthy()
  const slow = { intervalMs: 2000, decoded: 1, drawn: 1 }
  const between = { intervalMs: 2000, bytes: 0, decoded: 0, drawn: 0, keyFrames: 0 }
  const findings = [slow, between, slow, between, slow, between].map((look) => watcher.look(look))
  expect(new Set(findings)).toEqual(new Set(['fine']))
  expect(staleAfterMs(2000)).toBe(6000)
  expect(staleAfterMs(40)).toBe(3000)
})

test('lost packets make a source weak for some seconds', () => {
  const watcher = healthy()
  watcher.look({ lost: 10 })
  expect(watcher.dog.weak).toBe(true)
  for (let second = 0; second < 3; second++) watcher.look()
  expect(watcher.dog.weak).toBe(false)
})

test('frame rate and distance of key frames are learnt', () => {
  const watcher = healthy()
  expect(watcher.dog.framesPerSecond).toBe(25)
  expect(watcher.dog.gopMs).toBe(1000)
})
