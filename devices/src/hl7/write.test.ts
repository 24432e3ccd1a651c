import fc from 'fast-check'
import { expect, test } from 'vitest'
import { alarmEvents } from '../codes/alarm-events.ts'
import { metrics } from '../codes/metrics.ts'
import {
  type AdtRecord,
  alarmKinds,
  alarmPhases,
  alarmStates,
  type DeviceAlarm,
  inactivations,
  type PatientIdentifier,
  type Place,
  priorities,
} from '../messages/records.ts'
import { writeAdt } from './adt-write.ts'
import { type Intake, readHl7 } from './intake.ts'
import { type Observation, writePcd01 } from './pcd01-write.ts'
import { writePcd04 } from './pcd04-write.ts'

// The same cases in each run; another seed is tried with FAST_CHECK_SEED.
fc.configureGlobal({ seed: Number(process.env.FAST_CHECK_SEED ?? 20260115) })

const read = (text: string, receivedAt: number): Intake =>
  readHl7(Buffer.from(text), { receivedAt, timeZone: 'UTC', senders: 'any' })
const present = <T extends object>(object: T): T =>
  Object.fromEntries(Object.entries(object).filter(([, v]) => v !== undefined)) as T

const instant = fc.integer({ min: 0, max: 4_000_000_000_000 })
const name = fc
  .string({ unit: 'binary', minLength: 1, maxLength: 30 })
  .map((s) => s.replace(/[\ud800-\udfff]/g, '?').trim())
  .filter((s) => s !== '' && s !== '""')
const optional = <T>(of: fc.Arbitrary<T>) => fc.option(of, { nil: undefined })
const identifier: fc.Arbitrary<PatientIdentifier> = fc
  .record({ id: name, authority: optional(name), type: optional(fc.constantFrom('MR', 'PI')) })
  .map((i) => present(i) as PatientIdentifier)
const place: fc.Arbitrary<Place> = fc
  .record({ pointOfCare: name, room: optional(name), bed: optional(name), facility: optional(name) })
  .map((p) => present(p) as Place)
const envelope = fc.record({
  id: fc.string({ unit: fc.constantFrom(...'ABC0123456789-'), minLength: 1, maxLength: 20 }),
  sentAt: instant,
  offsetMinutes: fc.integer({ min: -720, max: 840 }),
})
const sender = { name: 'GW1', eui: '0012210000AA0001', facility: 'HOSP' }
const device = '0012210000BB0007'

/** Sorted pressures, so that no observation is questioned for the order of its family. */
const observations: fc.Arbitrary<Observation[]> = fc.subarray(metrics.filter((m) => !m.pressure)).chain((chosen) =>
  fc.tuple(
    ...chosen.map((m, i) =>
      fc
        .record({
          value: fc.option(fc.integer({ min: m.plausible[0] * 10, max: m.plausible[1] * 10 }).map((v) => v / 10)),
          limits: optional(fc.constant([m.plausible[0], m.plausible[1]] as [number, number])),
          quality: optional(fc.constantFrom('QUES', 'CAL', 'VAL', 'ALACT', 'TEST')),
          bound: optional(fc.constantFrom('>', '<')),
        })
        .map((o) => ({ code: m.code, path: `1.2.3.${i + 1}`, ...present(o) }) as Observation),
    ),
  ),
)

test('PCD-01: what is written is read', () =>
  fc.assert(
    fc.property(envelope, instant, optional(identifier), optional(place), observations, (e, at, patient, location, said) => {
      const intake = read(
        writePcd01(
          present({ ...e, sender, device, at, patient, location, observations: said }) as Parameters<typeof writePcd01>[0],
        ),
        e.sentAt,
      )
      expect([intake.refusal, intake.problems, intake.message?.id, intake.message?.sentAt]).toEqual([
        undefined,
        [],
        e.id,
        e.sentAt,
      ])
      const [entry] = intake.records
      if (entry?.stream !== 'readings') throw new Error('no readings')
      expect([entry.record.device, entry.record.patient, entry.record.location]).toEqual([device, patient, location])
      const expected = said.map(({ code, path, value, limits, quality, bound }) =>
        present(
          value === null
            ? { path, code, limits, quality: quality === 'TEST' ? 'TEST' : 'absent' }
            : { path, code, value, limits, quality, bound },
        ),
      )
      expect(entry.record.frames).toEqual(said.length === 0 ? [] : [{ at, metrics: expected }])
    }),
    { numRuns: 200 },
  ))

