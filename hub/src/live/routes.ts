import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { deviceRoutes } from './routes/devices.ts'
import { letterRoutes } from './routes/letters.ts'
import { readingRoutes } from './routes/readings.ts'
import type { LiveServices } from './routes/services.ts'
import { viewRoutes } from './routes/views.ts'

/** Views, devices, gateways, history and dead letters over HTTP. `live` throws a refusal while the hub is starting. */
export const liveRoutes: FastifyPluginAsyncTypebox<{ live: () => LiveServices }> = async (app, parts) => {
  await app.register(viewRoutes, parts)
  await app.register(deviceRoutes, parts)
  await app.register(readingRoutes, parts)
  await app.register(letterRoutes, parts)
}
