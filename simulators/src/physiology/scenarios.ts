/**
 * What happens to a patient, as tables. The numbers are invented to be believable at a bedside, not taken from any
 * person: a sepsis that takes hours is told in minutes here, so that a wall has something to show.
 */
export interface Offsets {
  /** 1/min */
  hr?: number
  /** 1/min */
  rr?: number
  /** % */
  spo2?: number
  /** mm[Hg], systolic; the other pressures follow. */
  sys?: number
  /** Cel */
  temp?: number
  /** mm[Hg] */
  etco2?: number
}

/** What the heart does. `ventricular` is ventricular tachycardia. */
export type Rhythm = 'sinus' | 'bradycardia' | 'tachycardia' | 'ventricular' | 'asystole'

export interface Phase {
  /** Shortest and longest, seconds. */
  lasts: [number, number]
  /** Seconds until the offsets are reached, in a straight line from where they were. */
  ramp: number
  /** Away from the patient's own baseline. */
  offsets: Offsets
  rhythm?: Rhythm
  /** The patient does not breathe. */
  apnoea?: true
}

export type ScenarioName =
  | 'rest'
  | 'deterioration'
  | 'respiratoryFailure'
  | 'hypotension'
  | 'bradycardia'
  | 'tachycardia'
  | 'ventricularTachycardia'
  | 'asystole'
  | 'apnoea'
  | 'recovery'

export interface Scenario {
  phases: Phase[]
  /** What may follow, and how likely. */
  next: Partial<Record<ScenarioName, number>>
}

export const scenarios: Record<ScenarioName, Scenario> = {
  rest: {
    phases: [{ lasts: [600, 2400], ramp: 120, offsets: {} }],
    next: {
      rest: 50,
      deterioration: 12,
      respiratoryFailure: 8,
      hypotension: 8,
      bradycardia: 6,
      tachycardia: 8,
      ventricularTachycardia: 2,
      asystole: 1,
      apnoea: 3,
    },
  },
  /** As a sepsis goes: heart and breath quicken, pressure and saturation fall, fever. */
  deterioration: {
    phases: [
      { lasts: [180, 360], ramp: 180, offsets: { hr: 20, rr: 5, spo2: -2, sys: -8, temp: 0.7, etco2: -3 } },
      { lasts: [240, 480], ramp: 240, offsets: { hr: 42, rr: 12, spo2: -6, sys: -30, temp: 1.6, etco2: -7 } },
      { lasts: [120, 300], ramp: 120, offsets: { hr: 55, rr: 16, spo2: -9, sys: -42, temp: 2, etco2: -9 } },
    ],
    next: { recovery: 9, ventricularTachycardia: 1 },
  },
  respiratoryFailure: {
    phases: [
      { lasts: [120, 240], ramp: 120, offsets: { hr: 15, rr: 10, spo2: -6, sys: 8, etco2: 8 } },
      { lasts: [120, 300], ramp: 120, offsets: { hr: 28, rr: 18, spo2: -13, sys: 12, etco2: 18 } },
    ],
    next: { recovery: 8, apnoea: 2 },
  },
  hypotension: {
    phases: [{ lasts: [180, 420], ramp: 90, offsets: { hr: 22, rr: 3, spo2: -1, sys: -45, etco2: -4 } }],
    next: { recovery: 1 },
  },
  bradycardia: {
    phases: [{ lasts: [25, 90], ramp: 8, offsets: { sys: -12 }, rhythm: 'bradycardia' }],
    next: { rest: 3, recovery: 1 },
  },
  tachycardia: {
    phases: [{ lasts: [60, 240], ramp: 10, offsets: { sys: -10, rr: 3 }, rhythm: 'tachycardia' }],
    next: { rest: 3, recovery: 1 },
  },
  ventricularTachycardia: {
    phases: [{ lasts: [12, 35], ramp: 4, offsets: { sys: -50, spo2: -2 }, rhythm: 'ventricular' }],
    next: { recovery: 4, asystole: 1 },
  },
  asystole: {
    phases: [{ lasts: [8, 16], ramp: 3, offsets: { sys: -80, spo2: -3 }, rhythm: 'asystole' }],
    next: { recovery: 1 },
  },
  apnoea: { phases: [{ lasts: [22, 45], ramp: 20, offsets: { hr: -8, spo2: -8 }, apnoea: true }], next: { recovery: 1 } },
  recovery: { phases: [{ lasts: [300, 600], ramp: 300, offsets: {} }], next: { rest: 1 } },
}
