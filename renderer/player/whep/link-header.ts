interface LinkValue {
  target: string
  parameters: Map<string, string>
}

const unquote = (value: string): string =>
  value.startsWith('"') ? value.slice(1, -1).replace(/\\(.)/g, '$1') : value

/** Splits a `Link` header (RFC 8288, section 3); what is malformed is left out. */
function parseLinks(header: string): LinkValue[] {
  const links: LinkValue[] = []
  const link = /<([^>]*)>((?:\s*;\s*[\w!#$&+.^`|~*-]+(?:\s*=\s*(?:"(?:[^"\\]|\\.)*"|[^\s",;]+))?)*)/g
  for (const [, target = '', rest = ''] of header.matchAll(link)) {
    const parameters = new Map<string, string>()
    const parameter = /;\s*([\w!#$&+.^`|~*-]+)(?:\s*=\s*("(?:[^"\\]|\\.)*"|[^\s",;]+))?/g
    for (const [, name = '', value = ''] of rest.matchAll(parameter)) {
      if (!parameters.has(name.toLowerCase())) parameters.set(name.toLowerCase(), unquote(value))
    }
    links.push({ target: target.trim(), parameters })
  }
  return links
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
