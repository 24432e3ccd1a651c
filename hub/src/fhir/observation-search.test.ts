import type { Bundle, Observation, OperationOutcome } from '@medplum/fhirtypes'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { aDoor, type Door } from '../platform/http/a-door.ts'

const monitor = '0012210000BB0007'
const ventilator = 'VENT 1/a'
const HR = 147842
const SPO2 = 150456
let door: Door
let anna: string
let ben: string

beforeAll(async () => {
  door = await aDoor()
  anna = await door.patient({ family: 'Ivanova', given: 'Anna', identifier: ['HOSP', 'P-1001'] })
  ben = await door.patient({ family: 'Okafor', given: 'Ben', identifier: ['HOSP', 'P-2002'] })
  await door.device(monitor)
  await door.device(ventilator)
  await door.measured(
    monitor,
    '2026-01-15T10:15:30.000+09:00',
    [
      { path: '1.2.1.1', code: HR, value: 72 },
      { path: '1.3.1.1', code: SPO2, value: 97 },
    ],
    { patient: anna },
  )
  await door.measured(
    monitor,
    '2026-01-15T10:15:31.000+09:00',
    [
      { path: '1.2.1.1', code: HR, value: 73 },
      { path: '1.3.1.1', code: SPO2, quality: 'NAV' },
    ],
    { patient: anna },
  )
  await door.measured(
    monitor,
    '2026-01-15T10:15:32.000+09:00',
    [{ path: '1.2.1.1', code: HR, value: 999, quality: 'implausible' }],
    { patient: anna },
  )
  await door.measured(monitor, '2026-01-15T10:15:33.000+09:00', [{ path: '1.2.1.1', code: HR, value: 20, quality: 'TEST' }])
  await door.measured(monitor, '2026-01-15T10:15:34.000+09:00', [{ path: '1.3.1.1', code: SPO2, value: 93, quality: 'QUES' }], {
    patient: anna,
    late: true,
  })
  await door.measured(ventilator, '2026-01-15T10:15:30.000+09:00', [{ path: '1.5.1.1', code: 151586, value: 14, bound: '>' }], {
    patient: ben,
  })
  await door.measured(monitor, '2026-01-14T09:00:00.000+09:00', [{ path: '1.2.1.1', code: HR, value: 60 }], { patient: anna })
  await door.measured(monitor, '2026-01-14T09:00:00.000+09:00', [{ path: '1.2.1.1', code: HR, value: 61, correction: 'C' }], {
    patient: anna,
  })
  await door.measured(monitor, '2026-01-14T09:00:01.000+09:00', [{ path: '1.2.1.1', code: HR, correction: 'W' }], {
    patient: anna,
  })
}, 120_000)
afterAll(() => door?.close())

const search = async (query: string, headers: Record<string, string> = {}) => {
  const { status, json } = await door.get(`/fhir/Observation?${query}`, headers)
  expect(status, query).toBe(200)
  return json() as Bundle<Observation>
}
const found = (bundle: Bundle<Observation>) => (bundle.entry ?? []).map(({ resource }) => resource!)
const values = (bundle: Bundle<Observation>) => found(bundle).map(({ valueQuantity }) => valueQuantity?.value)
const linked = (bundle: Bundle, relation: string) => bundle.link?.find((link) => link.relation === relation)?.url