test('waveforms: what is written is read', () =>
  fc.assert(
    fc.property(
      instant,
      fc.constantFrom(62.5, 125, 250, 500),
      fc.array(fc.option(fc.integer({ min: -32767, max: 32767 })), { minLength: 1, maxLength: 300 }),
      optional(fc.constantFrom(0.005, 0.25, 1e-7)),
      (start, rateHz, samples, resolution) => {
        const wave = present({ code: 131330, path: '1.2.1.101', start, rateHz, samples, resolution })
        const intake = read(
          writePcd01({ id: 'W1', sentAt: start, sender, device, at: start, observations: [], waves: [wave] } as Parameters<
            typeof writePcd01
          >[0]),
          start,
        )
        expect([intake.problems, intake.records.map((r) => r.stream)]).toEqual([[], ['waves']])
        const [entry] = intake.records
        expect(entry?.stream === 'waves' && entry.record.blocks).toEqual([
          present({ path: '1.2.1.101', code: 131330, start, rateHz, resolution, unit: 'mV', samples }),
        ])
      },
    ),
  ))

const alarm: fc.Arbitrary<DeviceAlarm> = fc
  .record({
    alarmId: name.map((s) => s.replaceAll('/', '-')),
    event: fc.constantFrom(...alarmEvents),
    text: name,
    source: optional(
      fc.record({
        path: fc.constant('1.3.1.1'),
        code: fc.constant(150456),
        value: fc.integer({ min: 0, max: 100 }),
        unit: fc.constant('%'),
        limits: fc.constantFrom([90, null] as [number, null], [90, 100] as [number, number]),
      }),
    ),
    phase: fc.constantFrom(...alarmPhases),
    state: fc.constantFrom(...alarmStates),
    inactivation: fc.constantFrom(...inactivations),
    priority: fc.constantFrom(...priorities),
    kind: fc.constantFrom(...alarmKinds),
    at: instant,
    confirmTimeoutS: optional(fc.integer({ min: 1, max: 120 })),
  })
  .map(({ event, ...rest }) => present({ ...rest, code: event.code, event: event.refid }) as DeviceAlarm)

test('PCD-04: what is written is read, and all messages of an alarm carry its id', () =>
  fc.assert(
    fc.property(envelope, alarm, (e, said) => {
      const intake = read(writePcd04({ ...e, sender, device, alarm: said }), Math.max(e.sentAt, said.at))
      expect([intake.refusal, intake.problems]).toEqual([undefined, []])
      const [entry] = intake.records
      const expected = said.source ? said : { ...said, source: { path: '1.0.0.0' } }
      expect(entry?.stream === 'alarms' && [entry.record.device, entry.record.alarm]).toEqual([device, expected])
    }),
    { numRuns: 200 },
  ))

test('ADT: what is written is read', () =>
  fc.assert(
    fc.property(
      envelope,
      fc.constantFrom('A01', 'A02', 'A03', 'A08', 'A40'),
      instant,
      fc.record({
        identifiers: fc.array(identifier, { minLength: 1, maxLength: 3 }),
        family: optional(name),
        given: optional(name),
        sex: optional(fc.constantFrom('female', 'male', 'other', 'unknown')),
        birthDate: optional(fc.constantFrom('1950', '1950-03', '1950-03-04')),
        died: optional(fc.boolean()),
      }),
      optional(
        fc.record({
          number: optional(identifier),
          class: fc.constant('I'),
          location: optional(place),
          priorLocation: optional(place),
          admittedAt: optional(instant),
          dischargedAt: optional(instant),
        }),
      ),
      optional(fc.array(identifier, { minLength: 1, maxLength: 2 })),
      (e, event, at, patient, visit, merged) => {
        const message = present({ ...e, sender, event, at, patient: present(patient), visit: visit && present(visit), merged })
        const intake = read(writeAdt(message as Parameters<typeof writeAdt>[0]), e.sentAt)
        const [entry] = intake.records
        if (entry?.stream !== 'adt') throw new Error(intake.refusal?.says)
        const {
          event: readEvent,
          at: readAt,
          patient: readPatient,
          visit: readVisit,
          merged: readMerged,
        } = entry.record as AdtRecord
        expect({ readEvent, readAt, readPatient, readVisit, readMerged }).toEqual({
          readEvent: event,
          readAt: at,
          readPatient: present(patient),
          readVisit: visit && present(visit),
          readMerged: merged,
        })
      },
    ),
    { numRuns: 200 },
  ))

/** [STD HL7 v2.6 table 0354] */
test.each([
  ['A01', 'ADT_A01'],
  ['A02', 'ADT_A02'],
  ['A03', 'ADT_A03'],
  ['A08', 'ADT_A01'],
  ['A11', 'ADT_A09'],
  ['A12', 'ADT_A12'],
  ['A13', 'ADT_A01'],
  ['A31', 'ADT_A05'],
  ['A40', 'ADT_A39'],
])('ADT: %s has the structure %s', (event, structure) =>
  expect(writeAdt({ id: '1', sentAt: 0, sender, event, at: 0, patient: { identifiers: [] } }).split('|')[8]).toBe(
    `ADT^${event}^${structure}`,
  ),
)
