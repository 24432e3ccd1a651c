import type { Device } from '@medplum/fhirtypes'
import type { DeviceDefinition } from '@wardline/devices/catalogue/blocks.ts'
import { catalogue, findDevice } from '@wardline/devices/catalogue/catalogue.ts'
import { and, count, eq, inArray, isNull, like, notLike, sql } from 'drizzle-orm'
import { device, deviceAssociation } from '../live/schema.ts'
import { bed } from '../modules/inpatient/schema.ts'
import { ownSystems, systems } from './codings.ts'
import { deviceId, locationId } from './fhir-id.ts'
import { patientsOfIdentifier } from './patient.ts'
import type { FhirServices, ServedResource } from './resource.ts'
import { type Asked, readReference, readToken } from './search-request.ts'
import { anyOf, conditionOf, type Meaning, never, nextOf, offsetOf, orderOf, stringMeaning } from './table-search.ts'

interface DeviceRow {
  id: string
  model: string | null
  firstSeenAt: Date
  patient: string | null
  since: Date | null
  bed: string | null
}

const EUI64 = /^[0-9A-F]{16}$/
/** What a device of the catalogue is at its top [STD ISO/IEEE 11073-10101]: monitor, oximeter, ventilator. Of others it is not known. */
const topOf = ({ containment }: DeviceDefinition) => containment[0]

/** The catalogue's rule in SQL: the longest of the prefixes that fit decides. */
const isOf = ({ identifiedBy: { euiPrefix } }: DeviceDefinition) => {
  const narrower = catalogue
    .map((other) => other.identifiedBy.euiPrefix)
    .filter((p) => p !== euiPrefix && p.startsWith(euiPrefix))
  return and(like(device.id, `${euiPrefix}%`), ...narrower.map((prefix) => notLike(device.id, `${prefix}%`)))
}

/** A device that was heard, whom it is on and where it stands. */
export function deviceOf(row: DeviceRow): Device {
  const definition = findDevice({ eui: row.id })
  const top = definition && topOf(definition)
  const lastUpdated = row.since !== null && row.since > row.firstSeenAt ? row.since : row.firstSeenAt
  return {
    resourceType: 'Device',
    id: deviceId.encode(row.id),
    meta: { lastUpdated: lastUpdated.toISOString() },
    identifier: [{ system: EUI64.test(row.id) ? systems.eui64 : ownSystems.device, value: row.id }],
    status: 'active',
    ...(row.model !== null && { modelNumber: row.model }),
    ...(top && { type: { coding: [{ system: systems.mdc, code: String(top.code), display: top.refid }] } }),
    ...(row.patient !== null && { patient: { reference: `Patient/${row.patient}` } }),
    ...(row.bed !== null && { location: { reference: `Location/${locationId.encode(row.bed)}` } }),
  }
}

const sha256 = sql`encode(sha256(convert_to(${device.id}, 'UTF8')), 'hex')`
export const deviceOfId = (id: string) => {
  const read = deviceId.decode(id)
  if (read === null) return never
  return 'text' in read ? eq(device.id, read.text) : sql`left(${sha256}, ${read.hash.length}) = ${read.hash}`
}

/** The device's own name for a logical id; undefined when no such device was heard. */
export async function deviceNameOf({ database }: FhirServices, id: string): Promise<string | undefined> {
  const read = deviceId.decode(id)
  if (read === null || 'text' in read) return read?.text
  return (await database.select({ id: device.id }).from(device).where(deviceOfId(id)).limit(1))[0]?.id
}

const meanings: Record<string, Meaning> = {
  _id: ({ values }) => anyOf(values.map(deviceOfId)),
  identifier: ({ values }) =>
    anyOf(
      values.map((value) => {
        const { system, code } = readToken(value)
        const ofCode = code === undefined ? sql`true` : eq(device.id, code)
        if (system === undefined) return ofCode
        if (system === systems.eui64) return and(ofCode, sql`${device.id} ~ '^[0-9A-F]{16}$'`)
        return system === ownSystems.device ? and(ofCode, sql`${device.id} !~ '^[0-9A-F]{16}$'`) : never
      }),
    ),
  type: ({ values }) =>
    anyOf(
      values
        .map(readToken)
        .flatMap(({ system = systems.mdc, code }) =>
          system === systems.mdc ? catalogue.filter((d) => code === undefined || String(topOf(d)?.code) === code).map(isOf) : [],
        ),
    ),
  status: ({ values }) => (values.some((value) => readToken(value).code === 'active') ? sql`true` : never),
  model: stringMeaning(device.model),
  location: ({ values }) =>
    anyOf(
      values.map((value) => {
        const read = locationId.decode(readReference(value, 'Location') ?? '')
        return read && 'text' in read ? eq(at, read.text) : never
      }),
    ),
}

const at = sql<string | null>`coalesce(${deviceAssociation.bedId}, ${bed.id})`
const open = and(eq(deviceAssociation.deviceId, device.id), isNull(deviceAssociation.endedAt))

/** `patient` needs a look at the identifiers first, when they are what names the patient. */
async function patientMeaning(services: FhirServices, asked: Asked) {
  const ids =
    asked.chain === 'identifier'
      ? await patientsOfIdentifier(services, asked.values)
      : asked.values.flatMap((value) => readReference(value, 'Patient') ?? []).filter((id) => /^[0-9a-f-]{36}$/.test(id))
  return ids.length ? inArray(deviceAssociation.patientId, ids) : never
}

const select = ({ database }: FhirServices) =>
  database
    .select({
      id: device.id,
      model: device.model,
      firstSeenAt: device.firstSeenAt,
      patient: deviceAssociation.patientId,
      since: deviceAssociation.startedAt,
      bed: at,
    })
    .from(device)
    .leftJoin(deviceAssociation, open)
    .leftJoin(bed, eq(bed.id, device.placedAt))

export const deviceResource: ServedResource = {
  type: 'Device',
  says: 'Devices that were heard, by EUI-64 or by the name their sender gives them.',
  parameters: {
    _id: { type: 'token', says: 'Logical id' },
    identifier: { type: 'token', says: 'EUI-64, or the name its sender gives it' },
    type: { type: 'token', says: 'MDC code of the device system' },
    status: { type: 'token', says: 'active' },
    model: { type: 'string', modifiers: ['exact', 'contains'], says: 'Beginning of the model' },
    patient: { type: 'reference', chains: ['identifier'], says: 'Whom it is on now' },
    location: { type: 'reference', says: 'The bed it is at' },
  },
  sorts: ['_id'],
  async read(services, id) {
    const [row] = await select(services).where(deviceOfId(id)).limit(1)
    return row && deviceOf(row)
  },
  async search(services, request) {
    const patients = await Promise.all(
      request.asked.filter(({ name }) => name === 'patient').map((asked) => patientMeaning(services, asked)),
    )
    const where = and(conditionOf(request, meanings), ...patients)
    const total =
      (
        await services.database
          .select({ total: count() })
          .from(device)
          .leftJoin(deviceAssociation, open)
          .leftJoin(bed, eq(bed.id, device.placedAt))
          .where(where)
      )[0]?.total ?? 0
    if (request.countOnly) return { resources: [], total }
    const rows = await select(services)
      .where(where)
      .orderBy(...orderOf(request, {}, device.id))
      .limit(request.count)
      .offset(offsetOf(request))
    return { resources: rows.map(deviceOf), total, ...nextOf(request, total) }
  },
}
