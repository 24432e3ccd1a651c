import { randomUUID } from 'node:crypto'
import type { AdtRecord } from '@wardline/devices/messages/records.ts'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Database, migrate, openDatabase, transaction } from '../../platform/database/database.ts'
import { silentLog, type TemporaryEngines, temporaryEngines } from '../../platform/embedded/temporary-engines.ts'
import { patientAndMerged, patientById, resolveIdentifier, searchPatients } from '../records/service.ts'
import { type AdtResult, applyAdt, bedById, beds, searchLocations } from './service.ts'

let engines: TemporaryEngines
let database: Database
beforeAll(async () => {
  engines = await temporaryEngines({ postgres: true })
  database = openDatabase(engines.databaseUrl!, { log: silentLog })
  await migrate(database)
})
afterAll(async () => {
  await database?.close()
  await engines?.end()
})

let clock = Date.parse('2026-11-22T10:00:00Z')
interface Said {
  patient: string
  bed?: string
  visit?: string
  at?: number
  family?: string
  given?: string
  birthDate?: string
  merged?: string[]
  class?: string
}
/** One message after the other; each a second later unless `at` says when. */
function hear(event: string, said: Said): Promise<AdtResult> {
  clock += 1000
  const { patient, bed, visit, at = clock, merged, class: kind = 'I', ...person } = said
  const record: AdtRecord = {
    kind: 'adt',
    id: randomUUID(),
    sender: 'ADT',
    receivedAt: Math.max(at, clock),
    event,
    at,
    patient: { identifiers: [{ id: patient, authority: 'HOSP', type: 'MR' }], ...person },
    visit: {
      class: kind,
      ...(bed && { location: { pointOfCare: 'W', room: '1', bed } }),
      ...(visit && { number: { id: visit, authority: 'HOSP' } }),
    },
    ...(merged && { merged: merged.map((id) => ({ id, authority: 'HOSP' })) }),
  }
  return transaction(database.pool, (tx) => applyAdt(tx, record))
}
const lies = async (bed: string) => (await bedById(database.pool, `W^1^${bed}^`))?.occupant?.family
const idOf = (patient: string) => resolveIdentifier(database.pool, { id: patient, authority: 'HOSP' }) as Promise<string>

test('a stay: admitted, moved, moved back, discharged, brought back', async () => {
  await hear('A01', { patient: 'S1', family: 'Adler', bed: 's1', visit: 'VS1' })
  expect(await lies('s1')).toBe('Adler')
  expect((await hear('A02', { patient: 'S1', bed: 's2', visit: 'VS1' })).beds.sort()).toEqual(['W^1^s1^', 'W^1^s2^'])
  expect([await lies('s1'), await lies('s2')]).toEqual([undefined, 'Adler'])
  await hear('A12', { patient: 'S1', bed: 's1', visit: 'VS1' })
  expect([await lies('s1'), await lies('s2')]).toEqual(['Adler', undefined])
  const discharge = await hear('A03', { patient: 'S1', visit: 'VS1' })
  expect(discharge.disconnect).toEqual({ at: clock, patients: [await idOf('S1')] })
  expect(await lies('s1')).toBeUndefined()
  await hear('A13', { patient: 'S1', visit: 'VS1' })
  expect(await lies('s1')).toBe('Adler')
  await hear('A11', { patient: 'S1', visit: 'VS1' })
  expect(await lies('s1')).toBeUndefined()
})

test('without a visit number a message speaks of the patient’s own stay', async () => {
  await hear('A05', { patient: 'S2', family: 'Baum', bed: 't1' })
  expect(await lies('t1')).toBeUndefined()
  await hear('A01', { patient: 'S2', bed: 't1' })
  expect(await lies('t1')).toBe('Baum')
  await hear('A03', { patient: 'S2' })
  await hear('A13', { patient: 'S2' })
  expect(await lies('t1')).toBe('Baum')
  const { rows } = await database.pool.query('select status from encounter where patient_id = $1', [await idOf('S2')])
  expect(rows).toEqual([{ status: 'in-progress' }])
})

