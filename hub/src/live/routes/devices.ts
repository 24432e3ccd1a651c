import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import Type from 'typebox'
import { Problem } from '../../platform/http/problems.ts'
import { refusals } from './refusals.ts'
import { listDevices, listGateways } from './registry.ts'
import type { LiveServices } from './services.ts'

const Instant = Type.Integer({ minimum: 0, description: 'ms since 1970-01-01T00:00:00Z' })
const DeviceId = Type.Object({ id: Type.String({ minLength: 1, maxLength: 128 }) })
const Uuid = Type.String({ pattern: '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' })
const Device = Type.Object({
  id: Type.String({ description: 'EUI-64, or the name its sender gives it' }),
  gateway: Type.String(),
  model: Type.Optional(Type.String()),
  firstSeenAt: Instant,
  lastSeenAt: Type.Optional(Instant),
  connectivity: Type.Enum(['online', 'silent', 'offline']),
  clockOffsetMs: Type.Optional(Type.Number()),
  bed: Type.Optional(Type.String()),
  placedAt: Type.Optional(Type.String({ description: 'PV1-3 as last sent' })),
  association: Type.Optional(
    Type.Object({
      patient: Uuid,
      encounter: Type.Optional(Uuid),
      bed: Type.Optional(Type.String()),
      basis: Type.Enum(['pid', 'device', 'bed', 'nurse'], { description: 'What it rests on; nurse: confirmed by hand' }),
      since: Instant,
    }),
  ),
})
const Gateway = Type.Object({
  id: Type.String(),
  enrolled: Type.Boolean(),
  enrolledAt: Type.Optional(Instant),
  revokedAt: Type.Optional(Instant),
  state: Type.Enum(['online', 'offline', 'unknown']),
  lastHeardAt: Type.Optional(Instant),
  version: Type.Optional(Type.String()),
  holder: Type.Optional(Type.String({ description: 'The hub that takes in its streams' })),
  leaseUntil: Type.Optional(Instant),
  streams: Type.Array(
    Type.Object({
      spool: Type.String(),
      stream: Type.String(),
      committed: Type.Integer(),
      lost: Type.Integer(),
      updatedAt: Instant,
    }),
  ),
})

/** Devices, whom they are on, and the gateways they come through. */
export const deviceRoutes: FastifyPluginAsyncTypebox<{ live: () => LiveServices }> = async (app, { live }) => {
  const tags = ['devices']
  app.get(
    '/devices',
    {
      config: { permission: 'devices.view' },
      schema: { tags, summary: 'Every device that was heard', response: { 200: Type.Object({ devices: Type.Array(Device) }) } },
    },
    async () => ({ devices: await listDevices(live()) }),
  )
  app.get(
    '/devices/unassigned',
    {
      config: { permission: 'devices.view' },
      schema: {
        tags,
        summary: 'Devices whose readings are charted to nobody, and that stand at no known bed',
        response: { 200: Type.Object({ devices: Type.Array(Device) }) },
      },
    },
    async () => ({
      devices: (await listDevices(live())).filter(({ association, bed }) => association === undefined && bed === undefined),
    }),
  )
  const one = async (id: string) => {
    const [found] = await listDevices(live(), id)
    if (!found) throw refusals.DEVICE_UNKNOWN({ device: id })
    return found
  }
  app.get(
    '/devices/:id',
    {
      config: { permission: 'devices.view' },
      schema: { tags, summary: 'One device', params: DeviceId, response: { 200: Device, 404: Problem } },
    },
    ({ params }) => one(params.id),
  )
  app.put(
    '/devices/:id/association',
    {
      config: { permission: 'associations.manage' },
      schema: {
        tags,
        summary: 'Confirm that a device is on this patient',
        description:
          'Ends a conflict between what the device says and where it was: readings held for it are charted to this patient.',
        params: DeviceId,
        body: Type.Object({ patient: Uuid }, { additionalProperties: false }),
        response: { 200: Device, 400: Problem, 404: Problem, 422: Problem },
      },
    },
    async ({ params: { id }, body, person }) => {
      const outcome = await live().confirmAssociation(id, body.patient, person.id)
      if (outcome === 'unknown-device') throw refusals.DEVICE_UNKNOWN({ device: id })
      if (outcome === 'unknown-patient') throw refusals.PATIENT_UNKNOWN()
      return one(id)
    },
  )
  app.delete(
    '/devices/:id/association',
    {
      config: { permission: 'associations.manage' },
      schema: {
        tags,
        summary: 'The device is on nobody from now on',
        params: DeviceId,
        response: { 204: Type.Null(), 404: Problem },
      },
    },
    async ({ params: { id }, person }, reply) => {
      await one(id)
      if (!(await live().endAssociation(id, person.id))) throw refusals.NOT_ASSOCIATED({ device: id })
      return reply.code(204).send(null)
    },
  )
  app.get(
    '/gateways',
    {
      config: { permission: 'operations.view' },
      schema: {
        tags: ['gateways'],
        summary: 'Gateways and how far their streams are stored',
        response: { 200: Type.Object({ gateways: Type.Array(Gateway) }) },
      },
    },
    async () => ({ gateways: await listGateways(live()) }),
  )
}
