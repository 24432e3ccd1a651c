import type { Bundle, CapabilityStatement, Device, Location, OperationOutcome, Patient, Resource } from '@medplum/fhirtypes'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { aDoor, type Door } from '../platform/http/a-door.ts'
import { servedResources } from './routes.ts'

const ventilator = '0012210000BD0007'
let door: Door
let anna: string
let ben: string
let bed: string

beforeAll(async () => {
  door = await aDoor()
  anna = await door.patient({
    family: 'Ivanova',
    given: 'Anna Maria',
    sex: 'female',
    birthDate: '1985-02-14',
    identifier: ['HOSP', 'P-1001'],
    version: 3,
    updatedAt: new Date('2026-01-10T12:00:00Z'),
  })
  ben = await door.patient({
    family: 'Okafor',
    given: 'Ben',
    sex: 'male',
    birthDate: '1985',
    identifier: ['1.2.276.0.76', 'P-2002'],
  })
  await door.patient({ family: '100%', birthDate: '2026-02-31', identifier: ['', 'P-3003'] })
  await door.patient({ family: 'Old', mergedInto: ben, died: true })
  bed = await door.bed('ICU2', 'R204', 'B1', anna)
  await door.bed('ICU2', 'R204', 'B2')
  await door.bed('5W', 'Zi. 12/a', 'Ü')
  await door.device(ventilator, { placedAt: bed, model: 'VT-40' })
  await door.device('A ventilator whose sender thought that a long name would help to find it again')
  await door.database.pool.query(
    `insert into device_association (device_id, patient_id, bed_id, basis, started_at) values ($1, $2, $3, 'pid', '2026-01-15T00:00:00Z')`,
    [ventilator, anna, bed],
  )
}, 120_000)
afterAll(() => door?.close())

async function search<R extends Resource>(query: string): Promise<R[]> {
  const { status, body, json, headers } = await door.get(`/fhir/${query}`)
  expect(status, `${query}: ${body}`).toBe(200)
  expect(headers['content-type']).toBe('application/fhir+json; charset=utf-8')
  const bundle = json() as Bundle<R>
  expect(bundle).toMatchObject({
    resourceType: 'Bundle',
    type: 'searchset',
    link: [{ relation: 'self' }, ...(bundle.link ?? []).slice(1)],
  })
  expect(bundle.total).toBeGreaterThanOrEqual(bundle.entry?.length ?? 0)
  for (const { fullUrl, resource } of bundle.entry ?? [])
    expect(fullUrl).toBe(`http://localhost:80/fhir/${resource!.resourceType}/${resource!.id}`)
  return (bundle.entry ?? []).map(({ resource }) => resource!)
}

