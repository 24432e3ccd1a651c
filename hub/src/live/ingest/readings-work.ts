/** What observation records do: history by chart, what waits, what means nothing here (domain page "Bedside monitoring", sections 3, 4, 12, 14). */
import type { Frame, ObservationRecord } from '@wardline/devices/messages/records.ts'
import type pg from 'pg'
import { identifierKey } from '../../modules/records/model.ts'
import type { StoredFrame, Timeline } from '../../platform/timeline/timeline.ts'
import type { Associations } from '../associations/associations.ts'
import type { Charted, ChartingPlan } from '../associations/charting.ts'
import { type HeldReading, hold, LATE_MS } from '../associations/held-readings.ts'
import type { Live } from '../live.ts'
import type { BedLook } from './bed-looks.ts'
import { isRecordOf, recordFaults } from './checks.ts'
import type { Source, StreamWork, Taken } from './stream-work.ts'

export interface ReadingsOptions {
  timeline: Pick<Timeline, 'write'>
  associations: Associations
  live: Pick<Live, 'readings'>
  lookAtBed: BedLook
  pool: pg.Pool
  /** How long a disputed reading waits for a nurse [DEF 15 min, section 4]. */
  holdMs: number
  log: { warn(o: object, m: string): void }
}

interface KeptRow {
  position: number
  ordinal: number
  device: string
  messageId: string
  reason: string
  row: string
  receivedAt: number
}

/** What one transaction of readings writes. */
interface Plan {
  frames: StoredFrame[]
  held: HeldReading[]
  kept: KeptRow[]
}

export function readingsWork({
  timeline,
  associations,
  live,
  lookAtBed,
  pool,
  holdMs,
  log,
}: ReadingsOptions): StreamWork<ObservationRecord> {
  return {
    stream: 'readings',
    check: (record): record is ObservationRecord => isRecordOf('readings', record),
    faults: (record) => recordFaults('readings', record),

    hear({ gateway }, { record }) {
      // A device clock more than five minutes ahead: quarantined, not shown [STD, section 12].
      if (record.flags?.includes('from_future')) return
      const frames = realFrames(record)
      if (!frames.length && !record.unmapped?.length) return
      if (record.location) associations.heardAt(record.device, record.location, record.receivedAt)
      live.readings({
        gateway,
        device: record.device,
        receivedAt: record.receivedAt,
        frames,
        ...(record.sentAt !== undefined && { sentAt: record.sentAt }),
        ...(record.location && { location: record.location }),
        ...(record.unmapped && { unmapped: record.unmapped.length }),
        ...(record.flags && { flags: record.flags }),
      })
    },

    async store(source, taken, commit) {
      const charting = associations.plan(source.gateway)
      try {
        await charting.prepare(
          pool,
          taken.map(({ record }) => record),
        )
        const plan: Plan = { frames: [], held: [], kept: [] }
        for (const each of taken) await planRecord(plan, charting, source, each)
        await timeline.write(plan.frames, async (tx) => {
          await charting.write(tx)
          await hold(tx, plan.held, Date.now() + holdMs)
          await keep(tx, source, plan.kept)
          await commit(tx)
        })
      } catch (error) {
        charting.undone()
        throw error
      }
      const { devices, beds } = charting.committed()
      return () => {
        associations.tell(devices)
        if (beds.length) showBeds(beds)
      }
    },
  }

  /** Only frames whose patient is not remembered are waited for: a promise for each record would cost more than the record. */
  async function planRecord(
    plan: Plan,
    charting: ChartingPlan,
    { gateway, spool }: Source,
    { position, record, heardAt }: Taken<ObservationRecord>,
  ) {
    const device = charting.hear(record)
    keepRows(plan.kept, record, position)
    if (record.flags?.includes('from_future')) {
      const claims = record.patient ? identifierKey(record.patient) : ''
      plan.held.push({ gateway, spool, position, device: record.device, claims, reason: 'future', record })
      return
    }
    let waiting: { claims: string; frames: Frame[] } | undefined
    for (const frame of realFrames(record)) {
      const answer = charting.chart(pool, device, record, frame)
      const charted: Charted = answer instanceof Promise ? await answer : answer
      if (charted.to === 'held') {
        waiting ??= { claims: charted.claims, frames: [] }
        waiting.frames.push(frame)
        continue
      }
      const stored: StoredFrame = {
        at: frame.at,
        metrics: frame.metrics,
        device: record.device,
        receivedAt: record.receivedAt,
        gateway,
        position,
        messageId: record.id,
      }
      if (charted.to === 'patient') {
        stored.patient = charted.patient
        if (charted.encounter !== undefined) stored.encounter = charted.encounter
      }
      if (heardAt - frame.at > LATE_MS) stored.late = true
      plan.frames.push(stored)
    }
    if (waiting) {
      const { claims, frames } = waiting
      plan.held.push({
        gateway,
        spool,
        position,
        device: record.device,
        claims,
        reason: 'conflict',
        record: { ...record, frames },
      })
    }
  }

  /** A bed first heard of in PV1-3 appears on the wall, empty or with whom ADT put there meanwhile. */
  function showBeds(keys: readonly string[]): void {
    for (const key of keys)
      lookAtBed(key).catch((error: unknown) => log.warn({ bed: key, err: error }, 'a new bed could not be shown'))
  }
}

const isTest = (quality: string | undefined) => quality === 'TEST' || quality === 'DEMO'

/** The frames without what a service engineer made up: TEST and DEMO are never charted, never shown [STD, section 3]. */
function realFrames(record: ObservationRecord): readonly Frame[] {
  if (record.flags?.includes('test')) return []
  let made = false
  for (const { metrics } of record.frames)
    for (const { quality } of metrics) if (quality !== undefined && isTest(quality)) made = true
  if (!made) return record.frames
  return record.frames
    .map((frame) => ({ at: frame.at, metrics: frame.metrics.filter(({ quality }) => !isTest(quality)) }))
    .filter((frame) => frame.metrics.length)
}

/** Rows without a meaning here, and test values, are kept as they came. */
function keepRows(kept: KeptRow[], record: ObservationRecord, position: number): void {
  const test = record.flags?.includes('test')
  if (!test && !record.unmapped && realFrames(record) === record.frames) return
  const common = { position, device: record.device, messageId: record.id, receivedAt: record.receivedAt }
  let ordinal = 0
  for (const { reason, row } of record.unmapped ?? []) kept.push({ ...common, ordinal: ordinal++, reason, row })
  for (const { at, metrics } of record.frames)
    for (const metric of metrics)
      if (test || isTest(metric.quality))
        kept.push({ ...common, ordinal: ordinal++, reason: 'TEST', row: JSON.stringify({ at, ...metric }) })
}

async function keep(tx: Pick<pg.PoolClient, 'query'>, { gateway, spool }: Source, rows: readonly KeptRow[]): Promise<void> {
  if (!rows.length) return
  await tx.query(
    `insert into unmapped_row (gateway, spool, position, ordinal, device_id, message_id, reason, row, received_at)
     select $1, $2, p, o, d, m, r, w, t from unnest($3::bigint[], $4::int[], $5::text[], $6::text[], $7::text[], $8::text[], $9::timestamptz[]) as k(p, o, d, m, r, w, t)
     on conflict do nothing`,
    [
      gateway,
      spool,
      rows.map((row) => row.position),
      rows.map((row) => row.ordinal),
      rows.map((row) => row.device),
      rows.map((row) => row.messageId),
      rows.map((row) => row.reason),
      rows.map((row) => row.row),
      rows.map((row) => new Date(row.receivedAt)),
    ],
  )
}
