/**
 * What a gateway puts into its streams: one record for each message of a device, already in Wardline's own words.
 *
 * All instants are milliseconds since 1970-01-01T00:00:00Z. Values are in the canonical UCUM unit of their metric
 * (`codes/metrics.ts`) unless `unit` says otherwise. What is missing is left out: it is never zero.
 */
import Type, { type Static } from 'typebox'

const Instant = Type.Integer({ minimum: 0, maximum: 8_640_000_000_000_000 })
const Word = Type.String({ maxLength: 256 })
const Text = Type.String({ maxLength: 4096 })

/** HL7 PL: point of care ^ room ^ bed ^ facility (^ building ^ floor are not used). */
export const Place = Type.Object({
  pointOfCare: Type.Optional(Word),
  room: Type.Optional(Word),
  bed: Type.Optional(Word),
  facility: Type.Optional(Word),
})
export type Place = Static<typeof Place>

/** HL7 CX: a patient's identifier, who assigned it, and its type (HL7 table 0203, for example MR). */
export const PatientIdentifier = Type.Object({ id: Word, authority: Type.Optional(Word), type: Type.Optional(Word) })
export type PatientIdentifier = Static<typeof PatientIdentifier>

/** What every record carries of the message it was read from. */
const origin = {
  /** MSH-10. */
  id: Type.String({ minLength: 1, maxLength: 256 }),
  /** MSH-3 as sent, components joined by `^`. */
  sender: Word,
  /** MSH-7. */
  sentAt: Type.Optional(Instant),
  /** When the gateway had the whole frame. */
  receivedAt: Instant,
  /** A short digest of everything after MSH, by the gateway: tells it a repetition from another message under the same MSH-10. */
  body: Type.Optional(Type.Integer({ minimum: 0 })),
  /**
   * What a reader should know: `tz_assumed` (no offset, the site's zone used), `profile_unknown` (MSH-21),
   * `sender_unregistered`, `clock_skew` (|MSH-7 − received| > 60 s), `from_future` (> 5 min ahead: held, not charted),
   * `duplicate_path`, `rows_dropped`, `priority_assumed`, `test` (MSH-11 T or D, or OBX-8 TEST/DEMO throughout).
   */
  flags: Type.Optional(Type.Array(Type.String({ maxLength: 32 }), { maxItems: 16 })),
}
const subject = {
  /** The device's EUI-64 (upper-case hex) or, without one, the name its sender gives it. */
  device: Type.String({ minLength: 1, maxLength: 128 }),
  /** PID-3, the medical record number where one is marked. */
  patient: Type.Optional(PatientIdentifier),
  /** PV1-3. */
  location: Type.Optional(Place),
}

/**
 * The quality of a value [STD IHE DEV TF-2, OBX-8 × OBX-11]; none means good.
 * `absent` stands for "no value" without a better reason. Only values without quality, with `VAL` or `ALACT`/`ALINH` are scored.
 */
export const qualities = [
  'INV',
  'QUES',
  'NAV',
  'CAL',
  'EARLY',
  'TEST',
  'DEMO',
  'VAL',
  'BUSY',
  'ALACT',
  'ALINH',
  'OFF',
  'absent',
  'implausible',
] as const
export type Quality = (typeof qualities)[number]

export const Metric = Type.Object({
  /** OBX-4, the containment path `MDS.VMD.CHAN.METRIC`. */
  path: Type.String({ minLength: 1, maxLength: 64 }),
  /** The MDC code (OBX-3.1), for example 147842 MDC_ECG_HEART_RATE. */
  code: Type.Integer({ minimum: 0 }),
  /** In the canonical unit of `code`. Left out when there is no value. */
  value: Type.Optional(Type.Number()),
  /** For values that are words (ST, CWE). */
  text: Type.Optional(Text),
  /** UCUM, only where it differs from the canonical unit (an unmapped code). */
  unit: Type.Optional(Word),
  /** Why the value is not plainly good. */
  quality: Type.Optional(Type.Enum(qualities)),
  /** The value is a bound: off-scale high or low. */
  bound: Type.Optional(Type.Enum(['>', '<'])),
  /** The device's alarm limits in force (OBX-7), canonical unit; null where a side is open. */
  limits: Type.Optional(Type.Tuple([Type.Union([Type.Number(), Type.Null()]), Type.Union([Type.Number(), Type.Null()])])),
  /** OBX-11 C (replaces) or D/W (retracts) the value with the same device, path and instant. */
  correction: Type.Optional(Type.Enum(['C', 'D', 'W'])),
})
export type Metric = Static<typeof Metric>

