/** What a `application/trickle-ice-sdpfrag` body says (RFC 8840, section 9). */
export interface IceFragment {
  ufrag: string
  password: string
  candidates: string[]
}

/** Reads a fragment; undefined when it has no ICE credentials or a line that is no SDP. */
export function parseIceFragment(body: string): IceFragment | undefined {
  const lines = body.split(/\r?\n/).filter((line) => line !== '')
  if (lines.some((line) => !/^[a-z]=/.test(line))) return undefined
  const valueOf = (name: string): string | undefined =>
    lines.find((line) => line.startsWith(`a=${name}:`))?.slice(name.length + 3)
  const ufrag = valueOf('ice-ufrag')
  const password = valueOf('ice-pwd')
  if (!ufrag || !password) return undefined
  return { ufrag, password, candidates: lines.filter((line) => line.startsWith('a=candidate:')) }
}

/** Writes the fragment that answers an ICE restart, from our whole answer. */
export function iceFragmentOf(sdp: string): string {
  const lines = sdp.split(/\r?\n/)
  const media = lines.findIndex((line) => line.startsWith('m='))
  const next = lines.findIndex((line, index) => index > media && line.startsWith('m='))
  const section = lines.slice(media, next === -1 ? undefined : next)
  const wanted = ['a=mid:', 'a=ice-ufrag:', 'a=ice-pwd:', 'a=candidate:']
  const kept = section.filter((line) => wanted.some((prefix) => line.startsWith(prefix)))
  const bundle = lines.filter((line) => line.startsWith('a=group:BUNDLE'))
  return ['a=ice-lite', ...bundle, section[0] ?? '', ...kept, 'a=end-of-candidates', ''].join('\r\n')
}

/** The ICE user name fragment of an SDP. */
export function ufragOf(sdp: string): string | undefined {
  return /^a=ice-ufrag:(\S+)/m.exec(sdp)?.[1]
}

/** The same offer with new ICE credentials and without candidates, to apply an ICE restart. */
export function withIceCredentials(sdp: string, { ufrag, password }: IceFragment): string {
  return sdp
    .replace(/^a=ice-ufrag:\S+/gm, `a=ice-ufrag:${ufrag}`)
    .replace(/^a=ice-pwd:\S+/gm, `a=ice-pwd:${password}`)
    .replace(/^a=(candidate:.*|end-of-candidates)\r?\n/gm, '')
}

/** Payload types of a video section that are H.264 with packetization mode 1, constrained baseline ones first. */
function h264PayloadTypes(section: string): string[] {
  const formats = [...section.matchAll(/^a=fmtp:(\d+) (.*)$/gm)]
  const types = [...section.matchAll(/^a=rtpmap:(\d+) H264\/90000/gim)].map(([, type]) => type ?? '')
  const formatOf = (type: string): string => formats.find(([, other]) => other === type)?.[2] ?? ''
  const usable = types.filter((type) => /packetization-mode=1/.test(formatOf(type)))
  const isBaseline = (type: string): boolean => /profile-level-id=42[ce]0/i.test(formatOf(type))
  return [...usable.filter(isBaseline), ...usable.filter((type) => !isBaseline(type))]
}

/** The offer with no other video format than the one that fits our stream best. */
export function narrowToOurH264(offer: string): string {
  return offer
    .split(/^(?=m=)/m)
    .map((section) => {
      const best = section.startsWith('m=video') ? h264PayloadTypes(section)[0] : undefined
      if (best === undefined) return section
      return section
        .replace(/^(m=video \S+ \S+) .*?(\r?)$/m, `$1 ${best}$2`)
        .replace(/^a=(?:rtpmap|fmtp|rtcp-fb):(\d+) .*\r?\n/gm, (line: string, type: string) =>
          type === best ? line : '',
        )
    })
    .join('')
}

/** The parts of a description: the session first, then one for each m-line. */
const partsOf = (sdp: string): string[] => sdp.split(/^(?=m=)/m)

const isPortZero = (section: string): boolean => /^m=\S+ 0 /.test(section)

/**
 * The offer with a port for every m-line that comes with the bundle: `a=bundle-only` with port 0 is no refusal (RFC 8843, 6), and
 * is how WebRTC clients with the bundle policy max-bundle offer all m-lines but the first. werift takes it for one.
 */
export function withBundledPorts(offer: string): string {
  const parts = partsOf(offer)
  const bundled =
    /^a=group:BUNDLE (.*)$/m
      .exec(parts[0] ?? '')?.[1]
      ?.trim()
      .split(/\s+/) ?? []
  return parts
    .map((part) => {
      const mid = /^a=mid:(\S+)/m.exec(part)?.[1]
      const comesWithBundle = mid !== undefined && bundled.includes(mid) && /^a=bundle-only\r?$/m.test(part)
      if (!isPortZero(part) || !comesWithBundle) return part
      return part.replace(/^(m=\S+) 0 /, '$1 9 ').replace(/^a=bundle-only\r?\n/m, '')
    })
    .join('')
}

/** `a=ice-lite` says something of the whole agent and belongs to the session (RFC 8839, 5.3); werift repeats it for each m-line. */
export function withSessionIceLite(sdp: string): string {
  if (!/^a=ice-lite\r?$/m.test(sdp)) return sdp
  const [session = '', ...media] = partsOf(sdp.replace(/^a=ice-lite\r?\n/gm, ''))
  return [`${session}a=ice-lite\r\n`, ...media].join('')
}

/** Why an offer cannot be answered; undefined when it can. */
export function offerProblem(sdp: string): { status: 400 | 406; problem: string } | undefined {
  // An m-line with port 0 that does not come with the bundle is not wanted.
  const sections = partsOf(withBundledPorts(sdp))
    .slice(1)
    .filter((section) => !isPortZero(section))
  const video = sections.filter((section) => section.startsWith('m=video'))
  const audio = sections.filter((section) => section.startsWith('m=audio'))
  if (!sdp.startsWith('v=0') || sections.length === 0 || ufragOf(sdp) === undefined) {
    return { status: 400, problem: 'body: no SDP offer' }
  }
  if (video.length > 1 || audio.length > 1) {
    return { status: 400, problem: 'at most one audio and one video section' }
  }
  const media = [...video, ...audio]
  if (media.some((section) => /^a=(inactive|sendonly)\r?$/m.test(section))) {
    return { status: 400, problem: 'sections must be recvonly or sendrecv' }
  }
  if (media.some((section) => !/^a=rtcp-mux\r?$/m.test(section))) {
    return { status: 400, problem: 'rtcp-mux is required' }
  }
  if (video.length === 0 || !video.every((section) => h264PayloadTypes(section).length > 0)) {
    return { status: 406, problem: 'H.264 with packetization mode 1 is the only video codec here' }
  }
  return undefined
}
