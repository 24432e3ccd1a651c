import { createHash } from 'node:crypto'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { Bundle } from '@medplum/fhirtypes'
import type { FastifyReply, FastifyRequest } from 'fastify'
import Type from 'typebox'
import type { Site } from '../platform/http/health.ts'
import { problemOf } from '../platform/http/problems.ts'
import { Refusal } from '../platform/http/refusals.ts'
import { capabilityOf } from './capability.ts'
import { deviceResource } from './device.ts'
import { locationResource } from './location.ts'
import { observationResource } from './observation-search.ts'
import { FhirError, outcomeOf, outcomeOfProblem } from './outcome.ts'
import { patientResource } from './patient.ts'
import type { FhirServices, Found, Served, ServedResource } from './resource.ts'
import { readSearch, type SearchRequest } from './search-request.ts'

/** Everything that the FHIR face serves. A line here is a resource: its routes, and its place in the CapabilityStatement. */
export const servedResources: readonly ServedResource[] = [patientResource, locationResource, deviceResource, observationResource]

export const FHIR_JSON = 'application/fhir+json; charset=utf-8'

const baseOf = (request: FastifyRequest) => `${request.protocol}://${request.host}/fhir`

function sendFhir(reply: FastifyReply, resource: object): FastifyReply {
  return reply.header('content-type', FHIR_JSON).send(Buffer.from(JSON.stringify(resource)))
}

/** Refuses a request that takes no JSON [STD FHIR R4 http, content types]. */
function checkFormat(request: FastifyRequest, query: URLSearchParams): void {
  const asked = query.get('_format') ?? request.headers.accept ?? '*/*'
  // A plus in a query that was not escaped arrives as a space.
  const accepts = asked.split(',').map((each) => each.split(';', 1)[0]!.trim().replace(' ', '+'))
  const json = ['*/*', 'application/*', 'json', 'application/json', 'application/fhir+json', 'text/json', '']
  if (!accepts.some((each) => json.includes(each)))
    throw new FhirError(406, 'not-supported', 'Only application/fhir+json is served here')
}

const prefersStrict = (request: FastifyRequest) => /\bhandling\s*=\s*strict\b/.test(String(request.headers.prefer ?? ''))

function bundleOf(found: Found, request: SearchRequest, base: string, resource: ServedResource): Bundle<Served> {
  const url = (parameters: [string, string][]) => {
    const query = new URLSearchParams(parameters).toString()
    return `${base}/${resource.type}${query && `?${query}`}`
  }
  const { next } = found
  return {
    resourceType: 'Bundle',
    type: 'searchset',
    ...(found.total !== undefined && { total: found.total }),
    link: [
      { relation: 'self', url: url(request.understood) },
      ...(next === undefined
        ? []
        : [{ relation: 'next', url: url([...request.understood.filter(([key]) => key !== '_page'), ['_page', next]]) }]),
    ],
    ...(found.resources.length > 0 && {
      entry: found.resources.map((each) => ({
        fullUrl: `${base}/${each.resourceType}/${each.id}`,
        resource: each,
        search: { mode: 'match' as const },
      })),
    }),
  }
}

/**
 * FHIR R4 [STD FHIR 4.0.1, RESTful API]: read, search by GET and by POST to `_search`, and the CapabilityStatement.
 * Errors are OperationOutcomes. `services` throws a refusal while the hub is starting.
 */
