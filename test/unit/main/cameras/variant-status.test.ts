import { describe, expect, test } from 'vitest'
import { nextVariant, variantVerdict } from '../../../../main/cameras/variant-status.ts'
import type { ChannelFacts, VariantFacts } from '../../../../main/cameras/variant-status.ts'

const figures = {
  active: true,
  bitrateKbps: 512,
  codec: 'h264',
  width: 640,
  height: 360,
  fps: 25,
  error: '',
} as const
const stopped = { ...figures, active: false, bitrateKbps: 0 }
const sub: VariantFacts = { name: 'sub', receiverId: 'gate-1-sub', receiver: { enable: true }, figures }
const good: ChannelFacts = {
  channelId: 'desk/gate-1',
  channel: { enable: true },
  server: {
    name: 'Hall',
    reached: true,
    unavailableReason: null,
    isStatusOld: false,
    statusByPlaylists: false,
  },
}

// Would catch: a stream called online because something arrives, or because nothing is known to the contrary.
describe('the status of one stream', () => {
  test.each<[string, Partial<VariantFacts>, Partial<ChannelFacts>, string, RegExp]>([
    ['delivers', {}, {}, 'online', /normally/],
    ['source stopped', { figures: { ...stopped, error: 'no data' } }, {}, 'degraded', /no data/],
    ['stopped without a word', { figures: stopped }, {}, 'degraded', /no usable picture/],
    ['connected, but silent', { figures: { ...figures, bitrateKbps: 0 } }, {}, 'degraded', /0 kbit/],
    ['device away', { figures: { ...stopped, error: 'i/o timeout' } }, {}, 'offline', /cannot reach/],
    ['receiver gone', { receiver: undefined }, {}, 'offline', /deleted or renamed/],
    ['receiver disabled', { receiver: { enable: false } }, {}, 'offline', /disabled/],
    ['channel gone', {}, { channel: undefined }, 'offline', /missing/],
    ['channel disabled', {}, { channel: { enable: false } }, 'offline', /disabled/],
    ['not reported', { figures: undefined }, {}, 'unknown', /not reported/],
    ['no word on activity', { figures: { ...figures, active: null } }, {}, 'unknown', /not reported/],
    [
      'a moving playlist, which a stopped source has too',
      {},
      { server: { ...good.server, statusByPlaylists: true } },
      'unknown',
      /does not report/,
    ],
    ['desk just started', {}, { server: { ...good.server, reached: false } }, 'unknown', /Hall/],
    ['its status is old', {}, { server: { ...good.server, isStatusOld: true } }, 'unknown', /Hall/],
    [
      'server away',
      {},
      { server: { ...good.server, unavailableReason: 'Alta does not answer.' } },
      'unknown',
      /Hall does not respond/,
    ],
  ])('%s', (_name, variant, facts, status, reason) => {
    const verdict = variantVerdict({ ...sub, ...variant }, { ...good, ...facts })
    expect(verdict.status).toBe(status)
    expect(verdict.reason).toMatch(reason)
  })
})

describe('since when', () => {
  const lost = nextVariant(undefined, 'sub', { status: 'degraded', reason: 'No data.' }, at(1_000))

  function at(now: number, serverResponding = true) {
    return { now, serverResponding }
  }

  // Would catch: a picture that is an hour old said to be frozen since a minute ago, because the camera was unplugged then.
  test('a lost source stays lost since the beginning, whatever else is found out', () => {
    const offline = nextVariant(lost, 'sub', { status: 'offline', reason: 'Disabled.' }, at(9_000))
    expect(offline).toMatchObject({ status: 'offline', statusReason: 'Disabled.', statusSinceAt: 1_000 })
    const back = nextVariant(offline, 'sub', { status: 'online', reason: 'Streams.' }, at(12_000))
    expect(back).toMatchObject({ status: 'online', statusSinceAt: 12_000 })
  })

  // Would catch: a frozen picture that is called live again because its server stopped responding as well.
  test('a source that was lost when its server went away is not forgotten', () => {
    const unknown = { status: 'unknown', reason: 'Server Hall does not respond.' } as const
    expect(nextVariant(lost, 'sub', unknown, at(9_000, false))).toEqual(lost)
    expect(nextVariant(lost, 'sub', unknown, at(9_000))).toMatchObject({ status: 'unknown' })
    const living = nextVariant(undefined, 'sub', { status: 'online', reason: 'Streams.' }, at(1_000))
    expect(nextVariant(living, 'sub', unknown, at(9_000, false))).toMatchObject({
      status: 'unknown',
      statusSinceAt: 9_000,
    })
  })
})
