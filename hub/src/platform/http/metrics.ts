import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import { collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'

/** A figure read when somebody scrapes. Names end in their unit; counters in `_total` [STD Prometheus naming]. */
export interface Figure {
  name: string
  help: string
  /** One value, or one for each set of labels. */
  read: () => number | readonly { labels: Record<string, string>; value: number }[]
  labels?: readonly string[]
}

export interface Metrics {
  registry: Registry
  add(figures: readonly Figure[]): void
}

/** A registry of its own, so that two hubs in one process (tests) do not share figures. `runtime`: also Node's own (memory, event loop, GC). */
export function createMetrics({ runtime = false } = {}): Metrics {
  const registry = new Registry()
  if (runtime) collectDefaultMetrics({ register: registry })
  return {
    registry,
    add(figures) {
      for (const { name, help, read, labels = [] } of figures)
        new Gauge({
          name,
          help,
          labelNames: [...labels],
          registers: [registry],
          collect() {
            this.reset()
            const seen = read()
            if (typeof seen === 'number') this.set(seen)
            else for (const { labels, value } of seen) this.set(labels, value)
          },
        })
    },
  }
}

/** Counts and times every answer by its route (never by its path: that may hold an identifier), and serves `/metrics`. */
export const metricsPlugin = fp(
  async (app: FastifyInstance, { metrics }: { metrics: Metrics }) => {
    const seconds = new Histogram({
      name: 'wardline_http_request_duration_seconds',
      help: 'Time from request to answer',
      labelNames: ['method', 'route', 'status'],
      buckets: [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5],
      registers: [metrics.registry],
    })
    app.addHook('onResponse', async (request, reply) => {
      seconds.observe(
        { method: request.method, route: request.routeOptions.url ?? 'none', status: String(reply.statusCode) },
        reply.elapsedTime / 1000,
      )
    })
    app.get(
      '/metrics',
      {
        config: { permission: 'operations.view', rateLimit: false },
        schema: {
          tags: ['health'],
          summary: 'Figures for Prometheus',
          produces: ['text/plain'],
          response: { 200: { type: 'string' } },
        },
      },
      async (_request, reply) =>
        reply.header('content-type', metrics.registry.contentType).send(await metrics.registry.metrics()),
    )
  },
  { name: 'metrics' },
)
