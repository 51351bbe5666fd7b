import { expect, test } from 'vitest'
import { failureOfHls, levelOf } from '../../../../renderer/player/hls/hls-session.ts'

test('the level of a variant is found by its name in the address, in whatever order they come', () => {
  const levels = [
    { uri: 'http://alta.example/desk/gate/sub/s1.m3u8', height: 1080 },
    { uri: 'http://alta.example/desk/gate/main/s1.m3u8', height: 360 },
  ]
  expect(levelOf(levels, 'main')).toBe(1)
  expect(levelOf(levels, 'sub')).toBe(0)
})

test('without names the largest is main and the smallest sub', () => {
  const levels = [360, 1080, 720].map((height) => ({ uri: `http://alta.example/${height}.m3u8`, height }))
  expect(levelOf(levels, 'main')).toBe(1)
  expect(levelOf(levels, 'sub')).toBe(0)
})

test.each([
  ['networkError', 403, 'ticket-refused'],
  ['networkError', 404, 'not-live-yet'],
  ['networkError', 400, 'server-refused'],
  ['networkError', 502, 'server-busy'],
  ['networkError', 0, 'server-unreachable'],
  ['networkError', undefined, 'server-unreachable'],
  ['mediaError', undefined, 'decoder-error'],
  ['muxError', undefined, 'decoder-error'],
  ['otherError', undefined, 'no-data'],
])('a fatal %s with status %s is %s', (type, status, reason) => {
  expect(failureOfHls(type, status)).toEqual({ reason })
})
