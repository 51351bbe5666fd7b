import { describe, expect, test } from 'vitest'
import { nextVariant, variantVerdict } from '../../../../main/cameras/variant-status.ts'
import type { ChannelFacts, UnknownCause, VariantFacts } from '../../../../main/cameras/variant-status.ts'

const stats = {
  active: true,
  bitrateKbps: 512,
  codec: 'h264',
  width: 640,
  height: 360,
  fps: 25,
  error: '',
} as const
const stopped = { ...stats, active: false, bitrateKbps: 0 }
const sub: VariantFacts = { name: 'sub', receiverId: 'gate-1-sub', receiver: { enable: true }, stats }
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
    ['source stopped', { stats: { ...stopped, error: 'no data' } }, {}, 'degraded', /no data/],
    ['stopped without a word', { stats: stopped }, {}, 'degraded', /no usable picture/],
    ['connected, but silent', { stats: { ...stats, bitrateKbps: 0 } }, {}, 'degraded', /0 kbit/],
    ['device away', { stats: { ...stopped, error: 'i/o timeout' } }, {}, 'offline', /cannot reach/],
    ['receiver gone', { receiver: undefined }, {}, 'offline', /deleted or renamed/],
    ['receiver disabled', { receiver: { enable: false } }, {}, 'offline', /disabled/],
    ['channel gone', {}, { channel: undefined }, 'offline', /missing/],
    ['channel disabled', {}, { channel: { enable: false } }, 'offline', /disabled/],
    ['not reported', { stats: undefined }, {}, 'unknown', /not reported/],
    ['no word on activity', { stats: { ...stats, active: null } }, {}, 'unknown', /does not report/],
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
  const lost = nextVariant(undefined, 'sub', { status: 'degraded', reason: 'No data.' }, 1_000)

  // Would catch: a picture that is an hour old said to be frozen since a minute ago, because the camera was unplugged then.
  test('a lost source stays lost since the beginning, whatever else is found out', () => {
    const offline = nextVariant(lost, 'sub', { status: 'offline', reason: 'Disabled.' }, 9_000)
    expect(offline).toMatchObject({ status: 'offline', statusReason: 'Disabled.', statusSinceAt: 1_000 })
    const back = nextVariant(offline, 'sub', { status: 'online', reason: 'Streams.' }, 12_000)
    expect(back).toMatchObject({ status: 'online', statusSinceAt: 12_000 })
  })

  // Would catch: a frozen picture that is called live again because its server says nothing more of it: it stopped responding,
  // or its receiver was deleted, which the status call shows before the configuration is read the next time.
  test.each<
    [UnknownCause, 'stays lost' | 'is unknown', Partial<VariantFacts>, Partial<ChannelFacts['server']>]
  >([
    ['server-away', 'stays lost', {}, { unavailableReason: 'Alta does not answer.' }],
    ['not-read-yet', 'stays lost', {}, { reached: false }],
    ['status-old', 'stays lost', {}, { isStatusOld: true }],
    ['not-reported', 'stays lost', { stats: undefined }, {}],
    ['not-told', 'stays lost', { stats: { ...stats, active: null } }, {}],
    ['no-status-call', 'is unknown', {}, { statusByPlaylists: true }],
  ])('%s: a lost source %s', (cause, then, variant, server) => {
    const verdict = variantVerdict({ ...sub, ...variant }, { ...good, server: { ...good.server, ...server } })
    expect(verdict).toMatchObject({ status: 'unknown', cause })
    const next = nextVariant(lost, 'sub', verdict, 9_000)
    if (then === 'stays lost') expect(next).toEqual(lost)
    else expect(next).toMatchObject({ status: 'unknown', statusSinceAt: 9_000 })
    const living = nextVariant(undefined, 'sub', { status: 'online', reason: 'Streams.' }, 1_000)
    expect(nextVariant(living, 'sub', verdict, 9_000)).toMatchObject({
      status: 'unknown',
      statusSinceAt: 9_000,
    })
  })
})
