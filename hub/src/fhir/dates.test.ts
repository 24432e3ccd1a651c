import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readDate, stretchOf } from './dates.ts'
import { FhirError } from './outcome.ts'

const zone = 'Europe/Berlin'
const shown = (value: string) => {
  const { prefix, from, to } = readDate(value, 'date', zone)
  return [prefix, new Date(from).toISOString(), new Date(to).toISOString()]
}

describe('dates of a search', () => {
  test.each([
    ['2026', 'eq', '2025-12-31T23:00:00.000Z', '2026-12-31T23:00:00.000Z'],
    ['ge2026-02', 'ge', '2026-01-31T23:00:00.000Z', '2026-02-28T23:00:00.000Z'],
    ['2026-12', 'eq', '2026-11-30T23:00:00.000Z', '2026-12-31T23:00:00.000Z'],
    ['lt2026-07-15', 'lt', '2026-07-14T22:00:00.000Z', '2026-07-15T22:00:00.000Z'],
    // The day on which the clocks go forward has 23 hours, the one on which they go back 25.
    ['2026-03-29', 'eq', '2026-03-28T23:00:00.000Z', '2026-03-29T22:00:00.000Z'],
    ['2026-10-25', 'eq', '2026-10-24T22:00:00.000Z', '2026-10-25T23:00:00.000Z'],
    ['2026-01-15T10:15', 'eq', '2026-01-15T09:15:00.000Z', '2026-01-15T09:16:00.000Z'],
    ['2026-01-15T10:15Z', 'eq', '2026-01-15T10:15:00.000Z', '2026-01-15T10:16:00.000Z'],
    ['2026-01-15T10:15:30+09:00', 'eq', '2026-01-15T01:15:30.000Z', '2026-01-15T01:15:31.000Z'],
    ['2026-01-15T10:15:30 09:00', 'eq', '2026-01-15T01:15:30.000Z', '2026-01-15T01:15:31.000Z'],
    ['2026-01-15T10:15:30.25-05:30', 'eq', '2026-01-15T15:45:30.250Z', '2026-01-15T15:45:30.251Z'],
    ['2024-02-29', 'eq', '2024-02-28T23:00:00.000Z', '2024-02-29T23:00:00.000Z'],
  ])('%s', (value, ...wanted) => expect(shown(value)).toEqual(wanted))

  test.each([
    '',
    '26',
    '2026-1',
    '2026-13',
    '2026-00',
    '2026-02-29',
    '2026-04-31',
    '2026-01-15T24:00',
    '2026-01-15T10:60',
    'ap2026',
    'xx2026',
    'ge',
    '2026-01-15T10',
    'now',
  ])('"%s" is refused', (value) => expect(() => readDate(value, 'date', zone)).toThrow(FhirError))

  test('a date is inside the day it was made of, in any zone', () => {
    fc.assert(
      fc.property(
        fc.date({ min: new Date('1950-01-01'), max: new Date('2090-01-01'), noInvalidDate: true }),
        fc.constantFrom('UTC', zone, 'Asia/Kathmandu', 'America/St_Johns', 'Pacific/Apia'),
        (date, timeZone) => {
          const day = new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short' }).format(date)
          const { from, to } = readDate(day, 'date', timeZone)
          expect(from <= date.getTime() && date.getTime() < to).toBe(true)
          expect(to - from).toBeLessThanOrEqual(26 * 3_600_000)
        },
      ),
    )
  })

  test('several that must all hold', () => {
    const dates = ['ge2026-01-01T00:00Z', 'lt2026-01-02T00:00Z', 'gt2026-01-01T12:00Z'].map((value) =>
      readDate(value, 'date', zone),
    )
    expect(stretchOf(dates, 'date')).toEqual({ from: Date.UTC(2026, 0, 1, 12, 1), to: Date.UTC(2026, 0, 2) })
    expect(() => stretchOf([readDate('ne2026', 'date', zone)], 'date')).toThrow(FhirError)
  })
})