/** Values of one device measured at the same instant (OBX-14, else OBR-7). */
export const Frame = Type.Object({ at: Instant, metrics: Type.Array(Metric, { minItems: 1, maxItems: 5000 }) })
export type Frame = Static<typeof Frame>

/** A row that was kept but means nothing here: its code is in no table (`UNMAPPED_CODE`), or it has no unit. */
export const UnmappedRow = Type.Object({ reason: Word, row: Text })
export type UnmappedRow = Static<typeof UnmappedRow>

/** Stream `readings`: one PCD-01 message. */
export const ObservationRecord = Type.Object({
  kind: Type.Literal('observation'),
  ...origin,
  ...subject,
  frames: Type.Array(Frame, { maxItems: 5000 }),
  unmapped: Type.Optional(Type.Array(UnmappedRow, { maxItems: 5000 })),
})
export type ObservationRecord = Static<typeof ObservationRecord>

/** One stretch of evenly spaced samples. Sample k was taken at start + k / rateHz. */
export const WaveBlock = Type.Object({
  path: Type.String({ minLength: 1, maxLength: 64 }),
  code: Type.Integer({ minimum: 0 }),
  start: Instant,
  rateHz: Type.Number({ exclusiveMinimum: 0, maximum: 10_000 }),
  /** Physical value of one count, in `unit`: value = sample × resolution + offset. */
  resolution: Type.Optional(Type.Number()),
  offset: Type.Optional(Type.Number()),
  unit: Type.Optional(Word),
  /** Raw counts; null where the device marked the sample invalid. */
  samples: Type.Array(Type.Union([Type.Number(), Type.Null()]), { minItems: 1, maxItems: 20_000 }),
})
export type WaveBlock = Static<typeof WaveBlock>

/** Stream `waves`. */
export const WaveRecord = Type.Object({
  kind: Type.Literal('wave'),
  ...origin,
  ...subject,
  blocks: Type.Array(WaveBlock, { minItems: 1, maxItems: 64 }),
})
export type WaveRecord = Static<typeof WaveRecord>

/** IEC 60601-1-8 priority; `none` is PN. */
export const priorities = ['high', 'medium', 'low', 'none'] as const
/** OBX facet 68481 MDC_ATTR_EVENT_PHASE. */
export const alarmPhases = ['tpoint', 'start', 'continue', 'update', 'escalate', 'de-escalate', 'reset', 'end'] as const
/** OBX facet 68482 MDC_ATTR_ALARM_STATE. */
export const alarmStates = ['inactive', 'active', 'latched'] as const
/** OBX facet 68483 MDC_ATTR_ALARM_INACTIVATION_STATE. */
export const inactivations = ['enabled', 'audio-paused', 'audio-off', 'alarm-paused', 'alarm-off', 'alert-acknowledged'] as const
/** OBX facet 68485 MDC_ATTR_ALERT_TYPE: physiological, technical, advisory. */
export const alarmKinds = ['SP', 'ST', 'SA'] as const

export const DeviceAlarm = Type.Object({
  /** OBR-29 parent, else OBR-3: all messages of one alarm share it. */
  alarmId: Type.String({ minLength: 1, maxLength: 256 }),
  /** The MDC event code, where the device gave a number (196648 MDC_EVT_HI). */
  code: Type.Optional(Type.Integer({ minimum: 0 })),
  /** The event as the device named it. */
  event: Text,
  /** What to show: the device's own words, else `event`. */
  text: Text,
  /** The measurement it is about. */
  source: Type.Optional(
    Type.Object({
      path: Type.Optional(Word),
      code: Type.Optional(Type.Integer({ minimum: 0 })),
      value: Type.Optional(Type.Number()),
      unit: Type.Optional(Word),
      limits: Type.Optional(Type.Tuple([Type.Union([Type.Number(), Type.Null()]), Type.Union([Type.Number(), Type.Null()])])),
    }),
  ),
  phase: Type.Enum(alarmPhases),
  state: Type.Enum(alarmStates),
  inactivation: Type.Enum(inactivations),
  priority: Type.Enum(priorities),
  kind: Type.Enum(alarmKinds),
  /** OBR-7: when it happened at the device. */
  at: Instant,
  /** 67860 MDC_ATTR_CONFIRM_TIMEOUT in seconds: the message is a heartbeat and a next one is due within it. */
  confirmTimeoutS: Type.Optional(Type.Number({ minimum: 0 })),
})
export type DeviceAlarm = Static<typeof DeviceAlarm>