export const fhirRoutes: FastifyPluginAsyncTypebox<{ services: () => Omit<FhirServices, 'timeZone'>; site: Site }> = async (
  app,
  { services, site },
) => {
  const date = new Date()
  const fhir = (): FhirServices => ({ ...services(), timeZone: site.timeZone })
  app.addContentTypeParser(
    'application/x-www-form-urlencoded',
    { parseAs: 'string', bodyLimit: 65_536 },
    (_request, body, done) => done(null, body),
  )
  app.setErrorHandler((error, request, reply) => {
    if (error instanceof FhirError) return sendFhir(reply.code(error.status), outcomeOf(error))
    const problem = problemOf(error, request)
    if (problem.status >= 500 && !(error instanceof Refusal)) request.log.error({ err: error }, 'request failed')
    return sendFhir(reply.code(problem.status), outcomeOfProblem(problem))
  })
  const nobodys = (_request: FastifyRequest, reply: FastifyReply) =>
    sendFhir(reply.code(404), outcomeOf(new FhirError(404, 'not-supported', 'Not served here; see /fhir/metadata')))
  app.setNotFoundHandler(nobodys)
  // The console answers every other path by GET: it must not get these.
  for (const url of ['/', '/*']) app.get(url, { config: { permission: 'public' }, schema: { hide: true } }, nobodys)

  const tags = ['FHIR R4']
  app.get(
    '/metadata',
    { config: { permission: 'public' }, schema: { tags, summary: 'CapabilityStatement', produces: ['application/fhir+json'] } },
    (request, reply) => {
      checkFormat(request, new URL(request.url, 'http://hub').searchParams)
      return sendFhir(reply, capabilityOf(servedResources, { site, base: baseOf(request), date }))
    },
  )

  for (const resource of servedResources) {
    const config = { permission: 'records.view', heavy: true } as const
    const answer = async (request: FastifyRequest, reply: FastifyReply, query: URLSearchParams) => {
      checkFormat(request, query)
      const search = readSearch(query, resource.parameters, resource.sorts, prefersStrict(request))
      const found = await resource.search(fhir(), search)
      return sendFhir(reply.header('cache-control', 'no-store'), bundleOf(found, search, baseOf(request), resource))
    }
    const querystring = Type.Object({
      ...Object.fromEntries(
        Object.entries(resource.parameters).map(([name, { says }]) => [name, Type.Optional(Type.Unknown({ description: says }))]),
      ),
      _count: Type.Optional(Type.Unknown({ description: 'Resources in a page, 50 unless said, at most 1000' })),
      _sort: Type.Optional(Type.Unknown({ description: `${resource.sorts.join(', ')}; with - in front: descending` })),
      _summary: Type.Optional(Type.Unknown({ description: 'count' })),
    })
    app.get(
      `/${resource.type}`,
      {
        config,
        schema: {
          tags,
          summary: `Search ${resource.type}`,
          description: resource.says,
          produces: ['application/fhir+json'],
          querystring,
        },
      },
      (request, reply) => answer(request, reply, new URL(request.url, 'http://hub').searchParams),
    )
    app.post(`/${resource.type}/_search`, { config, schema: { hide: true } }, (request, reply) => {
      if (typeof request.body !== 'string')
        throw new FhirError(415, 'not-supported', 'A search by POST is application/x-www-form-urlencoded')
      const query = new URL(request.url, 'http://hub').searchParams
      for (const [name, value] of new URLSearchParams(request.body)) query.append(name, value)
      return answer(request, reply, query)
    })
    app.get(
      `/${resource.type}/:id`,
      {
        config: { permission: 'records.view' },
        schema: {
          tags,
          summary: `Read ${resource.type}`,
          produces: ['application/fhir+json'],
          params: Type.Object({ id: Type.String({ maxLength: 64 }) }),
        },
      },
      async (request, reply) => {
        checkFormat(request, new URL(request.url, 'http://hub').searchParams)
        const { id } = request.params as { id: string }
        const found = await resource.read(fhir(), id)
        if (!found) throw new FhirError(404, 'not-found', `There is no ${resource.type} with this id`)
        // The hash of the whole: what a device is on may change without its record's version changing.
        const etag = `W/"${found.meta?.versionId ?? ''}.${createHash('sha256').update(JSON.stringify(found)).digest('base64url').slice(0, 12)}"`
        reply.header('etag', etag).header('cache-control', 'private, no-cache')
        if (found.meta?.lastUpdated) reply.header('last-modified', new Date(found.meta.lastUpdated).toUTCString())
        if (request.headers['if-none-match']?.split(/\s*,\s*/).includes(etag)) return reply.code(304).send()
        return sendFhir(reply, found)
      },
    )
  }
}
