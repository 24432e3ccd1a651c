import type { Reading, ReadingQuery } from '../platform/timeline/timeline.ts'
import { codesOfToken, systems, vitalSignCodes } from './codings.ts'
import { readDate, stretchOf } from './dates.ts'
import { deviceNameOf } from './device.ts'
import { observationId, readObservationId } from './fhir-id.ts'
import { observationOf, statusOf } from './observation.ts'
import { FhirError } from './outcome.ts'
import { readPage, writePage } from './page.ts'
import { patientsOfIdentifier, withMerged } from './patient.ts'
import type { FhirServices, Found, ServedResource } from './resource.ts'
import { type Asked, readReference, readToken, type SearchRequest } from './search-request.ts'

/** How many patients and devices one search may name. */
const MOST_SUBJECTS = 20
/** A search by status looks through at most this many readings for one page; the next link goes on from there. */
const MOST_LOOKED_AT = 20_000

type Query = Omit<ReadingQuery, 'order' | 'limit' | 'offset'>

interface Plan {
  /** Any of them; empty: nothing can match. */
  queries: Query[]
  keep?: (reading: Reading) => boolean
}

const both = <T>(one: readonly T[] | undefined, other: readonly T[]): T[] =>
  one ? other.filter((each) => one.includes(each)) : [...other]

/** What a search asks of the timeline. */
async function planOf(services: FhirServices, { asked }: SearchRequest): Promise<Plan> {
  let patients: string[] | undefined
  let devices: string[] | undefined
  let codes: number[] | undefined
  let stretch: { from?: number; to?: number } = {}
  const keeps: ((reading: Reading) => boolean)[] = []
  const dates: Asked[] = []
  for (const each of asked) {
    const { name, values } = each
    if (name === 'patient' || name === 'subject') patients = both(patients, await patientsOf(services, each))
    if (name === 'device') {
      const names = await Promise.all(values.map((value) => deviceNameOf(services, readReference(value, 'Device') ?? '')))
      devices = both(
        devices,
        names.filter((device) => device !== undefined),
      )
    }
    if (name === 'code') {
      const meant = values.map((value) => codesOfToken(readToken(value)))
      if (!meant.includes(null))
        codes = both(
          codes,
          meant.flatMap((each) => each ?? []),
        )
    }
    if (name === 'category') {
      const vital = values
        .map(readToken)
        .some(
          ({ system = systems.observationCategory, code }) => system === systems.observationCategory && code === 'vital-signs',
        )
      codes = vital ? both(codes, vitalSignCodes) : []
    }
    if (name === 'status') {
      const wanted = new Set(values.map((value) => readToken(value).code))
      keeps.push((reading) => wanted.has(statusOf(reading)))
    }
    if (name === '_id') {
      const keys = values.flatMap((value) => readObservationId(value) ?? [])
      const [first] = keys
      if (!first) return { queries: [] }
      stretch = { from: Math.min(...keys.map(({ at }) => at)), to: Math.max(...keys.map(({ at }) => at)) + 1 }
      keeps.push((reading) => values.includes(observationId(reading)))
    }
    if (name === 'date') dates.push(each)
  }
  const read = dates.map(({ name, values }) => {
    if (values.length > 1)
      throw new FhirError(
        400,
        'not-supported',
        'date: several dates with commas are not supported; give date twice for a stretch',
        'date',
      )
    return readDate(values[0]!, name, services.timeZone)
  })
  const asked_ = stretchOf(read, 'date')
  const from = Math.max(asked_.from ?? 0, stretch.from ?? 0)
  const to = Math.min(asked_.to ?? Number.MAX_SAFE_INTEGER, stretch.to ?? Number.MAX_SAFE_INTEGER)
  const common: Query = {
    ...(codes && { codes: [...new Set(codes)] }),
    ...(from > 0 && { from }),
    ...(to < Number.MAX_SAFE_INTEGER && { to }),
  }
  if (patients?.length === 0 || devices?.length === 0 || codes?.length === 0 || from >= to) return { queries: [] }
  const subjects: Query[] = (patients ?? [undefined]).flatMap((patient) =>
    (devices ?? [undefined]).map((device) => ({
      ...common,
      ...(patient !== undefined && { patient }),
      ...(device !== undefined && { device }),
    })),
  )
  if (subjects.length > MOST_SUBJECTS)
    throw new FhirError(400, 'too-costly', `A search may name at most ${MOST_SUBJECTS} patients and devices together`)
  return { queries: subjects, ...(keeps.length > 0 && { keep: (reading: Reading) => keeps.every((keep) => keep(reading)) }) }
}

async function patientsOf(services: FhirServices, { values, chain }: Asked): Promise<string[]> {
  const named =
    chain === 'identifier'
      ? await patientsOfIdentifier(services, values)
      : values.flatMap((value) => readReference(value, 'Patient') ?? [])
  return withMerged(services, named)
}

