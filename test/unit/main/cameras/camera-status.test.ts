import { describe, expect, test } from 'vitest'
import { cameraStatus } from '../../../../main/cameras/camera-status.ts'
import type { StatusFacts } from '../../../../main/cameras/camera-status.ts'

const stats = {
  active: true,
  bitrateKbps: 2048,
  codec: 'h264',
  width: 1280,
  height: 720,
  fps: 25,
  error: '',
} as const
const main = { name: 'main', receiverId: 'gate-1', receiver: { enable: true }, stats } as const
const sub = { name: 'sub', receiverId: 'gate-1-sub', receiver: { enable: true }, stats } as const
const good: StatusFacts = {
  main,
  sub: null,
  channelId: 'desk/gate-1',
  server: {
    name: 'Hall',
    reached: true,
    unavailableReason: null,
    isStatusOld: false,
    statusByPlaylists: false,
    streamingClosed: false,
  },
  channel: { enable: true },
  unconfirmed: false,
}
const stopped = { ...stats, active: false, bitrateKbps: 0 }

describe('the status of a camera', () => {
  test.each<[string, Partial<StatusFacts>, string, RegExp]>([
    ['streams', {}, 'online', /normally\.$/],
    ['sub stream dead', { sub: { ...sub, stats: stopped } }, 'online', /except its sub stream gate-1-sub/],
    [
      'server down',
      { server: { ...good.server, unavailableReason: 'Alta does not answer.' } },
      'offline',
      /Hall.*Alta does not answer/,
    ],
    ['desk just started', { server: { ...good.server, reached: false } }, 'provisioning', /Hall/],
    ['receiver gone', { main: { ...main, receiver: undefined } }, 'offline', /deleted or renamed/],
    ['receiver disabled', { main: { ...main, receiver: { enable: false } } }, 'offline', /disabled on Alta/],
    ['channel gone', { channel: undefined }, 'offline', /Repair/],
    ['channel disabled', { channel: { enable: false } }, 'offline', /Repair/],
    ['zero bitrate', { main: { ...main, stats: { ...stats, bitrateKbps: 0 } } }, 'degraded', /0 kbit\/s/],
    [
      'main stream dead, sub stream alive',
      { main: { ...main, stats: { ...stopped, error: 'no data from source' } }, sub },
      'degraded',
      /no data from source.*sub stream still plays/,
    ],
    [
      'source silent',
      { main: { ...main, stats: { ...stopped, error: 'no data from source' } } },
      'degraded',
      /no data from source/,
    ],
    [
      'device away',
      { main: { ...main, stats: { ...stopped, error: 'connection refused' } } },
      'offline',
      /cannot reach the camera/,
    ],
    ['new', { main: { ...main, stats: undefined }, unconfirmed: true }, 'provisioning', /Newly added/],
    [
      'new and still silent',
      { main: { ...main, stats: stopped }, unconfirmed: true },
      'provisioning',
      /Newly added/,
    ],
    [
      'a playlist that was not seen moving: bytes are no proof of life',
      { main: { ...main, stats: { ...stats, active: null } } },
      'provisioning',
      /moves/,
    ],
    [
      'streaming port closed',
      { server: { ...good.server, streamingClosed: true } },
      'degraded',
      /streaming port/,
    ],
  ])('%s', (_name, facts, status, reason) => {
    const verdict = cameraStatus({ ...good, ...facts })
    expect(verdict.status).toBe(status)
    expect(verdict.reason).toMatch(reason)
    expect(verdict.reason).toMatch(/\.$/)
  })
})
