import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { RequestContext } from '../../rpc/request-context.ts'
import { sendError } from './error-body.ts'
import { AppError } from '../../rpc/app-error.ts'

/** Single sign-on as these routes use it. */
export interface SsoDoor {
  /** Whether there is a provider. */
  readonly isOn: boolean
  begin(invite: string | null, again: boolean): Promise<{ url: string; flow: string }>
  finish(context: RequestContext, query: string, flow: string | null): Promise<unknown>
}

export interface OidcRoutesOptions {
  readonly sso: SsoDoor
  readonly tlsEnabled: boolean
  readonly makeContext: (
    request: FastifyRequest,
    reply: FastifyReply,
  ) => RequestContext | Promise<RequestContext>
}

const startPath = '/api/auth/oidc/start'
const callbackPath = '/auth/oidc/callback'
const cookieSeconds = 600

/**
 * Leaving for the single sign-on provider, and coming back. What is remembered meanwhile lies in a sealed cookie, which
 * must be Lax: coming back is a navigation that another site began. Whatever goes wrong leads to the sign-in page, with
 * its code in `?sso=`.
 */
export function serveSingleSignOn(app: FastifyInstance, options: OidcRoutesOptions): void {
  const { sso } = options
  app.get(startPath, async (request, reply) => {
    if (!sso.isOn) {
      return sendError(reply, 409, { code: 'SSO_OFF', message: 'Single sign-on is not set up here.' })
    }
    const { invite, again } = request.query as { invite?: unknown; again?: unknown }
    try {
      const { url, flow } = await sso.begin(
        typeof invite === 'string' ? invite.slice(0, 100) : null,
        again === '1',
      )
      return await reply.header('set-cookie', cookie(flow, cookieSeconds, options)).redirect(url, 302)
    } catch (error) {
      return leadBack(reply, error)
    }
  })
  app.get(callbackPath, async (request, reply) => {
    const context = await options.makeContext(request, reply)
    void reply.header('cache-control', 'no-store').header('set-cookie', cookie('', 0, options))
    try {
      await sso.finish(context, queryOf(request.url), readCookie(request.headers.cookie, options))
      return await reply.redirect('/', 303)
    } catch (error) {
      return leadBack(reply, error)
    }
  })
}

/** A refusal that is foreseen; any other is a bug, which Fastify's error handler logs and answers. */
function leadBack(reply: FastifyReply, error: unknown): FastifyReply {
  if (!(error instanceof AppError)) throw error
  return reply.redirect(`/?sso=${error.code}`, 303)
}

function queryOf(url: string): string {
  const at = url.indexOf('?')
  return at === -1 ? '' : url.slice(at)
}

/** Sealed values are of letters, digits, `_`, `-` and `:`, which a cookie can hold. */
function readCookie(header: string | undefined, options: OidcRoutesOptions): string | null {
  for (const pair of header?.split(';') ?? []) {
    const [name, value] = pair.trim().split('=')
    if (name === cookieName(options) && value) return value
  }
  return null
}

/** With TLS no page over plain http can plant one of this name (RFC 6265bis, section 4.1.3.1). */
function cookieName({ tlsEnabled }: OidcRoutesOptions): string {
  return tlsEnabled ? '__Secure-alta_desk_sso' : 'alta_desk_sso'
}

function cookie(value: string, maxAgeSeconds: number, options: OidcRoutesOptions): string {
  const { tlsEnabled } = options
  const parts = [
    `${cookieName(options)}=${value}`,
    `Max-Age=${maxAgeSeconds}`,
    `Path=${callbackPath}`,
    'HttpOnly',
  ]
  return [...parts, 'SameSite=Lax', ...(tlsEnabled ? ['Secure'] : [])].join('; ')
}
