/**
 * Device alarms: shown the moment they come, stored exactly once. The gateway has them on its disk already, so the wall need not wait for
 * the transaction.
 */
import type { AlarmRecord, DeviceAlarm, Place } from '@wardline/devices/messages/records.ts'
import type pg from 'pg'
import { bedKey } from '../../modules/inpatient/model.ts'
import { type Queryable, resolveIdentifier } from '../../modules/records/service.ts'
import { transaction } from '../../platform/database/database.ts'
import type { Associations } from '../associations/associations.ts'
import { LATE_MS } from '../associations/held-readings.ts'
import { isRecordOf, recordFaults } from '../ingest/checks.ts'
import type { Source, StreamWork, Taken } from '../ingest/stream-work.ts'
import type { Live } from '../live.ts'
import { type AlarmState, advance, alarmKey, believable } from './model.ts'

export interface OpenAlarm {
  gateway: string
  device: string
  key: string
  alarm: DeviceAlarm
  since: number
  receivedAt: number
  late: boolean
  /** PV1-3 of the message that described it last. */
  location?: Place
}

interface AlarmRow {
  device_id: string
  alarm_id: string
  started_at: Date
  ended_at: Date | null
  repeat_count: number
  received_at: Date
  late: boolean
  gateway: string | null
  record: AlarmRecord
}

const SELECT_ALARM = `select a.device_id, a.alarm_id, a.started_at, a.ended_at, a.repeat_count, a.received_at, a.late, e.gateway, e.record
  from device_alarm a left join lateral (
    select gateway, record from device_alarm_event e where e.device_id = a.device_id and e.alarm_id = a.alarm_id and e.at = a.changed_at
    order by e.received_at desc, e.position desc limit 1) e on true`

const openAlarmOf = (row: AlarmRow): OpenAlarm => ({
  gateway: row.gateway ?? '',
  device: row.device_id,
  key: alarmKey(row.device_id, row.alarm_id),
  alarm: believable(row.record.alarm, row.record.receivedAt),
  since: row.started_at.getTime(),
  receivedAt: row.received_at.getTime(),
  late: row.late,
  ...(row.record.location && { location: row.record.location }),
})

/** Alarms that are not over, as they were last described. */
export async function openAlarms(db: Queryable): Promise<OpenAlarm[]> {
  const { rows } = await db.query<AlarmRow>(`${SELECT_ALARM} where a.ended_at is null and e.record is not null`)
  return rows.map(openAlarmOf)
}

/** Those of these alarms that are stored as over, as they ended. */
export async function endedAlarms(db: Queryable, shown: readonly { device: string; alarm: DeviceAlarm }[]): Promise<OpenAlarm[]> {
  if (!shown.length) return []
  const { rows } = await db.query<AlarmRow>(
    `${SELECT_ALARM} where a.ended_at is not null and e.record is not null
     and (a.device_id, a.alarm_id) in (select * from unnest($1::text[], $2::text[]))`,
    [shown.map(({ device }) => device), shown.map(({ alarm }) => alarm.alarmId)],
  )
  return rows.map(openAlarmOf).map((each) => ({ ...each, alarm: { ...each.alarm, state: 'inactive' } }))
}

export interface AlarmsWork extends StreamWork<AlarmRecord> {
  /** Remember these as open. */
  restore(open: readonly OpenAlarm[]): void
}

/** Ended alarms are remembered so that a repeated older message does not raise them again; the oldest are forgotten first. */
const MOST_REMEMBERED = 20_000

export interface AlarmsOptions {
  live: Pick<Live, 'alarm'>
  pool: pg.Pool
  associations: Pick<Associations, 'heardAt'>
}

