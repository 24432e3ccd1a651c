import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Patient, type Vitals } from './patient.ts'
import { type ScenarioName, scenarios } from './scenarios.ts'
import { type Reading, Sensors } from './sensors.ts'
import { Waveforms, waveShapes } from './waveforms.ts'

const names = Object.keys(scenarios) as ScenarioName[]
const fitted = { arterialLine: true, capnograph: true }

/** A course of `seconds` with everything that a monitor would have seen. */
function course(seed: number, seconds: number, scenario?: ScenarioName, faultRate = 1) {
  const patient = new Patient(seed, 'bed')
  const sensors = new Sensors(seed, 'bed', fitted, faultRate)
  if (scenario) patient.begin(scenario)
  const vitals: Vitals[] = []
  const readings: Reading[][] = []
  for (let i = 0; i < seconds; i++) {
    vitals.push(patient.step())
    readings.push(sensors.measure(patient, vitals.at(-1)!))
  }
  return { patient, sensors, vitals, readings }
}
const mean = (numbers: number[]) => numbers.reduce((sum, n) => sum + n, 0) / numbers.length

describe('a patient', () => {
  test('is the same for the same seed and another for another', () => {
    fc.assert(
      fc.property(fc.integer(), fc.constantFrom(...names), (seed, scenario) => {
        expect(course(seed, 90, scenario).readings).toEqual(course(seed, 90, scenario).readings)
        expect(course(seed, 30).vitals).not.toEqual(course(seed + 1, 30).vitals)
      }),
      { numRuns: 25 },
    )
  })

  test('stays within what a body can show, whatever happens to it', () => {
    fc.assert(
      fc.property(fc.integer(), fc.constantFrom(...names), (seed, scenario) => {
        for (const v of course(seed, 240, scenario).vitals) {
          expect(v.hr).toBeGreaterThanOrEqual(20)
          expect(v.hr).toBeLessThanOrEqual(220)
          expect(v.spo2).toBeGreaterThanOrEqual(50)
          expect(v.spo2).toBeLessThanOrEqual(100)
          expect(v.sys).toBeGreaterThan(v.mean)
          expect(v.mean).toBeGreaterThan(v.dia)
          expect(v.dia).toBeGreaterThan(0)
          expect(v.temp).toBeGreaterThanOrEqual(33)
          expect(v.temp).toBeLessThanOrEqual(42)
          expect(Object.values(v).every((value) => typeof value !== 'number' || Number.isFinite(value))).toBe(true)
        }
      }),
      { numRuns: 30 },
    )
  })

  test('at rest is in no danger: no value of a quiet quarter of an hour would alarm', () => {
    for (let seed = 0; seed < 20; seed++) {
      const patient = new Patient(seed, 'rest')
      patient.begin('rest')
      for (let i = 0; i < 600; i++) {
        const v = patient.step()
        expect(v.hr, `seed ${seed}`).toBeLessThan(120)
        expect(v.hr).toBeGreaterThan(45)
        expect(v.spo2).toBeGreaterThan(92)
        expect(v.rr).toBeLessThan(28)
        expect(v.sys).toBeGreaterThan(88)
      }
    }
  })

  test('who deteriorates breathes and beats faster, saturates less, loses pressure and gets a fever', () => {
    for (let seed = 0; seed < 10; seed++) {
      const { patient, vitals } = course(seed, 700, 'deterioration')
      const late = vitals.slice(500)
      const { baseline } = patient
      expect(mean(late.map((v) => v.hr))).toBeGreaterThan(baseline.hr + 25)
      expect(mean(late.map((v) => v.rr))).toBeGreaterThan(baseline.rr + 6)
      expect(mean(late.map((v) => v.spo2))).toBeLessThan(baseline.spo2 - 3)
      expect(mean(late.map((v) => v.sys))).toBeLessThan(baseline.sys - 15)
      expect(mean(late.map((v) => v.temp))).toBeGreaterThan(baseline.temp + 0.9)
    }
  })

  test('beats follow the rate, vary from beat to beat, and quicken while breathing in', () => {
    const patient = new Patient(3, 'beats')
    patient.begin('rest')
    const intervals: number[] = []
    let seen = -1
    for (let i = 0; i < 300; i++) {
      patient.step()
      expect(Math.abs(patient.countedHeartRate() - patient.vitals().hr)).toBeLessThan(14)
      for (const beat of patient.beats) if (beat.at > seen && beat.at <= patient.now) intervals.push(beat.interval)
      seen = patient.now
    }
    const average = mean(intervals)
    const sd = Math.sqrt(mean(intervals.map((interval) => (interval - average) ** 2)))
    expect(sd / average).toBeGreaterThan(0.015)
    expect(sd / average).toBeLessThan(0.12)
  })
})

