import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { qualities } from '@wardline/devices/messages/records.ts'
import Type from 'typebox'
import { Problem } from '../../platform/http/problems.ts'
import { InstantInput } from './instants.ts'
import { readRange } from './range.ts'
import { refusals } from './refusals.ts'
import type { LiveServices } from './services.ts'

const Instant = Type.Integer({ minimum: 0, description: 'ms since 1970-01-01T00:00:00Z' })
const DeviceId = Type.String({ minLength: 1, maxLength: 128 })
const Path = Type.String({ minLength: 1, maxLength: 64, description: 'Containment path, for example 1.2.1.1' })

/** A stored value with its times, its quality and the message it came in. */
const Reading = Type.Object({
  device: Type.String(),
  path: Type.String(),
  code: Type.Integer({ description: 'MDC code' }),
  at: Instant,
  receivedAt: Instant,
  value: Type.Optional(Type.Number({ description: 'Left out when there is no value: never 0 for missing' })),
  text: Type.Optional(Type.String()),
  unit: Type.Optional(Type.String({ description: 'UCUM, where it differs from the canonical unit of the code' })),
  quality: Type.Optional(Type.Enum(qualities)),
  bound: Type.Optional(Type.Enum(['>', '<'])),
  correction: Type.Optional(Type.Enum(['C', 'D', 'W'])),
  patient: Type.Optional(Type.String()),
  encounter: Type.Optional(Type.String()),
  late: Type.Optional(Type.Boolean()),
  messageId: Type.String(),
})
const Step = Type.Object({ at: Instant, min: Type.Number(), max: Type.Number(), mean: Type.Number(), count: Type.Integer() })
const StripBlock = Type.Object({
  device: Type.String(),
  path: Type.String(),
  code: Type.Integer(),
  start: Instant,
  rateHz: Type.Number(),
  resolution: Type.Optional(Type.Number()),
  offset: Type.Optional(Type.Number()),
  unit: Type.Optional(Type.String()),
  samples: Type.Array(Type.Union([Type.Number(), Type.Null()])),
  receivedAt: Instant,
  patient: Type.Optional(Type.String()),
})

/** A trend has at most this many points: more than a 4K screen has columns. */
const MOST_STEPS = 5000
/** A strip is minutes, not hours: 5 min of six leads at 500 Hz are 900,000 samples. */
const LONGEST_STRIP_MS = 5 * 60_000

/** History: readings, trends, strips. */
export const readingRoutes: FastifyPluginAsyncTypebox<{ live: () => LiveServices }> = async (app, { live }) => {
  const tags = ['history']
  const config = { permission: 'history.view', heavy: true } as const
  app.get(
    '/readings',
    {
      config,
      schema: {
        tags,
        summary: 'Stored readings of a device or a patient, newest first',
        querystring: Type.Object({
          device: Type.Optional(DeviceId),
          patient: Type.Optional(Type.String({ pattern: '^[0-9a-f-]{36}$' })),
          code: Type.Optional(
            Type.String({ pattern: '^\\d{1,9}(,\\d{1,9}){0,63}$', description: 'MDC codes, comma between them' }),
          ),
          from: Type.Optional(InstantInput),
          to: Type.Optional(InstantInput),
          order: Type.Optional(Type.Enum(['newest', 'oldest'])),
          limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 10_000, default: 1000 })),
        }),
        response: { 200: Type.Object({ readings: Type.Array(Reading) }), 400: Problem, 503: Problem },
      },
    },
    async ({ query: { device, patient, code, order = 'newest', limit = 1000, ...range } }) => {
      if (device === undefined && patient === undefined) throw refusals.WHOSE()
      const readings = await live().timeline.readings({
        ...(device !== undefined && { device }),
        ...(patient !== undefined && { patient }),
        ...(code !== undefined && { codes: code.split(',').map(Number) }),
        ...readRange(range),
        order,
        limit,
      })
      return { readings }
    },
  )
  app.get(
    '/trend',
    {
      config,
      schema: {
        tags,
        summary: 'Minimum, maximum and mean of one metric in even steps; steps without values are left out',
        querystring: Type.Object({
          device: DeviceId,
          path: Path,
          from: InstantInput,
          to: InstantInput,
          stepMs: Type.Optional(Type.Integer({ minimum: 1000, maximum: 86_400_000, default: 60_000 })),
        }),
        response: { 200: Type.Object({ steps: Type.Array(Step) }), 400: Problem, 503: Problem },
      },
    },
    async ({ query: { device, path, stepMs = 60_000, ...range } }) => {
      const { from, to } = readRange(range) as { from: number; to: number }
      if ((to - from) / stepMs > MOST_STEPS) throw refusals.RANGE_TOO_LONG({ limit: `${MOST_STEPS} steps` })
      return { steps: await live().timeline.steps({ device, path, from, to, stepMs }) }
    },
  )
  app.get(
    '/waves',
    {
      config,
      schema: {
        tags,
        summary: 'Waveform blocks for a strip of at most five minutes',
        querystring: Type.Object({
          device: DeviceId,
          code: Type.Optional(Type.Integer({ minimum: 0 })),
          from: InstantInput,
          to: InstantInput,
        }),
        response: { 200: Type.Object({ blocks: Type.Array(StripBlock) }), 400: Problem, 503: Problem },
      },
    },
    async ({ query: { device, code, ...range } }) => {
      const { from, to } = readRange(range) as { from: number; to: number }
      if (to - from > LONGEST_STRIP_MS) throw refusals.RANGE_TOO_LONG({ limit: 'five minutes' })
      return { blocks: await live().timeline.waves({ device, ...(code !== undefined && { code }), from, to }) }
    },
  )
}
