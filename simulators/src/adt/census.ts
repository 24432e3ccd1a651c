import { Random } from '../physiology/random.ts'
import { inventPerson, type Person } from './names.ts'

/** HL7 PL. */
export interface BedPlace {
  pointOfCare: string
  room: string
  bed: string
  facility: string
}

export interface Inpatient extends Person {
  /** Medical record number, assigned by {@link CensusOptions.facility}. */
  mrn: string
  /** Visit number (PV1-19). */
  visit: string
  /** Simulated seconds since the start; negative for who was there before. */
  admittedAt: number
}

/** What the census did, in the order it did it. `at` is in simulated seconds since the start. */
export type Movement = { at: number; patient: Inpatient } & (
  | { event: 'A01'; bed: number }
  | { event: 'A02'; bed: number; from: number }
  | { event: 'A03'; bed: number }
  | { event: 'A08'; bed: number }
)

export interface CensusOptions {
  seed: number | string
  beds: number
  /** MSH-4 and PL.4. Default HOSP. */
  facility?: string
  /** One bed in this many stands empty at the start. Default 12; Infinity fills every bed. */
  emptyOneIn?: number
  /** Mean seconds between movements for each 24 beds. Default 240; Infinity keeps everybody where they are. */
  everyS?: number
  /** First medical record number. Default 1001, as P-1001. */
  firstNumber?: number
}

const units = ['ICU1', 'ICU2', 'HDU1', 'HDU2', 'CCU1', 'CCU2', 'ICU3', 'ICU4'] as const
const BEDS_OF_A_UNIT = 8

/** The place of bed `index`: eight beds to a unit, one to a room in intensive care and two in the others. */
export function placeOf(index: number, facility = 'HOSP'): BedPlace {
  const unit = Math.floor(index / BEDS_OF_A_UNIT)
  const within = index % BEDS_OF_A_UNIT
  const pointOfCare = units[unit] ?? `W${unit - units.length + 1}`
  const single = pointOfCare.startsWith('ICU')
  return {
    pointOfCare,
    room: `R${single ? within + 1 : Math.floor(within / 2) + 1}`,
    bed: single ? 'B1' : `B${(within % 2) + 1}`,
    facility,
  }
}

/** Who lies where, moved on by simulated time. The same seed gives the same people and the same moves. */
export class Census {
  /** By bed index. */
  readonly beds: (Inpatient | undefined)[]
  private readonly random: Random
  private readonly everyS: number
  private readonly firstNumber: number
  private now = 0
  private next: number
  private count = 0

  constructor(options: CensusOptions) {
    const { beds, emptyOneIn = 12, everyS = 240 } = options
    this.random = new Random(options.seed, 'census')
    this.firstNumber = options.firstNumber ?? 1001
    this.everyS = (everyS * 24) / Math.max(1, beds)
    this.beds = Array.from({ length: beds }, (_, i) =>
      (i + 1) % emptyOneIn === 0 ? undefined : this.invent(-Math.round(this.random.between(3_600, 6 * 86_400))),
    )
    this.next = this.pause()
  }

  /** One A01 for everybody who is there at the start. */
  admissions(): Movement[] {
    return this.beds.flatMap((patient, bed): Movement[] => (patient ? [{ at: 0, event: 'A01', patient, bed }] : []))
  }

  /** What happened until `now`, simulated seconds since the start. */
  until(now: number): Movement[] {
    const movements: Movement[] = []
    while (this.next <= now) {
      this.now = this.next
      this.next += this.pause()
      const movement = this.move()
      if (movement) movements.push(movement)
    }
    this.now = now
    return movements
  }

  private pause(): number {
    // Exponential: arrivals that know nothing of each other.
    return this.everyS === Number.POSITIVE_INFINITY ? this.everyS : -Math.log(1 - this.random.next()) * this.everyS
  }

  private move(): Movement | undefined {
    const { random } = this
    const at = this.now
    const taken = this.beds.flatMap((patient, bed) => (patient ? [bed] : []))
    const empty = this.beds.flatMap((patient, bed) => (patient ? [] : [bed]))
    // The fuller the house, the likelier somebody leaves: it stays near its usual state.
    const event = random.weighted<Movement['event']>({
      A01: empty.length ? 2 * empty.length : 0,
      A02: taken.length && empty.length ? 2 : 0,
      A03: taken.length ? 18 * (taken.length / this.beds.length) ** 6 : 0,
      A08: taken.length ? 3 : 0,
    })
    if (event === 'A01' && empty.length) {
      const bed = random.pick(empty)
      const patient = this.invent(Math.round(at))
      this.beds[bed] = patient
      return { at, event, patient, bed }
    }
    if (!taken.length) return undefined
    const bed = random.pick(taken)
    const patient = this.beds[bed]!
    if (event === 'A02' && empty.length) {
      const to = random.pick(empty)
      this.beds[to] = patient
      this.beds[bed] = undefined
      return { at, event, patient, bed: to, from: bed }
    }
    if (event === 'A03') {
      this.beds[bed] = undefined
      return { at, event, patient, bed }
    }
    return { at, event: 'A08', patient, bed }
  }

  private invent(admittedAt: number): Inpatient {
    const number = this.firstNumber + this.count++
    return { ...inventPerson(this.random), mrn: `P-${number}`, visit: `V-${number}`, admittedAt }
  }
}
