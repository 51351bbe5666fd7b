import { describe, expect, it } from 'vitest'
import type { AltaConfig, AltaHttpServer } from '../../../../main/alta/alta-types.ts'
import { parseMasterPlaylist, parseMediaPlaylist } from '../../../../main/alta/hls-playlist.ts'
import { observeProgress } from '../../../../main/alta/hls-progress.ts'
import type { Progress } from '../../../../main/alta/hls-progress.ts'
import { findStreamOrigin, streamUrlOf } from '../../../../main/alta/ott.ts'

function configWith(servers: Record<string, AltaHttpServer>): AltaConfig {
  return { version: '250716', servers, receivers: {}, ott: { archives: {}, authorizers: {}, channels: {} } }
}

describe('the streaming origin', () => {
  it.each([
    [':8200', 'http://10.0.0.2:8200'],
    ['0.0.0.0:8200', 'http://10.0.0.2:8200'],
    ['127.0.0.1:8200', 'http://10.0.0.2:8200'],
    ['[::]:8200', 'http://10.0.0.2:8200'],
    ['8200', null],
    ['', null],
    [':99999', null],
  ])('listen %j', (listen, origin) => {
    const config = configWith({ api: { listen: ':8100', serve: 'api' }, x: { listen, serve: 'ott' } })
    expect(findStreamOrigin(config, 'http://10.0.0.2:8100', null)).toBe(origin)
  })

  it('is https where the listener has a certificate (pictures would never come over http)', () => {
    const config = configWith({ ott: { listen: ':8443', serve: 'ott', crt_key: '/k', crt_chain: '/c' } })
    expect(findStreamOrigin(config, 'http://alta.local:8100', null)).toBe('https://alta.local:8443')
  })

  it('is the origin that the admin typed (NAT, TLS before Alta)', () => {
    const config = configWith({})
    expect(findStreamOrigin(config, 'http://10.0.0.2', 'https://cdn.example')).toBe('https://cdn.example')
    expect(findStreamOrigin(config, 'http://10.0.0.2', null)).toBeNull()
  })

  // Would catch: a stored address, the host of a base URL or Alta's `listen` that adds directives to the policy of
  // every page (`;sandbox`), or sources to it (`,`, `*`).
  it.each([
    ['http://x;sandbox', 'http://10.0.0.2:8100', ':8200', null],
    ['http://x,y', 'http://10.0.0.2:8100', ':8200', null],
    ['http://*', 'http://10.0.0.2:8100', ':8200', null],
    ['http://user@x', 'http://10.0.0.2:8100', ':8200', null],
    ['https://cdn.example/;sandbox', 'http://10.0.0.2:8100', ':8200', 'https://cdn.example'],
    [null, 'http://x;sandbox', ':8200', null],
    [null, 'http://10.0.0.2:8100', "0.0.0.0;script-src 'unsafe-inline':8200", 'http://10.0.0.2:8200'],
    [null, 'http://10.0.0.2:8100', ':8200;sandbox', null],
    [null, 'http://10.0.0.2:8100', ':82 00', null],
  ])('is never more than an origin: streamUrl %j, baseUrl %j, listen %j', (typed, base, listen, origin) => {
    const config = configWith({ ott: { listen, serve: 'ott' } })
    expect(findStreamOrigin(config, base, typed)).toBe(origin)
  })

  it('keeps the brackets of an IPv6 host', () => {
    const config = configWith({ ott: { listen: ':8200', serve: 'ott' } })
    expect(findStreamOrigin(config, 'http://[fd00::2]:8100', null)).toBe('http://[fd00::2]:8200')
  })

  it('takes the listener that others can reach, where there are two', () => {
    const config = configWith({
      inside: { listen: '127.0.0.1:8201', serve: 'ott' },
      outside: { listen: ':8200', serve: 'ott' },
    })
    expect(findStreamOrigin(config, 'http://10.0.0.2:8100', null)).toBe('http://10.0.0.2:8200')
  })

  it('encodes each part of a channel, and no slash between them', () => {
    expect(streamUrlOf('http://a:1', 'desk/tor 1?', 'index.m3u8')).toBe(
      'http://a:1/desk/tor%201%3F/index.m3u8',
    )
  })
})

describe('playlists', () => {
  it('tell picture, rate and codec of each variant (quoted commas are no separators)', () => {
    const text = [
      '#EXTM3U',
      '#EXT-X-STREAM-INF:BANDWIDTH=2400000,AVERAGE-BANDWIDTH=2048400,RESOLUTION=1920x1080,FRAME-RATE=25.000,CODECS="mp4a.40.2,avc1.640028"',
      'main/5d1e.m3u8',
      '#EXT-X-STREAM-INF:BANDWIDTH=300000,CODECS="hvc1.1.6.L93.B0"',
      '# a remark',
      '',
      'sub/5d1e.m3u8',
    ].join('\r\n')
    const sub = {
      uri: 'sub/5d1e.m3u8',
      bitrateKbps: 300,
      codec: 'h265',
      width: null,
      height: null,
      fps: null,
    }
    expect(parseMasterPlaylist(text)).toEqual([
      { uri: 'main/5d1e.m3u8', bitrateKbps: 2048, codec: 'h264', width: 1920, height: 1080, fps: 25 },
      sub,
    ])
  })

  it.each(['', '<html>', '{"a":1}', '#EXTINF:4,\n1.ts'])('are told from anything else: %j', (text) => {
    expect(parseMasterPlaylist(text)).toBeNull()
    expect(parseMediaPlaylist(text)).toBeNull()
  })

  it('count to their last segment', () => {
    const text =
      '#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXT-X-MEDIA-SEQUENCE:7\n#EXTINF:4.0,\na.ts\n#EXTINF:4.0,\nb.ts\n'
    expect(parseMediaPlaylist(text)).toEqual({ lastSequence: 8, targetMs: 4000 })
    expect(parseMediaPlaylist('#EXTM3U\n#EXT-X-TARGETDURATION:4\n')).toEqual({
      lastSequence: -1,
      targetMs: 4000,
    })
  })
})

describe('a source read from its playlist', () => {
  /** What is said after looks at these times (ms) that saw these sequences. */
  function after(...looks: [atMs: number, lastSequence: number][]): boolean | null | undefined {
    const last = looks.reduce<Progress | null>(
      (before, [atMs, lastSequence]) => observeProgress(before, { lastSequence, targetMs: 4000 }, atMs),
      null,
    )
    return last?.active
  }

  it.each<[string, [number, number][], boolean | null]>([
    ['is unknown at first sight: old bytes are no proof of life', [[0, 5]], null],
    [
      'lives once the playlist moves',
      [
        [0, 5],
        [5000, 6],
      ],
      true,
    ],
    [
      'goes on living for less than three segments',
      [
        [0, 5],
        [5000, 6],
        [16_000, 6],
      ],
      true,
    ],
    [
      'is dead after three segment durations',
      [
        [0, 5],
        [5000, 6],
        [17_000, 6],
      ],
      false,
    ],
    [
      'is dead without ever having moved',
      [
        [0, 5],
        [12_000, 5],
      ],
      false,
    ],
    [
      'comes back, with numbers that begin anew',
      [
        [0, 5],
        [12_000, 5],
        [13_000, 0],
      ],
      true,
    ],
    [
      'is not alive for an empty playlist',
      [
        [0, 5],
        [1000, -1],
      ],
      false,
    ],
  ])('%s', (_case, looks, active) => {
    expect(after(...looks)).toBe(active)
  })
})
