import { metricByCode, metrics } from '@wardline/devices/codes/metrics.ts'
import { describe, expect, test } from 'vitest'
import type { Reading } from '../platform/timeline/timeline.ts'
import { isVitalSign, vitalSignCodes } from './codings.ts'
import { observationOf } from './observation.ts'

const AT = Date.UTC(2026, 0, 15, 1, 15, 30)
const reading = (code: number, rest: Partial<Reading> = {}): Reading => ({
  device: '0012210000BB0007',
  patient: '6f1c1f52-3f0b-4c55-9f0c-2f7a8b1f0a01',
  path: '1.2.1.1',
  code,
  at: AT,
  receivedAt: AT + 250,
  value: 72,
  messageId: 'M000123',
  ...rest,
})
const loincOf = (code: number) =>
  observationOf(reading(code)).code.coding!.flatMap(({ system, code }) => (system === 'http://loinc.org' ? [code] : []))

describe('vital signs conform to the profile [STD FHIR R4 vitalsigns 4.0.1]', () => {
  test.each(vitalSignCodes.map((code) => [metricByCode(code)!.refid, code] as const))('%s', (_, code) => {
    const observation = observationOf(reading(code))
    expect(observation).toMatchObject({
      status: 'final',
      category: [{ coding: [{ system: 'http://terminology.hl7.org/CodeSystem/observation-category', code: 'vital-signs' }] }],
      subject: { reference: 'Patient/6f1c1f52-3f0b-4c55-9f0c-2f7a8b1f0a01' },
      effectiveDateTime: '2026-01-15T01:15:30.000Z',
      valueQuantity: { value: 72, system: 'http://unitsofmeasure.org' },
    })
    expect(loincOf(code)).not.toEqual([])
    // vs-2: without components, a value or why there is none; never both.
    expect(observation.dataAbsentReason).toBeUndefined()
    const absent = observationOf(reading(code, { quality: 'NAV' }))
    expect(absent.valueQuantity).toBeUndefined()
    expect(absent.dataAbsentReason).toMatchObject({
      coding: [{ system: 'http://terminology.hl7.org/CodeSystem/data-absent-reason', code: 'temp-unknown' }],
    })
  })

  /** The code that the profile of each vital sign asks for, and the unit it fixes. */
  test.each([
    ['heart rate', 147842, ['8867-4'], '/min'],
    ['heart rate, by cuff', 149546, ['8867-4'], '/min'],
    ['respiratory rate', 151562, ['9279-1'], '/min'],
    ['respiratory rate, impedance', 151570, ['9279-1'], '/min'],
    ['oxygen saturation', 150456, ['59408-5', '2708-6'], '%'],
    ['body temperature', 150344, ['8310-5'], 'Cel'],
    ['systolic pressure, by cuff', 150021, ['8480-6'], 'mm[Hg]'],
    ['diastolic pressure, by cuff', 150022, ['8462-4'], 'mm[Hg]'],
    ['mean pressure, by cuff', 150023, ['8478-0'], 'mm[Hg]'],
    ['systolic pressure, arterial', 150037, ['76215-3'], 'mm[Hg]'],
    ['end-tidal CO₂', 151708, ['19891-1'], 'mm[Hg]'],
  ])('%s', (_, code, loinc, unit) => {
    expect(loincOf(code)).toEqual(loinc)
    expect(observationOf(reading(code)).valueQuantity?.code).toBe(unit)
  })

  test('nobody’s: the profile asks for a subject, so it is said why there is none', () => {
    const { patient: _, ...unassigned } = reading(147842)
    const why = (each: Reading) => observationOf(each).subject?.extension?.[0]?.valueCode
    expect(why(unassigned)).toBe('unknown')
    expect(why(reading(147842, { quality: 'TEST' }))).toBe('not-applicable')
    expect(observationOf(reading(147842, { quality: 'TEST' })).subject).not.toHaveProperty('reference')
    expect(observationOf({ ...unassigned, code: 777777 }).subject).toBeUndefined()
  })

  test('what a cuff measured says so; what an electrode or a line measured does not', () => {
    for (const { code } of metrics)
      expect(observationOf(reading(code)).method?.coding?.[0]?.code, String(code)).toBe(
        [149546, 150021, 150022, 150023].includes(code) ? '17146006' : undefined,
      )
  })

  test('what a ventilator does is no vital sign; the rate that it measures is', () => {
    expect(isVitalSign(151976)).toBe(false)
    expect(loincOf(151976)).toEqual(['76248-4'])
    expect(isVitalSign(151586)).toBe(true)
  })

  test('another number of the same measurement is the same vital sign', () => {
    expect(isVitalSign(150301)).toBe(true)
    expect(isVitalSign(777777)).toBe(false)
  })
})

/** [STD FHIR R4 data-absent-reason] */
test.each([
  ['INV', 'error'],
  ['NAV', 'temp-unknown'],
  ['BUSY', 'temp-unknown'],
  ['OFF', 'not-performed'],
  ['implausible', 'error'],
  ['absent', 'unknown'],
] as const)('%s is absent because: %s', (quality, reason) =>
  expect(observationOf(reading(147842, { quality })).dataAbsentReason?.coding?.[0]?.code).toBe(reason),
)
