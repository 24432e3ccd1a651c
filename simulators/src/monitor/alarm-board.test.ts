import { expect, test } from 'vitest'
import type { MetricName, Reading } from '../physiology/sensors.ts'
import { AlarmBoard, type AlarmEvent, CONFIRM_TIMEOUT_S, type Conditions } from './alarm-board.ts'

const calm: Conditions = {
  asystole: false,
  ventricular: false,
  apnoea: false,
  leadsOff: false,
  probeOff: false,
  cuffFailed: false,
}

/** A monitor whose seconds are told one after the other; `heard` is everything it said. */
function aBoard(seed = 1) {
  const board = new AlarmBoard(seed, 'test')
  const heard: AlarmEvent[] = []
  let now = 0
  return {
    heard,
    board,
    /** Lets these values and conditions last for some seconds. */
    shows(seconds: number, values: Partial<Record<MetricName, number | 'INV' | 'QUES'>>, conditions: Partial<Conditions> = {}) {
      const readings = Object.entries(values).map(([metric, value]): Reading => {
        if (value === 'INV') return { metric: metric as MetricName, quality: 'INV' }
        if (value === 'QUES') return { metric: metric as MetricName, value: 300, quality: 'QUES' }
        return { metric: metric as MetricName, value: value as number }
      })
      for (let i = 0; i < seconds; i++) heard.push(...board.step(++now, readings, { ...calm, ...conditions }))
    },
    /** What was said of this alarm, without heartbeats and the nurse. */
    said: (name: string) =>
      heard
        .filter((event) => event.name === name && event.phase !== 'continue' && event.phase !== 'update')
        .map(({ phase, state, priority }) => `${phase} ${state} ${priority}`),
  }
}

test('a limit alarm waits for its delay, and a short excursion is none', () => {
  const bed = aBoard()
  bed.shows(4, { hr: 125 })
  bed.shows(10, { hr: 90 })
  expect(bed.heard).toEqual([])
  bed.shows(6, { hr: 125 })
  expect(bed.said('hr-high')).toEqual(['start active PM'])
  expect(bed.heard[0]).toMatchObject({ value: 125, limits: [null, 120], event: { code: 196648 }, kind: 'SP' })
})

test('it escalates beyond the extreme limit, calms down only well inside, and ends with hysteresis', () => {
  const bed = aBoard()
  bed.shows(10, { spo2: 88 })
  bed.shows(2, { spo2: 83 })
  bed.shows(5, { spo2: 86 })
  bed.shows(1, { spo2: 89 })
  bed.shows(10, { spo2: 90 })
  expect(bed.said('spo2-low')).toEqual(['start active PM', 'escalate active PH', 'de-escalate active PM'])
  bed.shows(4, { spo2: 92 })
  expect(bed.said('spo2-low').at(-1)).toBe('end inactive PM')
  expect(new Set(bed.heard.map(({ alarm }) => alarm)).size).toBe(1)
})

test('while it lasts it is heard of before its confirm timeout is over', () => {
  const bed = aBoard()
  bed.shows(300, { rr: 35 })
  const times = bed.heard.map(({ at }) => at)
  for (let i = 1; i < times.length; i++) expect(times[i]! - times[i - 1]!).toBeLessThanOrEqual(CONFIRM_TIMEOUT_S)
  expect(times.length).toBeGreaterThan(10)
})

test('a questionable value starts nothing, and one that is gone ends what it held up', () => {
  const bed = aBoard()
  bed.shows(60, { hr: 'QUES' })
  expect(bed.heard).toEqual([])
  bed.shows(10, { hr: 150 })
  bed.shows(6, { hr: 'INV' }, { leadsOff: true })
  expect(bed.said('hr-high')).toEqual(['start active PH', 'end inactive PH'])
  expect(bed.said('leads-off')).toEqual(['start active PL'])
  bed.shows(70, { hr: 'INV' }, { leadsOff: true })
  expect(bed.said('leads-off')).toEqual(['start active PL', 'escalate active PM'])
})

test('a cuff pressure alarms on one reading and stays until the next one', () => {
  const bed = aBoard()
  bed.shows(1, { nibpSys: 82 })
  bed.shows(200, { hr: 80 })
  expect(bed.said('nibp-low')).toEqual(['start active PM'])
  bed.shows(1, { nibpSys: 110 })
  bed.shows(4, { hr: 80 })
  bed.shows(1, { nibpSys: 110 })
  expect(bed.said('nibp-low').at(-1)).toBe('end inactive PM')
})

test('asystole is high at once, latches, and is reset by a nurse; the heart rate does not alarm beside it', () => {
  const bed = aBoard()
  bed.shows(12, { hr: 0 }, { asystole: true })
  bed.shows(1, { hr: 70 })
  expect(bed.said('asystole')).toEqual(['start active PH', 'end latched PH'])
  bed.shows(120, { hr: 70 })
  expect(bed.said('asystole').at(-1)).toBe('reset inactive PH')
  expect(bed.said('hr-low')).toEqual([])
})

test('a nurse pauses the sound of some alarms for two minutes', () => {
  let paused = 0
  for (let seed = 0; seed < 60; seed++) {
    const bed = aBoard(seed)
    bed.shows(300, { rr: 35 })
    const updates = bed.heard.filter(({ phase }) => phase === 'update')
    if (updates.length === 0) continue
    paused++
    expect(updates.map(({ inactivation }) => inactivation)).toEqual(['audio-paused', 'enabled'])
    expect(updates[1]!.at - updates[0]!.at).toBe(120)
  }
  expect(paused).toBeGreaterThan(15)
  expect(paused).toBeLessThan(45)
})

test('when the patient leaves, everything ends', () => {
  const bed = aBoard()
  bed.shows(20, { hr: 130, rr: 35 })
  expect(bed.board.active()).toEqual(['hr-high', 'rr-high'])
  expect(bed.board.endAll(21).map(({ phase }) => phase)).toEqual(['end', 'end'])
  expect(bed.board.active()).toEqual([])
})
