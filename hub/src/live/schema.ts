import { sql } from 'drizzle-orm'
import {
  bigint,
  boolean,
  doublePrecision,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  text,
  timestamp,
  uniqueIndex,
  uuid,
} from 'drizzle-orm/pg-core'
import { bed, encounter } from '../modules/inpatient/schema.ts'
import { patient } from '../modules/records/schema.ts'

const instant = (name: string) => timestamp(name, { withTimezone: true, precision: 3 })
const position = (name: string) => bigint(name, { mode: 'number' })

/** A gateway that may speak. What comes from any other is refused and reported. */
export const gateway = pgTable('gateway', {
  id: text('id').primaryKey(),
  enrolledAt: instant('enrolled_at').notNull().defaultNow(),
  revokedAt: instant('revoked_at'),
})

/**
 * How far each stream of each spool is stored. `committed` moves in the same transaction as what the records did. One hub at a time holds a
 * gateway (`holder`, until `leaseUntil`); `fence` grows with each new holder, and a commit under an older fence fails.
 */
export const gatewayStream = pgTable(
  'gateway_stream',
  {
    gateway: text('gateway').notNull(),
    spool: text('spool').notNull(),
    stream: text('stream').notNull(),
    committed: position('committed').notNull().default(0),
    /** Records that will never come: dropped by the gateway, with its reason. */
    lost: position('lost').notNull().default(0),
    updatedAt: instant('updated_at').notNull().defaultNow(),
  },
  (t) => [primaryKey({ columns: [t.gateway, t.spool, t.stream] })],
)
export const gatewayLease = pgTable('gateway_lease', {
  gateway: text('gateway').primaryKey(),
  holder: text('holder').notNull(),
  fence: position('fence').notNull().default(1),
  leaseUntil: instant('lease_until').notNull(),
})

/** A device as it was first heard; `id` is its EUI-64 or its sender's name for it. */
export const device = pgTable('device', {
  id: text('id').primaryKey(),
  gateway: text('gateway').notNull(),
  /** Catalogue entry (devices/src/catalogue), when the EUI-64 prefix or model is known. */
  model: text('model'),
  /** PV1-3 as last sent. */
  placedAt: text('placed_at'),
  firstSeenAt: instant('first_seen_at').notNull().defaultNow(),
})

/** The only road from a reading to a chart: this device is on this patient, from then, until then (domain page "Bedside monitoring", section 4). */
export const deviceAssociation = pgTable(
  'device_association',
  {
    id: uuid('id').primaryKey().defaultRandom(),
    deviceId: text('device_id').notNull(),
    patientId: uuid('patient_id')
      .notNull()
      .references(() => patient.id),
    encounterId: uuid('encounter_id').references(() => encounter.id),
    bedId: text('bed_id').references(() => bed.id),
    /** pid: PID-3 named the patient; device: by OBX-18; bed: by PV1-3; nurse: confirmed by hand. */
    basis: text('basis', { enum: ['pid', 'device', 'bed', 'nurse'] }).notNull(),
    startedAt: instant('started_at').notNull(),
    endedAt: instant('ended_at'),
  },
  (t) => [
    uniqueIndex('device_association_one_open').on(t.deviceId).where(sql`ended_at is null`),
    index('device_association_device').on(t.deviceId, t.startedAt),
    index('device_association_patient').on(t.patientId).where(sql`ended_at is null`),
  ],
)

/** Readings whose PID-3 is not the device's patient: held, charted to nobody, until a nurse confirms or the time is over. */
export const heldReading = pgTable(
  'held_reading',
  {
    gateway: text('gateway').notNull(),
    spool: text('spool').notNull(),
    position: position('position').notNull(),
    deviceId: text('device_id').notNull(),
    /** PID-3 as sent, `authority|value`. */
    claims: text('claims').notNull(),
    heldUntil: instant('held_until').notNull(),
    record: jsonb('record').notNull(),
    /** conflict, or future: measured more than five minutes ahead of the gateway's clock. */
    reason: text('reason', { enum: ['conflict', 'future'] }).notNull(),
    state: text('state', { enum: ['held', 'charted', 'expired'] })
      .notNull()
      .default('held'),
  },
  (t) => [
    primaryKey({ columns: [t.gateway, t.spool, t.position] }),
    index('held_reading_device').on(t.deviceId, t.state),
    index('held_reading_due').on(t.heldUntil).where(sql`state = 'held'`),
  ],
)

