import { webOrigin } from '../../../shared/domain/web-origins.ts'
import { pageContentPolicy } from './security-headers.ts'
import type { SecurityOptions } from './security-headers.ts'

const placeholder = '<meta name="stream-origins" content="*"'

/** The document of the page with its Content-Security-Policy. */
export interface PageDocument {
  readonly html: string
  readonly policy: string
}

/**
 * Prepares the built index.html for one answer. A page cannot read its own policy, so the document repeats the
 * stream origins that it allows: the page compares them with what the desk says later. In development any is allowed.
 * What is not an origin is left out, as in the policy; an origin has nothing to escape.
 */
export function pageDocument(
  html: string,
  streamOrigins: readonly string[],
  security: SecurityOptions,
): PageDocument {
  const origins = streamOrigins.filter((origin) => webOrigin(origin) === origin)
  const allowed = security.production ? origins.join(' ') : '*'
  return {
    html: html.replace(placeholder, () => placeholder.replace('*', () => allowed)),
    policy: pageContentPolicy(streamOrigins, security),
  }
}