describe('Patient', () => {
  const names = async (query: string) => (await search<Patient>(`Patient?${query}`)).map(({ name }) => name?.[0]?.family).sort()

  test('read: who it is, its version and when it changed', async () => {
    const { json, headers } = await door.get(`/fhir/Patient/${anna}`)
    expect(json()).toEqual({
      resourceType: 'Patient',
      id: anna,
      meta: { versionId: '3', lastUpdated: '2026-01-10T12:00:00.000Z' },
      identifier: [
        {
          type: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v2-0203', code: 'MR' }] },
          system: 'urn:wardline:authority:HOSP',
          assigner: { display: 'HOSP' },
          value: 'P-1001',
        },
      ],
      active: true,
      name: [{ use: 'official', family: 'Ivanova', given: ['Anna', 'Maria'] }],
      gender: 'female',
      birthDate: '1985-02-14',
    } satisfies Patient)
    expect(headers.etag).toMatch(/^W\/"3\./)
    expect(headers['last-modified']).toBe('Sat, 10 Jan 2026 12:00:00 GMT')
    const head = await door.ask({ method: 'HEAD', url: `/fhir/Patient/${anna}` })
    expect([head.status, head.body, head.headers.etag]).toEqual([200, '', headers.etag])
  })

  test.each([
    ['', ['100%', 'Ivanova', 'Okafor', 'Old']],
    ['identifier=P-1001', ['Ivanova']],
    ['identifier=HOSP|P-1001', ['Ivanova']],
    ['identifier=urn:wardline:authority:HOSP|P-1001', ['Ivanova']],
    ['identifier=urn:oid:1.2.276.0.76|P-2002', ['Okafor']],
    ['identifier=urn:oid:1.2.276.0.76|', ['Okafor']],
    ['identifier=|P-3003', ['100%']],
    ['identifier=|P-1001', []],
    ['identifier=P-1001,P-2002', ['Ivanova', 'Okafor']],
    ['family=iva', ['Ivanova']],
    ['family=vanova', []],
    ['family:contains=VANOVA', ['Ivanova']],
    ['family:exact=ivanova', []],
    ['family:exact=Ivanova', ['Ivanova']],
    ['family=%25', []],
    ['family=100%25', ['100%']],
    ['name=ben', ['Okafor']],
    ['name=ben%20oka', ['Okafor']],
    ['given=anna&family=iv', ['Ivanova']],
    ['given=anna&family=ok', []],
    ['gender=female', ['Ivanova']],
    ['gender=green', []],
    ['birthdate=1985-02-14', ['Ivanova']],
    ['birthdate=1985', ['Ivanova', 'Okafor']],
    ['birthdate=lt1985-02-14', ['Okafor']],
    ['birthdate=ge1986', ['100%']],
    ['birthdate=gt1984&birthdate=le1985-12-31', ['Ivanova', 'Okafor']],
    ['active=false', ['Old']],
    ['_lastUpdated=2026-01-10', ['Ivanova']],
    ['_lastUpdated=gt2026-01-10', ['100%', 'Okafor', 'Old']],
    ['_id=nobody', []],
  ])('search %s', async (query, wanted) => expect(await names(query)).toEqual([...wanted].sort()))

  test('sorted, in pages that do not overlap', async () => {
    const seen: (string | undefined)[] = []
    let url: string | undefined = '/fhir/Patient?_sort=-family&_count=1'
    while (url) {
      const bundle: Bundle<Patient> = (await door.get(url)).json()
      expect(bundle.total).toBe(4)
      seen.push(...(bundle.entry ?? []).map(({ resource }) => resource?.name?.[0]?.family))
      url = bundle.link?.find(({ relation }) => relation === 'next')?.url?.replace(/^https?:\/\/[^/]+/, '')
    }
    expect(seen).toEqual(['Old', 'Okafor', 'Ivanova', '100%'])
  })

  test('one that was merged says into whom', async () => {
    const [old] = await search<Patient>('Patient?active=false')
    expect(old).toMatchObject({
      active: false,
      deceasedBoolean: true,
      link: [{ other: { reference: `Patient/${ben}` }, type: 'replaced-by' }],
    })
  })
})

describe('Location', () => {
  test('a bed, occupied while somebody lies in it', async () => {
    const { json } = await door.get('/fhir/Location/ICU2.R204.B1.HOSP')
    expect(json()).toMatchObject({
      resourceType: 'Location',
      status: 'active',
      name: 'ICU2 R204 B1',
      identifier: [{ value: 'ICU2^R204^B1^HOSP' }],
      operationalStatus: { system: 'http://terminology.hl7.org/CodeSystem/v2-0116', code: 'O' },
      physicalType: { coding: [{ code: 'bd' }] },
    } satisfies Partial<Location>)
  })

  test.each([
    ['', 3],
    ['identifier=ICU2^R204^B1^HOSP', 1],
    ['name=icu2', 2],
    ['name=icu2%20r204%20b2', 1],
    ['name:contains=zi.', 1],
    ['operational-status=O', 1],
    ['status=active', 3],
    ['status=suspended', 0],
    ['_id=ICU2.R204.B1.HOSP,ICU2.R204.B2.HOSP', 2],
  ])('search %s', async (query, number) => {
    const found = await search<Location>(`Location?${query}`)
    expect(found).toHaveLength(number)
    // Each id leads back to its bed, whatever its name.
    for (const each of found) expect((await door.get(`/fhir/Location/${each.id}`)).json()).toEqual(each)
  })
})

describe('Device', () => {
  test('a ventilator: its EUI-64, what it is, its model, whom it is on and where', async () => {
    expect((await door.get(`/fhir/Device/${ventilator}`)).json()).toMatchObject({
      resourceType: 'Device',
      identifier: [{ system: 'urn:oid:1.2.840.10004.1.1.1.0.0.1.0.0.1.2680', value: ventilator }],
      status: 'active',
      type: {
        coding: [{ system: 'urn:iso:std:iso:11073:10101', code: '70001', display: 'MDC_DEV_SYS_PT_VENT_MDS' }],
      },
      modelNumber: 'VT-40',
      patient: { reference: `Patient/${anna}` },
      location: { reference: 'Location/ICU2.R204.B1.HOSP' },
    } satisfies Partial<Device>)
  })

  test.each([
    ['', 2],
    [`identifier=${ventilator}`, 1],
    [`identifier=urn:oid:1.2.840.10004.1.1.1.0.0.1.0.0.1.2680|${ventilator}`, 1],
    [`identifier=urn:wardline:device|${ventilator}`, 0],
    ['type=70001', 1],
    ['type=urn:iso:std:iso:11073:10101|70001', 1],
    ['type=69965,70001', 1],
    ['type=69965', 0],
    ['type=http://snomed.info/sct|70001', 0],
    ['patient.identifier=HOSP|P-1001', 1],
    ['patient.identifier=HOSP|nobody', 0],
    ['location=Location/ICU2.R204.B1.HOSP', 1],
    ['model=vt', 1],
  ])('search %s', async (query, number) => {
    const found = await search<Device>(`Device?${query}`)
    expect(found).toHaveLength(number)
    for (const each of found) expect((await door.get(`/fhir/Device/${each.id}`)).json()).toEqual(each)
  })
})

describe('the face as a whole', () => {
  const interactions = (statement: CapabilityStatement) => statement.rest![0]!.resource!

  test('the CapabilityStatement names what answers, and what it names answers', async () => {
    const { status, json } = await door.get('/fhir/metadata')
    expect(status).toBe(200)
    const statement = json() as CapabilityStatement
    expect(statement).toMatchObject({
      resourceType: 'CapabilityStatement',
      status: 'active',
      kind: 'instance',
      fhirVersion: '4.0.1',
    })
    const routes = door.app.printRoutes({ commonPrefix: false })
    const registered = servedResources.map(({ type }) => type)
    expect(interactions(statement).map(({ type }) => type)).toEqual(registered)
    for (const { type, searchParam } of interactions(statement)) {
      expect(routes).toContain(`${type} (GET, HEAD)`)
      for (const { name, type: kind } of searchParam ?? []) {
        const value = kind === 'date' ? '2026' : kind === 'reference' ? 'nobody' : 'x'
        const answer = await door.get(`/fhir/${type}?${name}=${value}&_count=1`, { prefer: 'handling=strict' })
        expect(answer.status, `${type}?${name}: ${answer.body}`).toBe(200)
        // It was understood: it stands in the self link.
        expect((answer.json() as Bundle).link![0]!.url).toContain(`${name}=${value}`)
      }
    }
  })

  test.each([
    ['GET', '/fhir/Patient/nobody', 404, 'not-found'],
    ['GET', '/fhir/Encounter', 404, 'not-supported'],
    ['GET', '/fhir', 404, 'not-supported'],
    ['POST', '/fhir/Patient', 404, 'not-supported'],
    ['DELETE', '/fhir/Patient/x', 404, 'not-supported'],
    ['GET', '/fhir/Patient?_format=xml', 406, 'not-supported'],
    ['GET', '/fhir/Patient?birthdate=1985-13', 400, 'invalid'],
    ['GET', '/fhir/Patient?family:sounds=x', 400, 'not-supported'],
    ['GET', `/fhir/Patient/${'x'.repeat(65)}`, 400, 'invalid'],
    ['POST', '/fhir/Patient/_search', 415, 'not-supported'],
  ] as const)('%s %s is refused with %i and an OperationOutcome', async (method, url, status, code) => {
    const answer = await door.ask({ method, url })
    expect(answer.status).toBe(status)
    expect(answer.headers['content-type']).toBe('application/fhir+json; charset=utf-8')
    expect(answer.json() as OperationOutcome).toMatchObject({
      resourceType: 'OperationOutcome',
      issue: [{ severity: 'error', code }],
    })
  })

  test('what is asked for as XML only is refused; a browser is not', async () => {
    expect((await door.get('/fhir/Patient', { accept: 'application/fhir+xml' })).status).toBe(406)
    expect((await door.get('/fhir/Patient', { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' })).status).toBe(200)
    expect((await door.get('/fhir/Patient?_format=application/fhir%2Bjson')).status).toBe(200)
  })
})
