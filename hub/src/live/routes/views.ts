import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import Type from 'typebox'
import { Problem } from '../../platform/http/problems.ts'
import { type FeedItem, Snapshot, viewNames } from '../views/contract.ts'
import { feedsCsv } from './feeds-csv.ts'
import type { LiveServices } from './services.ts'

/** What walls see, once, for scripts. Walls themselves use the socket. */
export const viewRoutes: FastifyPluginAsyncTypebox<{ live: () => LiveServices }> = async (app, { live }) => {
  const tags = ['views']
  app.get(
    '/views/:view',
    {
      config: { permission: 'live.view' },
      schema: {
        tags,
        summary: 'A snapshot of a view',
        description:
          'For scripts. A screen opens the view over Socket.IO (path /socket.io) and gets this snapshot, then numbered patches.',
        params: Type.Object({ view: Type.Enum(viewNames) }),
        querystring: Type.Object({
          unit: Type.Optional(Type.String({ maxLength: 256, description: 'Only beds of this point of care' })),
        }),
        response: { 200: Snapshot, 400: Problem, 503: Problem },
      },
    },
    async ({ params, query }, reply) => {
      // Patient data, and old as soon as it is sent.
      reply.header('cache-control', 'no-store')
      return live().snapshot(params.view, query.unit)
    },
  )
  app.get(
    '/feeds.csv',
    {
      config: { permission: 'live.view' },
      schema: { tags, summary: 'The feeds view as a table', produces: ['text/csv'], response: { 200: Type.String() } },
    },
    async (_request, reply) => {
      const items = Object.values(live().snapshot('feeds').items) as FeedItem[]
      return reply
        .header('content-type', 'text/csv; charset=utf-8; header=present')
        .header('content-disposition', 'attachment; filename="feeds.csv"')
        .header('cache-control', 'no-store')
        .send(feedsCsv(items))
    },
  )
}
