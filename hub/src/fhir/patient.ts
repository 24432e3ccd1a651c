import type { Patient } from '@medplum/fhirtypes'
import { and, count, eq, inArray, isNull, type SQL, sql } from 'drizzle-orm'
import { patient, patientIdentifier } from '../modules/records/schema.ts'
import { authoritiesOfSystem, systemOfAuthority, systems } from './codings.ts'
import type { FhirServices, ServedResource } from './resource.ts'
import { readToken } from './search-request.ts'
import {
  anyOf,
  conditionOf,
  instantMeaning,
  type Meaning,
  never,
  nextOf,
  offsetOf,
  orderOf,
  partialDateMeaning,
  stringMeaning,
} from './table-search.ts'

type PatientRow = typeof patient.$inferSelect
type IdentifierRow = typeof patientIdentifier.$inferSelect

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/** A person as FHIR has it. Names come from ADT: a patient first heard of in a device message has an identifier only. */
export function patientOf(row: PatientRow, identifiers: readonly IdentifierRow[]): Patient {
  return {
    resourceType: 'Patient',
    id: row.id,
    meta: { versionId: String(row.version), lastUpdated: row.updatedAt.toISOString() },
    ...(identifiers.length > 0 && {
      identifier: identifiers.map(({ authority, value, type }) => ({
        ...(type !== null && { type: { coding: [{ system: systems.identifierType, code: type }] } }),
        ...(authority !== '' && { system: systemOfAuthority(authority), assigner: { display: authority } }),
        value,
      })),
    }),
    active: row.mergedInto === null,
    ...((row.family !== null || row.given !== null) && {
      name: [
        {
          use: 'official' as const,
          ...(row.family !== null && { family: row.family }),
          ...(row.given !== null && { given: row.given.split(' ').filter(Boolean) }),
        },
      ],
    }),
    ...(row.sex !== null && { gender: row.sex }),
    ...(row.birthDate !== null && { birthDate: row.birthDate }),
    ...(row.died && { deceasedBoolean: true }),
    ...(row.mergedInto !== null && {
      link: [{ other: { reference: `Patient/${row.mergedInto}` }, type: 'replaced-by' as const }],
    }),
  }
}

/** `identifier` tokens as a condition on patient_identifier. */
export function identifierCondition(values: readonly string[]): SQL {
  return anyOf(
    values.map((value) => {
      const { system, code } = readToken(value)
      const ofCode = code === undefined ? undefined : eq(patientIdentifier.value, code)
      return system === undefined
        ? ofCode
        : and(inArray(patientIdentifier.authority, system === '' ? [''] : authoritiesOfSystem(system)), ofCode)
    }),
  )
}

/** The patients that a reference parameter names: by id, or by `.identifier`. */
export async function patientsOfIdentifier({ database }: FhirServices, values: readonly string[]): Promise<string[]> {
  const rows = await database
    .selectDistinct({ id: patientIdentifier.patientId })
    .from(patientIdentifier)
    .where(identifierCondition(values))
    .limit(100)
  return rows.map(({ id }) => id)
}

/** This patient's id and those of all records merged into it: history keeps the id that was charted to. */
export async function withMerged({ database }: FhirServices, ids: readonly string[]): Promise<string[]> {
  const known = ids.filter((id) => UUID.test(id))
  if (known.length === 0) return []
  const list = sql.join(
    known.map((id) => sql`${id}::uuid`),
    sql`, `,
  )
  const { rows } = await database.execute<{ id: string }>(
    sql`with recursive same as (select id from patient where id in (${list}) union select p.id from patient p join same on p.merged_into = same.id) select id from same`,
  )
  return rows.map(({ id }) => id)
}

const genders = new Set(['male', 'female', 'other', 'unknown'])
const meanings = (timeZone: string): Record<string, Meaning> => ({
  _id: ({ values }) => anyOf(values.filter((value) => UUID.test(value)).map((value) => eq(patient.id, value))),
  _lastUpdated: instantMeaning(patient.updatedAt, timeZone),
  identifier: ({ values }) =>
    sql`exists (select 1 from ${patientIdentifier} where ${patientIdentifier.patientId} = ${patient.id} and ${identifierCondition(values)})`,
  family: stringMeaning(patient.family),
  given: stringMeaning(patient.given),
  name: stringMeaning(patient.family, patient.given, sql`concat_ws(' ', ${patient.given}, ${patient.family})`),
  birthdate: partialDateMeaning(patient.birthDate, timeZone),
  gender: ({ values }) => {
    const known = values.map((value) => readToken(value).code ?? '').filter((value) => genders.has(value))
    return known.length ? inArray(patient.sex, known as ('male' | 'female' | 'other' | 'unknown')[]) : never
  },
  active: ({ values }) =>
    anyOf(
      values.map((value) =>
        value === 'true' ? isNull(patient.mergedInto) : value === 'false' ? sql`${patient.mergedInto} is not null` : never,
      ),
    ),
})

async function withIdentifiers({ database }: FhirServices, rows: readonly PatientRow[]): Promise<Patient[]> {
  if (rows.length === 0) return []
  const identifiers = await database
    .select()
    .from(patientIdentifier)
    .where(
      inArray(
        patientIdentifier.patientId,
        rows.map(({ id }) => id),
      ),
    )
    .orderBy(patientIdentifier.authority, patientIdentifier.value)
  const byPatient = Map.groupBy(identifiers, ({ patientId }) => patientId)
  return rows.map((row) => patientOf(row, byPatient.get(row.id) ?? []))
}

const string = { type: 'string', modifiers: ['exact', 'contains'] } as const

export const patientResource: ServedResource = {
  type: 'Patient',
  says: 'People known from ADT and from device messages. A record merged into another says so in link and is not active.',
  parameters: {
    _id: { type: 'token', says: 'Logical id' },
    _lastUpdated: { type: 'date', says: 'When the record last changed here' },
    identifier: { type: 'token', says: 'system|value, or value. The name of an HL7 assigning authority may stand as system' },
    family: { ...string, says: 'Beginning of the family name' },
    given: { ...string, says: 'Beginning of the given name' },
    name: { ...string, says: 'Beginning of family or given name' },
    birthdate: { type: 'date', says: 'Date of birth' },
    gender: { type: 'token', says: 'male, female, other, unknown' },
    active: { type: 'token', says: 'false: merged into another record' },
  },
  sorts: ['_id', '_lastUpdated', 'family', 'given', 'birthdate'],
  async read(services, id) {
    if (!UUID.test(id)) return undefined
    const rows = await services.database.select().from(patient).where(eq(patient.id, id))
    return (await withIdentifiers(services, rows))[0]
  },
  async search(services, request) {
    const where = conditionOf(request, meanings(services.timeZone))
    const total = (await services.database.select({ total: count() }).from(patient).where(where))[0]?.total ?? 0
    if (request.countOnly) return { resources: [], total }
    const columns = {
      _lastUpdated: patient.updatedAt,
      family: patient.family,
      given: patient.given,
      birthdate: patient.birthDate,
    }
    const rows = await services.database
      .select()
      .from(patient)
      .where(where)
      .orderBy(...orderOf(request, columns, patient.id))
      .limit(request.count)
      .offset(offsetOf(request))
    return { resources: await withIdentifiers(services, rows), total, ...nextOf(request, total) }
  },
}
