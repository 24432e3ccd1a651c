/** Writes ADT messages of version 2.6. */
import type { AdtRecord, PatientIdentifier } from '../messages/records.ts'
import { type Field, message, segment } from './build.ts'
import { writeDtm } from './dtm.ts'
import { type Envelope, identifier, place, writeMsh } from './write-header.ts'

export interface Adt extends Envelope {
  /** MSH-9.2, for example A01. */
  event: string
  /** EVN-2 and EVN-6, ms. */
  at: number
  patient: AdtRecord['patient']
  visit?: AdtRecord['visit']
  /** MRG-1. */
  merged?: readonly PatientIdentifier[]
}

/** [STD HL7 v2.6 table 0354] Which structure an event's message has, where it is not the event's own; A12 has had its own since 2.5. */
const structures: Record<string, string> = {
  A04: 'ADT_A01',
  A08: 'ADT_A01',
  A13: 'ADT_A01',
  A14: 'ADT_A05',
  A28: 'ADT_A05',
  A31: 'ADT_A05',
  A07: 'ADT_A06',
  A10: 'ADT_A09',
  A11: 'ADT_A09',
  A22: 'ADT_A21',
  A23: 'ADT_A21',
  A25: 'ADT_A21',
  A26: 'ADT_A21',
  A27: 'ADT_A21',
  A29: 'ADT_A21',
  A32: 'ADT_A21',
  A33: 'ADT_A21',
  A41: 'ADT_A39',
  A40: 'ADT_A39',
  A42: 'ADT_A39',
}
const sexes: Record<string, string> = { female: 'F', male: 'M', other: 'O', unknown: 'U' }

/** HL7 text, segments ended by CR, not framed. */
export function writeAdt(m: Adt): string {
  const time = (at: number | undefined) => (at === undefined ? null : writeDtm(at, m.offsetMinutes))
  const { patient: p, visit: v } = m
  const name: Field = p.family !== undefined || p.given !== undefined ? [p.family, p.given, null, null, null, null, 'L'] : null
  const dead = p.died === undefined ? null : p.died ? 'Y' : 'N'
  const pid: Field[] = [
    null,
    null,
    repeated(p.identifiers),
    null,
    name,
    null,
    p.birthDate?.replaceAll('-', ''),
    p.sex && sexes[p.sex],
    ...Array<null>(21).fill(null),
    dead,
  ]
  const out = [
    writeMsh(m, ['ADT', m.event, structures[m.event] ?? `ADT_${m.event}`]),
    segment('EVN', [null, time(m.at), null, null, null, time(m.at)]),
    segment('PID', pid),
  ]
  if (m.merged?.length) out.push(segment('MRG', [repeated(m.merged)]))
  if (v)
    out.push(
      segment('PV1', [
        null,
        v.class,
        v.location && place(v.location),
        null,
        null,
        v.priorLocation && place(v.priorLocation),
        ...Array<null>(12).fill(null),
        v.number && identifier(v.number),
        ...Array<null>(24).fill(null),
        time(v.admittedAt),
        time(v.dischargedAt),
      ]),
    )
  return message(out)
}

const repeated = (all: readonly PatientIdentifier[]): Field => ({ repeat: all.map(identifier) })
