import { metricByCode } from '@wardline/devices/codes/metrics.ts'
import { Value } from 'typebox/value'
import { describe, expect, test } from 'vitest'
import { BED, MONITOR, Ward } from './a-ward.ts'
import { ageYears, siteDay } from './age.ts'
import { BedItem } from './contract.ts'
import { buildBed } from './critical-care.ts'
import { signalState } from './signal.ts'

describe('what fills the place of the heart rate', () => {
  test('the ECG, when there is one', () => {
    const ward = new Ward().says({ hr: 72, pulse: 74, nibpPulse: 75 })
    expect(ward.shows().metrics.hr).toMatchObject({ value: 72, code: 147842 })
    expect(ward.shows().metrics.pulse).toMatchObject({ value: 74, code: 149530 })
  })

  test('else the pulse of the oximeter, else that of the cuff', () => {
    expect(new Ward().says({ pulse: 74, nibpPulse: 75 }).shows().metrics.hr).toMatchObject({ value: 74, code: 149530 })
    expect(new Ward().says({ nibpPulse: 75 }).shows().metrics.hr).toMatchObject({ value: 75, code: 149546 })
  })

  test('the pulse, when the leads are off', () => {
    const ward = new Ward().says({ hr: { quality: 'NAV' }, pulse: 74 })
    expect(ward.shows().metrics.hr).toMatchObject({ value: 74, code: 149530 })
  })

  test('no old pulse, when the leads are off: it would hide that nothing is measured', () => {
    const ward = new Ward()
      .says({ pulse: 74 })
      .after(60_000)
      .says({ hr: { quality: 'NAV' } })
    const { hr } = ward.shows().metrics
    expect(hr).toMatchObject({ code: 147842, quality: 'NAV' })
    expect(hr).not.toHaveProperty('value')
  })

  test('the pulse, once the ECG is stale', () => {
    const ward = new Ward().says({ hr: 72 }).after(30_000).says({ pulse: 80 })
    expect(ward.shows().metrics.hr).toMatchObject({ value: 72 })
    expect(ward.after(1000).shows().metrics.hr).toMatchObject({ value: 80, code: 149530 })
  })

  test('a second device of the bed, where the first has nothing', () => {
    const ward = new Ward().says({ hr: 72 })
    ward.live.placed('VENT-1', BED)
    ward.says({ etco2: 38 }, { device: 'VENT-1' })
    expect(ward.shows().metrics).toMatchObject({ hr: { value: 72 }, etco2: { value: 38 } })
    expect(ward.shows().device?.id).toBe(MONITOR)
  })
})

describe('what is shown of a value', () => {
  test('monitoring 15: TEST and DEMO are never shown', () => {
    const ward = new Ward().says({ hr: { value: 20, quality: 'TEST' }, spo2: { value: 50, quality: 'DEMO' } })
    expect(ward.shows().metrics).toEqual({})
    ward.says({ rr: 5 }, { flags: ['test'] })
    expect(ward.shows().metrics).toEqual({})
    expect(ward.shows().device?.connectivity).toBe('online')
  })

  test('missing is left out, and never zero', () => {
    for (const quality of ['absent', 'NAV', 'OFF', undefined] as const) {
      const { hr } = new Ward().says({ hr: { ...(quality && { quality }) } }).shows().metrics
      expect(hr).not.toHaveProperty('value')
      expect(hr?.quality).toBe(quality ?? 'absent')
    }
    expect(new Ward().says({ hr: { value: 0, quality: 'INV' } }).shows().metrics.hr).not.toHaveProperty('value')
    expect(new Ward().says({ hr: 0 }).shows().metrics.hr).toMatchObject({ value: 0 })
  })

  test('questionable and implausible values are flagged', () => {
    const ward = new Ward().says({
      hr: { value: 72, quality: 'QUES' },
      spo2: { value: 140, quality: 'implausible' },
      rr: { value: 150, bound: '>' },
    })
    expect(ward.shows().metrics).toMatchObject({
      hr: { value: 72, quality: 'QUES' },
      spo2: { value: 140, quality: 'implausible' },
      rr: { bound: '>' },
    })
  })

  test('the newest measured instant wins, whatever comes last', () => {
    const ward = new Ward().says({ hr: 72 })
    ward.says({ hr: 140 }, { at: ward.clock.at - 20_000 })
    expect(ward.shows().metrics.hr?.value).toBe(72)
    ward.says({ hr: { value: 73, correction: 'C' } })
    expect(ward.shows().metrics.hr?.value).toBe(73)
    ward.says({ hr: { correction: 'W' } })
    expect(ward.shows().metrics.hr).not.toHaveProperty('value')
  })

  test('every item is as the contract says', () => {
    const ward = new Ward().says({ hr: { value: 72, limits: [50, null] }, spo2: { quality: 'NAV' } })
    ward.alarms({})
    ward.live.bed(
      BED,
      { pointOfCare: 'ICU2' },
      { patient: 'p', family: 'Berg', given: 'Anna', sex: 'female', birthDate: '1950-03' },
    )
    ward.live.wave({
      gateway: 'gw1',
      device: MONITOR,
      receivedAt: ward.clock.at,
      blocks: [{ path: '1.2.1.9', code: 131330, start: ward.clock.at, rateHz: 250, samples: [0] }],
    })
    const item = JSON.parse(JSON.stringify(ward.shows()))
    expect([...Value.Errors(BedItem, item)]).toEqual([])
    expect(item.waves).toEqual([{ code: 131330, label: 'II', unit: 'mV', rateHz: 250 }])
  })
})