/** Stream `alarms`: one PCD-04 message. */
export const AlarmRecord = Type.Object({ kind: Type.Literal('alarm'), ...origin, ...subject, alarm: DeviceAlarm })
export type AlarmRecord = Static<typeof AlarmRecord>

/** Stream `adt`: one ADT message. What it changes is the hub's to decide; an event it does not know is kept and changes nothing. */
export const AdtRecord = Type.Object({
  kind: Type.Literal('adt'),
  ...origin,
  /** MSH-9.2, for example A01. */
  event: Type.String({ pattern: '^[A-Z][A-Z0-9]{2}$' }),
  /** EVN-6 (occurred), else EVN-2, else MSH-7. */
  at: Type.Optional(Instant),
  patient: Type.Object({
    identifiers: Type.Array(PatientIdentifier, { maxItems: 64 }),
    family: Type.Optional(Word),
    given: Type.Optional(Word),
    /** FHIR administrative-gender, from HL7 table 0001. */
    sex: Type.Optional(Type.Enum(['male', 'female', 'other', 'unknown'])),
    /** YYYY, YYYY-MM or YYYY-MM-DD. */
    birthDate: Type.Optional(Type.String({ pattern: '^\\d{4}(-\\d{2}(-\\d{2})?)?$' })),
    died: Type.Optional(Type.Boolean()),
  }),
  visit: Type.Optional(
    Type.Object({
      /** PV1-19. */
      number: Type.Optional(PatientIdentifier),
      /** PV1-2, HL7 table 0004: I inpatient, E emergency, O outpatient, ... */
      class: Type.Optional(Word),
      location: Type.Optional(Place),
      priorLocation: Type.Optional(Place),
      admittedAt: Type.Optional(Instant),
      dischargedAt: Type.Optional(Instant),
    }),
  ),
  /** MRG-1, for A40 and its kin: the identifiers that stop being used. */
  merged: Type.Optional(Type.Array(PatientIdentifier, { maxItems: 64 })),
})
export type AdtRecord = Static<typeof AdtRecord>

/** Stream `refusals`: what came in by a door and was not taken, whole as it came (up to 64 KiB of it). */
export const RefusalRecord = Type.Object({
  kind: Type.Literal('refusal'),
  /** Unique for each refusal. */
  id: Type.String({ minLength: 1, maxLength: 256 }),
  receivedAt: Instant,
  door: Type.Enum(['mllp', 'mqtt']),
  /** Who sent it, for example 10.0.0.7:51234. */
  peer: Word,
  /** The refusal's name (`UNSUPPORTED_MESSAGE`, `DUPLICATE_ID_REUSED`, ...) and its sentence. */
  code: Word,
  says: Text,
  /** What was answered, for example AR; left out when nothing was. */
  answered: Type.Optional(Type.Enum(['AA', 'AE', 'AR', 'CA', 'CE', 'CR'])),
  messageId: Type.Optional(Word),
  messageType: Type.Optional(Word),
  sender: Type.Optional(Word),
  /** Base64 of the first 64 KiB. */
  raw: Type.String({ maxLength: 90_000 }),
  /** Length of the whole. */
  bytes: Type.Integer({ minimum: 0 }),
})
export type RefusalRecord = Static<typeof RefusalRecord>

/** Which record a stream carries. */
export const recordOf = {
  readings: ObservationRecord,
  waves: WaveRecord,
  alarms: AlarmRecord,
  adt: AdtRecord,
  refusals: RefusalRecord,
} as const
export type RecordOf = {
  readings: ObservationRecord
  waves: WaveRecord
  alarms: AlarmRecord
  adt: AdtRecord
  refusals: RefusalRecord
}
export type StreamRecord = RecordOf[keyof RecordOf]
