import { randomUUID } from 'node:crypto'
import type { AdtRecord, Place } from '@wardline/devices/messages/records.ts'
import type { Occupant } from '../../live/live.ts'
import { identifierKey } from '../records/model.ts'
import {
  findOrCreatePatient,
  findPatient,
  type KnownPatient,
  mergePatients,
  type Queryable,
  saveDemographics,
} from '../records/service.ts'
import { bedKey, bedWanted, type Decision, decide, type Encounter, eventTime, isKnown } from './model.ts'

export interface Bed {
  id: string
  place: Place
  occupant?: Occupant & { encounter: string }
}

interface BedRow {
  id: string
  point_of_care: string
  room: string
  bed: string
  facility: string
  encounter_id: string | null
  patient_id: string | null
  family: string | null
  given: string | null
  sex: string | null
  birth_date: string | null
}

const SELECT_BED = `select b.id, b.point_of_care, b.room, b.bed, b.facility, e.id as encounter_id, p.id as patient_id,
  p.family, p.given, p.sex, p.birth_date
  from bed b left join encounter e on e.bed_id = b.id and e.status = 'in-progress' left join patient p on p.id = e.patient_id`

function bedOf(row: BedRow): Bed {
  return {
    id: row.id,
    place: {
      ...(row.point_of_care && { pointOfCare: row.point_of_care }),
      ...(row.room && { room: row.room }),
      ...(row.bed && { bed: row.bed }),
      ...(row.facility && { facility: row.facility }),
    },
    ...(row.patient_id && {
      occupant: {
        encounter: row.encounter_id!,
        patient: row.patient_id,
        ...(row.family !== null && { family: row.family }),
        ...(row.given !== null && { given: row.given }),
        ...(row.sex !== null && { sex: row.sex }),
        ...(row.birth_date !== null && { birthDate: row.birth_date }),
      },
    }),
  }
}

/** Every bed that was ever heard of, and who lies in it; ordered by unit, room, bed. */
export async function beds(db: Queryable): Promise<Bed[]> {
  const { rows } = await db.query<BedRow>(`${SELECT_BED} order by b.point_of_care, b.room, b.bed, b.facility`)
  return rows.map(bedOf)
}

export async function bedById(db: Queryable, id: string): Promise<Bed | null> {
  const { rows } = await db.query<BedRow>(`${SELECT_BED} where b.id = $1`, [id])
  return rows[0] ? bedOf(rows[0]) : null
}

export interface LocationSearch {
  _id?: string
  /** The beginning of point of care, room or bed, or part of the key [STD FHIR R4 search, string]. */
  name?: string
  limit: number
  offset?: number
}

/** Beds that match, in the order of `beds`; `total` counts all pages. */
export async function searchLocations(db: Queryable, search: LocationSearch): Promise<{ beds: Bed[]; total: number }> {
  const where = ['true']
  const values: unknown[] = []
  const arg = (value: unknown) => `$${values.push(value)}`
  if (search._id !== undefined) where.push(`b.id = ${arg(search._id)}`)
  if (search.name !== undefined) {
    const name = arg(`${search.name.replace(/[\\%_]/g, '\\$&')}%`)
    where.push(`(b.point_of_care ilike ${name} or b.room ilike ${name} or b.bed ilike ${name} or b.id ilike '%' || ${name})`)
  }
  const condition = where.join(' and ')
  const counted = await db.query<{ n: number }>(`select count(*)::int as n from bed b where ${condition}`, values)
  const { rows } = await db.query<BedRow>(
    `${SELECT_BED} where ${condition} order by b.point_of_care, b.room, b.bed, b.facility limit ${arg(search.limit)} offset ${arg(search.offset ?? 0)}`,
    values,
  )
  return { beds: rows.map(bedOf), total: counted.rows[0]?.n ?? 0 }
}

/** Make the beds of these places that nobody heard of before. Places that name no bed are passed over. Returns the new ones. */
export async function heardBeds(tx: Queryable, places: Iterable<Place>): Promise<string[]> {
  const byKey = new Map<string, Place>()
  for (const place of places) {
    const key = bedKey(place)
    if (key) byKey.set(key, place)
  }
  if (!byKey.size) return []
  // In one order always: two streams that hear the same new beds must not wait for each other.
  const rows = [...byKey].sort(([a], [b]) => (a < b ? -1 : 1))
  const result = await tx.query<{ id: string }>(
    `insert into bed (id, point_of_care, room, bed, facility)
     select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[]) on conflict do nothing returning id`,
    [
      rows.map(([key]) => key),
      rows.map(([, place]) => place.pointOfCare ?? ''),
      rows.map(([, place]) => place.room ?? ''),
      rows.map(([, place]) => place.bed ?? ''),
      rows.map(([, place]) => place.facility ?? ''),
    ],
  )
  return result.rows.map((row) => row.id)
}

