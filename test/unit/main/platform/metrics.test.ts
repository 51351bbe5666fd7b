import { expect, test } from 'vitest'
import { Metrics } from '../../../../main/platform/metrics.ts'

test('two desks in one process count apart', async () => {
  const [one, other] = [new Metrics(), new Metrics()]
  one.counter({ name: 'sign_ins_total', help: 'Sign-ins.', labels: ['outcome'] }).inc({ outcome: 'done' })
  other.counter({ name: 'sign_ins_total', help: 'Sign-ins.', labels: ['outcome'] })
  expect((await one.text()).body).toContain('alta_desk_sign_ins_total{outcome="done"} 1')
  expect((await other.text()).body).not.toContain('outcome="done"')
})

test('the text is what Prometheus reads, process included', async () => {
  const metrics = new Metrics()
  metrics.collectProcess()
  metrics.seconds({ name: 'request_seconds', help: 'Requests.' }).observe(0.02)
  metrics.gauge({ name: 'streams', help: 'Open streams.' }).set(2)
  const { contentType, body } = await metrics.text()
  expect(contentType).toContain('text/plain')
  expect(body).toContain('alta_desk_request_seconds_bucket{le="0.025"} 1')
  expect(body).toContain('alta_desk_streams 2')
  expect(body).toContain('process_resident_memory_bytes')
})

test('nothing can be split by a name', () => {
  // @ts-expect-error Anybody can read /metrics.
  new Metrics().counter({ name: 'views_total', help: 'Views.', labels: ['camera'] })
})
