import { Random } from './random.ts'
import { type Offsets, type Phase, type Rhythm, type ScenarioName, scenarios } from './scenarios.ts'

/** A patient's own resting values: /min, %, mm[Hg], Cel. */
export interface Baseline {
  hr: number
  rr: number
  spo2: number
  sys: number
  dia: number
  temp: number
  etco2: number
}

/** What is true of the body now; what a monitor makes of it is `sensors.ts`. Units as in {@link Baseline}. */
export interface Vitals extends Baseline {
  /** Mean arterial pressure. */
  mean: number
  rhythm: Rhythm
  breathing: boolean
}

/** One contraction of the heart. */
export interface Beat {
  /** R peak, seconds since the model's start. */
  at: number
  /** Seconds from the beat before. */
  interval: number
  kind: 'sinus' | 'ventricular'
}

/**
 * How each value wanders by itself: a mean-reverting walk with time constant `tau` (s) and standard deviation `sd`.
 * `arousal` is one walk that moves heart, breath and pressure together, which is what makes a sleeping patient look
 * different from one who has just been turned over.
 */
const wander = {
  hr: { tau: 40, sd: 1.8, arousal: 4 },
  rr: { tau: 30, sd: 0.9, arousal: 1.2 },
  spo2: { tau: 60, sd: 0.45, arousal: 0 },
  sys: { tau: 50, sd: 3, arousal: 4 },
  temp: { tau: 1800, sd: 0.06, arousal: 0 },
  etco2: { tau: 30, sd: 0.8, arousal: -0.5 },
} as const
type Walking = keyof typeof wander
const walking = Object.keys(wander) as Walking[]

/** Amplitude of the day's rhythm, lowest at night, and what the body can bear in this model. */
const circadian = { hr: 5, rr: 0.8, spo2: 0.2, sys: 6, temp: 0.35, etco2: 0 } as const
const bounds = { hr: [20, 220], rr: [4, 55], spo2: [50, 100], sys: [30, 230], temp: [33, 42], etco2: [6, 95] } as const

const DAY_S = 86_400
/** Beats are made this far ahead, so that a P wave can stand before its R wave. */
export const BEATS_AHEAD_S = 1
const KEEP_BEATS_S = 16

/**
 * A body in simulated time: pure, no clock, no I/O. The same seed gives the same course, second by second.
 *
 * Vitals move towards baseline + scenario + time of day, wander around it together, and answer each other: a falling
 * pressure and a fever quicken the heart, a falling saturation quickens the breath. Beats follow the heart rate with
 * respiratory sinus arrhythmia and beat-to-beat jitter; the numerics of a monitor are counted from those beats.
 */
export class Patient {
  readonly baseline: Baseline
  /** Seconds since the start. */
  now = 0
  /** Oldest first; the last {@link KEEP_BEATS_S} seconds and {@link BEATS_AHEAD_S} ahead. */
  readonly beats: Beat[] = []
  /** Turns since the start, one for each breath; inspiration is the first half of a turn. */
  breathTurns = 0
  /** The present rate of the breath, turns/s; zero in apnoea. */
  breathRate = 0
  scenario: ScenarioName = 'rest'
  private readonly random: Random
  private readonly walk: Record<Walking, number> = { hr: 0, rr: 0, spo2: 0, sys: 0, temp: 0, etco2: 0 }
  private arousal = 0
  private readonly clockPhase: number
  private phaseIndex = 0
  private phaseStart = 0
  private phaseEnd = 0
  private from: Required<Offsets> = { hr: 0, rr: 0, spo2: 0, sys: 0, temp: 0, etco2: 0 }
  private readonly lagged: Record<Walking, number>
  private rhythmRate = 0
  private nextBeat: number
  private lastBeat: number

  constructor(seed: number | string, ...names: (number | string)[]) {
    const random = new Random(seed, 'patient', ...names)
    this.random = random
    const sys = random.between(108, 138)
    this.baseline = {
      hr: random.between(62, 88),
      rr: random.between(12, 18),
      spo2: random.between(95.5, 98.8),
      sys,
      dia: sys * random.between(0.55, 0.64),
      temp: random.between(36.4, 37.2),
      etco2: random.between(34, 42),
    }
    const { hr, rr, spo2, temp, etco2 } = this.baseline
    this.lagged = { hr, rr, spo2, sys, temp, etco2 }
    this.clockPhase = random.next()
    this.breathTurns = random.next()
    this.lastBeat = -random.between(0, 0.8)
    this.nextBeat = 0
    this.begin('rest')
    // Patients do not all come to the first turn of their course in the same minute.
    this.phaseEnd = random.between(20, 2400)
    this.makeBeats()
  }

  /** Starts a scenario now, instead of what would have come by chance. */
  begin(name: ScenarioName): void {
    this.scenario = name
    this.phaseIndex = 0
    this.enterPhase()
  }

  /** Moves on by `seconds` (a whole number; the model's step is one second) and gives what is true then. */
  step(seconds = 1): Vitals {
    for (let i = 0; i < seconds; i++) this.stepOne()
    return this.vitals()
  }

  /** What is true now. */
  vitals(): Vitals {
    const { phase } = this
    const v = this.lagged
    const sys = v.sys
    const pulsePressure = Math.max(10, (this.baseline.sys - this.baseline.dia) * (0.45 + (0.55 * sys) / this.baseline.sys))
    const dia = Math.max(15, sys - pulsePressure)
    return {
      hr: v.hr,
      rr: phase.apnoea ? 0 : v.rr,
      spo2: v.spo2,
      sys: Math.max(sys, dia + 8),
      dia,
      mean: dia + (Math.max(sys, dia + 8) - dia) / 3,
      temp: v.temp,
      etco2: v.etco2,
      rhythm: phase.rhythm ?? 'sinus',
      breathing: !phase.apnoea,
    }
  }