/** Readings in one order over all queries: by instant, then device and path, so that a page can go on where the last one ended. */
const inOrder = (descending: boolean) => (a: Reading, b: Reading) =>
  (descending ? b.at - a.at : a.at - b.at) ||
  (a.device < b.device ? -1 : a.device > b.device ? 1 : 0) ||
  (a.path < b.path ? -1 : a.path > b.path ? 1 : 0)

/**
 * One page. It goes on from an instant and a number of readings of that instant, not from a count of all before it: what comes in between
 * two pages moves nothing.
 */
async function pageOf(
  { timeline }: FhirServices,
  { queries, keep }: Plan,
  request: SearchRequest,
): Promise<{ readings: Reading[]; next?: string }> {
  const descending = request.sort[0]?.by !== 'date' || request.sort[0].descending
  let { at, skip } = readPage(request.page, ['at', 'skip']) ?? { at: undefined, skip: 0 }
  if (skip > MOST_LOOKED_AT) throw new FhirError(400, 'invalid', '_page is only for following a next link', '_page')
  const readings: Reading[] = []
  let lookedAt = 0
  const order = descending ? 'newest' : 'oldest'
  while (lookedAt < MOST_LOOKED_AT) {
    // One more than wanted says whether there is a next page.
    const limit = (keep ? 1000 : request.count + 1) + skip
    const found = await Promise.all(
      queries.map((query) => timeline.readings({ ...startingAt(query, at, descending), order, limit })),
    )
    const more = found.some((each) => each.length === limit)
    const chunk = found.flat().sort(inOrder(descending)).slice(skip, limit)
    lookedAt += limit
    for (const reading of chunk) {
      if (keep && !keep(reading)) {
        ;({ at, skip } = after(reading, at, skip))
        continue
      }
      if (readings.length === request.count) return { readings, next: writePage({ at: at!, skip }) }
      readings.push(reading)
      ;({ at, skip } = after(reading, at, skip))
    }
    if (!more || chunk.length === 0) return { readings }
  }
  return { readings, ...(at !== undefined && { next: writePage({ at, skip }) }) }
}

const after = (reading: Reading, at: number | undefined, skip: number) => ({
  at: reading.at,
  skip: reading.at === at ? skip + 1 : 1,
})

function startingAt(query: Query, at: number | undefined, descending: boolean): Query {
  if (at === undefined) return query
  return descending ? { ...query, to: Math.min(query.to ?? at + 1, at + 1) } : { ...query, from: Math.max(query.from ?? at, at) }
}

async function search(services: FhirServices, request: SearchRequest): Promise<Found> {
  const plan = await planOf(services, request)
  const { queries, keep } = plan
  if (queries.length === 0) return { resources: [], total: 0 }
  if (request.countOnly && keep && !request.asked.some(({ name }) => name === '_id'))
    throw new FhirError(400, 'too-costly', 'Observations cannot be counted by status', 'status')
  const counted = async () =>
    (await Promise.all(queries.map((query) => services.timeline.count(query)))).reduce((sum, each) => sum + each, 0)
  if (request.countOnly && !keep) return { resources: [], total: await counted() }
  const { readings, next } = await pageOf(services, plan, request.countOnly ? { ...request, count: 1000 } : request)
  const total =
    request.page === undefined && next === undefined ? readings.length : request.total && !keep ? await counted() : undefined
  return {
    resources: request.countOnly ? [] : readings.map(observationOf),
    ...(total !== undefined && { total }),
    ...(next !== undefined && !request.countOnly && { next }),
  }
}

const patientParameter = { type: 'reference', modifiers: ['Patient'], chains: ['identifier'] } as const

export const observationResource: ServedResource = {
  type: 'Observation',
  says:
    'Readings of bedside devices, newest first. One Observation for each value; id made of device, containment path and instant. ' +
    'A total is given when it is known at once, or asked for with _total=accurate or _summary=count.',
  parameters: {
    _id: { type: 'token', says: 'Logical id' },
    patient: { ...patientParameter, says: 'Whom it is charted to' },
    subject: { ...patientParameter, says: 'Whom it is charted to' },
    device: { type: 'reference', modifiers: ['Device'], says: 'The device that measured' },
    code: { type: 'token', says: 'MDC or LOINC code, with or without system' },
    category: { type: 'token', says: 'vital-signs' },
    date: { type: 'date', says: 'The instant of the value; give it twice for a stretch' },
    status: { type: 'token', says: 'final, amended, entered-in-error' },
  },
  sorts: ['date'],
  async read(services, id) {
    const key = readObservationId(id)
    if (!key) return undefined
    const device = 'text' in key.device ? key.device.text : await deviceNameOf(services, `-h${key.device.hash}`)
    if (device === undefined) return undefined
    const readings = await services.timeline.readings({ device, from: key.at, to: key.at + 1, order: 'newest', limit: 10_000 })
    const reading = readings.find(({ path }) => key.isPath(path))
    return reading && observationOf(reading)
  },
  search,
}