describe('its sensors', () => {
  test('say nothing rather than zero when something is off', () => {
    fc.assert(
      fc.property(
        fc.integer(),
        fc.constantFrom('leadsOff' as const, 'probeOff' as const, 'motion' as const, 'flush' as const),
        (seed, fault) => {
          const patient = new Patient(seed, 'bed')
          patient.begin('rest')
          const sensors = new Sensors(seed, 'bed', fitted, 0)
          sensors.begin(fault, 0, 60)
          for (let i = 0; i < 59; i++) {
            for (const { metric, value, quality } of sensors.measure(patient, patient.step())) {
              if (value !== undefined) expect(value, metric).toBeGreaterThan(0)
              else expect(quality === 'INV' || quality === 'NAV', metric).toBe(true)
            }
          }
          expect(sensors.has(fault)).toBe(true)
          const readings = sensors.measure(patient, patient.step())
          const hr = sensors.measure(patient, patient.step()).find(({ metric }) => metric === 'hr')
          expect(readings.length).toBeGreaterThan(0)
          expect(hr?.quality).toBeUndefined()
        },
      ),
      { numRuns: 30 },
    )
  })

  test('count a true zero in asystole, and find no pulse then', () => {
    const { readings } = course(1, 8, 'asystole', 0)
    const last = Object.fromEntries(readings.at(-1)!.map((reading) => [reading.metric, reading]))
    expect(last.hr).toEqual({ metric: 'hr', value: 0 })
    expect(last.spo2).toEqual({ metric: 'spo2', quality: 'NAV' })
    expect(last.pulse).toEqual({ metric: 'pulse', quality: 'NAV' })
  })
})

describe('its waveforms', () => {
  const waves = ['ecg2', 'pleth', 'abp', 'resp'] as const

  test('have the samples of their rate, second after second without a gap', () => {
    const patient = new Patient(5, 'waves')
    const sensors = new Sensors(5, 'waves', fitted, 0)
    const waveforms = new Waveforms(5, 'waves')
    const next: Partial<Record<string, number>> = {}
    for (let i = 0; i < 10; i++) {
      const vitals = patient.step()
      sensors.measure(patient, vitals)
      for (const { wave, start, rateHz, samples } of waveforms.second(patient, vitals, sensors, waves)) {
        expect(rateHz).toBe(waveShapes[wave].rateHz)
        if (next[wave] !== undefined) expect(start).toBeCloseTo(next[wave], 9)
        next[wave] = start + samples.length / rateHz
        expect(samples.every((sample) => sample !== null && Number.isInteger(sample))).toBe(true)
      }
    }
  })

  test('agree with the numerics: R peaks with the rate, pressure with systole and diastole', () => {
    const patient = new Patient(6, 'waves')
    patient.begin('rest')
    const sensors = new Sensors(6, 'waves', fitted, 0)
    const waveforms = new Waveforms(6, 'waves')
    const ecg: number[] = []
    const abp: number[] = []
    let vitals = patient.step(20)
    for (let i = 0; i < 30; i++) {
      vitals = patient.step()
      for (const { wave, samples } of waveforms.second(patient, vitals, sensors, waves))
        if (wave === 'ecg2' || wave === 'abp')
          (wave === 'ecg2' ? ecg : abp).push(...samples.map((sample) => sample! * waveShapes[wave].resolution))
    }
    let peaks = 0
    for (let i = 1; i < ecg.length - 1; i++) if (ecg[i]! > 0.8 && ecg[i]! >= ecg[i - 1]! && ecg[i]! > ecg[i + 1]!) peaks++
    expect(Math.abs(peaks * 2 - vitals.hr)).toBeLessThan(12)
    const highest = abp.reduce((a, b) => Math.max(a, b))
    const lowest = abp.reduce((a, b) => Math.min(a, b))
    expect(Math.abs(highest - vitals.sys)).toBeLessThan(14)
    expect(Math.abs(lowest - vitals.dia)).toBeLessThan(14)
  })

  test('have no step where one second meets the next, also when the pressure falls fast', () => {
    for (let seed = 0; seed < 10; seed++) {
      const patient = new Patient(seed, 'waves')
      const sensors = new Sensors(seed, 'waves', fitted, 0)
      const waveforms = new Waveforms(seed, 'waves')
      patient.step(30)
      patient.begin('ventricularTachycardia')
      let last: number | undefined
      for (let i = 0; i < 10; i++) {
        const vitals = patient.step()
        sensors.measure(patient, vitals)
        const samples = waveforms.second(patient, vitals, sensors, ['abp'])[0]!.samples.map(Number)
        // The run-off of a pulse falls by less than 4 mm[Hg] in the 8 ms between two samples; what falls more is a seam.
        if (last !== undefined) expect((last - samples[0]!) * waveShapes.abp.resolution, `seed ${seed}`).toBeLessThan(4)
        last = samples.at(-1)
      }
    }
  })

  test('have no samples where the electrode or the probe is off', () => {
    const patient = new Patient(7, 'waves')
    const sensors = new Sensors(7, 'waves', fitted, 0)
    sensors.begin('leadsOff', 0, 10)
    sensors.begin('probeOff', 0, 10)
    const vitals = patient.step()
    const blocks = new Waveforms(7, 'waves').second(patient, vitals, sensors, waves)
    for (const { wave, samples } of blocks) expect(samples.every((sample) => sample === null)).toBe(wave !== 'abp')
  })
})