export function alarmsWork({ live, pool, associations }: AlarmsOptions): AlarmsWork {
  const remembered = new Map<string, AlarmState>()
  return {
    stream: 'alarms',
    check: (record): record is AlarmRecord => isRecordOf('alarms', record),
    faults: (record) => recordFaults('alarms', record),

    restore(open) {
      for (const { key, alarm, since } of open) remembered.set(key, { at: alarm.at, startedAt: since, repeatCount: 0 })
    },

    hear({ gateway }, { record, heardAt }) {
      if (isTest(record)) return
      const key = alarmKey(record.device, record.alarm.alarmId)
      const heard = believable(record.alarm, record.receivedAt)
      const [state, change] = advance(remembered.get(key), heard)
      if (change === 'stale' || change === 'ignored') return
      remembered.delete(key)
      remembered.set(key, state)
      if (remembered.size > MOST_REMEMBERED) forgetOldest(remembered)
      // A sender of alarms alone has no reading that could say where it is.
      if (record.location) associations.heardAt(record.device, record.location, record.receivedAt)
      live.alarm({
        gateway,
        device: record.device,
        key,
        // A device may end an alarm by its phase and leave the state as it was: the wall is told both.
        alarm: state.endedAt !== undefined && change !== 'event' ? { ...heard, state: 'inactive' } : heard,
        since: state.startedAt,
        receivedAt: record.receivedAt,
        late: heardAt - heard.at > LATE_MS,
      })
    },

    async store(source, taken, commit) {
      await transaction(pool, async (tx) => {
        await storeAlarms(tx, source, taken)
        await commit(tx)
      })
      return () => {}
    },
  }
}

function forgetOldest(remembered: Map<string, AlarmState>): void {
  for (const [key, { endedAt }] of remembered) {
    if (endedAt === undefined) continue
    remembered.delete(key)
    return
  }
}

/** TEST and DEMO are kept and raise nothing [STD, domain page "Bedside monitoring", section 3]. */
const isTest = ({ flags }: AlarmRecord) => flags?.includes('test') ?? false

async function storeAlarms(tx: pg.PoolClient, { gateway, spool }: Source, taken: readonly Taken<AlarmRecord>[]): Promise<void> {
  if (!taken.length) return
  const inserted = await tx.query<{ position: string }>(
    `insert into device_alarm_event (gateway, spool, position, sender, message_id, device_id, alarm_id, phase, state, priority, at, received_at, record)
     select $1, $2, p, s, m, d, a, ph, st, pr, t, r, j::jsonb from unnest($3::bigint[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
       $9::text[], $10::text[], $11::timestamptz[], $12::timestamptz[], $13::text[]) as e(p, s, m, d, a, ph, st, pr, t, r, j)
     on conflict do nothing returning position`,
    [
      gateway,
      spool,
      taken.map(({ position }) => position),
      taken.map(({ record }) => record.sender),
      taken.map(({ record }) => record.id),
      taken.map(({ record }) => record.device),
      taken.map(({ record }) => record.alarm.alarmId),
      taken.map(({ record }) => record.alarm.phase),
      taken.map(({ record }) => record.alarm.state),
      taken.map(({ record }) => record.alarm.priority),
      taken.map(({ record }) => new Date(believable(record.alarm, record.receivedAt).at)),
      taken.map(({ record }) => new Date(record.receivedAt)),
      taken.map(({ record }) => JSON.stringify(record)),
    ],
  )
  const fresh = new Set(inserted.rows.map((row) => Number(row.position)))
  const applied = taken.filter(({ position, record }) => fresh.has(position) && !isTest(record))
  if (!applied.length) return
  const states = await loadStates(tx, applied)
  const changed = new Map<string, Change>()
  for (const { record, heardAt } of applied) {
    const key = alarmKey(record.device, record.alarm.alarmId)
    const alarm = believable(record.alarm, record.receivedAt)
    const [state, change] = advance(states.get(key), alarm)
    if (change === 'stale' || change === 'ignored') continue
    states.set(key, state)
    changed.set(key, { state, alarm, record, heardAt })
  }
  for (const each of changed.values()) await save(tx, each)
}