describe('age of a value', () => {
  test('monitoring 12: live, delayed, stale, lost', () => {
    const ward = new Ward().at('10:00:00').says({ hr: 72 })
    const stateAt = (time: string) => {
      const { hr } = ward.at(time).shows().metrics
      return signalState(hr!.fresh, ward.clock.at - hr!.at)
    }
    expect(stateAt('10:00:10')).toBe('live')
    expect(stateAt('10:00:11')).toBe('delayed')
    expect(stateAt('10:00:30')).toBe('delayed')
    expect(stateAt('10:00:31')).toBe('stale')
    expect(stateAt('10:02:00')).toBe('stale')
    expect(stateAt('10:02:01')).toBe('lost')
  })

  test('a cuff pressure is stale five minutes after the next was due', () => {
    const { fresh, intervalMs } = metricByCode(150021)!
    expect(signalState(fresh, intervalMs + 5 * 60_000)).toBe('delayed')
    expect(signalState(fresh, intervalMs + 5 * 60_000 + 1)).toBe('stale')
  })

  test('a device whose clock is an hour slow is current once that is sure, and a value that waited in it is not', () => {
    const ward = new Ward()
    const off = { clockOffsetMs: -3_600_000 }
    ward.says({ hr: 72 }, { ...off, at: ward.clock.at - 3_600_000 })
    expect(ward.shows().metrics.hr?.at).toBe(ward.clock.at - 3_600_000)
    for (let second = 0; second < 60; second += 5) ward.after(5000).says({ hr: 72 }, { ...off, at: ward.clock.at - 3_600_000 })
    expect(ward.shows().metrics.hr?.at).toBe(ward.clock.at)
    ward.after(1000).says({ hr: 73, spo2: 97 }, { ...off, at: ward.clock.at - 3_600_000 - 40_000 })
    expect(ward.shows().metrics.hr?.value).toBe(72)
    expect(ward.shows().metrics.spo2?.at).toBe(ward.clock.at - 40_000)
  })

  test('a device whose clock is an hour fast never shows a value from the future', () => {
    const ward = new Ward()
    ward.says({ hr: 72 }, { clockOffsetMs: 3_600_000, at: ward.clock.at + 3_600_000 })
    expect(ward.shows().metrics.hr?.at).toBe(ward.clock.at)
  })

  test('a recording of years ago is as old as it is, however long it plays', () => {
    const ward = new Ward()
    const off = -15 * 365 * 86_400_000
    for (let second = 0; second < 120; second += 5)
      ward.after(5000).says({ hr: 72 }, { clockOffsetMs: off, at: ward.clock.at + off })
    expect(ward.shows().metrics.hr?.at).toBe(ward.clock.at + off)
  })

  test('what a monitor kept while it was cut off is not shown as current when it comes', () => {
    const ward = new Ward().says({ hr: 72 }).after(600_000)
    const back = ward.clock.at
    for (let behind = 590; behind > 0; behind -= 10) {
      ward.after(20).says({ hr: 60 }, { clockOffsetMs: back - behind * 1000 - ward.clock.at, at: back - behind * 1000 })
      expect(ward.shows().metrics.hr?.at).toBe(back - behind * 1000)
    }
  })

  test('a device whose clock is put right shows its next value', () => {
    const ward = new Ward()
    ward.says({ hr: 72 }, { clockOffsetMs: 3_600_000, at: ward.clock.at + 3_600_000 })
    ward.after(1000).says({ hr: 80 })
    expect(ward.shows().metrics.hr).toMatchObject({ value: 80, at: ward.clock.at })
    expect(ward.technical()).toEqual([])
  })

  test('a gateway whose clock is off makes nothing old', () => {
    const ward = new Ward()
    const off = -600_000
    const health = {
      v: 1 as const,
      gateway: 'gw1',
      spool: 's',
      session: 'r1',
      streams: {},
      spoolBytes: 0,
      spoolLimitBytes: 1,
      connections: 1,
      accepted: 1,
      refused: 0,
      duplicates: 0,
      senders: [],
    }
    ward.live.gatewayHealth({ ...health, at: ward.clock.at + off } as never)
    const at = ward.clock.at + off
    ward.live.readings({
      gateway: 'gw1',
      device: MONITOR,
      receivedAt: at,
      sentAt: ward.clock.at,
      frames: [{ at: ward.clock.at, metrics: [{ path: '1.2.1.1', code: 147842, value: 72 }] }],
    })
    expect(ward.shows().metrics.hr).toMatchObject({ at: ward.clock.at, receivedAt: ward.clock.at })
    expect(ward.shows().device?.connectivity).toBe('online')
  })
})