interface EncounterRow {
  id: string
  patient_id: string
  visit_number: string | null
  class: Encounter['class']
  status: Encounter['status']
  bed_id: string | null
  started_at: Date | null
  ended_at: Date | null
  said_at: Date
}

function encounterOf(row: EncounterRow): Encounter {
  return {
    id: row.id,
    patient: row.patient_id,
    ...(row.visit_number !== null && { visitNumber: row.visit_number }),
    class: row.class,
    status: row.status,
    ...(row.bed_id !== null && { bed: row.bed_id }),
    ...(row.started_at && { startedAt: row.started_at.getTime() }),
    ...(row.ended_at && { endedAt: row.ended_at.getTime() }),
    saidAt: row.said_at.getTime(),
  }
}

/** The stay in progress in a bed, or null. */
export async function stayInBed(db: Queryable, bed: string): Promise<Encounter | null> {
  const { rows } = await db.query<EncounterRow>(`select * from encounter where bed_id = $1 and status = 'in-progress'`, [bed])
  return rows[0] ? encounterOf(rows[0]) : null
}

/** The newest stay in progress of a patient, or null. */
export async function stayOfPatient(db: Queryable, patient: string): Promise<Encounter | null> {
  const { rows } = await db.query<EncounterRow>(
    `select * from encounter where patient_id = $1 and status = 'in-progress' order by started_at desc nulls last, said_at desc limit 1`,
    [patient],
  )
  return rows[0] ? encounterOf(rows[0]) : null
}

/** Whether a patient has stays here, and all of them are over: discharged, as far as anybody said. */
export async function isDischarged(db: Queryable, patient: string): Promise<boolean> {
  const { rows } = await db.query<{ over: boolean }>(
    `select count(*) > 0 and bool_and(status in ('finished', 'cancelled')) as over from encounter where patient_id = $1`,
    [patient],
  )
  return rows[0]?.over ?? false
}

/** What an ADT message did, for its row and for whoever must hear of it. */
export interface AdtResult {
  outcome: Decision['outcome']
  says: string
  /** Whom it was about, when it was applied. */
  patient?: string
  /** Beds whose occupant or existence changed: read them again after the commit. */
  beds: string[]
  /** Devices of these patients (or in these beds) come off at `at`. */
  disconnect?: { at: number; patients: string[] }
  /** Records that were merged into `patient`: what is kept or remembered under their ids is its now. */
  merged: string[]
}

const nothing = (outcome: Decision['outcome'], says: string): AdtResult => ({
  outcome,
  says,
  beds: [],
  merged: [],
})

/**
 * Decide and save what one ADT message changes, in the caller's transaction. The caller writes the message's row. Messages of one
 * site come in one stream, so one at a time; two hubs are held apart by the stream's fence.
 */
export async function applyAdt(tx: Queryable, record: AdtRecord): Promise<AdtResult> {
  if (!isKnown(record.event)) return nothing('not-applied', `${record.event} changes nothing here`)
  if (!record.patient.identifiers.some((identifier) => identifier.id !== ''))
    return nothing('not-applied', 'no patient identifier (PID-3)')
  const at = eventTime(record)
  const patient = await findPatient(tx, record.patient.identifiers)
  const visitNumber = record.visit?.number?.id ? identifierKey(record.visit.number) : undefined
  const encounter = await stayMeant(tx, record, patient?.id, visitNumber)
  if (encounter && encounter.patient !== patient?.id && record.event !== 'A40')
    return nothing('not-applied', `visit ${visitNumber} belongs to another patient`)
  const wanted = bedWanted(record, encounter)
  const occupant = wanted ? await stayInBed(tx, wanted) : null
  const decision = decide(
    record,
    {
      ...(patient?.saidAt !== undefined && { patientSaidAt: patient.saidAt }),
      ...(encounter && { encounter }),
      ...(occupant && occupant.id !== encounter?.id && { occupant }),
    },
    at,
  )
  if (decision.outcome !== 'applied') return nothing(decision.outcome, decision.says)
  return save(tx, record, decision, { patient, encounter, occupant: occupant ?? undefined, visitNumber, at })
}

interface Loaded {
  patient: KnownPatient | null
  encounter: Encounter | undefined
  occupant: Encounter | undefined
  visitNumber: string | undefined
  at: number
}

