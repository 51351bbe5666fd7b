import type { FastifyInstance } from 'fastify'
import type { Metrics } from '../../platform/metrics.ts'
import type { DegradedPart } from '../../platform/service-health.ts'

export interface Probes {
  /** Whether requests can be served now. */
  readonly ready: () => boolean
  /** Parts that do not work as they should. */
  readonly degraded: () => readonly DegradedPart[]
  readonly metrics: Metrics
}

/**
 * `/healthz`: the process lives. `/readyz`: requests can be served, with the parts that are degraded, by the name of
 * the part only: anybody may ask, so no reason that names a server stands here. `/metrics`: Prometheus text.
 */
export function serveProbes(app: FastifyInstance, { ready, degraded, metrics }: Probes): void {
  app.get('/healthz', (_request, reply) => reply.header('cache-control', 'no-store').send({ status: 'ok' }))
  app.get('/readyz', (_request, reply) => {
    const serves = ready()
    const parts = degraded().map(({ part }) => part)
    return reply
      .code(serves ? 200 : 503)
      .header('cache-control', 'no-store')
      .send({ status: serves ? 'ready' : 'not ready', degraded: parts })
  })
  app.get('/metrics', async (_request, reply) => {
    const { contentType, body } = await metrics.text()
    return reply.header('content-type', contentType).header('cache-control', 'no-store').send(body)
  })
}
