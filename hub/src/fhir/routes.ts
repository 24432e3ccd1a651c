import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { LiveServices } from '../live/routes/services.ts'
import type { Site } from '../platform/http/health.ts'

export type FhirServices = Pick<LiveServices, 'database' | 'timeline'>

export const fhirRoutes: FastifyPluginAsyncTypebox<{ services: () => FhirServices; site: Site }> = async () => {}
