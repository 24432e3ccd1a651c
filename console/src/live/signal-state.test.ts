import { describe, expect, test } from 'vitest'
import type { LiveMetric } from './contract.ts'
import { ageOf, isCurrent, signalState } from './signal-state.ts'

const at = Date.parse('2026-01-15T10:00:00Z')
const metric = (change: Partial<LiveMetric> = {}): LiveMetric => ({
  value: 72,
  unit: '/min',
  code: 147842,
  path: '1.2.1.1',
  at,
  receivedAt: at,
  // Interval 1 s: DELAYED after max(2 i, 10 s), STALE after 30 s, LOST after 120 s (domain page, section 12).
  fresh: { delayedMs: 10_000, staleMs: 30_000, lostMs: 120_000 },
  ...change,
})

describe('monitoring-alerts 12: HR last at 10:00:00, interval 1 s', () => {
  test.each([
    ['10:00:10', 'live'],
    ['10:00:11', 'delayed'],
    ['10:00:30', 'delayed'],
    ['10:00:31', 'stale'],
    ['10:02:00', 'stale'],
    ['10:02:01', 'lost'],
    ['10:15:01', 'lost'],
  ])('at %s it is %s', (time, state) => {
    expect(signalState(metric(), Date.parse(`2026-01-15T${time}Z`))).toBe(state)
  })
})

test('only live and delayed values may be shown', () => {
  expect((['live', 'delayed', 'stale', 'lost', 'absent'] as const).filter(isCurrent)).toEqual(['live', 'delayed'])
})

test('a measurement without a value is absent, never zero, and grows stale like any other', () => {
  expect(signalState(undefined, at)).toBe('absent')
  expect(signalState(metric({ value: null }), at)).toBe('absent')
  const { value: _gone, ...without } = metric()
  expect(signalState(without, at)).toBe('absent')
  expect(signalState(without, at + 31_000)).toBe('stale')
  expect(signalState(metric({ value: 0 }), at)).toBe('live')
})

test('a cuff reading has its own limits', () => {
  const cuff = metric({ fresh: { delayedMs: 900_000, staleMs: 1_200_000, lostMs: 3_600_000 } })
  expect(signalState(cuff, at + 600_000)).toBe('live')
  expect(signalState(cuff, at + 1_200_001)).toBe('stale')
})

test('a device whose clock runs an hour ahead does not look alive when it is silent', () => {
  const ahead = metric({ at: at + 3_600_000 })
  expect(signalState(ahead, at + 5_000)).toBe('live')
  expect(signalState(ahead, at + 31_000)).toBe('stale')
})

test('an age is never negative', () => {
  expect(ageOf(metric(), at - 1)).toBe(0)
})
