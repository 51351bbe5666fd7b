import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from '@prometheus-io/client'

/**
 * What a metric may be split by: words of which there are few. Anybody can read `/metrics`, so nothing here names a
 * person, a camera, a server or an address.
 */
export type MetricLabel = 'door' | 'method' | 'route' | 'status' | 'outcome' | 'kind' | 'part'

interface MetricOptions<Label extends MetricLabel> {
  /** Without the prefix `alta_desk_`; with its unit, and `_total` for a counter. */
  readonly name: string
  readonly help: string
  readonly labels?: readonly Label[]
}

/** From 1 ms to 10 s: an answer out of memory, and a hung Alta server. */
const secondsBuckets = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

/** The measurements of one desk, in a registry of its own so that several desks can live in one process. */
export class Metrics {
  readonly #registry = new Registry()

  /** Adds the measurements of the process itself: memory, event loop, garbage collection. */
  collectProcess(): void {
    collectDefaultMetrics({ register: this.#registry })
  }

  counter<Label extends MetricLabel = never>(options: MetricOptions<Label>): Counter<Label> {
    return new Counter<Label>(this.#configuration(options))
  }

  gauge<Label extends MetricLabel = never>(options: MetricOptions<Label>): Gauge<Label> {
    return new Gauge<Label>(this.#configuration(options))
  }

  /** A histogram of durations in seconds. */
  seconds<Label extends MetricLabel = never>(options: MetricOptions<Label>): Histogram<Label> {
    return new Histogram<Label>({ ...this.#configuration(options), buckets: secondsBuckets })
  }

  /** The body of `/metrics`, in Prometheus' text format, with its content type. */
  async text(): Promise<{ readonly contentType: string; readonly body: string }> {
    return { contentType: this.#registry.contentType, body: await this.#registry.metrics() }
  }

  #configuration<Label extends MetricLabel>({ name, help, labels }: MetricOptions<Label>) {
    return { name: `alta_desk_${name}`, help, labelNames: [...(labels ?? [])], registers: [this.#registry] }
  }
}
