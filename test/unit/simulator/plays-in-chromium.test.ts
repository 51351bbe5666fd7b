import { existsSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { Server } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { chromium } from '@playwright/test'
import type { Browser, Page } from '@playwright/test'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { startAltaServer } from '../../alta-simulator/start-alta-server.ts'
import type { AltaServerHandle } from '../../alta-simulator/start-alta-server.ts'

const TIMEOUT_MS = 60_000
const SYSTEM_CHROMIUM = '/usr/bin/chromium'

// The page's own code: plain JavaScript, since Vitest would rewrite functions that are handed over.
const PAGE_CODE = `
window.frames = async (video, count) => {
  for (let seen = 0; seen < count; seen += 1) await new Promise((done) => video.requestVideoFrameCallback(done))
  const canvas = document.createElement('canvas')
  canvas.width = video.videoWidth
  canvas.height = video.videoHeight
  const context = canvas.getContext('2d')
  context.drawImage(video, 0, 0)
  const data = context.getImageData(0, 0, canvas.width, canvas.height).data
  let bright = 0
  for (let at = 0; at < data.length; at += 4) if (data[at] > 200 && data[at + 1] > 200) bright += 1
  return { width: video.videoWidth, height: video.videoHeight, bright, decoded: video.getVideoPlaybackQuality().totalVideoFrames }
}
window.newVideo = () => {
  const video = document.createElement('video')
  video.muted = video.autoplay = video.playsInline = true
  document.body.append(video)
  return video
}
window.playHls = async (url, count) => {
  const video = newVideo()
  const hls = new Hls()
  hls.loadSource(url)
  hls.attachMedia(video)
  const result = await frames(video, count)
  hls.destroy()
  video.remove()
  return result
}
window.playWhep = async (url, count, wait) => {
  const video = newVideo()
  const pc = new RTCPeerConnection()
  pc.addTransceiver('video', { direction: 'recvonly' })
  pc.addTransceiver('audio', { direction: 'recvonly' })
  const stream = new MediaStream()
  pc.ontrack = ({ track }) => stream.addTrack(track)
  video.srcObject = stream
  await pc.setLocalDescription()
  let answer = await fetch(url, { method: 'POST', headers: { 'Content-Type': 'application/sdp' }, body: pc.localDescription.sdp })
  let session = new URL(answer.headers.get('Location'), url)
  if (answer.status === 406) {
    await pc.setLocalDescription({ type: 'rollback' })
    await pc.setRemoteDescription({ type: 'offer', sdp: await answer.text() })
    await pc.setLocalDescription()
    const accepted = await fetch(session, { method: 'PATCH', headers: { 'Content-Type': 'application/sdp' }, body: pc.localDescription.sdp })
    if (accepted.status !== 204) throw new Error('counter-offer: ' + accepted.status)
  } else await pc.setRemoteDescription({ type: 'answer', sdp: await answer.text() })
  window.session = { pc, video, url: session, etag: answer.headers.get('ETag'), answer: pc.remoteDescription.sdp }
  return count > 0 ? { status: answer.status, ...(await frames(video, count)) } : { status: answer.status }
}
window.fragment = () => {
  const { pc } = window.session
  const line = (name) => pc.localDescription.sdp.match(new RegExp('^a=' + name + ':(\\\\S+)', 'm'))[1]
  return 'a=ice-ufrag:' + line('ice-ufrag') + '\\r\\na=ice-pwd:' + line('ice-pwd') + '\\r\\nm=video 9 UDP/TLS/RTP/SAVPF 0\\r\\na=mid:0\\r\\n'
}
window.patch = (etag, body) => fetch(window.session.url, {
  method: 'PATCH',
  headers: { 'Content-Type': 'application/trickle-ice-sdpfrag', ...(etag ? { 'If-Match': etag } : {}) },
  body,
})
window.restartIce = async (count) => {
  const { pc, video, answer } = window.session
  await pc.setLocalDescription(await pc.createOffer({ iceRestart: true }))
  const reply = await patch('*', fragment())
  const text = await reply.text()
  const take = (name) => text.match(new RegExp('^a=' + name + ':(\\\\S+)', 'm'))[1]
  const sdp = answer.replace(/a=ice-ufrag:\\S+/g, 'a=ice-ufrag:' + take('ice-ufrag')).replace(/a=ice-pwd:\\S+/g, 'a=ice-pwd:' + take('ice-pwd'))
  await pc.setRemoteDescription({ type: 'answer', sdp })
  await frames(video, count)
  return { status: reply.status, etag: reply.headers.get('ETag'), before: window.session.etag }
}
window.end = async () => {
  const { pc, url, video } = window.session
  const answer = await fetch(url, { method: 'DELETE' })
  pc.close()
  video.remove()
  return answer.status
}
`

interface Played {
  status?: number
  width: number
  height: number
  bright: number
  decoded: number
}

let server: AltaServerHandle
let site: Server
let browser: Browser
let page: Page

function serveSite(): Promise<Server> {
  const hls = readFileSync(createRequire(import.meta.url).resolve('hls.js/dist/hls.min.js'))
  const html = `<!doctype html><script src="/hls.js"></script><script>${PAGE_CODE}</script>`
  const website = createServer((request, response) => {
    response.setHeader('Content-Type', request.url === '/hls.js' ? 'text/javascript' : 'text/html')
    response.end(request.url === '/hls.js' ? hls : html)
  })
  return new Promise((resolve) => website.listen(0, '127.0.0.1', () => resolve(website)))
}

beforeAll(async () => {
  site = await serveSite()
  const origin = `http://127.0.0.1:${(site.address() as AddressInfo).port}`
  const size = { width: 320, height: 180 }
  server = await startAltaServer({
    segmentSeconds: 1,
    receivers: [
      { id: 'gate', ...size, audio: true },
      { id: 'roof', ...size, codec: 'h265' },
    ],
    channels: {
      'desk/gate': { variants: { main: { receiver: 'gate' } } },
      'desk/roof': { variants: { main: { receiver: 'roof' } } },
    },
    allowOrigin: [origin],
    iceServers: [{ url: 'stun:127.0.0.1:9', username: 'u', credential: 'c' }],
    alwaysEncode: true,
  })
  // Chromium that Playwright brought, else the system's; without either this fails and says so.
  const executablePath = existsSync(chromium.executablePath()) ? undefined : SYSTEM_CHROMIUM
  browser = await chromium.launch({
    executablePath,
    args: ['--no-sandbox', '--disable-gpu', '--autoplay-policy=no-user-gesture-required'],
  })
  page = await browser.newPage()
  await page.goto(origin)
}, TIMEOUT_MS)

afterAll(async () => {
  await browser.close()
  await server.dispose()
  await new Promise((resolve) => site.close(resolve))
})

beforeEach(() => server.clearFaults())

const whep = (count: number, channel = 'desk/gate'): Promise<Played> =>
  page.evaluate(`playWhep('${server.ottUrl}/${channel}/whep?token=x', ${count})`)
const end = (): Promise<number> => page.evaluate('end()')

describe('in Chromium', { timeout: TIMEOUT_MS }, () => {
  it('plays HLS: real decoded frames with the burnt-in text on them', async () => {
    const played = await page.evaluate<Played>(`playHls('${server.ottUrl}/desk/gate/index.m3u8?token=x', 20)`)
    expect(played).toMatchObject({ width: 320, height: 180 })
    expect(played.bright).toBeGreaterThan(100)
    expect(played.decoded).toBeGreaterThanOrEqual(15)
  })

  it('plays WHEP, and reports when the session got its first key frame', async () => {
    const played = await whep(20)
    expect(played).toMatchObject({ status: 201, width: 320, height: 180 })
    expect(played.bright).toBeGreaterThan(100)
    const [session] = server.sessions().filter(({ protocol }) => protocol === 'whep')
    const { createdAt = 0, connectedAt = 0, firstKeyframeSentAt = 0 } = session ?? {}
    expect(connectedAt).toBeGreaterThan(createdAt)
    expect(firstKeyframeSentAt).toBeGreaterThanOrEqual(connectedAt)
    expect(await end()).toBe(200)
    expect(server.endedSessions().at(-1)).toMatchObject({ id: session?.id, endReason: 'delete' })
  })

  it('keeps to the draft on PATCH and goes on playing after an ICE restart', async () => {
    await whep(1)
    const patch = (etag: string, body: string): Promise<number> =>
      page.evaluate(`patch(${etag}, ${body}).then((answer) => answer.status)`)
    expect(await patch('session.etag', 'fragment()')).toBe(204)
    expect(await patch('null', 'fragment()')).toBe(428)
    expect(await patch(`'"stale"'`, 'fragment()')).toBe(412)
    expect(await patch('session.etag', `'nonsense'`)).toBe(400)
    const restart = await page.evaluate<{ status: number; etag: string; before: string }>('restartIce(30)')
    expect(restart.status).toBe(200)
    expect(restart.etag).not.toBe(restart.before)
    expect(await patch('session.etag', 'fragment()')).toBe(412)
    expect(await end()).toBe(200)
    expect(await patch('session.etag', 'fragment()')).toBe(404)
  })

  it('plays on a counter-offer, and through packet loss', async () => {
    await server.setFault('whep-counter-offer', true)
    expect(await whep(10)).toMatchObject({ status: 406, width: 320 })
    await server.setFault('packet-loss', { percent: 20 })
    await page.evaluate('frames(session.video, 20)')
    const asked = `session.pc.getStats().then((all) => [...all.values()].find((one) => one.kind === 'video' && one.nackCount > 0)?.nackCount)`
    expect(await page.evaluate(asked)).toBeGreaterThan(0)
    await end()
  })

  it('shows the last picture again and again when the receiver freezes', async () => {
    await whep(5)
    await server.setFault('receiver-frozen', { receiver: 'gate' })
    const first = await page.evaluate<Played>('frames(session.video, 10)')
    const second = await page.evaluate<Played>('frames(session.video, 5)')
    expect(second.decoded).toBeGreaterThan(first.decoded)
    expect(second.bright).toBe(first.bright)
    await end()
  })

  it('connects and sends nothing when told to be silent', async () => {
    await server.setFault('whep-silent', true)
    await whep(0)
    await page.waitForFunction(`session.pc.connectionState === 'connected'`)
    const [session] = server.sessions().filter(({ protocol }) => protocol === 'whep')
    await page.waitForTimeout(1500)
    expect(session?.firstKeyframeSentAt).toBeUndefined()
    expect(await page.evaluate('session.video.videoWidth')).toBe(0)
    await end()
  })

  it('cuts the stream without a word when the plug is pulled, and plays again after it is put back', async () => {
    await whep(1)
    await server.stop()
    expect(server.endedSessions().at(-1)).toMatchObject({ endReason: 'server-stopped' })
    expect(await page.evaluate('session.pc.connectionState')).toBe('connected')
    await server.start()
    await page.evaluate('session.pc.close()')
    expect(await whep(5)).toMatchObject({ status: 201 })
    await end()
  })

  it('notices a viewer that closes without DELETE', async () => {
    await whep(1)
    const [session] = server.sessions().filter(({ protocol }) => protocol === 'whep')
    await page.evaluate('session.pc.close()')
    await expect.poll(() => server.sessions().filter(({ protocol }) => protocol === 'whep')).toEqual([])
    expect(server.endedSessions().find(({ id }) => id === session?.id)?.endReason).toBe('closed')
  })

  it('is not there, not live or busy when told so, and H.265 is not acceptable', async () => {
    const post = (channel = 'desk/gate', type = 'application/sdp'): Promise<Response> =>
      page.evaluate<string>('session.pc.localDescription?.sdp ?? ""').then((sdp) =>
        fetch(`${server.ottUrl}/${channel}/whep`, {
          method: 'POST',
          headers: { 'Content-Type': type },
          body: sdp,
        }),
      )
    await whep(0)
    expect((await post('desk/roof')).status).toBe(406)
    expect((await post('desk/gate', 'text/plain')).status).toBe(415)
    const created = await post()
    expect(created.headers.get('link')).toBe(
      '<stun:127.0.0.1:9>; rel="ice-server"; username="u"; credential="c"; credential-type="password"',
    )
    await server.setFault('whep-absent', { channel: 'desk/gate' })
    expect((await post()).status).toBe(404)
    await server.clearFaults()
    await server.setFault('whep-not-live', { retryAfterSeconds: 2 })
    expect(await post()).toMatchObject({ status: 409 })
    await server.setFault('whep-busy', { retryAfterSeconds: 3 })
    expect((await post()).headers.get('retry-after')).toBe('3')
    await end()
  })
})