describe('what an Observation says', () => {
  test('a heart rate: MDC and LOINC, UCUM, the instant of the value, when it was received, whose and from which device', async () => {
    const [hr] = found(await search(`patient=${anna}&code=8867-4&date=ge2026-01-15&_sort=date`))
    expect(hr).toMatchObject({
      resourceType: 'Observation',
      status: 'final',
      category: [{ coding: [{ system: 'http://terminology.hl7.org/CodeSystem/observation-category', code: 'vital-signs' }] }],
      code: {
        coding: [
          { system: 'urn:iso:std:iso:11073:10101', code: '147842', display: 'MDC_ECG_HEART_RATE' },
          { system: 'http://loinc.org', code: '8867-4' },
        ],
      },
      subject: { reference: `Patient/${anna}` },
      effectiveDateTime: '2026-01-15T01:15:30.000Z',
      issued: '2026-01-15T01:15:30.250Z',
      valueQuantity: { value: 72, unit: '/min', system: 'http://unitsofmeasure.org', code: '/min' },
      device: { reference: `Device/${monitor}` },
    })
    expect(hr!.dataAbsentReason).toBeUndefined()
  })

  test.each([
    ['no value in the table is no zero', '2026-01-15T01:15:31Z', '2708-6', { dataAbsentReason: 'temp-unknown', quality: 'NAV' }],
    [
      'what is implausible is not served',
      '2026-01-15T01:15:32Z',
      '147842',
      { dataAbsentReason: 'error', quality: 'implausible' },
    ],
    ['a test value is nobody’s', '2026-01-15T01:15:33Z', '147842', { dataAbsentReason: 'not-performed', quality: 'TEST' }],
  ])('%s', async (_, date, code, wanted) => {
    const [observation] = found(await search(`device=${monitor}&date=${date}&code=${code}`))
    expect(observation!.valueQuantity).toBeUndefined()
    expect(observation!.dataAbsentReason?.coding?.[0]?.code).toBe(wanted.dataAbsentReason)
    expect(observation!.extension?.[0]?.valueCode).toBe(wanted.quality)
    expect(observation!.subject?.reference !== undefined).toBe(wanted.quality !== 'TEST')
  })

  test('a questionable value is served and says so; a late one too; a bound is a comparator', async () => {
    const [late] = found(await search(`device=${monitor}&date=2026-01-15T01:15:34Z`))
    expect(late!.valueQuantity?.value).toBe(93)
    expect(late!.note?.map(({ text }) => text).join(' ')).toMatch(/questionable.*more than a minute/)
    const [bound] = found(await search(`patient=${ben}`))
    expect(bound!.valueQuantity).toMatchObject({ value: 14, comparator: '>' })
  })

  test('corrected and retracted', async () => {
    const bundle = await search(`patient=${anna}&date=lt2026-01-15&_sort=date`)
    expect(found(bundle).map(({ status, valueQuantity }) => [status, valueQuantity?.value])).toEqual([
      ['amended', 61],
      ['entered-in-error', undefined],
    ])
    expect(values(await search(`patient=${anna}&date=lt2026-01-15&status=amended`))).toEqual([61])
  })

  test('its id leads back to it, for a device with any name', async () => {
    for (const device of [monitor, 'VENT-201-2fa']) {
      for (const each of found(await search(`device=${device}`))) {
        expect(each.id).toMatch(/^[A-Za-z0-9.-]{1,64}$/)
        const { status, json, headers } = await door.get(`/fhir/Observation/${each.id}`)
        expect(status).toBe(200)
        expect(json()).toEqual(each)
        expect((await door.get(`/fhir/Observation/${each.id}`, { 'if-none-match': String(headers.etag) })).status).toBe(304)
      }
    }
    for (const id of ['nobody', 'mk2-o1.2.1.1-o0012210000BB0007', 'mk2-o1-o2-o3', '-h00', 'ZZ-o1.2.1.1-ox', 'x'.repeat(64)])
      expect((await door.get(`/fhir/Observation/${id}`)).status, id).toBe(404)
  })
})

