import { describe, expect, it } from 'vitest'
import {
  iceFragmentOf,
  narrowToOurH264,
  offerProblem,
  parseIceFragment,
  ufragOf,
  withBundledPorts,
  withIceCredentials,
  withSessionIceLite,
} from '../../alta-simulator/whep/session-description.ts'

const video = [
  'm=video 9 UDP/TLS/RTP/SAVPF 96 102 108',
  'a=mid:0',
  'a=ice-ufrag:old1',
  'a=ice-pwd:oldpassword',
  'a=candidate:1 1 udp 1 abc.local 9 typ host',
  'a=recvonly',
  'a=rtcp-mux',
  'a=rtpmap:96 VP8/90000',
  'a=rtpmap:102 H264/90000',
  'a=fmtp:102 packetization-mode=1;profile-level-id=42001f',
  'a=rtpmap:108 H264/90000',
  'a=rtcp-fb:108 nack',
  'a=fmtp:108 packetization-mode=1;profile-level-id=42e01f',
]
const offer = ['v=0', 'a=group:BUNDLE 0', ...video, ''].join('\r\n')

describe('offers', () => {
  it('takes a good offer and names what is wrong with others', () => {
    expect(offerProblem(offer)).toBeUndefined()
    expect(offerProblem('hello')?.status).toBe(400)
    expect(offerProblem(offer.replace('recvonly', 'sendonly'))?.status).toBe(400)
    expect(offerProblem(offer.replace('a=rtcp-mux\r\n', ''))?.status).toBe(400)
    expect(offerProblem(offer + [...video, ''].join('\r\n'))?.status).toBe(400)
    expect(offerProblem(offer.replaceAll('H264', 'H265'))?.status).toBe(406)
    expect(offerProblem(offer.replaceAll('packetization-mode=1', 'packetization-mode=0'))?.status).toBe(406)
  })

  // Would catch: webrtcbin (bundle policy max-bundle) offers its second m-line with port 0, gets 201 and never a picture.
  it('takes an m-line with port 0 that comes with the bundle, and no other', () => {
    const audio = video.map((line) => line.replace('m=video', 'm=audio').replace('a=mid:0', 'a=mid:a'))
    const bundled = ['v=0', 'a=group:BUNDLE a 0', ...audio, ...video, 'a=bundle-only', ''].join('\r\n')
    const maxBundle = bundled.replace('m=video 9', 'm=video 0')
    expect(offerProblem(maxBundle)).toBeUndefined()
    expect(withBundledPorts(maxBundle)).toBe(bundled.replace('a=bundle-only\r\n', ''))
    const disabled = maxBundle.replace('a=bundle-only\r\n', '')
    expect(offerProblem(disabled)?.status).toBe(406)
    expect(withBundledPorts(disabled)).toBe(disabled)
    const ofNoBundle = maxBundle.replace('BUNDLE a 0', 'BUNDLE a')
    expect(offerProblem(ofNoBundle)?.status).toBe(406)
  })

  // Would catch: a client that reads ice-lite where it belongs takes us for a full agent.
  it('says ice-lite once, of the session', () => {
    const each = offer.replace('a=rtcp-mux', 'a=ice-lite\r\na=rtcp-mux')
    const lines = withSessionIceLite(each).split('\r\n')
    expect(lines.filter((line) => line === 'a=ice-lite')).toHaveLength(1)
    expect(lines.indexOf('a=ice-lite')).toBeLessThan(lines.findIndex((line) => line.startsWith('m=')))
    expect(withSessionIceLite(offer)).toBe(offer)
  })

  it('answers with constrained baseline although another H.264 was offered first', () => {
    const narrow = narrowToOurH264(offer)
    expect(narrow).toContain('m=video 9 UDP/TLS/RTP/SAVPF 108\r\n')
    expect(narrow).toContain('a=rtcp-fb:108 nack\r\n')
    expect(narrow).not.toMatch(/VP8|42001f/)
  })
})

describe('ICE fragments', () => {
  it('reads credentials and candidates and refuses what is no fragment', () => {
    const body =
      'a=ice-ufrag:new1\r\na=ice-pwd:secret\r\nm=video 9 RTP/AVP 0\r\na=mid:0\r\na=candidate:1 1 udp 1 1.2.3.4 5 typ host\r\n'
    expect(parseIceFragment(body)).toMatchObject({ ufrag: 'new1', password: 'secret' })
    expect(parseIceFragment(body)?.candidates).toHaveLength(1)
    expect(parseIceFragment('{"candidate":"x"}')).toBeUndefined()
    expect(parseIceFragment('a=mid:0\r\n')).toBeUndefined()
  })

  it('replaces credentials for a restart and answers with ours', () => {
    const changed = withIceCredentials(offer, { ufrag: 'new1', password: 'secret', candidates: [] })
    expect(ufragOf(changed)).toBe('new1')
    expect(changed).not.toMatch(/oldpassword|candidate/)
    expect(iceFragmentOf(offer).split('\r\n').slice(0, 4)).toEqual([
      'a=ice-lite',
      'a=group:BUNDLE 0',
      'm=video 9 UDP/TLS/RTP/SAVPF 96 102 108',
      'a=mid:0',
    ])
  })
})
