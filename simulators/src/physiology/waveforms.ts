import type { Patient, Vitals } from './patient.ts'
import { BEATS_AHEAD_S } from './patient.ts'
import { Random } from './random.ts'
import type { Sensors } from './sensors.ts'

export type WaveName = 'ecg2' | 'pleth' | 'abp' | 'resp'

/** Rates and resolutions of the monitor in the catalogue (a test compares them); counts × resolution = `unit`. */
export const waveShapes: Record<WaveName, { rateHz: number; resolution: number; unit: 'mV' | 'mm[Hg]' | '1' }> = {
  ecg2: { rateHz: 250, resolution: 0.005, unit: 'mV' },
  pleth: { rateHz: 125, resolution: 0.01, unit: '1' },
  abp: { rateHz: 125, resolution: 0.25, unit: 'mm[Hg]' },
  resp: { rateHz: 62.5, resolution: 0.01, unit: '1' },
}

/** Counts of one stretch; null where the sensor gave nothing. */
export interface WaveSamples {
  wave: WaveName
  /** Seconds since the model's start. */
  start: number
  rateHz: number
  samples: (number | null)[]
}

/** One bump of the ECG: millivolts, seconds from the R peak, standard deviation in seconds. */
type Bump = readonly [mV: number, at: number, width: number]
const sinusBeat: readonly Bump[] = [
  [0.13, -0.16, 0.024],
  [-0.1, -0.032, 0.009],
  [1.15, 0, 0.0105],
  [-0.24, 0.03, 0.011],
  [0.28, 0.26, 0.05],
]
/** Wide, without a P wave, and the T wave against the main deflection. */
const ventricularBeat: readonly Bump[] = [
  [1.3, 0, 0.052],
  [-0.7, 0.14, 0.06],
]
/** From R to the arrival of the pulse, seconds: at the radial artery, and at the finger. */
const PULSE_AT_WRIST_S = 0.14
const PULSE_AT_FINGER_S = 0.22
/** How fast a pulse runs off, in e-folds for each beat, and what is left of it at the next one. */
const RUN_OFF = 2.2
const FOOT = Math.exp(-RUN_OFF * (1 - 0.18))

/**
 * Draws the curves that belong to a patient's beats and breaths, block by block and without a seam: what is drawn at a
 * time depends on that time alone. Noise has its own stream, so beds with and without waves have the same numerics.
 */
export class Waveforms {
  private readonly random: Random
  /** How things stood at the end of the second that was drawn last, and for whom. */
  private before: { patient: Patient; now: number; turns: number; sys: number; dia: number } | undefined

  constructor(seed: number | string, name: number | string) {
    this.random = new Random(seed, 'waveforms', name)
  }

  /** The second that ended at `patient.now`, for each of `waves`. Call once for each simulated second. */
  second(patient: Patient, vitals: Vitals, sensors: Sensors, waves: readonly WaveName[]): WaveSamples[] {
    const start = patient.now - 1
    const { sys, dia } = vitals
    const began =
      this.before?.patient === patient && this.before.now === start
        ? this.before
        : { turns: patient.breathTurns - patient.breathRate, sys, dia }
    this.before = { patient, now: patient.now, turns: patient.breathTurns, sys, dia }
    const breath = (t: number) => began.turns + (patient.breathTurns - began.turns) * (t - start)
    return waves.map((wave) => {
      const { rateHz, resolution } = waveShapes[wave]
      // 62.5 Hz: 62 and 63 samples in turn, so that sample k always lies on the grid of the rate.
      const first = Math.ceil(start * rateHz - 1e-9)
      const last = Math.ceil(patient.now * rateHz - 1e-9)
      const samples: (number | null)[] = new Array(last - first)
      const draw = this.curve(wave, patient, vitals, sensors, breath, began)
      for (let i = 0; i < samples.length; i++) {
        const value = draw((first + i) / rateHz)
        samples[i] = value === null ? null : Math.round(value / resolution)
      }
      return { wave, start: first / rateHz, rateHz, samples }
    })
  }

