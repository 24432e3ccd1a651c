import fc from 'fast-check'
import { expect, test } from 'vitest'
import { offsetMinutesAt, readDtm, writeDtm } from './dtm.ts'

// The same cases in each run; another seed is tried with FAST_CHECK_SEED.
fc.configureGlobal({ seed: Number(process.env.FAST_CHECK_SEED ?? 20260115) })

const iso = (text: string, zone = 'Europe/Berlin') => {
  const dtm = readDtm(text, zone)
  return dtm && [new Date(dtm.at).toISOString(), dtm.precision, dtm.zoneAssumed]
}

test.each([
  ['20260115101530.250+0900', '2026-01-15T01:15:30.250Z', 'second', false],
  ['20260115101530.2504-0500', '2026-01-15T15:15:30.250Z', 'second', false],
  ['202601151015+0000', '2026-01-15T10:15:00.000Z', 'minute', false],
  ['2026011510', '2026-01-15T09:00:00.000Z', 'hour', true],
  ['20260115', '2026-01-14T23:00:00.000Z', 'day', true],
  ['202601', '2025-12-31T23:00:00.000Z', 'month', true],
  ['2026', '2025-12-31T23:00:00.000Z', 'year', true],
  ['20090813095715+0500', '2009-08-13T04:57:15.000Z', 'second', false],
  ['20240229120000+0000', '2024-02-29T12:00:00.000Z', 'second', false],
])('%s', (text, at, precision, assumed) => expect(iso(text)).toEqual([at, precision, assumed]))

test.each([
  '',
  '""',
  '20260230',
  '20251301',
  '2026011525',
  '202601151060',
  '20260115101530.',
  '20260115101530+2500',
  '20260115101530+0860',
  '26-01-15',
  '２０２６',
  '20260115101530 ',
  '00000000',
  '20230229',
])('%j is no time', (text) => expect(readDtm(text, 'Europe/Berlin')).toBeUndefined())

test('without an offset the site’s zone is used, in summer and in winter', () => {
  expect(iso('20260715120000')).toEqual(['2026-07-15T10:00:00.000Z', 'second', true])
  expect(iso('20260115120000', 'Asia/Kathmandu')).toEqual(['2026-01-15T06:15:00.000Z', 'second', true])
})

test('the hour that comes twice is its first; the hour that does not come is the one after', () => {
  expect(iso('20261025023000')).toEqual(['2026-10-25T00:30:00.000Z', 'second', true])
  expect(iso('20260329023000')).toEqual(['2026-03-29T01:30:00.000Z', 'second', true])
  expect(iso('20261025030000')).toEqual(['2026-10-25T02:00:00.000Z', 'second', true])
})

test('what is written is read', () =>
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 4_102_444_800_000 }), fc.integer({ min: -12 * 60, max: 14 * 60 }), (at, offset) => {
      expect(readDtm(writeDtm(at, offset), 'UTC')).toEqual({ at, precision: 'second', zoneAssumed: false })
    }),
  ))

test('local times of a zone come back to their instant, but for the hour that comes twice', () =>
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 2_000_000_000 }),
      fc.constantFrom('Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'UTC'),
      (seconds, zone) => {
        const at = seconds * 1000
        const local = writeDtm(at, offsetMinutesAt(at, zone)).slice(0, 14)
        expect([0, 30 * 60_000, 3_600_000]).toContain(at - readDtm(local, zone)!.at)
      },
    ),
    { numRuns: 200 },
  ))