interface Change {
  state: AlarmState
  alarm: DeviceAlarm
  record: AlarmRecord
  heardAt: number
}

async function loadStates(tx: pg.PoolClient, taken: readonly Taken<AlarmRecord>[]): Promise<Map<string, AlarmState>> {
  const { rows } = await tx.query<
    Pick<AlarmRow, 'device_id' | 'alarm_id' | 'started_at' | 'ended_at' | 'repeat_count'> & { changed_at: Date }
  >(
    `select device_id, alarm_id, started_at, changed_at, ended_at, repeat_count from device_alarm
     where (device_id, alarm_id) in (select * from unnest($1::text[], $2::text[])) order by device_id, alarm_id for update`,
    [taken.map(({ record }) => record.device), taken.map(({ record }) => record.alarm.alarmId)],
  )
  return new Map(
    rows.map((row) => [
      alarmKey(row.device_id, row.alarm_id),
      {
        at: row.changed_at.getTime(),
        startedAt: row.started_at.getTime(),
        ...(row.ended_at && { endedAt: row.ended_at.getTime() }),
        repeatCount: row.repeat_count,
      },
    ]),
  )
}

async function save(tx: pg.PoolClient, { state, alarm, record, heardAt }: Change): Promise<void> {
  const on = await associated(tx, record)
  await tx.query(
    `insert into device_alarm (device_id, alarm_id, kind, code, text, priority, state, inactivation, phase, metric_path, metric_code, value,
         patient_id, bed_id, started_at, changed_at, ended_at, received_at, late, repeat_count)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)
       on conflict (device_id, alarm_id) do update set kind = excluded.kind, code = excluded.code, text = excluded.text, priority = excluded.priority,
         state = excluded.state, inactivation = excluded.inactivation, phase = excluded.phase, metric_path = excluded.metric_path,
         metric_code = excluded.metric_code, value = excluded.value, patient_id = coalesce(excluded.patient_id, device_alarm.patient_id),
         bed_id = coalesce(excluded.bed_id, device_alarm.bed_id), started_at = excluded.started_at, changed_at = excluded.changed_at,
         ended_at = excluded.ended_at, received_at = excluded.received_at, late = excluded.late, repeat_count = excluded.repeat_count`,
    [
      record.device,
      alarm.alarmId,
      alarm.kind,
      alarm.code ?? null,
      alarm.text,
      alarm.priority,
      alarm.state,
      alarm.inactivation,
      alarm.phase,
      alarm.source?.path ?? null,
      alarm.source?.code ?? null,
      alarm.source?.value ?? null,
      on.patient,
      on.bed,
      new Date(state.startedAt),
      new Date(alarm.at),
      state.endedAt === undefined ? null : new Date(state.endedAt),
      new Date(record.receivedAt),
      heardAt - alarm.at > LATE_MS,
      state.repeatCount,
    ],
  )
}

/** Whose alarm it is, by the device's association when PID-3 does not contradict it, and at which bed. It is never held: it is shown at once. */
async function associated(
  tx: pg.PoolClient,
  { device, patient, location, alarm }: AlarmRecord,
): Promise<{ patient: string | null; bed: string | null }> {
  const { rows } = await tx.query<{ patient_id: string; bed_id: string | null }>(
    `select patient_id, bed_id from device_association where device_id = $1 and started_at <= $2 and (ended_at is null or ended_at > $2)
     order by started_at desc limit 1`,
    [device, new Date(alarm.at)],
  )
  const bed = rows[0]?.bed_id ?? bedKey(location)
  if (!patient) return { patient: rows[0]?.patient_id ?? null, bed }
  const named = await resolveIdentifier(tx, patient)
  if (rows[0] && named !== rows[0].patient_id) {
    // A dispute: the alarm is at the device's bed and charted to nobody.
    return { patient: null, bed }
  }
  return { patient: named, bed }
}
