/** MSH, PID and PV1 as Wardline's simulators and tests write them (domain page "Bedside monitoring", section 3). */
import type { PatientIdentifier, Place } from '../messages/records.ts'
import { type Field, segment } from './build.ts'
import { writeDtm } from './dtm.ts'

/** What every written message has. */
export interface Envelope {
  /** MSH-10. */
  id: string
  /** MSH-7, ms. */
  sentAt: number
  /** MSH-3 and MSH-4: `GW1^0012210000AA0001^EUI-64` and `HOSP`. */
  sender: { name: string; eui?: string; facility?: string }
  /** MSH-11; P when left out. */
  processingId?: 'P' | 'T' | 'D'
  /** MSH-15 and MSH-16; AL and NE when left out, '' for original mode. */
  acceptAck?: 'AL' | 'NE' | 'ER' | 'SU' | ''
  applicationAck?: 'AL' | 'NE' | 'ER' | 'SU' | ''
  /** Offset of the times that are written, minutes east of UTC; 0 when left out. */
  offsetMinutes?: number
}

/** What a device's message is about. */
export interface Subject {
  /** EUI-64, upper-case hexadecimal. */
  device: string
  patient?: PatientIdentifier
  location?: Place
  /** PV1-2; I when left out. */
  patientClass?: string
}

export const hierarchic = ({ name, eui }: Envelope['sender']): Field => (eui ? [name, eui, 'EUI-64'] : name)

export function writeMsh(
  e: Envelope,
  type: readonly [string, string, string],
  profile?: readonly [name: string, oid: string],
): string {
  return segment('MSH', [
    hierarchic(e.sender),
    e.sender.facility,
    null,
    null,
    writeDtm(e.sentAt, e.offsetMinutes),
    null,
    type,
    e.id,
    e.processingId ?? 'P',
    '2.6',
    null,
    null,
    e.acceptAck ?? 'AL',
    e.applicationAck ?? 'NE',
    null,
    'UNICODE UTF-8',
    null,
    null,
    profile ? [profile[0], 'IHE PCD', profile[1], 'ISO'] : null,
  ])
}

export const identifier = ({ id, authority, type }: PatientIdentifier) => [id, null, null, authority, type]

export const place = ({ pointOfCare, room, bed, facility }: Place): Field => [pointOfCare, room, bed, facility]

/** PID and PV1 of a device's message; neither when nothing is known of them. */
export function writeSubject({ patient, location, patientClass }: Subject): string[] {
  const pid = patient ? [segment('PID', [null, null, identifier(patient)])] : []
  return [...pid, ...(location ? [segment('PV1', [null, patientClass ?? 'I', place(location)])] : [])]
}

/** NM: digits and a point, never an exponent. */
export function nm(value: number): string {
  const text = String(value)
  return text.includes('e') ? value.toFixed(12).replace(/\.?0+$/, '') : text
}