async function save(tx: Queryable, record: AdtRecord, decision: Decision, loaded: Loaded): Promise<AdtResult> {
  const { at, encounter } = loaded
  const patient = loaded.patient ?? (await findOrCreatePatient(tx, record.patient.identifiers))
  if (loaded.patient) await findOrCreatePatient(tx, record.patient.identifiers)
  if (decision.demographics) await saveDemographics(tx, patient, record.patient, at)
  const result: AdtResult = {
    outcome: 'applied',
    says: decision.says,
    patient: patient.id,
    beds: await heardBeds(
      tx,
      [record.visit?.location, record.visit?.priorLocation].filter((place) => place !== undefined),
    ),
    merged: [],
  }
  if (decision.merge) {
    result.merged = await mergePatients(tx, patient.id, record.merged ?? [])
    await tx.query('update encounter set patient_id = $2 where patient_id = any($1)', [result.merged, patient.id])
    if (!result.merged.length) result.says = 'already merged'
  }
  if (decision.displaced) await tx.query('update encounter set bed_id = null where id = $1', [decision.displaced])
  if (decision.encounter) {
    const { id = randomUUID(), class: kind, status, bed, startedAt, endedAt, saidAt } = decision.encounter
    await tx.query(
      `insert into encounter (id, patient_id, visit_number, class, status, bed_id, started_at, ended_at, said_at)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
       on conflict (id) do update set visit_number = coalesce(excluded.visit_number, encounter.visit_number), class = excluded.class,
         status = excluded.status, bed_id = excluded.bed_id, started_at = excluded.started_at, ended_at = excluded.ended_at, said_at = excluded.said_at`,
      [
        id,
        patient.id,
        decision.encounter.visitNumber ?? loaded.visitNumber ?? null,
        kind,
        status,
        bed ?? null,
        startedAt === undefined ? null : new Date(startedAt),
        endedAt === undefined ? null : new Date(endedAt),
        new Date(saidAt),
      ],
    )
    if (encounter?.bed) result.beds.push(encounter.bed)
    if (bed) result.beds.push(bed)
  }
  const left = await leaveOtherBeds(tx, patient.id)
  result.beds.push(...left)
  // A name that changed shows at every bed the patient lies in.
  const lies = await tx.query<{ bed_id: string }>(
    `select bed_id from encounter where patient_id = $1 and status = 'in-progress' and bed_id is not null`,
    [patient.id],
  )
  result.beds = [...new Set([...result.beds, ...lies.rows.map((row) => row.bed_id)])]
  if (left.length && !decision.disconnect?.patient && !left.includes(decision.encounter?.bed ?? ''))
    decision.disconnect = { at, displaced: false, ...decision.disconnect, patient: true }
  if (decision.disconnect) {
    const patients = [
      ...(decision.disconnect.patient ? [patient.id] : []),
      ...(decision.disconnect.displaced && loaded.occupant ? [loaded.occupant.patient] : []),
    ]
    result.disconnect = { at: decision.disconnect.at, patients: [...new Set(patients)] }
  }
  return result
}

/**
 * A person lies in one bed. Of several stays in progress (one whose end nobody sent, or of two records that became one) that with the newest news has it; outpatient
 * visits take nobody out of bed. Returns the beds that were left.
 */
async function leaveOtherBeds(tx: Queryable, patient: string): Promise<string[]> {
  const { rows } = await tx.query<{ bed_id: string }>(
    `with lies as (select id, bed_id, row_number() over (order by said_at desc, started_at desc nulls last, id) as nth from encounter
       where patient_id = $1 and status = 'in-progress' and bed_id is not null and class <> 'AMB')
     update encounter e set bed_id = null from lies where e.id = lies.id and lies.nth > 1 returning lies.bed_id`,
    [patient],
  )
  return rows.map((row) => row.bed_id)
}

/** The stay a message speaks of: by its visit number; without one (or for a stay that has none yet) the patient's newest that it could mean. */
async function stayMeant(
  tx: Queryable,
  record: AdtRecord,
  patient: string | undefined,
  visitNumber: string | undefined,
): Promise<Encounter | undefined> {
  if (visitNumber !== undefined) {
    const { rows } = await tx.query<EncounterRow>('select * from encounter where visit_number = $1 for update', [visitNumber])
    if (rows[0]) return encounterOf(rows[0])
  }
  if (!patient) return undefined
  const meant = record.event === 'A13' ? ['finished', 'in-progress'] : ['in-progress', 'planned']
  const { rows } = await tx.query<EncounterRow>(
    `select * from encounter where patient_id = $1 and status = any($2) and ($3 or visit_number is null)
     order by array_position($2, status), said_at desc limit 1 for update`,
    [patient, meant, visitNumber === undefined],
  )
  return rows[0] ? encounterOf(rows[0]) : undefined
}
