import { and, asc, desc, eq, isNull } from 'drizzle-orm'
import { bed } from '../../modules/inpatient/schema.ts'
import { device, deviceAssociation, gateway, gatewayLease, gatewayStream } from '../schema.ts'
import type { FeedItem } from '../views/contract.ts'
import type { LiveServices } from './services.ts'

type DeviceFeed = Extract<FeedItem, { kind: 'device' }>
type GatewayFeed = Extract<FeedItem, { kind: 'gateway' }>

/** What the live state says of each device or gateway right now, by its id. */
function feeds({ snapshot }: LiveServices) {
  const items = Object.values(snapshot('feeds').items) as FeedItem[]
  return {
    devices: new Map(items.filter((item): item is DeviceFeed => item.kind === 'device').map((item) => [item.device, item])),
    gateways: new Map(items.filter((item): item is GatewayFeed => item.kind === 'gateway').map((item) => [item.gateway, item])),
  }
}

/** Every device that was ever heard: where it is, whom it is on, how it is doing. With `id`: only that one. */
export async function listDevices(services: LiveServices, id?: string) {
  const rows = await services.database
    .select({
      id: device.id,
      gateway: device.gateway,
      model: device.model,
      placedAt: device.placedAt,
      firstSeenAt: device.firstSeenAt,
      patient: deviceAssociation.patientId,
      encounter: deviceAssociation.encounterId,
      bed: deviceAssociation.bedId,
      basis: deviceAssociation.basis,
      since: deviceAssociation.startedAt,
      placedBed: bed.id,
    })
    .from(device)
    .leftJoin(deviceAssociation, and(eq(deviceAssociation.deviceId, device.id), isNull(deviceAssociation.endedAt)))
    .leftJoin(bed, eq(bed.id, device.placedAt))
    .where(id === undefined ? undefined : eq(device.id, id))
    .orderBy(asc(device.id))
  const { devices } = feeds(services)
  return rows.map((row) => {
    const now = devices.get(row.id)
    const at = row.bed ?? row.placedBed ?? now?.bed
    return {
      id: row.id,
      gateway: row.gateway,
      ...(row.model !== null && { model: row.model }),
      firstSeenAt: row.firstSeenAt.getTime(),
      ...(at !== undefined && at !== null && { bed: at }),
      ...(row.placedAt !== null && { placedAt: row.placedAt }),
      connectivity: now?.connectivity ?? ('offline' as const),
      ...(now && { lastSeenAt: now.asOf }),
      ...(now?.clockOffsetMs !== undefined && { clockOffsetMs: now.clockOffsetMs }),
      ...(row.patient !== null &&
        row.basis !== null &&
        row.since !== null && {
          association: {
            patient: row.patient,
            ...(row.encounter !== null && { encounter: row.encounter }),
            ...(row.bed !== null && { bed: row.bed }),
            basis: row.basis,
            since: row.since.getTime(),
          },
        }),
    }
  })
}

/** Every enrolled gateway, and every other that speaks as if it were: its streams as stored here, and what it says of itself. */
export async function listGateways(services: LiveServices) {
  const [enrolled, streams, leases] = await Promise.all([
    services.database.select().from(gateway).orderBy(asc(gateway.id)),
    services.database.select().from(gatewayStream).orderBy(desc(gatewayStream.updatedAt)),
    services.database.select().from(gatewayLease),
  ])
  const { gateways } = feeds(services)
  const ids = [...new Set([...enrolled.map(({ id }) => id), ...gateways.keys()])]
  return ids.map((id) => {
    const row = enrolled.find((entry) => entry.id === id)
    const now = gateways.get(id)
    const lease = leases.find((entry) => entry.gateway === id)
    return {
      id,
      enrolled: row !== undefined && row.revokedAt === null,
      ...(row && { enrolledAt: row.enrolledAt.getTime() }),
      ...(row?.revokedAt && { revokedAt: row.revokedAt.getTime() }),
      state: now?.state ?? ('unknown' as const),
      ...(now && { lastHeardAt: now.asOf, version: now.version }),
      ...(lease && { holder: lease.holder, leaseUntil: lease.leaseUntil.getTime() }),
      streams: streams
        .filter((stream) => stream.gateway === id)
        .map(({ spool, stream, committed, lost, updatedAt }) => ({
          spool,
          stream,
          committed,
          lost,
          updatedAt: updatedAt.getTime(),
        })),
    }
  })
}