describe('technical conditions', () => {
  test('leads off: low, medium after a minute; the numbers of one sensor share it', () => {
    const ward = new Ward().says({ hr: 72, spo2: { quality: 'NAV' }, pulse: { quality: 'NAV' } })
    expect(ward.technical()).toEqual(['off:1.3.1 low'])
    for (let i = 0; i < 60; i++) ward.after(1000).says({ hr: 72, spo2: { quality: 'INV' }, pulse: { quality: 'NAV' } })
    expect(ward.technical()).toEqual(['off:1.3.1 low'])
    ward.after(1000).says({ hr: 72, spo2: { quality: 'NAV' }, pulse: { quality: 'NAV' } })
    expect(ward.technical()).toEqual(['off:1.3.1 medium'])
    ward.after(1000).says({ hr: 72, spo2: 97, pulse: 72 })
    expect(ward.technical()).toEqual([])
  })

  test.each([196680, 196882])('leads off (%i) that the monitor raised of no measurement is not said twice', (code) => {
    const ward = new Ward().says({ hr: { quality: 'NAV' } })
    expect(ward.technical()).toEqual(['off:1.2.1 low'])
    ward.alarms({ kind: 'ST', priority: 'low', code, text: 'Leads off' })
    expect(ward.technical()).toEqual([])
  })

  test('leads off that the monitor raised itself is not said twice; what was switched off is no fault', () => {
    const ward = new Ward().says({ hr: { quality: 'NAV' }, spo2: { quality: 'OFF' } })
    ward.alarms({ kind: 'ST', priority: 'low', text: 'ECG leads off', source: { path: '1.2.1.1' } })
    expect(ward.technical()).toEqual([])
  })

  test('a metric that stays away: low after 30 s, medium after 120 s', () => {
    const ward = new Ward().at('10:00:00').says({ hr: 72, spo2: 97 })
    const heard = (time: string) => ward.at(time).says({ spo2: 97 })
    heard('10:00:30')
    expect(ward.technical()).toEqual([])
    heard('10:00:31')
    expect(ward.technical()).toEqual(['stale:1.2.1 low'])
    heard('10:02:00')
    expect(ward.technical()).toEqual(['stale:1.2.1 low'])
    heard('10:02:01')
    expect(ward.technical()).toEqual(['stale:1.2.1 medium'])
  })

  test('a device that keeps silent for a minute is disconnected, and its stale values are folded into that', () => {
    const ward = new Ward().at('10:00:00').says({ hr: 72 })
    ward.at('10:00:59').says({ hr: 70 }, { device: 'OTHER' })
    expect(ward.at('10:01:00').technical()).toEqual(['stale:1.2.1 low'])
    ward.says({ hr: 70 }, { device: 'OTHER' })
    expect(ward.at('10:01:01').technical()).toEqual(['disconnected medium'])
    expect(ward.shows().device?.connectivity).toBe('silent')
  })

  test('a device that announced heartbeats every 10 s is missed after two of them', () => {
    const ward = new Ward().at('10:00:00').says({ hr: 72 })
    ward.alarms({ confirmTimeoutS: 10, state: 'inactive' })
    expect(ward.at('10:00:20').technical()).toEqual([])
    expect(ward.at('10:00:21').technical()).toEqual(['disconnected medium'])
  })

  test('a monitor that was switched off at an empty bed is low: it threatens nobody that we know of', () => {
    const ward = new Ward().says({ hr: 72 }).occupy()
    ward.at('10:01:00').says({ hr: 70 }, { device: 'OTHER' })
    expect(ward.at('10:01:01').technical()).toEqual(['disconnected low'])
    expect(ward.occupy('P-2').technical()).toEqual(['disconnected medium'])
  })

  test('a gateway that is silent for 30 s is one high alarm, the same on all its beds', () => {
    const ward = new Ward().at('10:00:00').says({ hr: 72 })
    ward.live.placed('M2', 'ICU2^205^1^HOSP')
    ward.says({ hr: 80 }, { device: 'M2' })
    expect(ward.at('10:00:30').technical()).toEqual([])
    ward.at('10:00:31')
    expect(ward.technical()).toEqual(['gateway-down:gw1 high'])
    expect(ward.technical('ICU2^205^1^HOSP')).toEqual(['gateway-down:gw1 high'])
    expect(ward.shows().device?.connectivity).toBe('offline')
  })

  test('a gateway is down at once when its last will says so, and up again with the first health', () => {
    const ward = new Ward().says({ hr: 72 })
    const status = { v: 1 as const, gateway: 'gw1', session: 'r1', version: '1', at: ward.clock.at }
    ward.live.gatewayStatus({ ...status, state: 'online' })
    ward.live.gatewayStatus({ ...status, state: 'offline' })
    expect(ward.technical()).toEqual(['gateway-down:gw1 high'])
    ward.live.gatewayStatus({ ...status, state: 'online', session: 'r2' })
    // The will of the run before, late.
    ward.live.gatewayStatus({ ...status, state: 'offline', session: 'r1' })
    expect(ward.technical()).toEqual([])
  })

  test('nothing is called silent before the gateways could be heard after a start', () => {
    const ward = new Ward().says({ hr: 72 })
    const { live } = ward
    Object.assign(live, { startedAt: ward.clock.at + 3_600_000 })
    ward.after(3_605_000)
    expect(ward.technical()).toEqual([])
    expect(ward.after(6000).technical()).toEqual(['gateway-down:gw1 high'])
  })

  test('a clock that is more than a minute off', () => {
    const ward = new Ward().says({ hr: 72 }, { clockOffsetMs: -60_000 })
    expect(ward.technical()).toEqual([])
    ward.says({ hr: 72 }, { clockOffsetMs: -3_600_000 })
    expect(ward.technical()).toEqual(['clock low'])
    expect(ward.shows().alarms[0]?.text).toBe('Device clock is 60 min behind')
    expect(ward.shows().device?.clockOffsetMs).toBe(-3_600_000)
  })

  test('monitoring 11: an association conflict, until it is over', () => {
    const ward = new Ward().says({ hr: 72 })
    ward.live.conflict(MONITOR, { patient: 'P-2002', since: ward.clock.at })
    expect(ward.technical()).toEqual(['conflict medium'])
    ward.after(1).live.conflict(MONITOR, null)
    expect(ward.technical()).toEqual([])
  })

  test('heart rate and pulse that differ by more than 20 for 30 s', () => {
    const ward = new Ward()
    for (let s = 0; s <= 30; s++) ward.says({ hr: 120, pulse: 99 }).after(1000)
    expect(ward.technical()).toEqual(['pulse-mismatch low'])
    expect(ward.shows().alarms[0]?.kind).toBe('SA')
    expect(ward.says({ hr: 119, pulse: 99 }).technical()).toEqual([])
    for (let s = 0; s <= 40; s++) ward.says({ hr: 119, pulse: 99 }).after(1000)
    expect(ward.technical()).toEqual([])
  })

  test('three implausible values in a row', () => {
    const ward = new Ward()
    const bad = { hr: { value: 400, quality: 'implausible' } } as const
    expect(ward.says(bad).after(1000).says(bad).says(bad).technical()).toEqual([])
    expect(ward.after(1000).says(bad).technical()).toEqual(['implausible:1.2.1.1 low'])
    expect(ward.after(1000).says({ hr: 80 }).technical()).toEqual([])
  })
})

