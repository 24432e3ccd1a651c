/**
 * What an ADT message changes: who lies in which bed. Pure: the message and what is known go in, the changes come out.
 *
 * Order is by event time. A message older than what is known of its stay changes nothing (`stale`); of two that want the same bed the
 * newer has it.
 */
import type { AdtRecord, Place } from '@wardline/devices/messages/records.ts'
import { isNews } from '../records/model.ts'

/** A bed's key on every wall and wire: `pointOfCare^room^bed^facility`. Null when the place names no bed. */
export function bedKey(place: Place | undefined): string | null {
  if (!place?.bed) return null
  return `${place.pointOfCare ?? ''}^${place.room ?? ''}^${place.bed}^${place.facility ?? ''}`
}

/** FHIR v3-ActCode. */
export type EncounterClass = 'IMP' | 'EMER' | 'AMB'
export type EncounterStatus = 'planned' | 'in-progress' | 'finished' | 'cancelled'

export interface Encounter {
  id: string
  patient: string
  visitNumber?: string
  class: EncounterClass
  status: EncounterStatus
  /** The last bed; only a stay in progress lies in it. */
  bed?: string
  startedAt?: number
  endedAt?: number
  saidAt: number
}

/** [STD HL7 v2 table 0004] as FHIR v3-ActCode: what lies in a bed for a day or more is IMP; P (pre-admit) becomes one. */
const classes: Record<string, EncounterClass> = {
  I: 'IMP',
  P: 'IMP',
  N: 'IMP',
  B: 'IMP',
  E: 'EMER',
  O: 'AMB',
  R: 'AMB',
  C: 'AMB',
}

/** What one message means for a stay: where it may start from, and what it becomes. */
interface Meaning {
  says: string
  status: EncounterStatus
  /** It makes a stay when none is known; without it such a message changes no stay. */
  opens?: true
  /** States of a known stay it applies to; without it, all. */
  from?: readonly EncounterStatus[]
  /** Where the patient is afterwards: PV1-3; PV1-3, else where it was before; or unchanged. */
  bed?: 'said' | 'back' | 'keep'
  class?: EncounterClass
  starts?: true
  ends?: true
  /** Devices on this patient come off at the event's time (domain page "Bedside monitoring", section 4). */
  disconnects?: true
}

/** [STD HL7 v2.6 chapter 3] events that move a stay. Every other event with a row in `others` changes the person only; the rest nothing. */
export const meanings: Record<string, Meaning> = {
  A01: { says: 'admitted', status: 'in-progress', opens: true, bed: 'said', starts: true },
  A02: { says: 'transferred', status: 'in-progress', opens: true, bed: 'said', disconnects: true },
  A03: { says: 'discharged', status: 'finished', opens: true, bed: 'keep', ends: true, disconnects: true },
  A04: { says: 'registered', status: 'in-progress', opens: true, bed: 'said', starts: true, class: 'AMB' },
  A05: { says: 'pre-admitted', status: 'planned', opens: true, from: ['planned'], bed: 'said' },
  A06: { says: 'now an inpatient', status: 'in-progress', opens: true, bed: 'back', class: 'IMP' },
  A07: { says: 'now an outpatient', status: 'in-progress', opens: true, bed: 'back', class: 'AMB' },
  A11: { says: 'admission cancelled', status: 'cancelled', from: ['planned', 'in-progress'], bed: 'keep', disconnects: true },
  A12: { says: 'transfer cancelled', status: 'in-progress', from: ['in-progress'], bed: 'back', disconnects: true },
  A13: { says: 'discharge cancelled', status: 'in-progress', from: ['finished', 'in-progress'], bed: 'back', disconnects: true },
  // The location only; it neither opens nor ends a stay.
  A08: { says: 'updated', status: 'in-progress', from: ['in-progress'], bed: 'back' },
}

/** Events that tell who a person is: those of `meanings`, and these. */
const others = new Set(['A28', 'A31', 'A40'])
/** Whether an event may change anything here. */
export const isKnown = (event: string): boolean => event in meanings || others.has(event)

export interface Known {
  /** Event time of the newest news of this patient; undefined: nobody knows them yet. */
  patientSaidAt?: number
  /** The stay the message speaks of: by its visit number, else the patient's newest open one. */
  encounter?: Encounter
  /** Who lies in the bed the message names (or would go back to), when it is another stay. */
  occupant?: Encounter
}

export interface Decision {
  outcome: 'applied' | 'stale' | 'not-applied'
  /** One sentence without names, for the message's row. */
  says: string
  /** Write the person's name and dates. */
  demographics: boolean
  /** The stay as it is afterwards; without `id` a new one. */
  encounter?: Omit<Encounter, 'id' | 'patient'> & { id?: string }
  /** This stay loses its bed to the message's. */
  displaced?: string
  /** Devices come off at this instant: of this patient (`patient`), of the stay that lost its bed (`displaced`). */
  disconnect?: { at: number; patient: boolean; displaced: boolean }
  merge?: true
}

