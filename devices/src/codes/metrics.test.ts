import { describe, expect, test } from 'vitest'
import { freshness, metricByCode, metricByRefid, metrics, preference, scheduledFreshness, slots } from './metrics.ts'
import { ucumOf, units } from './units.ts'

describe('freshness (section 12)', () => {
  test('a value each second: LIVE to 10 s, STALE after 30 s, LOST after 120 s', () =>
    expect(freshness(1000)).toEqual({ delayedMs: 10_000, staleMs: 30_000, lostMs: 120_000 }))
  test('a cuff pressure is stale five minutes after its schedule', () =>
    expect(scheduledFreshness(15 * 60_000).staleMs).toBe(20 * 60_000))
})

describe('the table', () => {
  test('codes, alias codes and refids are unique', () => {
    const codes = metrics.flatMap((m) => [m.code, ...m.aliasCodes])
    const refids = metrics.flatMap((m) => [m.refid, ...m.aliasRefids])
    expect(new Set(codes).size).toBe(codes.length)
    expect(new Set(refids).size).toBe(refids.length)
  })
  test('each unit is in the unit table, each range is a range, each freshness grows', () => {
    for (const m of metrics) {
      expect(ucumOf(m.unit), m.refid).toBe(m.unit)
      expect(m.plausible[0], m.refid).toBeLessThan(m.plausible[1])
      expect(m.fresh.delayedMs).toBeLessThan(m.fresh.staleMs)
      expect(m.fresh.staleMs).toBeLessThan(m.fresh.lostMs)
      expect([...m.label].length, m.label).toBeLessThanOrEqual(6)
    }
  })
  test('every slot has its measurements in order, and only those that claim it or stand in for it', () => {
    for (const slot of slots) for (const code of preference[slot]) expect(metricByCode(code), `${slot} ${code}`).toBeDefined()
    for (const m of metrics) if (m.slot) expect(preference[m.slot], m.refid).toContain(m.code)
    expect(preference.hr).toEqual([147842, 149530, 149546])
  })
  test('an alias is the same measurement', () => {
    expect(metricByCode(150301)).toBe(metricByCode(150021))
    expect(metricByRefid('MDC_AWAY_CO2_ET')).toBe(metricByCode(151708))
  })
  test('no spelling of a unit means two units', () => {
    for (const unit of units)
      for (const name of [...unit.codes.map(String), ...unit.refids, ...(unit.spellings ?? [])])
        expect(ucumOf(name), name).toBe(unit.ucum)
  })
})
