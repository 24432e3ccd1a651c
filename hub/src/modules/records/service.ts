import { randomUUID } from 'node:crypto'
import type { PatientIdentifier } from '@wardline/devices/messages/records.ts'
import type pg from 'pg'
import { type Demographics, identifierKey, identifierOf, isNews, orderedIdentifiers, type PatientRecord } from './model.ts'

/** A pool for queries, or the client of an open transaction for commands. */
export type Queryable = Pick<pg.PoolClient, 'query'>

interface PatientRow {
  id: string
  family: string | null
  given: string | null
  sex: NonNullable<PatientRecord['sex']> | null
  birth_date: string | null
  died: boolean
  merged_into: string | null
  version: number
  updated_at: Date
  identifiers: { authority: string; value: string; type: string | null }[] | null
}

const SELECT_PATIENT = `select p.id, p.family, p.given, p.sex, p.birth_date, p.died, p.merged_into, p.version, p.updated_at,
  (select json_agg(json_build_object('authority', i.authority, 'value', i.value, 'type', i.type) order by i.authority, i.value)
     from patient_identifier i where i.patient_id = p.id) as identifiers
  from patient p`

function recordOf(row: PatientRow): PatientRecord {
  return {
    id: row.id,
    identifiers: (row.identifiers ?? []).map(({ authority, value, type }) => ({
      authority,
      value,
      ...(type !== null && { type }),
    })),
    ...(row.family !== null && { family: row.family }),
    ...(row.given !== null && { given: row.given }),
    ...(row.sex !== null && { sex: row.sex }),
    ...(row.birth_date !== null && { birthDate: row.birth_date }),
    died: row.died,
    ...(row.merged_into !== null && { mergedInto: row.merged_into }),
    version: row.version,
    updatedAt: row.updated_at.getTime(),
  }
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

/** One patient by its id, or null. A merged one is given as it is, with `mergedInto`. */
export async function patientById(db: Queryable, id: string): Promise<PatientRecord | null> {
  if (!UUID.test(id)) return null
  const { rows } = await db.query<PatientRow>(`${SELECT_PATIENT} where p.id = $1`, [id])
  return rows[0] ? recordOf(rows[0]) : null
}

/** A patient's id and those of every record merged into it: history keeps the id that was charted to. */
export async function patientAndMerged(db: Queryable, id: string): Promise<string[]> {
  if (!UUID.test(id)) return []
  const { rows } = await db.query<{ id: string }>(
    `with recursive same as (select id from patient where id = $1 union select p.id from patient p join same on p.merged_into = same.id)
     select id from same`,
    [id],
  )
  return rows.map((row) => row.id)
}

export interface PatientSearch {
  _id?: string
  /** `authority|value`, `|value` (no authority), or `value` (any authority). */
  identifier?: string
  /** The beginning of the name, in any case [STD FHIR R4 search, string]. */
  family?: string
  given?: string
  /** YYYY, YYYY-MM or YYYY-MM-DD: everybody born in it. */
  birthdate?: string
  limit: number
  offset?: number
}

/** Patients that match everything asked, by name; records that were merged into another are left out. `total` counts all pages. */
export async function searchPatients(
  db: Queryable,
  search: PatientSearch,
): Promise<{ patients: PatientRecord[]; total: number }> {
  const where = ['p.merged_into is null']
  const values: unknown[] = []
  const arg = (value: unknown) => `$${values.push(value)}`
  if (search._id !== undefined) {
    if (!UUID.test(search._id)) return { patients: [], total: 0 }
    where.push(`p.id = ${arg(search._id)}`)
  }
  if (search.identifier !== undefined) {
    const bar = search.identifier.indexOf('|')
    const value = arg(search.identifier.slice(bar + 1))
    const authority = bar < 0 ? '' : ` and i.authority = ${arg(search.identifier.slice(0, bar))}`
    where.push(`exists (select 1 from patient_identifier i where i.patient_id = p.id and i.value = ${value}${authority})`)
  }
  if (search.family !== undefined) where.push(`p.family ilike ${arg(beginning(search.family))}`)
  if (search.given !== undefined) where.push(`p.given ilike ${arg(beginning(search.given))}`)
  if (search.birthdate !== undefined) where.push(`p.birth_date like ${arg(beginning(search.birthdate))}`)
  const condition = where.join(' and ')
  const counted = await db.query<{ n: number }>(`select count(*)::int as n from patient p where ${condition}`, values)
  const page = await db.query<PatientRow>(
    `${SELECT_PATIENT} where ${condition} order by p.family nulls last, p.given nulls last, p.id limit ${arg(search.limit)} offset ${arg(search.offset ?? 0)}`,
    values,
  )
  return { patients: page.rows.map(recordOf), total: counted.rows[0]?.n ?? 0 }
}
const beginning = (text: string) => `${text.replace(/[\\%_]/g, '\\$&')}%`

/** What ADT rules must know of a patient before they decide. */
export interface KnownPatient {
  id: string
  saidAt?: number
}

/**
 * Whom an identifier names, or null. A message that leaves the assigning authority out names a patient only when one alone has that value.
 */
export async function resolveIdentifier(
  db: Queryable,
  identifier: Pick<PatientIdentifier, 'id' | 'authority'>,
): Promise<string | null> {
  const { rows } = await db.query<{ patient_id: string; authority: string }>(
    `select patient_id, authority from patient_identifier where value = $1`,
    [identifier.id],
  )
  const exact = rows.find((row) => row.authority === (identifier.authority ?? ''))
  if (exact) return exact.patient_id
  if (identifier.authority) return null
  const patients = new Set(rows.map((row) => row.patient_id))
  return patients.size === 1 ? rows[0]!.patient_id : null
}

/** Whom any of these identifiers names, medical record numbers first; null when none does. Locked until the transaction ends. */
export async function findPatient(tx: Queryable, identifiers: readonly PatientIdentifier[]): Promise<KnownPatient | null> {
  for (const identifier of orderedIdentifiers(identifiers)) {
    const id = await resolveIdentifier(tx, identifier)
    if (!id) continue
    const { rows } = await tx.query<{ said_at: Date | null }>('select said_at from patient where id = $1 for update', [id])
    const saidAt = rows[0]?.said_at
    return { id, ...(saidAt && { saidAt: saidAt.getTime() }) }
  }
  return null
}

/**
 * The patient of these identifiers, made when there is none; identifiers not seen before are added, those that name somebody else stay
 * with them. Throws a RangeError when there is no identifier at all.
 */
export async function findOrCreatePatient(
  tx: Queryable,
  identifiers: readonly PatientIdentifier[],
  id: string = randomUUID(),
): Promise<KnownPatient> {
  const wanted = orderedIdentifiers(identifiers)
  if (!wanted.length) throw new RangeError('a patient needs an identifier')
  let known = await findPatient(tx, wanted)
  if (!known) {
    await tx.query('insert into patient (id) values ($1)', [id])
    known = { id }
  }
  const added = await addIdentifiers(tx, known.id, wanted)
  // Somebody else made this patient between our look and our insert: theirs stands, ours goes.
  if (known.id === id && added === 0) {
    await tx.query('delete from patient where id = $1', [id])
    const other = await findPatient(tx, wanted)
    if (other) return other
    throw new Error(`patient ${identifierKey(wanted[0]!)} came and went`)
  }
  return known
}

async function addIdentifiers(tx: Queryable, patient: string, identifiers: readonly PatientIdentifier[]): Promise<number> {
  const { rowCount } = await tx.query(
    `insert into patient_identifier (authority, value, type, patient_id)
     select a, v, t, $4 from unnest($1::text[], $2::text[], $3::text[]) as i(a, v, t) on conflict do nothing`,
    [identifiers.map((i) => i.authority ?? ''), identifiers.map((i) => i.id), identifiers.map((i) => i.type ?? null), patient],
  )
  return rowCount ?? 0
}

/** Write what was said of a person at `at`, unless something newer is known; what is left out stays. True when it was written. */
export async function saveDemographics(tx: Queryable, patient: KnownPatient, said: Demographics, at: number): Promise<boolean> {
  if (!isNews(patient.saidAt, at)) return false
  await tx.query(
    `update patient set family = coalesce($2, family), given = coalesce($3, given), sex = coalesce($4, sex),
       birth_date = coalesce($5, birth_date), died = coalesce($6, died), said_at = $7, version = version + 1, updated_at = now()
     where id = $1`,
    [
      patient.id,
      said.family ?? null,
      said.given ?? null,
      said.sex ?? null,
      said.birthDate ?? null,
      said.died ?? null,
      new Date(at),
    ],
  )
  return true
}

/**
 * A40: the records that these identifiers name give theirs to `into`, and point there. Returns their ids: whoever has rows under them
 * moves those in the same transaction.
 */
export async function mergePatients(tx: Queryable, into: string, identifiers: readonly PatientIdentifier[]): Promise<string[]> {
  const merged: string[] = []
  for (const identifier of orderedIdentifiers(identifiers)) {
    const from = await resolveIdentifier(tx, identifier)
    if (!from || from === into) continue
    await tx.query('update patient_identifier set patient_id = $2 where patient_id = $1', [from, into])
    await tx.query('update patient set merged_into = $2, version = version + 1, updated_at = now() where id = $1', [from, into])
    merged.push(from)
  }
  // The old number stays known, so that a late message under it finds the surviving record.
  await addIdentifiers(tx, into, orderedIdentifiers(identifiers))
  return merged
}

export { identifierKey, identifierOf }
