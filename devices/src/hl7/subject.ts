/** Whom and what a message is about: PID, PV1, and the device. */
import type { PatientIdentifier, Place } from '../messages/records.ts'
import { WORD, word } from './header.ts'
import type { Hl7, Segment } from './message.ts'

/** CX: id ^ check digit ^ scheme ^ authority ^ type. An identifier too long to be kept whole is no identifier: cut, it could be another's. */
export function readIdentifiers(segment: Segment, field: number): PatientIdentifier[] {
  const out: PatientIdentifier[] = []
  const repetitions = Math.min(segment.repetitions(field).length, 64)
  for (let r = 1; r <= repetitions; r++) {
    const id = segment.value(field, 1, r)
    if (id === undefined || id.length > WORD) continue
    const authority = segment.value(field, 4, r) ?? segment.value(field, 4, r, 2)
    const type = segment.value(field, 5, r)
    out.push({
      id,
      ...(authority === undefined ? {} : { authority: word(authority) }),
      ...(type === undefined ? {} : { type: word(type) }),
    })
  }
  return out
}

/** PID-3; PID-2, where it stood before version 2.3. */
export function patientIdentifiers(pid: Segment): PatientIdentifier[] {
  const internal = readIdentifiers(pid, 3)
  return internal.length > 0 ? internal : readIdentifiers(pid, 2)
}

/** The medical record number where one is marked [HL7 table 0203 MR], else the first. */
export function patientOf(hl7: Hl7): PatientIdentifier | undefined {
  const pid = hl7.first('PID')
  if (!pid) return undefined
  const all = patientIdentifiers(pid)
  return all.find((i) => i.type === 'MR') ?? all[0]
}

/** PL: point of care ^ room ^ bed ^ facility. undefined when all four are empty. */
export function readPlace(segment: Segment, field: number): Place | undefined {
  const place: Place = {}
  for (const [i, key] of (['pointOfCare', 'room', 'bed', 'facility'] as const).entries()) {
    const value = segment.value(field, i + 1)
    if (value !== undefined) place[key] = word(value)
  }
  return Object.keys(place).length > 0 ? place : undefined
}

export function locationOf(hl7: Hl7): Place | undefined {
  const pv1 = hl7.first('PV1')
  return pv1 && readPlace(pv1, 3)
}

/** An EUI-64 in upper-case hexadecimal, written with or without separators; undefined for anything else. */
export function euiOf(text: string): string | undefined {
  const plain = text.replace(/[-:.]/g, '')
  return /^[0-9A-Fa-f]{16}$/.test(plain) ? plain.toUpperCase() : undefined
}

/** The EUI-64 in an EI or HD field: in its first or its third component (`0012…^^0012…^EUI-64`, `0123…^EUI-64`), or in the second (`GW1^0012…^EUI-64`). */
export function euiIn(segment: Segment, field: number): string | undefined {
  if (segment.field(field) === '') return undefined
  for (const component of [3, 1, 2]) {
    const eui = euiOf(segment.text(field, component))
    if (eui) return eui
  }
  return undefined
}

/** What OBX-18 names: an EUI-64, else the name as sent. */
export function equipment(segment: Segment): string | undefined {
  if (segment.field(18) === '') return undefined
  return euiIn(segment, 18) ?? name(segment.value(18)) ?? name(segment.value(18, 2))
}

/** Who speaks, when no row names its device: the EUI-64 of OBR-3, of MSH-3, else the sender's name. */
export function senderDevice(hl7: Hl7, obr: Segment | undefined): string {
  const { msh } = hl7
  return (obr && euiIn(obr, 3)) ?? euiIn(msh, 3) ?? name(msh.value(3)) ?? name(msh.value(4)) ?? 'unnamed'
}

/** Record field `device` holds 128 characters. */
const name = (text: string | undefined): string | undefined => text?.slice(0, 128)
