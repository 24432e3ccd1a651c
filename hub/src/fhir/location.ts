import type { Location } from '@medplum/fhirtypes'
import { and, count, eq, sql } from 'drizzle-orm'
import { bed, encounter } from '../modules/inpatient/schema.ts'
import { ownSystems, systems } from './codings.ts'
import { locationId } from './fhir-id.ts'
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
  stringMeaning,
} from './table-search.ts'

type BedRow = typeof bed.$inferSelect & { stay: string | null }

/** A bed. It is shown occupied while somebody lies in it; whether an empty one is clean and staffed is not known yet, so nothing is said. */
export function locationOf(row: BedRow): Location {
  return {
    resourceType: 'Location',
    id: locationId.encode(row.id),
    meta: { lastUpdated: row.updatedAt.toISOString() },
    identifier: [{ system: ownSystems.bed, value: row.id }],
    status: 'active',
    ...(row.stay !== null && { operationalStatus: { system: systems.bedStatus, code: 'O', display: 'Occupied' } }),
    name: [row.pointOfCare, row.room, row.bed].filter(Boolean).join(' ') || row.id,
    mode: 'instance',
    physicalType: { coding: [{ system: systems.locationPhysicalType, code: 'bd', display: 'Bed' }] },
    ...(row.facility !== '' && { managingOrganization: { display: row.facility } }),
  }
}

const sha256 = sql`encode(sha256(convert_to(${bed.id}, 'UTF8')), 'hex')`
const ofId = (id: string) => {
  const read = locationId.decode(id)
  if (read === null) return never
  return 'text' in read ? eq(bed.id, read.text) : sql`left(${sha256}, ${read.hash.length}) = ${read.hash}`
}

const label = sql`concat_ws(' ', nullif(${bed.pointOfCare}, ''), nullif(${bed.room}, ''), nullif(${bed.bed}, ''))`
const meanings = (timeZone: string): Record<string, Meaning> => ({
  _id: ({ values }) => anyOf(values.map(ofId)),
  _lastUpdated: instantMeaning(bed.updatedAt, timeZone),
  identifier: ({ values }) =>
    anyOf(
      values.map((value) => {
        const { system, code } = readToken(value)
        if (system !== undefined && system !== ownSystems.bed) return never
        return code === undefined ? sql`true` : eq(bed.id, code)
      }),
    ),
  name: stringMeaning(label, bed.room, bed.bed),
  status: ({ values }) => (values.some((value) => readToken(value).code === 'active') ? sql`true` : never),
  'operational-status': ({ values }) =>
    values.some((value) => readToken(value).code === 'O') ? sql`${encounter.id} is not null` : never,
})

const inBed = and(eq(encounter.bedId, bed.id), eq(encounter.status, 'in-progress'))
const select = ({ database }: FhirServices) =>
  database
    .select({
      id: bed.id,
      pointOfCare: bed.pointOfCare,
      room: bed.room,
      bed: bed.bed,
      facility: bed.facility,
      updatedAt: bed.updatedAt,
      stay: encounter.id,
    })
    .from(bed)
    .leftJoin(encounter, inBed)

export const locationResource: ServedResource = {
  type: 'Location',
  says: 'Beds, named by HL7 PL.',
  parameters: {
    _id: { type: 'token', says: 'Logical id' },
    _lastUpdated: { type: 'date', says: 'When the bed last changed here' },
    identifier: { type: 'token', says: 'pointOfCare^room^bed^facility' },
    name: { type: 'string', modifiers: ['exact', 'contains'], says: 'Beginning of unit, room or bed' },
    status: { type: 'token', says: 'active' },
    'operational-status': { type: 'token', says: 'O: somebody lies in it' },
  },
  sorts: ['_id', '_lastUpdated', 'name'],
  async read(services, id) {
    const [row] = await select(services).where(ofId(id)).limit(1)
    return row && locationOf(row)
  },
  async search(services, request) {
    const where = conditionOf(request, meanings(services.timeZone))
    const total =
      (await services.database.select({ total: count() }).from(bed).leftJoin(encounter, inBed).where(where))[0]?.total ?? 0
    if (request.countOnly) return { resources: [], total }
    const rows = await select(services)
      .where(where)
      .orderBy(...orderOf(request, { _lastUpdated: bed.updatedAt, name: label }, bed.id))
      .limit(request.count)
      .offset(offsetOf(request))
    return { resources: rows.map(locationOf), total, ...nextOf(request, total) }
  },
}
