import type { FastifyRequest } from 'fastify'

/**
 * The route that answers a request, as it was written down (`/api/users/:id`); empty where there is none. One path can be
 * spelled in many ways (`/%61pi/`, `http://host/api/`), so what a request may cost or do must hang on this, not on its URL.
 */
export function routeOf(request: FastifyRequest): string {
  return request.routeOptions.url ?? ''
}