describe('searching', () => {
  test('by patient, in each way to name one', async () => {
    for (const query of [
      `patient=${ben}`,
      `patient=Patient/${ben}`,
      `subject=Patient/${ben}`,
      `subject:Patient=${ben}`,
      'patient.identifier=HOSP|P-2002',
      'subject.identifier=urn:wardline:authority:HOSP|P-2002',
      `patient=http://elsewhere/fhir/Patient/${ben}`,
    ])
      expect(values(await search(query)), query).toEqual([14])
    for (const query of [
      'patient=nobody',
      'patient=Patient/00000000-0000-4000-8000-000000000000',
      'patient.identifier=HOSP|nobody',
      `subject=Group/${ben}`,
    ])
      expect(await search(query), query).toMatchObject({ total: 0 })
  })

  test('by code: LOINC, MDC, with and without system, several', async () => {
    const day = 'date=2026-01-15T01:15:30Z'
    expect(values(await search(`${day}&code=http://loinc.org|8867-4`))).toEqual([72])
    expect(values(await search(`${day}&code=urn:iso:std:iso:11073:10101|147842`))).toEqual([72])
    expect(values(await search(`${day}&code=59408-5,8867-4`))).toEqual([72, 97])
    expect(values(await search(`${day}&code=http://loinc.org|147842`))).toEqual([])
    expect(values(await search(`${day}&code=8867-4&code=59408-5`))).toEqual([])
    expect(values(await search(`${day}&category=vital-signs&device=${monitor}`))).toEqual([72, 97])
    expect(values(await search(`${day}&category=laboratory`))).toEqual([])
  })

  test.each([
    ['date=2026-01-14', 2],
    ['date=eq2026-01', 10],
    ['date=2026', 10],
    ['date=2025', 0],
    ['date=gt2026-01-14', 8],
    ['date=ge2026-01-14', 10],
    ['date=lt2026-01-15T10:15:31%2B09:00', 5],
    ['date=le2026-01-15T10:15:31%2B09:00', 7],
    ['date=ge2026-01-15T01:15:31Z&date=lt2026-01-15T01:15:33Z', 3],
    // Berlin is an hour ahead: 01:00 in Berlin is 00:00Z.
    ['date=ge2026-01-15T02:15:31&date=lt2026-01-15T02:15:32', 2],
    ['date=sa2026-01-15T01:15:33Z', 1],
    ['date=eb2026-01-14T00:00:01Z', 1],
  ])('by date: %s', async (query, number) => {
    expect(found(await search(query))).toHaveLength(number)
    expect((await search(`${query}&_summary=count`)).total).toBe(number)
  })

  test('pages: each match once, in order, whatever comes in between', async () => {
    for (const sort of ['date', '-date']) {
      const seen: string[] = []
      let bundle = await search(`device=${monitor}&_count=2&_sort=${sort}`)
      for (;;) {
        expect(found(bundle).length).toBeLessThanOrEqual(2)
        seen.push(...found(bundle).map(({ id }) => id!))
        const next = linked(bundle, 'next')
        if (!next) break
        if (seen.length === 2)
          await door.measured(monitor, sort === 'date' ? '2026-01-01T00:00:00Z' : '2026-02-01T00:00:00Z', [
            { path: '1.2.1.1', code: HR, value: 1 },
          ])
        bundle = (await door.get(next.replace(/^https?:\/\/[^/]+/, ''))).json()
      }
      expect(new Set(seen).size).toBe(seen.length)
      expect(seen).toHaveLength(sort === 'date' ? 9 : 10)
    }
  })

  test('a page that nobody wrote cannot make it read everything', async () => {
    const page = Buffer.from(JSON.stringify({ at: Date.now(), skip: Number.MAX_SAFE_INTEGER })).toString('base64url')
    expect((await door.get(`/fhir/Observation?_page=${page}`)).status).toBe(400)
  })

  test('a search through a status finds what is far down', async () => {
    const bundle = await search('status=amended&_count=1')
    expect(values(bundle)).toEqual([61])
    expect(linked(bundle, 'next')).toBeUndefined()
  })

  test('a merged patient’s readings are found under the record that survived', async () => {
    const old = await door.patient({ mergedInto: ben })
    await door.measured('0012210000BB0099', '2026-01-10T00:00:00Z', [{ path: '1.2.1.1', code: HR, value: 55 }], { patient: old })
    expect(values(await search(`patient=${ben}&_sort=date`))).toEqual([55, 14])
  })

  test('totals: known at once, or asked for', async () => {
    expect((await search(`patient=${ben}`)).total).toBe(2)
    expect((await search(`device=${monitor}&_count=1`)).total).toBeUndefined()
    expect((await search(`device=${monitor}&_count=1&_total=accurate`)).total).toBe(11)
    const counted = await search(`device=${monitor}&_count=0`)
    expect(counted.total).toBe(11)
    expect(counted.entry).toBeUndefined()
  })

  test('links name what was understood', async () => {
    const bundle = await search(`patient=${ben}&colour=green&_count=1`)
    expect(linked(bundle, 'self')).toContain(`patient=${ben}`)
    expect(linked(bundle, 'self')).not.toContain('colour')
    const strict = await door.get(`/fhir/Observation?patient=${ben}&colour=green`, { prefer: 'handling=strict' })
    expect(strict.status).toBe(400)
    expect((strict.json() as OperationOutcome).issue[0]!.diagnostics).toContain('colour')
  })

  test('by POST', async () => {
    const { status, json } = await door.ask({
      method: 'POST',
      url: '/fhir/Observation/_search',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      payload: `patient=${ben}&_count=1&_sort=date`,
    })
    expect(status).toBe(200)
    expect(values(json() as Bundle<Observation>)).toEqual([55])
  })

  test.each([
    'date=yesterday',
    'date=2026-02-30',
    'date=ap2026',
    'date=ne2026',
    'date=2026-13',
    'code:in=x',
    '_count=-1',
    '_count=x',
    '_page=x',
    'status=final&_summary=count',
  ])('refuses %s', async (query) => {
    const { status, json } = await door.get(`/fhir/Observation?${query}`)
    expect(status).toBe(400)
    expect(json()).toMatchObject({ resourceType: 'OperationOutcome', issue: [{ severity: 'error' }] })
  })
})
