import { webOrigin } from '../../../shared/domain/web-origins.ts'

/** How strict a browser is told to be. */
export interface SecurityOptions {
  readonly production: boolean
  /** True where a proxy in front speaks TLS; the browser is then told to use nothing else. */
  readonly tlsEnabled: boolean
}

/** Headers of every answer. */
export function securityHeaders({ tlsEnabled }: SecurityOptions): Record<string, string> {
  return {
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    'x-xss-protection': '1; mode=block',
    'referrer-policy': 'strict-origin-when-cross-origin',
    // A page elsewhere gets no handle of our window and cannot load what we answer into its own.
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'permissions-policy': 'camera=(self), microphone=(self), geolocation=(), screen-wake-lock=(self)',
    ...(tlsEnabled ? { 'strict-transport-security': 'max-age=31536000; includeSubDomains' } : {}),
  }
}

/** For answers that are no document: they may load nothing at all. */
export const closedContentPolicy = "default-src 'none'; frame-ancestors 'none'"

/** For scripts: a worker that is started from one obeys its headers, not the page's, and may ask the desk. */
export const scriptContentPolicy = "default-src 'none'; connect-src 'self'; frame-ancestors 'none'"

/**
 * What the page may load (Content-Security-Policy, level 3): itself, and pictures from the Alta servers in
 * `streamingOrigins`; what is not an origin there is left out, since it could add directives of its own. hls.js feeds its video, and starts its worker, from blob: addresses. Vue sets style attributes.
 */
export function pageContentPolicy(
  streamingOrigins: readonly string[],
  { production }: SecurityOptions,
): string {
  const streams = streamingOrigins.filter((origin) => webOrigin(origin) === origin).join(' ')
  // In development pages come from a dev server that reloads them over a web socket, and Alta may be anywhere.
  const anywhere = production ? '' : 'http: https: ws: wss:'
  const scripts = production ? "'self'" : "'self' 'unsafe-inline'"
  return [
    "default-src 'self'",
    `script-src ${scripts}`,
    production ? "style-src 'self'" : "style-src 'self' 'unsafe-inline'",
    "style-src-attr 'unsafe-inline'",
    "img-src 'self' data: blob:",
    "font-src 'self'",
    `connect-src 'self' ${streams} ${anywhere}`,
    `media-src 'self' blob: ${streams} ${anywhere}`,
    "worker-src 'self' blob:",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ]
    .map((directive) => directive.trim().replace(/ {2,}/g, ' '))
    .join('; ')
}