  /** Heart rate counted from the R peaks of the last six seconds, /min; 0 when four seconds passed without one. */
  countedHeartRate(): number {
    const from = this.now - 6
    let first = -1
    let last = -1
    let count = 0
    for (const beat of this.beats) {
      if (beat.at < from || beat.at > this.now) continue
      if (first < 0) first = beat.at
      last = beat.at
      count++
    }
    if (count === 0 || this.now - last > 4) return 0
    if (count < 2) return this.beats.length ? 60 / Math.max(0.3, this.beats.findLast((beat) => beat.at <= this.now)!.interval) : 0
    return (60 * (count - 1)) / (last - first)
  }

  private get phase(): Phase {
    return scenarios[this.scenario].phases[this.phaseIndex]!
  }

  private offsetNow(key: Walking): number {
    const to = this.phase.offsets[key] ?? 0
    const done = this.phase.ramp > 0 ? Math.min(1, (this.now - this.phaseStart) / this.phase.ramp) : 1
    return this.from[key] + (to - this.from[key]) * done
  }

  private enterPhase(): void {
    this.phaseStart = this.now
    this.phaseEnd = this.now + this.random.between(...this.phase.lasts)
    const { rhythm } = this.phase
    const { random } = this
    if (rhythm === 'bradycardia') this.rhythmRate = random.between(32, 46)
    else if (rhythm === 'tachycardia') this.rhythmRate = random.between(128, 152)
    else if (rhythm === 'ventricular') this.rhythmRate = random.between(158, 195)
    else this.rhythmRate = 0
    // A heart that starts again after an arrest does so at once, not after what was left of the long interval.
    if (rhythm !== 'asystole') this.nextBeat = Math.min(this.nextBeat, Math.max(this.now, this.lastBeat + 0.3) + 0.5)
  }

  private stepOne(): void {
    if (this.now >= this.phaseEnd) {
      const from = { ...this.from }
      for (const key of walking) from[key] = this.offsetNow(key)
      this.from = from
      if (this.phaseIndex + 1 < scenarios[this.scenario].phases.length) this.phaseIndex++
      else {
        this.scenario = this.random.weighted(scenarios[this.scenario].next)
        this.phaseIndex = 0
      }
      this.enterPhase()
    }
    this.now += 1
    const { random } = this
    this.arousal += -this.arousal / 90 + Math.sqrt(2 / 90) * random.normal()
    const day = Math.sin(2 * Math.PI * (this.now / DAY_S + this.clockPhase))
    for (const key of walking) {
      const { tau, sd } = wander[key]
      this.walk[key] += -this.walk[key] / tau + sd * Math.sqrt(2 / tau) * random.normal()
    }
    const target = (key: Walking) =>
      this.baseline[key] + this.offsetNow(key) + circadian[key] * day + this.walk[key] + wander[key].arousal * this.arousal
    const sys = target('sys')
    const temp = target('temp')
    const spo2 = Math.min(target('spo2'), 100)
    // Baroreflex, fever (about 8 /min for each degree) and the drive of a low saturation, each on top of the scenario.
    const hr = target('hr') + 0.12 * (this.baseline.sys - sys) + 3 * (temp - this.baseline.temp)
    const rr = target('rr') + 0.25 * Math.max(0, this.baseline.spo2 - spo2)
    const { rhythm } = this.phase
    this.settle('hr', this.rhythmRate || hr, this.rhythmRate ? 2 : 6)
    this.settle('rr', rr, 8)
    this.settle('spo2', spo2, 15)
    this.settle('sys', sys, rhythm === 'asystole' || rhythm === 'ventricular' ? 3 : 6)
    this.settle('temp', temp, 60)
    this.settle('etco2', target('etco2') - 0.6 * (this.lagged.rr - this.baseline.rr), 10)
    this.breathRate = this.phase.apnoea ? 0 : this.lagged.rr / 60
    this.breathTurns += this.breathRate
    this.makeBeats()
  }

  /** First-order lag towards a target, inside what the model allows. */
  private settle(key: Walking, target: number, tau: number): void {
    const [low, high] = bounds[key]
    const next = this.lagged[key] + (target - this.lagged[key]) * (1 - Math.exp(-1 / tau))
    this.lagged[key] = Math.min(high, Math.max(low, next))
  }

  private makeBeats(): void {
    const horizon = this.now + BEATS_AHEAD_S
    const { rhythm } = this.phase
    if (rhythm === 'asystole') this.nextBeat = horizon
    while (this.nextBeat < horizon) {
      const at = this.nextBeat
      this.beats.push({ at, interval: at - this.lastBeat, kind: rhythm === 'ventricular' ? 'ventricular' : 'sinus' })
      this.lastBeat = at
      // Respiratory sinus arrhythmia: the heart is quicker while breathing in; less of it the faster it beats.
      const sinus = rhythm === undefined || rhythm === 'sinus'
      const turn = this.breathTurns + (at - this.now) * this.breathRate
      const arrhythmia = sinus ? 0.05 * Math.min(1, 70 / this.lagged.hr) * Math.sin(2 * Math.PI * turn) : 0
      const jitter = 0.012 * this.random.normal()
      this.nextBeat = at + (60 / this.lagged.hr) * Math.max(0.6, 1 - arrhythmia + jitter)
    }
    while (this.beats.length && this.beats[0]!.at < this.now - KEEP_BEATS_S) this.beats.shift()
  }
}
