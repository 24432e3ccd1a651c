import type { Observation } from '@medplum/fhirtypes'
import type { Quality } from '@wardline/devices/messages/records.ts'
import type { Reading } from '../platform/timeline/timeline.ts'
import { absentExtension, codeOf, isVitalSign, methodOf, ownSystems, qualityExtension, quantityOf, systems } from './codings.ts'
import { deviceId, observationId } from './fhir-id.ts'

/** Why there is no value, in FHIR's words (domain page "Bedside monitoring", section 3: OBX-8 × OBX-11). */
const absentBecause: Partial<Record<Quality, string>> = {
  INV: 'error',
  NAV: 'temp-unknown',
  BUSY: 'temp-unknown',
  OFF: 'not-performed',
  // Test and demonstration values are never charted: nobody was measured.
  TEST: 'not-performed',
  DEMO: 'not-performed',
  implausible: 'error',
  absent: 'unknown',
}

/** The value was there and must not be taken for one of the patient's. */
const neverServed = new Set<Quality>(['INV', 'NAV', 'BUSY', 'OFF', 'TEST', 'DEMO', 'implausible', 'absent'])

const remark: Partial<Record<Quality, string>> = {
  QUES: 'The device marked this value questionable.',
  CAL: 'The device was being calibrated.',
  EARLY: 'An early estimate.',
  implausible: 'The device sent a value outside the plausible range; it is not served.',
}

/** The vital signs profile asks for a subject [STD FHIR R4 vitalsigns, Observation.subject 1..1]: why there is none. */
const nobody = (why: 'unknown' | 'not-applicable') => ({ extension: [{ url: absentExtension, valueCode: why }] })

/** `amended` after OBX-11 C, `entered-in-error` after D or W: the statuses a search may ask for. */
export const statusOf = ({ correction }: Pick<Reading, 'correction'>): 'final' | 'amended' | 'entered-in-error' =>
  correction === undefined ? 'final' : correction === 'C' ? 'amended' : 'entered-in-error'

/**
 * A stored reading as FHIR has it: MDC and LOINC codings, the instant the device gave the value, when the gateway had it (`issued`),
 * and, where there is no value, why. It never has a value that the device or the plausible range denies.
 */
export function observationOf(reading: Reading): Observation {
  const { quality, value, text } = reading
  const status = statusOf(reading)
  const test = quality === 'TEST' || quality === 'DEMO'
  const withheld = status === 'entered-in-error' || (quality !== undefined && neverServed.has(quality))
  const measured = withheld
    ? undefined
    : value !== undefined && Number.isFinite(value)
      ? { valueQuantity: quantityOf({ ...reading, value }) }
      : text !== undefined && text !== ''
        ? { valueString: text }
        : undefined
  const said = quality === undefined ? undefined : remark[quality]
  const reason = status === 'entered-in-error' ? 'error' : (quality !== undefined && absentBecause[quality]) || 'unknown'
  const vital = isVitalSign(reading.code)
  const method = methodOf(reading.code)
  return {
    resourceType: 'Observation',
    id: observationId(reading),
    meta: {
      // What is stored for this instant may be replaced: by a correction, by the same message coming again.
      versionId: `${reading.receivedAt.toString(36)}${reading.correction ?? ''}`,
      lastUpdated: new Date(reading.receivedAt).toISOString(),
      ...(test && { security: [{ system: systems.actReason, code: 'HTEST', display: 'test health data' }] }),
    },
    ...(quality !== undefined && { extension: [{ url: qualityExtension, valueCode: quality }] }),
    status,
    ...(vital && {
      category: [{ coding: [{ system: systems.observationCategory, code: 'vital-signs', display: 'Vital Signs' }] }],
    }),
    code: codeOf(reading.code),
    ...(reading.patient !== undefined && !test
      ? { subject: { reference: `Patient/${reading.patient}` } }
      : vital && { subject: nobody(test ? 'not-applicable' : 'unknown') }),
    ...(reading.encounter !== undefined &&
      !test && { encounter: { identifier: { system: ownSystems.encounter, value: reading.encounter } } }),
    effectiveDateTime: new Date(reading.at).toISOString(),
    issued: new Date(reading.receivedAt).toISOString(),
    ...(measured ?? { dataAbsentReason: { coding: [{ system: systems.dataAbsentReason, code: reason }] } }),
    ...((said !== undefined || reading.late) && {
      note: [
        ...(said === undefined ? [] : [{ text: said }]),
        ...(reading.late ? [{ text: 'It reached the gateway more than a minute after it was measured.' }] : []),
      ],
    }),
    ...(method && { method }),
    device: { reference: `Device/${deviceId.encode(reading.device)}` },
  }
}
