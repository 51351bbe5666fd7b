import { describe, expect, test } from 'vitest'
import { cameraStatus } from '../../../../main/cameras/camera-status.ts'
import type { StatusFacts } from '../../../../main/cameras/camera-status.ts'

const figures = {
  active: true,
  bitrateKbps: 2048,
  codec: 'h264',
  width: 1280,
  height: 720,
  fps: 25,
  error: '',
} as const
const good: StatusFacts = {
  receiverId: 'gate-1',
  channelId: 'desk/gate-1',
  subReceiverId: null,
  server: { name: 'Hall', reached: true, unavailableReason: null, streamingClosed: false },
  receiver: { enable: true },
  channel: { enable: true },
  figures,
  subFigures: undefined,
  unconfirmed: false,
}
const stopped = { ...figures, active: false, bitrateKbps: 0 }

describe('the status of a camera', () => {
  test.each<[string, Partial<StatusFacts>, string, RegExp]>([
    ['streams', {}, 'online', /normally\.$/],
    [
      'sub stream dead',
      { subReceiverId: 'gate-1-sub', subFigures: stopped },
      'online',
      /except its sub stream gate-1-sub/,
    ],
    [
      'server down',
      { server: { ...good.server, unavailableReason: 'Alta does not answer.' } },
      'offline',
      /Hall.*Alta does not answer/,
    ],
    ['desk just started', { server: { ...good.server, reached: false } }, 'provisioning', /Hall/],
    ['receiver gone', { receiver: undefined }, 'offline', /deleted or renamed/],
    ['receiver disabled', { receiver: { enable: false } }, 'offline', /disabled on Alta/],
    ['channel gone', { channel: undefined }, 'offline', /Repair/],
    ['channel disabled', { channel: { enable: false } }, 'offline', /Repair/],
    ['zero bitrate', { figures: { ...figures, bitrateKbps: 0 } }, 'degraded', /0 kbit\/s/],
    [
      'source silent',
      { figures: { ...stopped, error: 'no data from source' } },
      'degraded',
      /no data from source/,
    ],
    [
      'device away',
      { figures: { ...stopped, error: 'connection refused' } },
      'offline',
      /cannot reach the camera/,
    ],
    ['new', { figures: undefined, unconfirmed: true }, 'provisioning', /Newly added/],
    ['new and still silent', { figures: stopped, unconfirmed: true }, 'provisioning', /Newly added/],
    [
      'a playlist that was not seen moving: bytes are no proof of life',
      { figures: { ...figures, active: null } },
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