/** The bed a message would put its patient into: the service loads its occupant before asking `decide`. */
export function bedWanted(record: AdtRecord, encounter: Encounter | undefined): string | null {
  const meaning = meanings[record.event]
  if (meaning?.status !== 'in-progress') return null
  const said = bedKey(record.visit?.location)
  if (meaning.bed === 'said') return said
  if (meaning.bed === 'back')
    return said ?? (record.event === 'A12' ? bedKey(record.visit?.priorLocation) : null) ?? encounter?.bed ?? null
  return null
}

/** What this message changes at `at`, its event time. */
export function decide(record: AdtRecord, known: Known, at: number): Decision {
  const meaning = meanings[record.event]
  if (!isKnown(record.event)) return { outcome: 'not-applied', says: `${record.event} changes nothing here`, demographics: false }
  const demographics = isNews(known.patientSaidAt, at)
  const personOnly = (says: string): Decision =>
    demographics
      ? { outcome: 'applied', says, demographics }
      : { outcome: 'stale', says: 'something newer is known of this patient', demographics: false }

  if (record.event === 'A40') {
    if (!record.merged?.length) return { outcome: 'not-applied', says: 'A40 without MRG-1', demographics: false }
    return { outcome: 'applied', says: 'merged', demographics, merge: true }
  }
  if (!meaning) return personOnly('person updated')

  const { encounter } = known
  if (!encounter && !meaning.opens) {
    if (record.event === 'A08') return personOnly('person updated; no stay in progress')
    return { outcome: 'not-applied', says: `${record.event}: there is no stay it could speak of`, demographics: false }
  }
  if (encounter && at < encounter.saidAt)
    return { outcome: 'stale', says: 'something newer is known of this stay', demographics: false }
  if (encounter && meaning.from && !meaning.from.includes(encounter.status)) {
    if (record.event === 'A08') return personOnly(`person updated; the stay is ${encounter.status}`)
    return { outcome: 'not-applied', says: `${record.event}: the stay is ${encounter.status}`, demographics: false }
  }

  let bed: string | null | undefined = meaning.status === 'in-progress' ? bedWanted(record, encounter) : undefined
  if (meaning.status === 'planned') bed = bedKey(record.visit?.location)
  // Discharge and cancellation keep the last bed, so that A13 can give it back.
  if (meaning.bed === 'keep') bed = encounter?.bed ?? bedKey(record.visit?.location)
  let says = meaning.says
  let displaced: string | undefined
  const { occupant } = known
  if (bed && meaning.status === 'in-progress' && occupant && occupant.id !== encounter?.id) {
    if (occupant.saidAt > at) {
      says += `; without a bed: ${bed} was taken by a newer event`
      bed = null
    } else {
      displaced = occupant.id
      says += `; ${bed} was taken from stay ${occupant.id}`
    }
  }
  // A transfer within the same bed takes nobody off a device; a move by A01, A06, A07 or A08 does, as A02 would.
  const wasIn = encounter?.status === 'in-progress' ? encounter.bed : undefined
  const stays = wasIn !== undefined && wasIn === bed && meaning.status === 'in-progress' && record.event !== 'A12'
  const disconnectsPatient = !stays && (Boolean(meaning.disconnects) || (wasIn !== undefined && meaning.status === 'in-progress'))
  const startedAt = encounter?.startedAt ?? record.visit?.admittedAt ?? (meaning.starts ? at : undefined)
  return {
    outcome: 'applied',
    says,
    demographics,
    encounter: {
      ...(encounter && { id: encounter.id }),
      ...(encounter?.visitNumber !== undefined && { visitNumber: encounter.visitNumber }),
      class: classOf(record, meaning, encounter),
      status: meaning.status,
      ...(bed && { bed }),
      ...(startedAt !== undefined && { startedAt }),
      ...(meaning.ends && { endedAt: record.visit?.dischargedAt ?? at }),
      saidAt: at,
    },
    ...(displaced && { displaced }),
    ...((disconnectsPatient || displaced) && { disconnect: { at, patient: disconnectsPatient, displaced: Boolean(displaced) } }),
  }
}

function classOf(record: AdtRecord, meaning: Meaning, encounter: Encounter | undefined): EncounterClass {
  const said = classes[record.visit?.class ?? '']
  // A06 and A07 are the change itself: what PV1-2 says must not undo it, except for the kind of outpatient.
  if (record.event === 'A06') return 'IMP'
  if (record.event === 'A07') return said && said !== 'IMP' ? said : 'AMB'
  return said ?? encounter?.class ?? meaning.class ?? 'IMP'
}

/** Instants ahead of the gateway's clock by more than five minutes are not believed: they would make all that follows stale. */
const FUTURE_MS = 5 * 60_000

/** When the event happened: EVN-6/EVN-2 else MSH-7 (`at`), never after the gateway had it. */
export function eventTime(record: Pick<AdtRecord, 'at' | 'sentAt' | 'receivedAt'>): number {
  const said = record.at ?? record.sentAt ?? record.receivedAt
  return said > record.receivedAt + FUTURE_MS ? record.receivedAt : said
}
