import { setTimeout } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { startAltaServer } from '../../alta-simulator/start-alta-server.ts'
import type { AltaServerHandle } from '../../alta-simulator/start-alta-server.ts'
import { makeSecuretoken } from '../../alta-simulator/ott/securetoken.ts'
import { login } from './alta-client.ts'

let server: AltaServerHandle
const size = { width: 160, height: 90 }
const page = 'http://desk.invalid:3303'
const variants = { main: { receiver: 'gate' }, sub: { receiver: 'gate-sub' } }

beforeAll(async () => {
  server = await startAltaServer({
    segmentSeconds: 1,
    playlistSegments: 3,
    receivers: [
      { id: 'gate', ...size },
      { id: 'gate-sub', ...size, fps: 10 },
      { id: 'roof', ...size, codec: 'h265' },
      { id: 'figures', kind: 'status' },
    ],
    archives: { main: { duration: 1, local: { locations: ['/opt/archive'] } } },
    allowOrigin: [page],
  })
})
afterAll(async () => {
  expect(server.problems()).toEqual([])
  await server.dispose()
  expect(server.encoders()).toBe(0)
})
beforeEach(async () => {
  await server.clearFaults()
  Object.assign(server.config.ott, { channels: {}, authorizers: {} })
})

async function text(path: string): Promise<{ status: number; body: string; headers: Headers }> {
  const answer = await fetch(server.ottUrl + path)
  return { status: answer.status, body: await answer.text(), headers: answer.headers }
}

/** Opens a session; paths of its variants' playlists. */
async function open(channel: string, query = ''): Promise<string[]> {
  const { status, body } = await text(`/${channel}/index.m3u8?${query}`)
  expect(status).toBe(200)
  return body
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => `/${channel}/${line}`)
}

/** Reads a playlist again until it says what is awaited. */
async function until(path: string, holds: (body: string) => boolean): Promise<string> {
  for (;;) {
    const { body, status } = await text(path)
    expect(status).toBe(200)
    if (holds(body)) return body
    await setTimeout(50)
  }
}

const segmentsOf = (body: string): string[] => body.split('\n').filter((line) => line.endsWith('.ts'))
const sequenceOf = (body: string): number => Number(/MEDIA-SEQUENCE:(\d+)/.exec(body)?.[1])

describe('HLS', { timeout: 60_000 }, () => {
  it('plays both variants with pictures that can be fetched', async () => {
    server.config.ott.channels['desk/gate'] = { variants }
    const [main = '', sub = ''] = await open('desk/gate', 'token=x')
    for (const [path, name] of [
      [main, 'main'],
      [sub, 'sub'],
    ] as const) {
      const body = await until(path, (playlist) => segmentsOf(playlist).length >= 2)
      const segment = await fetch(`${server.ottUrl}/desk/gate/${name}/${segmentsOf(body)[0]}`)
      expect(segment.headers.get('content-type')).toBe('video/mp2t')
      const data = Buffer.from(await segment.arrayBuffer())
      expect(data[0]).toBe(0x47)
      expect(data.length % 188).toBe(0)
      expect(body).toContain('#EXT-X-PROGRAM-DATE-TIME:')
    }
  })

  it('asks the authorizer when a session starts and never again in it', async () => {
    server.config.ott.authorizers['a'] = { ip: ['allow 127.0.0.1'], default: 'deny' }
    server.config.ott.channels['desk/gate'] = { authorizer: 'a', variants }
    const [main = ''] = await open('desk/gate')
    server.config.ott.authorizers['a'] = { default: 'deny' }
    expect((await text('/desk/gate/index.m3u8')).status).toBe(403)
    expect((await text(main)).status).toBe(200)
  })

  it('lets a securetoken in for HLS and WHEP by the same string, and not when its clock is off', async () => {
    server.config.ott.authorizers['a'] = { securetoken: 'secret', default: 'deny' }
    server.config.ott.channels['desk/gate'] = { authorizer: 'a', variants }
    const now = Math.floor(Date.now() / 1000)
    const path = '/desk/gate/index.m3u8'
    const parts = { path, ip: '127.0.0.1', start: now - 60, end: now + 60, secret: 'secret', salt: 's' }
    const token = makeSecuretoken(parts)
    const whep = async (): Promise<number> => {
      const headers = { 'Content-Type': 'application/sdp' }
      const url = `${server.ottUrl}/desk/gate/whep?token=${token}`
      return (await fetch(url, { method: 'POST', headers, body: 'no offer' })).status
    }
    expect((await text(`${path}?token=${token}`)).status).toBe(200)
    expect(await whep()).toBe(400)
    await server.setFault('clock-skew', { seconds: 600 })
    expect((await text(`${path}?token=${token}`)).status).toBe(403)
    expect(await whep()).toBe(403)
  })

  it('knows no session of another channel and ends sessions when the channel is changed', async () => {
    server.config.ott.channels['desk/gate'] = { variants }
    server.config.ott.channels['desk/other'] = { variants }
    const [main = ''] = await open('desk/gate')
    expect((await text(main.replace('desk/gate', 'desk/other'))).status).toBe(404)
    const alta = await login(server)
    await alta.call('PUT', '/api/ott/channels?id=desk%2Fgate', {
      variants: { main: { receiver: 'gate-sub' } },
    })
    expect((await text(main)).status).toBe(404)
    expect(server.endedSessions().at(-1)).toMatchObject({
      channel: 'desk/gate',
      endReason: 'channel-changed',
    })
  })

  it('gives a listed page its CORS header and any other page none', async () => {
    server.config.ott.channels['desk/gate'] = { variants }
    const ask = async (origin: string): Promise<string | null> => {
      const answer = await fetch(`${server.ottUrl}/desk/gate/index.m3u8`, { headers: { Origin: origin } })
      return answer.headers.get('access-control-allow-origin')
    }
    expect(await ask(page)).toBe(page)
    expect(await ask('http://evil.invalid')).toBeNull()
  })

  it('says H.265 for an H.265 camera, without dates when told so', async () => {
    server.config.ott.channels['desk/roof'] = { variants: { main: { receiver: 'roof' } } }
    await server.setFault('no-program-date-time', true)
    const { body } = await text('/desk/roof/index.m3u8')
    expect(body).toContain('CODECS="hvc1.')
    const [main = ''] = await open('desk/roof')
    expect((await text(main)).body).not.toContain('PROGRAM-DATE-TIME')
  })

  it('has nothing to play for a receiver without pictures, and 404 for unknown channels', async () => {
    server.config.ott.channels['desk/figures'] = { variants: { main: { receiver: 'figures' } } }
    expect((await text('/desk/figures/index.m3u8')).status).toBe(404)
    expect((await text('/desk/nothing/index.m3u8')).status).toBe(404)
    expect((await text('/desk/%zz/index.m3u8')).status).toBe(400)
  })

  it('goes on with the last picture when a receiver freezes, and stands still when it stalls', async () => {
    server.config.ott.channels['desk/gate'] = { variants }
    const [main = ''] = await open('desk/gate')
    await until(main, (body) => segmentsOf(body).length >= 1)
    await server.setFault('receiver-frozen', { receiver: 'gate' })
    const frozenAt = sequenceOf((await text(main)).body)
    await until(main, (body) => sequenceOf(body) >= frozenAt + 2)
    await server.setFault('receiver-stalled', { receiver: 'gate' })
    const stalled = (await text(main)).body
    await setTimeout(1500)
    expect((await text(main)).body).toBe(stalled)
    await server.clearFaults()
    await until(main, (body) => body !== stalled)
  })
})

