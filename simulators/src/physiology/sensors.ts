import type { Patient, Vitals } from './patient.ts'
import { Random } from './random.ts'

/** What a bedside monitor can measure here, in its own words; codes and units come from the device catalogue. */
export type MetricName =
  | 'hr'
  | 'rr'
  | 'spo2'
  | 'pulse'
  | 'abpSys'
  | 'abpDia'
  | 'abpMean'
  | 'nibpSys'
  | 'nibpDia'
  | 'nibpMean'
  | 'nibpPulse'
  | 'temp'
  | 'etco2'

/** OBX-8 of a value that is not plainly good (domain page "Bedside monitoring", section 3). */
export type SensorQuality = 'INV' | 'NAV' | 'QUES'

/** One measurement. Without `value` there is none, and `quality` says why: it is never zero instead. */
export interface Reading {
  metric: MetricName
  value?: number
  quality?: SensorQuality
}

/** What is plugged in at this bed beside ECG, oximeter, cuff and thermometer. */
export interface Fitted {
  arterialLine: boolean
  capnograph: boolean
}

export type FaultName = 'motion' | 'leadsOff' | 'probeOff' | 'flush' | 'silence'

/** How often each thing happens at a bed, and for how long (seconds). Invented to be believable. */
export const faults: Record<FaultName, { perHour: number; lasts: [number, number] }> = {
  /** The patient moves: the oximeter and the ECG see what is not there. */
  motion: { perHour: 5, lasts: [4, 20] },
  /** ECG electrodes off: no heart rate and no impedance respiration. */
  leadsOff: { perHour: 0.9, lasts: [12, 90] },
  /** The oximeter's probe is off the finger. */
  probeOff: { perHour: 1.2, lasts: [12, 100] },
  /** The arterial line is flushed or blood is drawn from it. */
  flush: { perHour: 0.6, lasts: [8, 25] },
  /** The monitor is off the network: it measures on, but nothing is heard of it. */
  silence: { perHour: 0.25, lasts: [25, 150] },
}
const faultNames = Object.keys(faults) as FaultName[]

const CUFF_FAILS = 0.04

/** What the monitor's sensors make of the patient, second by second, with what goes wrong at a bedside. */
export class Sensors {
  private readonly random: Random
  private readonly fitted: Fitted
  private readonly rate: number
  private readonly until = new Map<FaultName, number>()

  /** `faultRate` scales how often things go wrong: 0 never, 1 as in {@link faults}. */
  constructor(seed: number | string, name: number | string, fitted: Fitted, faultRate = 1) {
    this.random = new Random(seed, 'sensors', name)
    this.fitted = fitted
    this.rate = faultRate
  }

  /** Lets a fault begin now and last `seconds` from the patient's present time. */
  begin(fault: FaultName, now: number, seconds: number): void {
    this.until.set(fault, now + seconds)
  }

  has(fault: FaultName): boolean {
    return this.until.has(fault)
  }

  /** The continuous measurements at `patient.now`; call once for each simulated second. */
  measure(patient: Patient, vitals: Vitals): Reading[] {
    this.drawFaults(patient.now)
    const { random } = this
    const readings: Reading[] = []
    const moving = this.has('motion')

    const counted = patient.countedHeartRate()
    if (this.has('leadsOff')) {
      readings.push({ metric: 'hr', quality: 'INV' }, { metric: 'rr', quality: 'INV' })
    } else {
      readings.push(
        moving && random.chance(0.4)
          ? { metric: 'hr', value: Math.round(Math.min(300, counted * random.between(1.1, 2.1))), quality: 'QUES' }
          : { metric: 'hr', value: Math.round(counted) },
      )
      readings.push(
        moving
          ? { metric: 'rr', value: Math.round(vitals.rr + random.between(0, 14)), quality: 'QUES' }
          : { metric: 'rr', value: Math.round(vitals.rr) },
      )
    }

    if (this.has('probeOff')) readings.push({ metric: 'spo2', quality: 'INV' }, { metric: 'pulse', quality: 'INV' })
    else if (counted === 0) readings.push({ metric: 'spo2', quality: 'NAV' }, { metric: 'pulse', quality: 'NAV' })
    else if (moving) {
      const seen = Math.max(55, vitals.spo2 - random.between(0, 14))
      readings.push({ metric: 'spo2', value: Math.round(seen), quality: 'QUES' })
      readings.push({ metric: 'pulse', value: Math.round(Math.max(30, counted * random.between(0.6, 1.5))), quality: 'QUES' })
    } else {
      readings.push({ metric: 'spo2', value: Math.round(vitals.spo2) })
      readings.push({ metric: 'pulse', value: Math.round(Math.max(1, counted + 0.6 * random.normal())) })
    }

    if (this.fitted.arterialLine) {
      if (this.has('flush')) {
        const high = Math.round(random.between(230, 290))
        readings.push({ metric: 'abpSys', value: high, quality: 'QUES' }, { metric: 'abpDia', value: high - 12, quality: 'QUES' })
        readings.push({ metric: 'abpMean', value: high - 8, quality: 'QUES' })
      } else {
        // Pressure is lower while breathing in; the monitor's eight-beat average leaves about a third of that swing.
        const swing = 1.2 * Math.sin(2 * Math.PI * patient.breathTurns)
        const sys = Math.round(vitals.sys - swing)
        const dia = Math.min(sys - 4, Math.round(vitals.dia - swing * 0.6))
        readings.push({ metric: 'abpSys', value: sys }, { metric: 'abpDia', value: dia })
        readings.push({ metric: 'abpMean', value: Math.min(sys - 1, Math.max(dia + 1, Math.round(vitals.mean - swing * 0.7))) })
      }
    }
    if (this.fitted.capnograph)
      readings.push(vitals.breathing ? { metric: 'etco2', value: Math.round(vitals.etco2) } : { metric: 'etco2', quality: 'NAV' })
    return readings
  }

  temperature(vitals: Vitals): Reading {
    return { metric: 'temp', value: Math.round(vitals.temp * 10) / 10 }
  }

  /** One measurement of the cuff. It may fail: then every value of it is absent. */
  cuff(patient: Patient, vitals: Vitals): Reading[] {
    const { random } = this
    const failed = random.chance(CUFF_FAILS) || vitals.sys < 45 || this.has('motion')
    if (failed)
      return (['nibpSys', 'nibpDia', 'nibpMean', 'nibpPulse'] as const).map((metric) => ({ metric, quality: 'NAV' as const }))
    const sys = Math.round(vitals.sys + 2.5 * random.normal())
    const dia = Math.min(sys - 8, Math.round(vitals.dia + 2 * random.normal()))
    return [
      { metric: 'nibpSys', value: sys },
      { metric: 'nibpDia', value: dia },
      { metric: 'nibpMean', value: Math.round(dia + (sys - dia) / 3) },
      { metric: 'nibpPulse', value: Math.round(Math.max(20, patient.countedHeartRate())) },
    ]
  }

  private drawFaults(now: number): void {
    for (const name of faultNames) {
      const { perHour, lasts } = faults[name]
      // Drawn every second, fault or not, so that one fault does not shift the chances of all that follows.
      const starts = this.random.chance((perHour * this.rate) / 3600)
      const until = this.until.get(name)
      if (until !== undefined) {
        if (now >= until) this.until.delete(name)
      } else if (starts && (name !== 'flush' || this.fitted.arterialLine)) {
        this.until.set(name, now + this.random.between(...lasts))
      }
    }
  }
}