test('the same bed twice: the newer lies there, the other is noted', async () => {
  await hear('A01', { patient: 'S3', family: 'Conrad', bed: 'u1', visit: 'VS3' })
  const second = await hear('A01', { patient: 'S4', family: 'Dorn', bed: 'u1', visit: 'VS4' })
  expect(second).toMatchObject({
    outcome: 'applied',
    says: expect.stringContaining('taken from stay'),
    disconnect: { patients: [await idOf('S3')] },
  })
  expect(await lies('u1')).toBe('Dorn')
  const late = await hear('A01', { patient: 'S5', family: 'Ernst', bed: 'u1', visit: 'VS5', at: clock - 500 })
  expect(late.says).toContain('taken by a newer event')
  expect(await lies('u1')).toBe('Dorn')
})

test('a person lies in one bed: a stay that was never ended loses it to a newer one, whatever comes first', async () => {
  await hear('A01', { patient: 'S7', family: 'Frank', bed: 'x1', visit: 'VS7a' })
  const second = await hear('A01', { patient: 'S7', bed: 'x2', visit: 'VS7b' })
  expect(second.beds).toContain('W^1^x1^')
  expect(second.disconnect).toMatchObject({ patients: [await idOf('S7')] })
  expect([await lies('x1'), await lies('x2')]).toEqual([undefined, 'Frank'])
  const late = await hear('A01', { patient: 'S7', bed: 'x3', visit: 'VS7c', at: clock - 500 })
  expect(late.disconnect).toBeUndefined()
  expect([await lies('x2'), await lies('x3')]).toEqual(['Frank', undefined])
  // An outpatient visit takes nobody out of their bed.
  await hear('A04', { patient: 'S7', bed: 'x4', visit: 'VS7d', class: 'O' })
  expect([await lies('x2'), await lies('x4')]).toEqual(['Frank', 'Frank'])
})

test('what cannot be meant changes nothing', async () => {
  await hear('A01', { patient: 'S6', bed: 'v1', visit: 'VS6' })
  expect(await hear('A01', { patient: 'S7', bed: 'v2', visit: 'VS6' })).toMatchObject({
    outcome: 'not-applied',
    says: expect.stringContaining('another patient'),
  })
  expect(await hear('A99', { patient: 'S8' })).toMatchObject({ outcome: 'not-applied' })
  expect(await hear('A01', { patient: '', bed: 'v3' })).toMatchObject({
    outcome: 'not-applied',
    says: expect.stringContaining('PID-3'),
  })
  expect(await resolveIdentifier(database.pool, { id: 'S8', authority: 'HOSP' })).toBeNull()
})

