import helmet from '@fastify/helmet'
import rateLimit from '@fastify/rate-limit'
import swagger from '@fastify/swagger'
import { type TypeBoxTypeProvider, TypeBoxValidatorCompiler } from '@fastify/type-provider-typebox'
import underPressure from '@fastify/under-pressure'
import Fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from 'fastify'
import { fhirRoutes } from '../../fhir/routes.ts'
import type { LiveServices } from '../../live/routes/services.ts'
import { liveRoutes } from '../../live/routes.ts'
import { consoleFolder, consolePlugin } from './console.ts'
import { docsPlugin } from './docs.ts'
import { type HealthParts, healthRoutes } from './health.ts'
import { createMetrics, type Metrics, metricsPlugin } from './metrics.ts'
import { publish } from './openapi.ts'
import { originPlugin } from './origin.ts'
import { permissionsPlugin } from './permissions.ts'
import { problemsPlugin } from './problems.ts'
import { refusalsOf } from './refusals.ts'

export const refusals = refusalsOf('hub', {
  STARTING: { status: 503, says: 'The hub is starting', retry: 'later' },
  BUSY: { status: 503, says: 'The hub has more urgent work', retry: 'later' },
})

export interface AppParts {
  health: HealthParts
  /** Throws `refusals.STARTING()` until everything is there. */
  services: () => LiveServices
  metrics?: Metrics
  log?: FastifyBaseLogger
  consoleFolder?: string
  limits?: {
    /** [DEF] Requests a minute from one address; health, metrics and the console's files do not count. */
    requestsPerMinute?: number
    /** [DEF] Above this lag of the event loop heavy queries are refused with 503. 0: never. */
    eventLoopLagMs?: number
    /** Largest request body in bytes. */
    bodyBytes?: number
  }
}

/** What a page of ours may load: nothing from elsewhere. WebAssembly and blob workers for the map and the charts; inline styles are what React and the map set. */
const contentSecurityPolicy = {
  useDefaults: false,
  directives: {
    defaultSrc: ["'self'"],
    scriptSrc: ["'self'", "'wasm-unsafe-eval'"],
    workerSrc: ["'self'", 'blob:'],
    styleSrc: ["'self'", "'unsafe-inline'"],
    imgSrc: ["'self'", 'data:', 'blob:'],
    fontSrc: ["'self'", 'data:'],
    connectSrc: ["'self'"],
    objectSrc: ["'none'"],
    baseUri: ["'self'"],
    formAction: ["'self'"],
    frameAncestors: ["'none'"],
  },
}

/**
 * The hub's HTTP door, apart from listening: tests inject requests.
 *
 * Every route names its permission, every error is a problem (RFC 9457; OperationOutcome under /fhir), and the schemas of the routes
 * are the check, the types and `/openapi.json` at once.
 */
export async function buildApp(parts: AppParts): Promise<FastifyInstance> {
  const { requestsPerMinute = 6000, eventLoopLagMs = 1000, bodyBytes = 1_048_576 } = parts.limits ?? {}
  const app = Fastify({
    ...(parts.log ? { loggerInstance: parts.log } : { logger: false }),
    bodyLimit: bodyBytes,
    // A client that opens a request and never ends it holds a socket only this long.
    requestTimeout: 30_000,
    connectionTimeout: 0,
    keepAliveTimeout: 10_000,
    forceCloseConnections: true,
    requestIdHeader: false,
    // Our own line for each answer leaves the query out.
    logController: new LogController({ disableRequestLogging: true }),
    routerOptions: { maxParamLength: 512 },
  }).withTypeProvider<TypeBoxTypeProvider>()
  app.setValidatorCompiler(TypeBoxValidatorCompiler)

  app.addHook('onRequest', async (request, reply) => {
    reply.header('x-request-id', request.id)
  })
  app.addHook('onResponse', async (request, reply) => {
    // Without query and body, which may name a patient.
    const line = {
      method: request.method,
      path: request.url.split('?', 1)[0],
      status: reply.statusCode,
      ms: Math.round(reply.elapsedTime),
    }
    // 503 is an answer, not a fault: it says try later.
    request.log[reply.statusCode >= 500 && reply.statusCode !== 503 ? 'warn' : 'debug'](line, 'answered')
  })

  await app.register(permissionsPlugin)
  await app.register(problemsPlugin)
  await app.register(originPlugin)
  await app.register(helmet, {
    global: true,
    contentSecurityPolicy,
    strictTransportSecurity: false,
    crossOriginEmbedderPolicy: false,
  })
  await app.register(rateLimit, {
    global: true,
    max: requestsPerMinute,
    timeWindow: 60_000,
    hook: 'onRequest',
    enableDraftSpec: true,
  })
  if (eventLoopLagMs > 0) {
    await app.register(underPressure, {
      maxEventLoopDelay: eventLoopLagMs,
      sampleInterval: 500,
      pressureHandler: async (request, reply) => {
        if (!request.routeOptions.config.heavy) return
        reply.header('retry-after', '5')
        throw refusals.BUSY()
      },
    })
  }
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Wardline hub',
        version: parts.health.site.version,
        description:
          'Live state, history, devices and dead letters of a hospital. Instants are ms since 1970-01-01T00:00:00Z. ' +
          'Screens use Socket.IO (path /socket.io); its messages are under components.schemas. FHIR R4 is under /fhir and describes itself in /fhir/metadata.',
      },
    },
  })
  const { metrics = createMetrics() } = parts
  await app.register(metricsPlugin, { metrics })
  await app.register(healthRoutes, parts.health)
  await app.register(liveRoutes, { live: parts.services })
  await app.register(fhirRoutes, { prefix: '/fhir', services: parts.services, site: parts.health.site })
  let document = ''
  app.get('/openapi.json', { config: { permission: 'public' }, schema: { hide: true } }, (_request, reply) => {
    document ||= JSON.stringify(openApiOf(app))
    return reply.header('content-type', 'application/json; charset=utf-8').send(document)
  })
  await app.register(docsPlugin)
  await app.register(consolePlugin, { folder: parts.consoleFolder ?? consoleFolder })
  return app
}

/** The OpenAPI 3.1 document of an app that is ready. */
export const openApiOf = (app: FastifyInstance): object => publish(app.swagger())
