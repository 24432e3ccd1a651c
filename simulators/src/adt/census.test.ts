import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Census, placeOf } from './census.ts'

test('nobody lies in two beds, no bed holds two, and every movement fits what was before it', () => {
  fc.assert(
    fc.property(fc.integer(), fc.integer({ min: 1, max: 60 }), (seed, beds) => {
      const census = new Census({ seed, beds, everyS: 60 })
      const at = new Map(census.admissions().map(({ patient, bed }) => [patient.mrn, bed]))
      for (let now = 0; now <= 3600 * 4; now += 30)
        for (const movement of census.until(now)) {
          const { patient, bed, event } = movement
          if (event === 'A01') expect(at.has(patient.mrn)).toBe(false)
          else expect(at.get(patient.mrn)).toBe(event === 'A02' ? movement.from : bed)
          if (event === 'A01' || event === 'A02') expect([...at.values()]).not.toContain(bed)
          if (event === 'A03') at.delete(patient.mrn)
          else at.set(patient.mrn, bed)
        }
      expect(
        census.beds
          .map((patient) => patient?.mrn)
          .filter(Boolean)
          .sort(),
      ).toEqual([...at.keys()].sort())
    }),
    { numRuns: 20 },
  )
})

test('the same seed is the same hospital; the house stays mostly full', () => {
  const day = () => {
    const census = new Census({ seed: 7, beds: 24 })
    return { first: census.admissions(), moves: census.until(86_400), left: census.beds.filter(Boolean).length }
  }
  expect(day()).toEqual(day())
  expect(day().first).toHaveLength(22)
  expect(day().moves.length).toBeGreaterThan(200)
  expect(new Set(day().moves.map(({ event }) => event))).toEqual(new Set(['A01', 'A02', 'A03', 'A08']))
  expect(day().left).toBeGreaterThan(16)
})

test('every bed has a place of its own', () => {
  const places = Array.from({ length: 300 }, (_, i) => Object.values(placeOf(i)).join('^'))
  expect(new Set(places).size).toBe(300)
  expect(places[0]).toBe('ICU1^R1^B1^HOSP')
})