describe('patients', () => {
  test('an older message does not take a newer name away, and what it leaves out stays', async () => {
    await hear('A28', { patient: 'R1', family: 'Ebert', given: 'Eva', birthDate: '1980-02-03' })
    await hear('A31', { patient: 'R1', family: 'Ebert-Funk' })
    await hear('A31', { patient: 'R1', family: 'Alt', at: clock - 10_000 })
    expect(await patientById(database.pool, await idOf('R1'))).toMatchObject({
      family: 'Ebert-Funk',
      given: 'Eva',
      birthDate: '1980-02-03',
      died: false,
    })
  })

  test('a merge moves identifiers and stays; the old number finds the surviving record, again changes nothing', async () => {
    await hear('A01', { patient: 'R2', family: 'Old', bed: 'w1', visit: 'VR2' })
    const old = await idOf('R2')
    await hear('A28', { patient: 'R3', family: 'Gold' })
    expect((await hear('A40', { patient: 'R3', merged: ['R2'] })).merged).toEqual([old])
    const survivor = await idOf('R3')
    expect(await idOf('R2')).toBe(survivor)
    expect(await lies('w1')).toBe('Gold')
    expect(await patientById(database.pool, old)).toMatchObject({ mergedInto: survivor, identifiers: [] })
    expect(await patientAndMerged(database.pool, survivor)).toEqual(expect.arrayContaining([survivor, old]))
    expect(await hear('A40', { patient: 'R3', merged: ['R2'] })).toMatchObject({ merged: [], says: 'already merged' })
    await hear('A02', { patient: 'R2', bed: 'w2', visit: 'VR2' })
    expect(await lies('w2')).toBe('Gold')
  })

  test('are found by identifier, name and birth date, as FHIR asks', async () => {
    await hear('A28', { patient: 'Q1', family: 'Möller', given: 'Ida', birthDate: '1990-05-06' })
    await hear('A28', { patient: 'Q2', family: 'Möllering', given: 'Jan', birthDate: '1990' })
    const find = async (search: Omit<Parameters<typeof searchPatients>[1], 'limit'>) =>
      (await searchPatients(database.pool, { ...search, limit: 10 })).patients.map(({ given }) => given)
    expect(await find({ identifier: 'HOSP|Q1' })).toEqual(['Ida'])
    expect(await find({ identifier: 'Q1' })).toEqual(['Ida'])
    expect(await find({ identifier: '|Q1' })).toEqual([])
    expect(await find({ family: 'möller' })).toEqual(['Ida', 'Jan'])
    expect(await find({ family: 'möller', given: 'j' })).toEqual(['Jan'])
    expect(await find({ family: '%' })).toEqual([])
    expect(await find({ birthdate: '1990-05-06' })).toEqual(['Ida'])
    expect(await find({ _id: await idOf('Q2') })).toEqual(['Jan'])
    expect(await find({ _id: 'no such' })).toEqual([])
    expect(await searchPatients(database.pool, { family: 'Möller', limit: 1, offset: 1 })).toMatchObject({
      total: 2,
      patients: [{ given: 'Jan' }],
    })
  })

  test('an identifier without its authority names a patient only when one alone has it', async () => {
    await hear('A28', { patient: 'Q9' })
    expect(await resolveIdentifier(database.pool, { id: 'Q9' })).toBe(await idOf('Q9'))
    await database.pool.query(`insert into patient_identifier (authority, value, patient_id) values ('OTHER', 'Q9', $1)`, [
      await idOf('Q1'),
    ])
    expect(await resolveIdentifier(database.pool, { id: 'Q9' })).toBeNull()
  })
})

test('beds are listed in order and found by the beginning of a name', async () => {
  await hear('A01', { patient: 'L1', bed: 'zz9', visit: 'VL1' })
  const all = await beds(database.pool)
  expect(all.map(({ id }) => id)).toEqual([...all.map(({ id }) => id)].sort())
  expect((await searchLocations(database.pool, { name: 'ZZ', limit: 5 })).beds.map(({ id }) => id)).toEqual(['W^1^zz9^'])
  expect(await searchLocations(database.pool, { _id: 'W^1^zz9^', limit: 5 })).toMatchObject({ total: 1 })
})

test('whatever is heard in whatever order, no bed ever has two and no message fails', { timeout: 60_000 }, async () => {
  const message = fc.record({
    event: fc.constantFrom('A01', 'A02', 'A03', 'A04', 'A05', 'A06', 'A07', 'A08', 'A11', 'A12', 'A13', 'A31', 'A40'),
    who: fc.nat(3),
    bed: fc.option(fc.nat(2), { nil: undefined }),
    visit: fc.option(fc.nat(4), { nil: undefined }),
    at: fc.nat(60_000),
    merges: fc.nat(3),
  })
  let run = 0
  await fc.assert(
    fc.asyncProperty(fc.array(message, { minLength: 5, maxLength: 30 }), async (said) => {
      const name = `F${++run}-`
      for (const { event, who, bed, visit, at, merges } of said) {
        const result = await hear(event, {
          patient: `${name}${who}`,
          at: clock + at,
          ...(bed !== undefined && { bed: `${name}${bed}` }),
          ...(visit !== undefined && { visit: `${name}${visit}` }),
          ...(event === 'A40' && { merged: [`${name}${merges}`] }),
        })
        expect(['applied', 'stale', 'not-applied']).toContain(result.outcome)
      }
    }),
    { numRuns: 25, seed: 20260301 },
  )
  const { rows } = await database.pool.query(
    `select bed_id from encounter where status = 'in-progress' and bed_id is not null group by 1 having count(*) > 1`,
  )
  expect(rows).toEqual([])
  const twice = await database.pool.query(
    `select patient_id from encounter where status = 'in-progress' and bed_id is not null and class <> 'AMB' group by 1 having count(*) > 1`,
  )
  expect(twice.rows).toEqual([])
})