describe('alarms', () => {
  test('worst first', () => {
    const ward = new Ward().says({ hr: { quality: 'NAV' } })
    ward.alarms({ key: 'low', priority: 'low' })
    ward.alarms({ key: 'latched high', state: 'latched' })
    ward.alarms({ key: 'medium, of the monitor itself', priority: 'medium', kind: 'ST', since: ward.clock.at - 5000 })
    ward.alarms({ key: 'medium', priority: 'medium' })
    ward.after(1000).alarms({ key: 'high, second' })
    ward.alarms({ key: 'high, first', since: ward.clock.at - 5000 })
    expect(ward.shows().alarms.map(({ id }) => id.replace(MONITOR, ''))).toEqual([
      'high, first',
      'high, second',
      'latched high',
      'medium',
      'medium, of the monitor itself',
      'low',
      'technical:off::1.2.1',
    ])
  })

  test('beds are ordered: high, medium, latched, technical and low, lost signal, nothing', () => {
    const attention = (make: (ward: Ward) => void) => {
      const ward = new Ward().says({ hr: 72, spo2: 97 })
      make(ward)
      return ward.shows().attention
    }
    const order = [
      attention((ward) => ward.alarms({})),
      attention((ward) => ward.alarms({ inactivation: 'audio-paused' })),
      attention((ward) => ward.alarms({ priority: 'medium' })),
      attention((ward) => ward.alarms({ state: 'latched' })),
      attention((ward) =>
        ward.live.gatewayStatus({ v: 1, gateway: 'gw1', state: 'offline', session: 's', at: ward.clock.at, version: '1' }),
      ),
      attention((ward) => ward.live.conflict(MONITOR, { patient: 'x', since: 0 })),
      attention((ward) => ward.alarms({ priority: 'low' })),
      attention((ward) => ward.after(20_000).says({ spo2: 97 }).after(20_000).says({ spo2: 97 })),
      attention(() => {}),
    ]
    expect(order).toEqual([...order].sort((a, b) => b - a))
    expect(new Set(order).size).toBe(order.length)
    expect(order.at(-1)).toBe(0)
  })

  test('one that ended is gone, a latched one stays, an older message raises neither again', () => {
    const ward = new Ward().says({ hr: 72 })
    const key = ward.alarms({})
    ward.after(1000).alarms({ key, phase: 'end', state: 'latched' })
    expect(ward.shows().alarms).toMatchObject([{ id: key, state: 'latched' }])
    ward.after(1000).alarms({ key, phase: 'reset', state: 'inactive' })
    expect(ward.shows().alarms).toEqual([])
    ward.alarms({ key, at: ward.clock.at - 2000 })
    expect(ward.shows().alarms).toEqual([])
    expect(ward.shows().attention).toBe(0)
  })

  test('what came late says so; what was a moment leaves by itself', () => {
    const ward = new Ward().says({ hr: 72 })
    ward.alarms({ key: 'late', late: true })
    ward.alarms({ key: 'point', phase: 'tpoint' })
    expect(ward.shows().alarms).toMatchObject([{ id: 'late', late: true }, { id: 'point' }])
    ward.after(60_001).says({ hr: 72 })
    expect(ward.shows().alarms.map(({ id }) => id)).toEqual(['late'])
  })
})

