/** The ICE part of a session description. */
export interface IceDescription {
  readonly usernameFragment: string
  readonly password: string
  /** Attribute values, without `a=`. */
  readonly candidates: readonly string[]
}

const lines = (sdp: string): string[] => sdp.split(/\r?\n/).filter((line) => line !== '')

/** The sections of a description: the session part first, then one for each m-line. */
function sections(sdp: string): string[][] {
  const all: string[][] = [[]]
  for (const line of lines(sdp)) {
    if (line.startsWith('m=')) all.push([])
    all.at(-1)?.push(line)
  }
  return all
}

const attribute = (section: readonly string[], name: string): string | undefined =>
  section.find((line) => line.startsWith(`a=${name}:`))?.slice(name.length + 3)

/**
 * The body of a trickle PATCH (`application/trickle-ice-sdpfrag`, RFC 8840): credentials and candidates of the m-line that carries
 * the bundle. Null when the description has no ICE credentials.
 */
export function sdpFragment(
  localSdp: string,
  candidates: readonly string[],
  complete: boolean,
): string | null {
  const [session = [], ...media] = sections(localSdp)
  const bundle = attribute(session, 'group')
  const tag = bundle?.split(' ')[1]
  const carrier = media.find((section) => attribute(section, 'mid') === tag) ?? media[0]
  if (!carrier) return null
  const ufrag = attribute(carrier, 'ice-ufrag') ?? attribute(session, 'ice-ufrag')
  const password = attribute(carrier, 'ice-pwd') ?? attribute(session, 'ice-pwd')
  if (ufrag === undefined || password === undefined) return null
  const body = [
    ...(bundle === undefined ? [] : [`a=group:${bundle}`]),
    carrier[0],
    `a=mid:${attribute(carrier, 'mid') ?? '0'}`,
    `a=ice-ufrag:${ufrag}`,
    `a=ice-pwd:${password}`,
    ...candidates.map((candidate) => `a=${candidate}`),
    ...(complete ? ['a=end-of-candidates'] : []),
  ]
  return `${body.join('\r\n')}\r\n`
}

/** What the server sent back to an ICE restart; null when it holds no credentials. */
export function parseFragment(fragment: string): IceDescription | null {
  const all = lines(fragment)
  const usernameFragment = attribute(all, 'ice-ufrag')
  const password = attribute(all, 'ice-pwd')
  if (usernameFragment === undefined || password === undefined) return null
  const candidates = all.filter((line) => line.startsWith('a=candidate:')).map((line) => line.slice(2))
  return { usernameFragment, password, candidates: [...new Set(candidates)] }
}

/** The server's earlier answer with the credentials and candidates of its ICE restart. */
export function withIce(answerSdp: string, ice: IceDescription): string {
  const [session = [], ...media] = sections(answerSdp)
  const ofIce = /^a=(ice-ufrag|ice-pwd|candidate|end-of-candidates)\b/
  const credentials = [`a=ice-ufrag:${ice.usernameFragment}`, `a=ice-pwd:${ice.password}`]
  const renewed = media.map((section, index) => [
    ...section.filter((line) => !ofIce.test(line)),
    ...credentials,
    ...(index === 0 ? [...ice.candidates.map((candidate) => `a=${candidate}`), 'a=end-of-candidates'] : []),
  ])
  return `${[session.filter((line) => !ofIce.test(line)), ...renewed].flat().join('\r\n')}\r\n`
}

/** Whether an answer accepts video: an m-line with port 0 is a refusal (RFC 3264). */
export function acceptsVideo(answerSdp: string): boolean {
  return lines(answerSdp).some((line) => /^m=video [1-9]/.test(line))
}
