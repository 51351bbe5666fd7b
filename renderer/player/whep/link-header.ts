interface LinkValue {
  target: string
  parameters: Map<string, string>
}

const unquote = (value: string): string =>
  value.startsWith('"') ? value.slice(1, -1).replace(/\\(.)/g, '$1') : value

/** Some servers with their credentials; a longer header is nothing that an Alta sends. */
const longestHeader = 8192
const targetAt = /<([^<>]*)>/y
const parameterAt = /\s*;\s*([\w!#$&+.^`|~*-]+)(?:\s*=\s*("(?:[^"\\]|\\.)*"|[^\s",;]+))?/y

/** Splits a `Link` header (RFC 8288, section 3); what is malformed is left out. */
function parseLinks(header: string): LinkValue[] {
  const text = header.slice(0, longestHeader)
  const links: LinkValue[] = []
  let at = text.indexOf('<')
  while (at >= 0) {
    targetAt.lastIndex = at
    const target = targetAt.exec(text)?.[1]
    const end = target === undefined ? at + 1 : targetAt.lastIndex
    const { parameters, next } = readParameters(text, end)
    if (target !== undefined) links.push({ target: target.trim(), parameters })
    at = text.indexOf('<', next)
  }
  return links
}

/** The parameters that stand at `from`, the first of each name, and where they end. */
function readParameters(text: string, from: number): { parameters: Map<string, string>; next: number } {
  const parameters = new Map<string, string>()
  let next = from
  for (;;) {
    parameterAt.lastIndex = next
    const found = parameterAt.exec(text)
    if (!found) return { parameters, next }
    const [, name = '', value = ''] = found
    if (!parameters.has(name.toLowerCase())) parameters.set(name.toLowerCase(), unquote(value))
    next = parameterAt.lastIndex
  }
}

/**
 * The STUN and TURN servers of a 201 (`rel="ice-server"`, RFC 9725, section 4.6). A TURN server without both credentials is left
 * out: RTCPeerConnection would refuse the whole configuration.
 */
export function iceServersOf(header: string | null): RTCIceServer[] {
  if (header === null) return []
  return parseLinks(header).flatMap(({ target, parameters }): RTCIceServer[] => {
    if (!(parameters.get('rel') ?? '').split(/\s+/).includes('ice-server')) return []
    if (/^stuns?:/i.test(target)) return [{ urls: target }]
    const username = parameters.get('username')
    const credential = parameters.get('credential')
    if (!/^turns?:/i.test(target) || username === undefined || credential === undefined) return []
    return [{ urls: target, username, credential }]
  })
}