describe('who and where', () => {
  const anna = { patient: 'p1', family: 'Berg', given: 'anna maria', sex: 'female', birthDate: '1950-01-16' }

  test('initials, sex and age; the name only where the site shows names', () => {
    const ward = new Ward()
    ward.live.bed(BED, { pointOfCare: 'ICU2', room: '204', bed: '1' }, anna)
    expect(ward.shows().patient).toEqual({ initials: 'AB', sex: 'female', ageYears: 75 })
    const named = new Ward({ site: { name: 'x', timeZone: 'Europe/Berlin', showNames: true } })
    named.live.bed(BED, { pointOfCare: 'ICU2' }, anna)
    expect(named.shows().patient).toMatchObject({ name: 'anna maria Berg' })
  })

  test('a birthday is kept in the time zone of the site', () => {
    const eve = Date.UTC(2026, 0, 15, 22, 30)
    expect(siteDay(eve, 'Europe/Berlin')).toBe('2026-01-15')
    expect(siteDay(eve, 'Asia/Tokyo')).toBe('2026-01-16')
    expect(ageYears('1950-01-16', '2026-01-15')).toBe(75)
    expect(ageYears('1950-01-16', '2026-01-16')).toBe(76)
    expect(ageYears('1950-01', '2026-01-01')).toBe(76)
    expect(ageYears('2025', '2026-01-01')).toBe(1)
    expect(ageYears('2027', '2026-01-01')).toBeUndefined()
  })

  test('a bed keeps its label; an empty one is there too', () => {
    const ward = new Ward()
    expect(ward.shows()).toMatchObject({ label: 'ICU2 204-1', unit: 'ICU2', assigned: true })
    ward.live.bed(BED, { pointOfCare: 'ICU2', room: '204', bed: '1' }, anna)
    ward.live.bed(BED, { pointOfCare: 'ICU2', room: '204', bed: '1' })
    expect(ward.shows()).not.toHaveProperty('patient')
  })

  test('a device that nobody placed is an item of its own until it is placed', () => {
    const ward = new Ward().says({ hr: 66 }, { device: 'LOOSE' })
    expect(ward.shows('device:LOOSE')).toMatchObject({
      assigned: false,
      label: 'LOOSE',
      unit: '',
      metrics: { hr: { value: 66 } },
    })
    ward.after(1).live.placed('LOOSE', 'ICU2^206^1^HOSP')
    expect(buildBed(ward.live, 'device:LOOSE', ward.clock.at)).toBeUndefined()
    expect(ward.shows('ICU2^206^1^HOSP')).toMatchObject({ label: 'ICU2 206-1', metrics: { hr: { value: 66 } } })
  })
})

