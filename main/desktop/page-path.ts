import { isDeskUrl } from './desk-origin.ts'

/** What a URL of our scheme asks for. */
export type PagePath =
  | { readonly kind: 'page' }
  | { readonly kind: 'file'; readonly segments: readonly string[] }
  | { readonly kind: 'refused'; readonly reason: string }

/** Characters that no file of the page has in its name and that mean something to one file system or another. */
const unsafeCharacters = /[\0\\:*?"<>|%]/

/**
 * Reads the path of a URL of our scheme. It looks at the text as it came, not at what URL parsing made of it: `..` in
 * any spelling is refused rather than resolved, and so are backslashes, drive letters, NUL, double encoding and empty
 * segments. A last segment without a dot is a route of the page.
 */
export function readPagePath(rawUrl: string): PagePath {
  if (!isDeskUrl(rawUrl)) return { kind: 'refused', reason: 'not our host' }
  const raw = /^[a-z-]+:\/\/[^/?#]*([^?#]*)/i.exec(rawUrl)?.[1] ?? ''
  let decoded: string
  try {
    decoded = decodeURIComponent(raw)
  } catch {
    return { kind: 'refused', reason: 'not valid percent-encoding' }
  }
  if (unsafeCharacters.test(decoded)) return { kind: 'refused', reason: 'unsafe character' }
  const segments = decoded.split('/').slice(1)
  if (segments.at(-1) === '') segments.pop()
  if (segments.some((segment) => segment === '' || segment.startsWith('.') || segment.endsWith('.'))) {
    return { kind: 'refused', reason: 'unsafe segment' }
  }
  // An encoded slash would make two segments of what the page wrote as one.
  if (/%2f/i.test(raw)) return { kind: 'refused', reason: 'encoded slash' }
  // Evidence comes from its own handler; a missing file must never answer with the page.
  if (segments[0] === 'files') return { kind: 'file', segments }
  return segments.at(-1)?.includes('.') ? { kind: 'file', segments } : { kind: 'page' }
}
