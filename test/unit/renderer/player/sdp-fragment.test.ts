import { expect, test } from 'vitest'
import {
  acceptsVideo,
  parseFragment,
  sdpFragment,
  withIce,
} from '../../../../renderer/player/whep/sdp-fragment.ts'

const offer = [
  'v=0',
  'o=- 1 2 IN IP4 127.0.0.1',
  's=-',
  't=0 0',
  'a=group:BUNDLE 0 1',
  'm=video 9 UDP/TLS/RTP/SAVPF 96 97',
  'c=IN IP4 0.0.0.0',
  'a=ice-ufrag:abcd',
  'a=ice-pwd:0123456789012345678901',
  'a=mid:0',
  'a=recvonly',
  'm=audio 9 UDP/TLS/RTP/SAVPF 111',
  'a=ice-ufrag:abcd',
  'a=ice-pwd:0123456789012345678901',
  'a=mid:1',
  '',
].join('\r\n')
const candidate = 'candidate:1 1 udp 2122260223 192.0.2.1 5000 typ host'

test('a trickle body names the bundle, its first m-line, the credentials and all candidates (RFC 9725, 4.3.2)', () => {
  expect(sdpFragment(offer, [candidate], true)).toBe(
    [
      'a=group:BUNDLE 0 1',
      'm=video 9 UDP/TLS/RTP/SAVPF 96 97',
      'a=mid:0',
      'a=ice-ufrag:abcd',
      'a=ice-pwd:0123456789012345678901',
      `a=${candidate}`,
      'a=end-of-candidates',
      '',
    ].join('\r\n'),
  )
})

test('the end of candidates is only said when it is one', () => {
  expect(sdpFragment(offer, [candidate], false)).not.toContain('end-of-candidates')
})

test('a description without credentials makes no body', () => {
  expect(sdpFragment('v=0\r\nm=video 9 X 96\r\na=mid:0\r\n', [], true)).toBeNull()
  expect(sdpFragment('', [], true)).toBeNull()
})

test('the answer to an ICE restart replaces credentials and candidates of every m-line and nothing else', () => {
  const ice = parseFragment(
    'a=ice-lite\r\na=group:BUNDLE 0 1\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:0\r\na=ice-ufrag:new\r\na=ice-pwd:newpassword\r\na=candidate:9 1 udp 1 192.0.2.9 9 typ host\r\na=end-of-candidates\r\n',
  )
  expect(ice).not.toBeNull()
  if (!ice) return
  const renewed = withIce(`${offer}a=candidate:1 1 udp 1 192.0.2.1 1 typ host\r\n`, ice)
  expect(renewed.match(/a=ice-ufrag:new/g)).toHaveLength(2)
  expect(renewed).not.toContain('abcd')
  expect(renewed).not.toContain('192.0.2.1 1')
  expect(renewed.match(/a=candidate:/g)).toHaveLength(1)
  for (const kept of ['a=group:BUNDLE 0 1', 'a=recvonly', 'm=audio 9 UDP/TLS/RTP/SAVPF 111', 'a=mid:1']) {
    expect(renewed).toContain(kept)
  }
})

test('a fragment without credentials answers nothing', () => {
  expect(parseFragment('a=candidate:1 1 udp 1 192.0.2.1 1 typ host')).toBeNull()
  expect(parseFragment('<html>')).toBeNull()
})

test('an m-line with port 0 is a refusal of video', () => {
  expect(acceptsVideo(offer)).toBe(true)
  expect(acceptsVideo(offer.replace('m=video 9', 'm=video 0'))).toBe(false)
})