describe('sparklines', () => {
  test('a mean for each minute that had values, and a gap for one that had none', () => {
    const ward = new Ward().at('10:00:00')
    ward.says({ hr: 60 }).after(30_000).says({ hr: 70 })
    ward.at('10:02:10').says({ hr: 80 })
    ward.at('10:04:00')
    expect(ward.shows().trends.hr).toEqual([
      [Date.UTC(2026, 0, 15, 9, 0), 65],
      [Date.UTC(2026, 0, 15, 9, 2), 80],
    ])
  })

  test('an hour and no more; drop-outs leave no zero', () => {
    const ward = new Ward().at('10:00:00')
    for (let minute = 0; minute < 90; minute++) ward.says({ hr: minute % 2 ? { quality: 'NAV' } : 60 }).after(60_000)
    const trend = ward.shows().trends.hr!
    expect(trend.every(([, mean]) => mean === 60)).toBe(true)
    expect(trend.length).toBeGreaterThan(27)
    expect(trend.length).toBeLessThanOrEqual(30)
    expect(trend.at(-1)![0] - trend[0]![0]).toBeLessThan(3_600_000)
  })

  test('the pulse stands in for minutes without ECG', () => {
    const ward = new Ward().at('10:00:00').says({ hr: 60, pulse: 61 })
    ward.at('10:01:00').says({ hr: { quality: 'NAV' }, pulse: 90 })
    ward.at('10:02:00').says({ hr: 62, pulse: 63 })
    expect(
      ward
        .at('10:04:00')
        .shows()
        .trends.hr?.map(([, mean]) => mean),
    ).toEqual([60, 90, 62])
  })

  test('what comes late fills the hour behind, and history what was before the start', () => {
    const ward = new Ward().at('10:30:00').says({ hr: 70 })
    ward.says({ hr: 50 }, { at: ward.clock.at - 10 * 60_000 })
    ward.live.restoreTrend(MONITOR, '1.2.1.1', [{ at: ward.clock.at - 20 * 60_000, mean: 40, count: 60 }])
    expect(
      ward
        .at('10:32:00')
        .shows()
        .trends.hr?.map(([, mean]) => mean),
    ).toEqual([40, 50, 70])
  })
})
