/** What this document's own security policy allows to stream from; null where it allows everything (development). */
const allowed = typeof document === 'undefined' ? null : readAllowed()

/** The origins that this document was served with, which the desk repeats in it. */
function readAllowed(): ReadonlySet<string> | null {
  const content = document.querySelector<HTMLMetaElement>('meta[name="stream-origins"]')?.content ?? '*'
  return content === '*' ? null : new Set(content.split(' '))
}

/** Whether a server streams from an origin that this page cannot load from until it is loaded again. */
export function isOutdated(
  streamOrigins: readonly string[],
  known: ReadonlySet<string> | null = allowed,
): boolean {
  return known !== null && streamOrigins.some((origin) => !known.has(origin))
}
