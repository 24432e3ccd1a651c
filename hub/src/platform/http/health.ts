import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import Type, { type Static } from 'typebox'
import { Problem, sendProblem } from './problems.ts'

/** The engines the hub stands on. */
export const engines = ['database', 'redis', 'broker', 'history'] as const
export type Engine = (typeof engines)[number]

export const Site = Type.Object({
  id: Type.String(),
  name: Type.String(),
  timeZone: Type.String({ description: 'IANA name' }),
  version: Type.String(),
})
export type Site = Static<typeof Site>

/** What the hub sees of each engine now: true when it answers. Resolves within two seconds whatever the engines do. */
export type Upstream = () => Promise<Record<Engine, boolean>>

const Health = Type.Object({
  status: Type.Enum(['ok', 'starting', 'degraded'], {
    description: 'degraded: an engine does not answer; the hub goes on without it',
  }),
  version: Type.String(),
  uptimeS: Type.Integer(),
  upstream: Type.Record(Type.Enum(engines), Type.Enum(['up', 'down'])),
  gateways: Type.Object({ online: Type.Integer(), offline: Type.Integer() }),
})

export interface HealthParts {
  site: Site
  upstream: Upstream
  /** True once everything was started. */
  started: () => boolean
  gateways: () => { online: number; offline: number }
}

/** `/healthz`, `/readyz`, `/site`. Never refused for load, never limited. */
export const healthRoutes: FastifyPluginAsyncTypebox<HealthParts> = async (app, { site, upstream, started, gateways }) => {
  const tags = ['health']
  const config = { permission: 'public', rateLimit: false } as const
  app.get(
    '/healthz',
    {
      config,
      schema: {
        tags,
        summary: 'The process is alive, and what it sees upstream',
        description:
          'Always 200 while the process answers: restarting the hub does not mend a database. Use /readyz to route requests.',
        response: { 200: Health },
      },
    },
    async (_request, reply) => {
      reply.header('cache-control', 'no-store')
      const seen = await upstream()
      const status = !started() ? 'starting' : Object.values(seen).every(Boolean) ? 'ok' : 'degraded'
      return {
        status,
        version: site.version,
        uptimeS: Math.floor(process.uptime()),
        upstream: Object.fromEntries(engines.map((engine) => [engine, seen[engine] ? 'up' : 'down'])) as Record<
          Engine,
          'up' | 'down'
        >,
        gateways: gateways(),
      } as const
    },
  )
  app.get(
    '/readyz',
    {
      config,
      schema: {
        tags,
        summary: 'Ready to serve: everything is started and every engine answers',
        response: { 200: Type.Object({ status: Type.Literal('ready') }), 503: Problem },
      },
    },
    async (request, reply) => {
      const seen = await upstream()
      const missing = engines.filter((engine) => !seen[engine])
      reply.header('cache-control', 'no-store')
      if (started() && missing.length === 0) return { status: 'ready' as const }
      return sendProblem(reply.header('retry-after', '1'), {
        type: 'about:blank',
        title: 'Service Unavailable',
        status: 503,
        code: 'NOT_READY',
        detail: missing.length ? `Does not answer: ${missing.join(', ')}` : 'The hub is starting',
        instance: '/readyz',
        requestId: request.id,
        retry: 'later',
        errors: missing.map((engine) => ({ in: 'upstream', at: engine, says: 'does not answer' })),
      }) as never
    },
  )
  app.get(
    '/site',
    { config, schema: { tags, summary: 'Name, time zone and version of this house', response: { 200: Site } } },
    () => site,
  )
}
