import { describe, expect, test } from 'vitest'
import type { LiveMetric } from '../../live/contract.ts'
import { asHeard, cellOf, freshest, numberText, unitText } from './vitals.ts'

const now = 1_000_000_000
const metric = (value: number | null, change: Partial<LiveMetric> = {}): LiveMetric => ({
  value,
  unit: '/min',
  code: 147842,
  path: '1.2.1.1',
  at: now,
  receivedAt: now,
  fresh: { delayedMs: 10_000, staleMs: 30_000, lostMs: 120_000 },
  ...change,
})
const old = { at: now - 31_000, receivedAt: now - 31_000 }

test('a value has its unit and the limits of the monitor', () => {
  const cell = cellOf({ metrics: { hr: metric(72, { limits: [50, 120] }) } }, 'hr', now)
  expect(cell).toMatchObject({ label: 'hr', value: '72', unit: '/min', signal: 'live', low: '50', high: '120', doubtful: false })
})

test('what is not measured is a dash with the unit it would have, never zero', () => {
  expect(cellOf({ metrics: {} }, 'etco2', now)).toMatchObject({ value: null, unit: 'mmHg', signal: 'absent', age: null })
})

test('a stale value is not shown', () => {
  expect(cellOf({ metrics: { hr: metric(72, old) } }, 'hr', now)).toMatchObject({ value: null, signal: 'stale', age: 31_000 })
})

test('a heart rate from the pulse says so, and a doubtful one is marked', () => {
  expect(cellOf({ metrics: { hr: metric(72, { code: 149530 }) } }, 'hr', now).label).toBe('pr')
  expect(cellOf({ metrics: { hr: metric(72, { quality: 'QUES' }) } }, 'hr', now).doubtful).toBe(true)
  expect(cellOf({ metrics: { hr: metric(400, { quality: 'implausible' }) } }, 'hr', now).doubtful).toBe(true)
  expect(cellOf({ metrics: { hr: metric(72, { quality: 'VAL' }) } }, 'hr', now).doubtful).toBe(false)
})

describe('blood pressure', () => {
  const cuff = { nibpSys: metric(121), nibpDia: metric(79), nibpMean: metric(93) }
  const line = { abpSys: metric(130), abpDia: metric(70), abpMean: metric(90) }
  test('is the arterial line where there is one', () => {
    expect(cellOf({ metrics: { ...cuff, ...line } }, 'bp', now)).toMatchObject({
      label: 'abp',
      value: '130/70',
      mean: '90',
      trend: 'abpMean',
    })
  })
  test('is the cuff when the line gives no value', () => {
    const dead = { abpSys: metric(130, old), abpDia: metric(70, old) }
    expect(cellOf({ metrics: { ...cuff, ...dead } }, 'bp', now)).toMatchObject({ label: 'nibp', value: '121/79', mean: '93' })
    expect(cellOf({ metrics: dead }, 'bp', now)).toMatchObject({ label: 'abp', value: null, signal: 'stale' })
  })
  test('shows a dash for the part that is missing', () => {
    expect(cellOf({ metrics: { nibpSys: metric(121) } }, 'bp', now).value).toBe('121/—')
  })
})

test('without the hub a young value is not live', () => {
  const cell = cellOf({ metrics: { hr: metric(72) } }, 'hr', now)
  expect(asHeard(cell, true).signal).toBe('live')
  expect(asHeard(cell, false)).toMatchObject({ signal: 'delayed', value: '72' })
  expect(asHeard(cellOf({ metrics: { hr: metric(72, old) } }, 'hr', now), false).signal).toBe('stale')
})

test('numbers are rounded half up', () => {
  expect([numberText(37.05, 1), numberText(38.04, 1), numberText(38.05, 1), numberText(72.5, 0), numberText(-0.2, 0)]).toEqual([
    '37.1',
    '38.0',
    '38.1',
    '73',
    '0',
  ])
})

test('units are written as people write them', () => {
  expect(['/min', 'mm[Hg]', 'Cel', '%', 'kPa'].map(unitText)).toEqual(['/min', 'mmHg', '°C', '%', 'kPa'])
})

test('a bed is as live as its best measurement', () => {
  expect(freshest({ metrics: { hr: metric(72, old), spo2: metric(97) } }, now)).toBe('live')
  expect(freshest({ metrics: { hr: metric(72, old) } }, now)).toBe('stale')
  expect(freshest({ metrics: {} }, now)).toBe('absent')
})
