/** The scheme under which a desktop window finds its page, and later its files; no listener is needed for it. */
export const deskScheme = 'alta-desk'
const deskHost = 'desk'
/** The origin of our own page. */
export const deskOrigin = `${deskScheme}://${deskHost}`

/**
 * Whether a URL or an origin is ours: scheme and host as stated, no port and no credentials. Chromium writes an origin
 * with and without a trailing slash, so both count.
 */
export function isDeskUrl(value: string): boolean {
  const url = URL.parse(value)
  return (
    url !== null &&
    url.protocol === `${deskScheme}:` &&
    url.host === deskHost &&
    url.username === '' &&
    url.password === ''
  )
}