describe('playlists through a freeze', { timeout: 60_000 }, () => {
  // Would catch: a segment that became long while a receiver froze or came back changes EXT-X-TARGETDURATION, or exceeds it.
  it('keep their target duration, and no segment is longer', async () => {
    server.config.ott.channels['desk/gate'] = { variants }
    const [main = ''] = await open('desk/gate')
    let bodies = ''
    const afterMore = async (count: number): Promise<void> => {
      const from = sequenceOf((await text(main)).body)
      await until(main, (body) => {
        bodies += body
        return sequenceOf(body) >= from + count
      })
    }
    await afterMore(1)
    for (const frozen of [true, false]) {
      await server.setFault('receiver-frozen', frozen ? { receiver: 'gate' } : false)
      await afterMore(4)
    }
    const targets = [...bodies.matchAll(/TARGETDURATION:(\d+)/g)].map(([, seconds]) => Number(seconds))
    const lengths = [...bodies.matchAll(/EXTINF:([\d.]+)/g)].map(([, seconds]) => Number(seconds))
    expect(new Set(targets)).toEqual(new Set([1]))
    expect(lengths.length).toBeGreaterThan(9)
    expect(Math.max(...lengths.map(Math.round))).toBe(1)
  })
})

describe('WHEP', { timeout: 60_000 }, () => {
  const fingerprint = `a=fingerprint:sha-256 ${Array(32).fill('AB').join(':')}`
  const section = (kind: string, codec: string[], mid: string, port: number): string[] => [
    ...[`m=${kind} ${port} UDP/TLS/RTP/SAVPF 96`, 'c=IN IP4 0.0.0.0', 'a=setup:actpass', 'a=ice-ufrag:abcd'],
    ...[
      'a=ice-pwd:abcdefghijklmnopqrstuvwx',
      'a=rtcp-mux',
      'a=recvonly',
      ...codec,
      `a=mid:${mid}`,
      fingerprint,
    ],
    ...(port === 0 ? ['a=bundle-only'] : []),
  ]
  const opus = ['a=rtpmap:96 OPUS/48000/2']
  const h264 = ['a=rtpmap:96 H264/90000', 'a=fmtp:96 packetization-mode=1;profile-level-id=42e01f']

  // Would catch: GStreamer's webrtcbin with max-bundle gets 201 and an answer that refuses its video.
  it('answers the video of an offer whose second m-line comes with the bundle', async () => {
    server.config.ott.channels['desk/gate'] = { variants }
    const session = ['v=0', 'o=- 1 0 IN IP4 0.0.0.0', 's=-', 't=0 0', 'a=group:BUNDLE audio0 video1']
    const offer = [
      ...session,
      ...section('audio', opus, 'audio0', 9),
      ...section('video', h264, 'video1', 0),
      '',
    ]
    const answer = await fetch(`${server.ottUrl}/desk/gate/whep`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/sdp' },
      body: offer.join('\r\n'),
    })
    expect(answer.status).toBe(201)
    const [head = '', ...media] = (await answer.text()).split(/^(?=m=)/m)
    expect(head).toContain('a=group:BUNDLE audio0 video1')
    expect(head).toContain('a=ice-lite\r\n')
    expect(media.join('')).not.toContain('ice-lite')
    expect(media[1]).toMatch(/^m=video 9 /)
    expect(media[1]).toContain('a=sendonly')
    expect(
      (await fetch(new URL(answer.headers.get('location') ?? '', answer.url), { method: 'DELETE' })).status,
    ).toBe(200)
  })
})

