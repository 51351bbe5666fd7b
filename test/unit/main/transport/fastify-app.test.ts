import { expect, onTestFinished, test } from 'vitest'
import { openLogger, parseLogFilter } from '../../../../main/platform/logging.ts'
import { makeApp } from '../../../../main/transport/http/fastify-app.ts'

const [second, minute, day] = [1_000, 60_000, 86_400_000]

// Would catch: a desk that does not start with a read timeout of 10 minutes, which the configuration allows (Node takes no
// headersTimeout above its requestTimeout, and that is 5 minutes until Fastify sets it).
test.each([
  ['the longest', { readTimeoutMs: day, writeTimeoutMs: day, idleTimeoutMs: day }],
  ['a long read timeout', { readTimeoutMs: 10 * minute, writeTimeoutMs: 30 * second, idleTimeoutMs: minute }],
  ['a long idle timeout', { readTimeoutMs: 15 * second, writeTimeoutMs: 30 * second, idleTimeoutMs: day }],
  ['a short idle timeout', { readTimeoutMs: 15 * second, writeTimeoutMs: 30 * second, idleTimeoutMs: 1 }],
])('the listener answers with %s', async (_name, times) => {
  const log = openLogger({ format: 'json', filter: parseLogFilter('error'), write: () => undefined })
  const app = makeApp({ ...times, headers: {}, trustedProxies: [], log: log.for('transport') })
  onTestFinished(() => app.close())
  app.get('/here', () => ({ here: true }))
  const origin = await app.listen({ host: '127.0.0.1', port: 0 })
  expect(await (await fetch(`${origin}/here`)).json()).toEqual({ here: true })
  expect(app.server.requestTimeout).toBe(times.readTimeoutMs)
  expect(app.server.headersTimeout).toBe(times.readTimeoutMs)
})

test('the shortest read timeout still opens the listener', async () => {
  const log = openLogger({ format: 'json', filter: parseLogFilter('error'), write: () => undefined })
  const times = { readTimeoutMs: 1, writeTimeoutMs: 1, idleTimeoutMs: 1 }
  const app = makeApp({ ...times, headers: {}, trustedProxies: [], log: log.for('transport') })
  onTestFinished(() => app.close())
  expect(await app.listen({ host: '127.0.0.1', port: 0 })).toContain('127.0.0.1')
})