/** One alarm of a device (PCD-04), as the device last described it. `id` = device + alarm id: raised once, however often it is sent. */
export const deviceAlarm = pgTable(
  'device_alarm',
  {
    deviceId: text('device_id').notNull(),
    alarmId: text('alarm_id').notNull(),
    kind: text('kind').notNull(),
    /** Codes with their partition take 32 bits without a sign. */
    code: bigint('code', { mode: 'number' }),
    text: text('text').notNull(),
    priority: text('priority').notNull(),
    state: text('state').notNull(),
    inactivation: text('inactivation').notNull(),
    phase: text('phase').notNull(),
    metricPath: text('metric_path'),
    metricCode: bigint('metric_code', { mode: 'number' }),
    value: doublePrecision('value'),
    patientId: uuid('patient_id').references(() => patient.id),
    bedId: text('bed_id'),
    startedAt: instant('started_at').notNull(),
    changedAt: instant('changed_at').notNull(),
    endedAt: instant('ended_at'),
    receivedAt: instant('received_at').notNull(),
    late: boolean('late').notNull().default(false),
    repeatCount: integer('repeat_count').notNull().default(0),
  },
  (t) => [
    primaryKey({ columns: [t.deviceId, t.alarmId] }),
    index('device_alarm_open').on(t.deviceId).where(sql`ended_at is null`),
  ],
)

/** Every PCD-04 message that was applied, exactly once: its place in the gateway's stream is the key, MSH-3 and MSH-10 are unique beside it. */
export const deviceAlarmEvent = pgTable(
  'device_alarm_event',
  {
    gateway: text('gateway').notNull(),
    spool: text('spool').notNull(),
    position: position('position').notNull(),
    sender: text('sender').notNull(),
    messageId: text('message_id').notNull(),
    deviceId: text('device_id').notNull(),
    alarmId: text('alarm_id').notNull(),
    phase: text('phase').notNull(),
    state: text('state').notNull(),
    priority: text('priority').notNull(),
    at: instant('at').notNull(),
    receivedAt: instant('received_at').notNull(),
    /** The AlarmRecord as it came. */
    record: jsonb('record').notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.gateway, t.spool, t.position] }),
    uniqueIndex('device_alarm_event_message').on(t.sender, t.messageId, t.alarmId, t.phase, t.at),
    index('device_alarm_event_alarm').on(t.deviceId, t.alarmId),
  ],
)

/** Every ADT message, and what it did. */
export const adtMessage = pgTable(
  'adt_message',
  {
    gateway: text('gateway').notNull(),
    spool: text('spool').notNull(),
    position: position('position').notNull(),
    sender: text('sender').notNull(),
    messageId: text('message_id').notNull(),
    event: text('event').notNull(),
    at: instant('at'),
    receivedAt: instant('received_at').notNull(),
    /** applied, stale (older than what is known), not-applied (an event that changes nothing here). */
    outcome: text('outcome', { enum: ['applied', 'stale', 'not-applied'] }).notNull(),
    says: text('says'),
    record: jsonb('record').notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.gateway, t.spool, t.position] }),
    index('adt_message_received').on(t.receivedAt),
    index('adt_message_sender').on(t.sender, t.messageId),
  ],
)

/** What could not be taken, kept whole, to be looked at and sent in again. */
export const deadLetter = pgTable(
  'dead_letter',
  {
    id: uuid('id').primaryKey().defaultRandom(),
    /** Unique where the source numbers it, so that a batch applied twice leaves one letter: `gateway/spool/stream/position`. */
    origin: text('origin').unique(),
    gateway: text('gateway').notNull(),
    /** mllp: a gateway refused it; mqtt: the hub could not read the payload; record: one record of a batch was bad. */
    door: text('door', { enum: ['mllp', 'mqtt', 'record'] }).notNull(),
    topic: text('topic'),
    peer: text('peer'),
    code: text('code').notNull(),
    says: text('says').notNull(),
    answered: text('answered'),
    messageId: text('message_id'),
    messageType: text('message_type'),
    sender: text('sender'),
    /** The bytes, base64, at most 64 KiB of them. */
    raw: text('raw').notNull(),
    bytes: integer('bytes').notNull(),
    receivedAt: instant('received_at').notNull(),
    state: text('state', { enum: ['waiting', 'redriven', 'resolved', 'discarded'] })
      .notNull()
      .default('waiting'),
    redrivenAt: instant('redriven_at'),
    redrives: integer('redrives').notNull().default(0),
  },
  (t) => [index('dead_letter_received').on(t.receivedAt)],
)

/** Rows whose code is in no table: kept as they came, counted, shown to nobody as a measurement. */
export const unmappedRow = pgTable(
  'unmapped_row',
  {
    gateway: text('gateway').notNull(),
    spool: text('spool').notNull(),
    position: position('position').notNull(),
    ordinal: integer('ordinal').notNull(),
    deviceId: text('device_id').notNull(),
    messageId: text('message_id').notNull(),
    reason: text('reason').notNull(),
    row: text('row').notNull(),
    receivedAt: instant('received_at').notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.gateway, t.spool, t.position, t.ordinal] }),
    index('unmapped_row_device').on(t.deviceId, t.receivedAt),
  ],
)