  /** The curve as a function of time, in the wave's unit. */
  private curve(
    wave: WaveName,
    patient: Patient,
    vitals: Vitals,
    sensors: Sensors,
    breath: (t: number) => number,
    began: { sys: number; dia: number },
  ): (t: number) => number | null {
    const { random } = this
    const moving = sensors.has('motion')
    if (wave === 'ecg2') {
      if (sensors.has('leadsOff')) return () => null
      const beats = patient.beats.filter((beat) => beat.at > patient.now - 2.2 && beat.at < patient.now + BEATS_AHEAD_S)
      return (t) => {
        let mV = 0.05 * Math.sin(2 * Math.PI * breath(t)) + 0.008 * random.normal()
        if (moving) mV += 0.5 * Math.sin(2 * Math.PI * 3.1 * t + 2 * Math.sin(7 * t)) + 0.18 * random.normal()
        for (const beat of beats) {
          const from = t - beat.at
          if (from < -0.4 || from > 0.7) continue
          // QT and PQ shorten with the beat's interval (Bazett's square root).
          const stretch = Math.sqrt(Math.min(1.3, Math.max(0.3, beat.interval)))
          for (const [height, at, width] of beat.kind === 'sinus' ? sinusBeat : ventricularBeat) {
            const away = (from - at * stretch) / width
            if (away > -5 && away < 5) mV += height * Math.exp(-0.5 * away * away)
          }
        }
        return mV
      }
    }
    if (wave === 'resp')
      return sensors.has('leadsOff')
        ? () => null
        : (t) =>
            (vitals.breathing ? 0.6 * Math.sin(2 * Math.PI * breath(t)) : 0) +
            0.01 * random.normal() +
            (moving ? 0.4 * random.normal() : 0)
    if (wave === 'pleth') {
      if (sensors.has('probeOff')) return () => null
      const pulse = this.pulses(patient, PULSE_AT_FINGER_S)
      return (t) => {
        const depth = 0.85 + 0.12 * Math.sin(2 * Math.PI * breath(t))
        return Math.max(0, depth * pulse(t) + 0.006 * random.normal() + (moving ? 0.3 * random.normal() : 0))
      }
    }
    if (sensors.has('flush')) return () => 270 + 2 * random.normal()
    const pulse = this.pulses(patient, PULSE_AT_WRIST_S)
    const { sys, dia } = vitals
    return (t) => {
      const swing = 3 * Math.sin(2 * Math.PI * breath(t))
      const part = t - (patient.now - 1)
      const foot = began.dia + (dia - began.dia) * part
      const peak = began.sys + (sys - began.sys) * part
      return foot + (peak - foot) * pulse(t) - swing + 0.3 * random.normal()
    }
  }

  /** The pulse wave, 0 at its foot and 1 at its peak: a fast rise, a fall, and the bump behind the closing aortic valve. */
  private pulses(patient: Patient, delay: number): (t: number) => number {
    const feet = patient.beats.map((beat) => beat.at + delay)
    return (t) => {
      let i = feet.length - 1
      while (i >= 0 && feet[i]! > t) i--
      if (i < 0) return 0
      const since = t - feet[i]!
      const interval = Math.min(1.4, (feet[i + 1] ?? feet[i]! + 0.9) - feet[i]!)
      const x = since / interval
      if (x < 0.18) return 0.5 - 0.5 * Math.cos((Math.PI * x) / 0.18)
      // Exponential run-off that reaches its foot just when the next pulse arrives.
      const fall = (Math.exp(-RUN_OFF * (x - 0.18)) - FOOT) / (1 - FOOT)
      const notch = 0.09 * Math.exp(-0.5 * ((x - 0.47) / 0.045) ** 2)
      return Math.max(0, fall + notch)
    }
  }
}
