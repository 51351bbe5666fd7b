import { createHash } from 'node:crypto'

/** The parts that Alta hashes into a securetoken; times in Unix seconds. */
export interface SecuretokenParts {
  /** With leading slash and `/index.m3u8`. */
  path: string
  ip: string
  start: number
  end: number
  secret: string
  salt: string
}

/** Alta's securetoken: the hash takes start before end, the token carries end before start. */
export function makeSecuretoken({ path, ip, start, end, secret, salt }: SecuretokenParts): string {
  const hash = createHash('sha1').update(`${path}${ip}${start}${end}${secret}${salt}`).digest('hex')
  return `${hash}-${salt}-${end}-${start}`
}

/** What Alta makes of a token: `skip` when it does not even look like a securetoken. */
export function checkSecuretoken(
  token: string,
  viewer: { path: string; ip: string; secret: string; nowSeconds: number },
): 'allow' | 'deny' | 'skip' {
  const match = /^[0-9a-f]{40}-([^-]+)-(\d{1,12})-(\d{1,12})$/.exec(token)
  if (!match) return 'skip'
  const [, salt = '', end = '', start = ''] = match
  const expected = makeSecuretoken({
    path: viewer.path,
    ip: viewer.ip,
    secret: viewer.secret,
    salt,
    start: Number(start),
    end: Number(end),
  })
  const inTime = Number(start) <= viewer.nowSeconds && viewer.nowSeconds <= Number(end)
  return expected === token && inTime ? 'allow' : 'deny'
}
