/**
 * Readings that wait: those that claim another patient than the device is on, until a nurse confirms, and those from the future. They
 * are in no chart and not in the history while they wait.
 */
import type { ObservationRecord } from '@wardline/devices/messages/records.ts'
import type { Queryable } from '../../modules/records/service.ts'
import type { StoredFrame } from '../../platform/timeline/timeline.ts'

export interface HeldReading {
  gateway: string
  spool: string
  position: number
  device: string
  claims: string
  reason: 'conflict' | 'future'
  /** The record with only those frames that wait. */
  record: ObservationRecord
}

/** Write what is to wait until `heldUntil`; what was written before stays as it is. */
export async function hold(tx: Queryable, rows: readonly HeldReading[], heldUntil: number): Promise<void> {
  if (!rows.length) return
  await tx.query(
    `insert into held_reading (gateway, spool, position, device_id, claims, held_until, record, reason)
     select g, s, p, d, c, $8, r::jsonb, w from unnest($1::text[], $2::text[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::text[]) as h(g, s, p, d, c, r, w)
     on conflict do nothing`,
    [
      rows.map((row) => row.gateway),
      rows.map((row) => row.spool),
      rows.map((row) => row.position),
      rows.map((row) => row.device),
      rows.map((row) => row.claims),
      rows.map((row) => JSON.stringify(row.record)),
      rows.map((row) => row.reason),
      new Date(heldUntil),
    ],
  )
}

interface HeldRow {
  gateway: string
  spool: string
  position: string
  device_id: string
  claims: string
  reason: HeldReading['reason']
  record: ObservationRecord
}
const heldOf = (row: HeldRow): HeldReading => ({
  gateway: row.gateway,
  spool: row.spool,
  position: Number(row.position),
  device: row.device_id,
  claims: row.claims,
  reason: row.reason,
  record: row.record,
})

/** What waits for a nurse's word on this device, oldest first. */
export async function heldOn(db: Queryable, device: string): Promise<HeldReading[]> {
  const { rows } = await db.query<HeldRow>(
    `select * from held_reading where device_id = $1 and state = 'held' and reason = 'conflict' and held_until > now() order by position`,
    [device],
  )
  return rows.map(heldOf)
}

/** What waited long enough, of these gateways. */
export async function heldTooLong(db: Queryable, gateways: readonly string[], limit: number): Promise<HeldReading[]> {
  const { rows } = await db.query<HeldRow>(
    `select * from held_reading where state = 'held' and held_until <= now() and gateway = any($1) order by held_until limit $2`,
    [gateways, limit],
  )
  return rows.map(heldOf)
}

/** Mark them; returns how many still waited. The rows stay locked until the transaction ends. */
export async function settle(tx: Queryable, rows: readonly HeldReading[], state: 'charted' | 'expired'): Promise<number> {
  if (!rows.length) return 0
  const { rowCount } = await tx.query(
    `update held_reading h set state = $4 from unnest($1::text[], $2::text[], $3::bigint[]) as k(g, s, p)
     where h.gateway = k.g and h.spool = k.s and h.position = k.p and h.state = 'held'`,
    [rows.map((row) => row.gateway), rows.map((row) => row.spool), rows.map((row) => row.position), state],
  )
  return rowCount ?? 0
}

/** Older than this when it arrived, it is marked late [STD, domain page "Bedside monitoring", section 13]. */
export const LATE_MS = 60_000

/** The frames as history takes them; without a patient they are charted to nobody. */
export function framesOf(
  { gateway, position, record }: HeldReading,
  charted?: { patient: string; encounter?: string },
): StoredFrame[] {
  return record.frames.map((frame) => ({
    ...frame,
    device: record.device,
    receivedAt: record.receivedAt,
    gateway,
    position,
    messageId: record.id,
    ...(charted && { patient: charted.patient, ...(charted.encounter !== undefined && { encounter: charted.encounter }) }),
    ...(record.receivedAt - frame.at > LATE_MS && { late: true }),
  }))
}
