import type { ORPCError } from '@orpc/server'
import type { FastifyError, FastifyReply } from 'fastify'

/** What every refusal of the HTTP door looks like. */
export interface ErrorBody {
  readonly code: string
  readonly message: string
  readonly data?: unknown
}

/** Sends a refusal with the headers its status asks for. */
export function sendError(reply: FastifyReply, status: number, body: ErrorBody): FastifyReply {
  if (status === 401) void reply.header('www-authenticate', 'Bearer realm="alta-desk"')
  const { data } = body
  if (typeof data === 'object' && data !== null && 'retryAfterSeconds' in data) {
    void reply.header('retry-after', String(data.retryAfterSeconds))
  }
  return reply
    .code(status)
    .header('content-type', 'application/json; charset=utf-8')
    .send(JSON.stringify(body))
}

/** The body of an error that a procedure answered with; oRPC's own body has more fields, which are nobody's business. */
export function bodyOf(error: ORPCError<string, unknown>): ErrorBody {
  const { code, message, data } = error
  return data === undefined ? { code, message } : { code, message, data }
}

/** Code of the error for a body in which brackets stand deeper than any input of ours. */
export const nestedTooDeep = 'BODY_NESTED_TOO_DEEP'

const fastifyMessages: Readonly<Record<string, ErrorBody>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: {
    code: 'PAYLOAD_TOO_LARGE',
    message: 'The body of the request is larger than 1 MB.',
  },
  FST_ERR_CTP_INVALID_MEDIA_TYPE: {
    code: 'UNSUPPORTED_MEDIA_TYPE',
    message: 'Send the body as JSON, with the header Content-Type: application/json.',
  },
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: {
    code: 'BAD_REQUEST',
    message: 'The body is not as long as the header Content-Length says.',
  },
  FST_ERR_CTP_INVALID_JSON_BODY: { code: 'BAD_REQUEST', message: 'The body is not JSON.' },
  [nestedTooDeep]: { code: 'BAD_REQUEST', message: 'The body is nested too deep.' },
  FST_ERR_BAD_URL: { code: 'BAD_REQUEST', message: 'The address of the request is not well-formed.' },
  FST_ERR_MAX_LENGTH: { code: 'BAD_REQUEST', message: 'A part of the address is too long.' },
}

/** What a caller is told about an error that Fastify found; null for one that is not the caller's. */
export function fastifyRefusal(error: FastifyError): { status: number; body: ErrorBody } | null {
  const status = error.statusCode ?? 500
  if (status < 400 || status >= 500) return null
  const body = fastifyMessages[error.code] ?? {
    code: 'BAD_REQUEST',
    message: 'The request is not understood.',
  }
  return { status, body }
}
