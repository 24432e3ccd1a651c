import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import Type from 'typebox'
import { Problem } from '../../platform/http/problems.ts'
import { InstantInput } from './instants.ts'
import { readRange } from './range.ts'
import { refusals } from './refusals.ts'
import type { LiveServices } from './services.ts'

const Instant = Type.Integer({ minimum: 0 })
const letterStates = ['waiting', 'redriven', 'resolved', 'discarded'] as const
const summary = {
  id: Type.String(),
  gateway: Type.String(),
  door: Type.Enum(['mllp', 'mqtt', 'record']),
  peer: Type.Optional(Type.String()),
  code: Type.String({ description: 'Name of the refusal' }),
  says: Type.String(),
  answered: Type.Optional(Type.String({ description: 'What the sender was told: AA, AE, AR, CA, CE, CR' })),
  messageId: Type.Optional(Type.String()),
  messageType: Type.Optional(Type.String()),
  sender: Type.Optional(Type.String()),
  bytes: Type.Integer({ minimum: 0, description: 'Length of the whole; at most 64 KiB are kept' }),
  receivedAt: Instant,
  state: Type.Enum(letterStates),
}
const DeadLetter = Type.Object(summary)
const DeadLetterDetail = Type.Object({
  ...summary,
  topic: Type.Optional(Type.String()),
  redrivenAt: Type.Optional(Instant),
  redrives: Type.Integer({ minimum: 0 }),
  raw: Type.String({ description: 'The bytes as they came, base64' }),
})
const LetterId = Type.Object({ id: Type.String({ pattern: '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' }) })

/** Messages that could not be taken: list, look at, send in again, discard. */
export const letterRoutes: FastifyPluginAsyncTypebox<{ live: () => LiveServices }> = async (app, { live }) => {
  const tags = ['dead letters']
  app.get(
    '/dead-letters',
    {
      config: { permission: 'letters.view' },
      schema: {
        tags,
        summary: 'Dead letters, newest first',
        querystring: Type.Object({
          state: Type.Optional(Type.Enum(letterStates)),
          gateway: Type.Optional(Type.String({ maxLength: 64 })),
          before: Type.Optional(InstantInput),
          limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000, default: 100 })),
        }),
        response: { 200: Type.Object({ letters: Type.Array(DeadLetter) }), 400: Problem },
      },
    },
    async ({ query: { before, limit = 100, ...filter } }) => {
      const { to } = readRange({ ...(before !== undefined && { to: before }) })
      return { letters: await live().letters.list({ ...filter, ...(to !== undefined && { before: to }), limit }) }
    },
  )
  const letter = async (id: string) => {
    const found = await live().letters.get(id)
    if (!found) throw refusals.LETTER_UNKNOWN({ id })
    return found
  }
  app.get(
    '/dead-letters/:id',
    {
      config: { permission: 'letters.view' },
      schema: {
        tags,
        summary: 'One dead letter and its bytes',
        params: LetterId,
        response: { 200: DeadLetterDetail, 404: Problem },
      },
    },
    ({ params }) => letter(params.id),
  )
  app.get(
    '/dead-letters/:id/raw',
    {
      config: { permission: 'letters.view' },
      schema: {
        tags,
        summary: 'The bytes of a dead letter, as they came',
        params: LetterId,
        produces: ['application/octet-stream'],
      },
    },
    async ({ params }, reply) => {
      const { raw } = await letter(params.id)
      // Never a type that a browser would run: a sender wrote these bytes.
      return reply
        .header('content-type', 'application/octet-stream')
        .header('content-disposition', `attachment; filename="dead-letter-${params.id}.hl7"`)
        .send(Buffer.from(raw, 'base64'))
    },
  )
  app.post(
    '/dead-letters/:id/redrive',
    {
      config: { permission: 'letters.manage' },
      schema: {
        tags,
        summary: 'Send a dead letter in again by the door it came through',
        params: LetterId,
        response: {
          202: Type.Object({
            id: Type.String(),
            state: Type.Enum(letterStates, { description: 'redriven: its gateway has it; resolved: the hub took it in' }),
          }),
          404: Problem,
          409: Problem,
          422: Problem,
          503: Problem,
        },
      },
    },
    async ({ params: { id }, person }, reply) => {
      const outcome = await live().letters.redrive(id, person.id)
      if (outcome === 'unknown') throw refusals.LETTER_UNKNOWN({ id })
      if (outcome === 'closed') throw refusals.LETTER_CLOSED({ id })
      if (outcome === 'unreachable') throw refusals.LETTER_UNREACHABLE({ id })
      return reply.code(202).send({ id, state: (await letter(id)).state })
    },
  )
  app.post(
    '/dead-letters/:id/discard',
    {
      config: { permission: 'letters.manage' },
      schema: {
        tags,
        summary: 'Close a dead letter without taking it in; it is kept',
        params: LetterId,
        response: { 200: Type.Object({ id: Type.String(), state: Type.Literal('discarded') }), 404: Problem, 409: Problem },
      },
    },
    async ({ params: { id }, person }) => {
      const outcome = await live().letters.discard(id, person.id)
      if (outcome === 'unknown') throw refusals.LETTER_UNKNOWN({ id })
      if (outcome === 'closed') throw refusals.LETTER_CLOSED({ id })
      return { id, state: 'discarded' as const }
    },
  )
}