describe('encoders on demand', { timeout: 60_000 }, () => {
  it('rest after the last viewer, forget old pictures, and end sessions that nobody asks for', async () => {
    const resting = await startAltaServer({
      segmentSeconds: 1,
      playlistSegments: 3,
      encoderLingerMs: 0,
      receivers: [{ id: 'gate', ...size }],
      channels: { gate: { variants: { main: { receiver: 'gate' } } } },
    })
    const play = async (): Promise<string> => {
      const master = await (await fetch(`${resting.ottUrl}/gate/index.m3u8`)).text()
      const line = master.split('\n').find((candidate) => candidate.endsWith('.m3u8'))
      return (await fetch(`${resting.ottUrl}/gate/${line}`)).text()
    }
    const first = segmentsOf(await play())
    expect(first).toHaveLength(1)
    expect(resting.encoders()).toBe(1)
    await expect.poll(() => resting.encoders(), { timeout: 10_000 }).toBe(0)
    await expect.poll(() => resting.endedSessions().at(0)?.endReason, { timeout: 10_000 }).toBe('expired')
    const second = segmentsOf(await play())
    expect(second).toHaveLength(1)
    expect(second).not.toEqual(first)
    expect(resting.problems()).toEqual([])
    await resting.dispose()
  })
})

describe('archive', { timeout: 60_000 }, () => {
  const statusPath = '/desk/gate/recording_status.json?from=0&to=now&request=ranges'

  interface Range {
    from: number
    duration: number
  }

  async function ranges(): Promise<Range[]> {
    const { body } = await text(statusPath)
    const [answer] = JSON.parse(body) as { stream: string; ranges: Range[] }[]
    expect(answer?.stream).toBe('desk/gate')
    return answer?.ranges ?? []
  }

  async function record(): Promise<void> {
    server.config.ott.channels['desk/gate'] = { archive: 'main', variants }
    await expect.poll(ranges, { timeout: 10_000 }).toMatchObject([{ duration: 3 }])
  }

  it('plays a stretch as a closed playlist and reports recorded ranges', async () => {
    await record()
    const [main = ''] = await open('desk/gate', 'start=-3&duration=2')
    const { body } = await text(main)
    expect(body).toContain('#EXT-X-PLAYLIST-TYPE:VOD')
    expect(body).toContain('#EXT-X-ENDLIST')
    expect((await text(`/desk/gate/main/${segmentsOf(body)[0]}`)).status).toBe(200)
    const status = await text('/desk/gate/recording_status.json?from=0&to=now&request=ranges')
    const [answer] = JSON.parse(status.body) as {
      stream: string
      ranges: { from: number; duration: number }[]
    }[]
    expect(answer?.stream).toBe('desk/gate')
    expect(answer?.ranges).toHaveLength(1)
    expect((await text('/desk/gate/index.m3u8?start=1000&duration=5')).status).toBe(404)
    expect((await text('/desk/gate/index.m3u8?start=x')).status).toBe(400)
    await server.setFault('no-recording-status', true)
    expect((await text(statusPath)).status).toBe(404)
  })

  it('clears recordings when the channel loses its storage, though it gets it back', async () => {
    await record()
    const alta = await login(server)
    const channel = '/api/ott/channels?id=desk%2Fgate'
    expect((await alta.call('PUT', channel, { variants })).status).toBe(204)
    expect((await alta.call('PUT', channel, { variants, archive: 'main' })).status).toBe(204)
    expect(await ranges()).toEqual([])
  })

  it('records nothing on a full disk', async () => {
    await server.setFault('disk-full', true)
    server.config.ott.channels['desk/gate'] = { archive: 'main', variants }
    const [main = ''] = await open('desk/gate')
    const before = sequenceOf((await text(main)).body)
    await until(main, (body) => sequenceOf(body) >= before + 2)
    expect(await ranges()).toEqual([])
  })
})
