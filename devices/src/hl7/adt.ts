/** ADT^Axx: who is where. Versions 2.1 to 2.9. What an event means is the hub's to decide. */
import type { AdtRecord } from '../messages/records.ts'
import { type Flags, headerFlags, origin, type ReadContext, readHeader, readInstant, versionWithin, word } from './header.ts'
import type { Hl7, Segment } from './message.ts'
import type { Reading } from './pcd01.ts'
import { refusal } from './refusals.ts'
import { patientIdentifiers, readIdentifiers, readPlace } from './subject.ts'

export interface AdtEntry {
  stream: 'adt'
  record: AdtRecord
}

/** [STD HL7 table 0001] to FHIR administrative-gender [STD HL7 v2-to-FHIR]. */
export const administrativeSex: Record<string, NonNullable<AdtRecord['patient']['sex']>> = {
  F: 'female',
  M: 'male',
  O: 'other',
  U: 'unknown',
  A: 'other',
  N: 'other',
  X: 'other',
}

/** A20 (bed status) is about no patient. */
const WITHOUT_PATIENT = new Set(['A20'])

/**
 * One record; for a merge with several PID/MRG pairs one for each. Messages about two patients at once (A17 swaps them, A24 links them) give
 * a record of the first, flagged `second_patient`.
 */
export function readAdt(hl7: Hl7, context: ReadContext, read = readHeader(hl7, context)): Reading<AdtEntry> {
  const { version } = read.header
  if (!versionWithin(version, 1, 9))
    return refused('UNSUPPORTED_VERSION', `ADT is taken in version 2.1 to 2.9, not "${version}"`, {
      segment: 'MSH',
      sequence: 1,
      field: 12,
    })
  const evn = hl7.first('EVN')
  const event = hl7.msh.value(9, 2) ?? evn?.value(1)
  if (event === undefined || !/^[A-Z][A-Z0-9]{2}$/.test(event))
    return refused('MISSING_FIELD', 'MSH-9.2 names no event', { segment: 'MSH', sequence: 1, field: 9, component: 2 })
  const pids = hl7.all('PID')
  if (!WITHOUT_PATIENT.has(event) && pids.length === 0) return refused('MISSING_FIELD', 'PID is missing', { segment: 'PID' })
  if (!WITHOUT_PATIENT.has(event) && patientIdentifiers(pids[0]!).length === 0)
    return refused('MISSING_FIELD', 'PID-3 names no patient', { segment: 'PID', sequence: 1, field: 3 })
  const flags = headerFlags(hl7, read, context)
  const instant = (text: string | undefined) => {
    const found = readInstant(text, context)
    flags.add('tz_assumed', found?.zoneAssumed === true)
    return found?.at
  }
  const at = instant(evn?.value(6)) ?? instant(evn?.value(2)) ?? read.header.sentAt
  const pairs = mergePairs(hl7)
  flags.add('second_patient', pids.length > 1 && pairs.length < 2)
  const visit = readVisit(hl7, instant)
  const people = pairs.length > 0 ? pairs : [{ pid: pids[0], mrg: hl7.first('MRG') }]
  const patients = people.map(({ pid, mrg }) => ({
    patient: readPatient(pid, flags),
    merged: mrg ? readIdentifiers(mrg, 1) : [],
  }))
  const records = patients.map(
    ({ patient, merged }): AdtEntry => ({
      stream: 'adt',
      record: {
        kind: 'adt',
        ...origin(read.header, flags, context),
        event,
        ...(at === undefined ? {} : { at }),
        patient,
        ...(visit ? { visit } : {}),
        ...(merged.length > 0 ? { merged } : {}),
      },
    }),
  )
  return { records, problems: [] }
}

const refused = (...args: Parameters<typeof refusal>): Reading<AdtEntry> => ({
  records: [],
  problems: [],
  refusal: refusal(...args),
})

/** PID … MRG, PID … MRG: each MRG belongs to the PID before it. Empty when there is at most one MRG. */
function mergePairs(hl7: Hl7): { pid: Segment | undefined; mrg: Segment | undefined }[] {
  const pairs: { pid: Segment | undefined; mrg: Segment | undefined }[] = []
  let pid: Segment | undefined
  for (const segment of hl7.segments) {
    if (segment.name === 'PID') pid = segment
    else if (segment.name === 'MRG' && pid && patientIdentifiers(pid).length > 0) pairs.push({ pid, mrg: segment })
  }
  return pairs.length > 1 ? pairs : []
}

function readPatient(pid: Segment | undefined, flags: Flags): AdtRecord['patient'] {
  if (!pid) return { identifiers: [] }
  const out: AdtRecord['patient'] = { identifiers: patientIdentifiers(pid) }
  const name = legalName(pid)
  const family = pid.value(5, 1, name)
  const given = pid.value(5, 2, name)
  if (family !== undefined) out.family = word(family)
  if (given !== undefined) out.given = word(given)
  const sex = administrativeSex[pid.value(8)?.toUpperCase() ?? '']
  if (sex) out.sex = sex
  const born = birthDate(pid.value(7))
  if (born) out.birthDate = born
  const dead = pid.value(30)?.toUpperCase()
  if (dead === 'Y' || dead === 'N') out.died = dead === 'Y'
  else if (pid.value(29) !== undefined) out.died = true
  flags.add('birth_date_unread', born === undefined && pid.value(7) !== undefined)
  return out
}

/** Which repetition of PID-5 is the legal name [HL7 table 0200 L]; else the first. */
function legalName(pid: Segment): number {
  const repetitions = Math.min(pid.repetitions(5).length, 64)
  for (let r = 1; r <= repetitions; r++) if (pid.value(5, 7, r) === 'L') return r
  return 1
}

/** The date part of a DTM, as far as it was given. */
function birthDate(text: string | undefined): string | undefined {
  const m = /^(\d{4})(\d{2})?(\d{2})?/.exec(text ?? '')
  if (!m) return undefined
  const [, year, month, day] = m
  if (month === undefined) return year
  if (Number(month) < 1 || Number(month) > 12) return undefined
  if (day === undefined) return `${year}-${month}`
  const date = new Date(`${year}-${month}-${day}T00:00:00Z`)
  return Number.isNaN(date.getTime()) || date.getUTCDate() !== Number(day) ? undefined : `${year}-${month}-${day}`
}

function readVisit(hl7: Hl7, instant: (text: string | undefined) => number | undefined): AdtRecord['visit'] {
  const pv1 = hl7.first('PV1')
  if (!pv1) return undefined
  const out: NonNullable<AdtRecord['visit']> = {}
  const number = readIdentifiers(pv1, 19)[0]
  const patientClass = pv1.value(2)
  const location = readPlace(pv1, 3)
  const priorLocation = readPlace(pv1, 6)
  const admittedAt = instant(pv1.value(44))
  const dischargedAt = instant(pv1.value(45))
  if (number) out.number = number
  if (patientClass) out.class = word(patientClass)
  if (location) out.location = location
  if (priorLocation) out.priorLocation = priorLocation
  if (admittedAt !== undefined) out.admittedAt = admittedAt
  if (dischargedAt !== undefined) out.dischargedAt = dischargedAt
  return Object.keys(out).length > 0 ? out : undefined
}
