import { AdtVoice } from './adt/adt-voice.ts'
import { Census, type Movement, placeOf } from './adt/census.ts'
import { MllpSender, type MllpSenderStats } from './monitor/mllp-sender.ts'
import { Monitor } from './monitor/monitor.ts'
import { Patient } from './physiology/patient.ts'
import { Random } from './physiology/random.ts'

export interface SimulationOptions {
  host: string
  port: number
  /** Default 24, one monitor each. */
  beds?: number
  /** Default 1. The same seed gives the same values, alarms and moves, counted from the start. */
  seed?: number | string
  /**
   * Simulated seconds in a real one, default 1. Faster, messages come faster; they are stamped with the real time of sending,
   * and no waves are sent.
   */
  speed?: number
  /** Share of monitors that send waves, 0 to 1. Default 0.5. */
  waves?: number
  /** Share of monitors that do not name their patient (PID-3 empty). Default 0.15. */
  nameless?: number
  /** Monitors speak through this many central stations instead of one connection each. Default 0: each for itself. */
  stations?: number
  /** The clock of the last monitor is an hour ahead. Default false. */
  wrongClock?: boolean
  /** How often sensors fail, 1 as at a bedside. Default 1. */
  faultRate?: number
  /** Mean seconds between movements of patients for each 24 beds. Default 240. */
  movesEveryS?: number
  /** One bed in this many is empty at the start. Default 12. */
  emptyOneIn?: number
}

export interface SimulationStats extends Omit<MllpSenderStats, 'connected'> {
  monitors: number
  patients: number
  connections: number
  /** Of these, up now. */
  connected: number
  /** Simulated seconds since the start. */
  seconds: number
}

export interface Simulation {
  /** Ends every connection; nothing of it is left running. Messages without an answer get up to a second more. */
  stop(): Promise<void>
  stats(): SimulationStats
}

/** A machine that slept, or a clock that was set: start counting anew instead of sending hours at once, ms. */
const TOO_LATE_MS = 5_000
/** Most monitors' clocks are within this of the right time (NTP), ms. */
const CLOCK_SKEW_MS = 400
const HOUR_MS = 3_600_000

/** Starts a hospital that behaves, over HL7 v2 on MLLP: monitors at every bed, and who lies where. Returns at once. */
export function startSimulation(options: SimulationOptions): Simulation {
  const { host, port, beds = 24, seed = 1, speed = 1, waves = 0.5, nameless = 0.15, stations = 0 } = options
  let origin = Date.now()
  const run = origin.toString(36).toUpperCase()
  const census = new Census({ seed, beds, everyS: options.movesEveryS ?? 240, emptyOneIn: options.emptyOneIn ?? 12 })
  const adt = new MllpSender({ host, port })
  const adtVoice = new AdtVoice({ run })
  const shared = Array.from(
    { length: Math.min(stations, beds) },
    () => new MllpSender({ host, port, window: 64, storeBytes: 16 * 1024 * 1024 }),
  )
  const links: MllpSender[] = [adt, ...shared]
  const monitors = Array.from({ length: beds }, (_, index) => {
    const random = new Random(seed, 'setup', index)
    const own = shared.length === 0
    const link = own ? new MllpSender({ host, port }) : shared[index % shared.length]!
    if (own) links.push(link)
    const skew = Math.round(random.between(-CLOCK_SKEW_MS, CLOCK_SKEW_MS))
    return new Monitor({
      seed,
      index,
      place: placeOf(index),
      namesPatient: !random.chance(nameless),
      sendsWaves: random.chance(waves),
      clockSkewMs: options.wrongClock && index === beds - 1 ? HOUR_MS : skew,
      link,
      ownLink: own,
      run,
      faultRate: options.faultRate ?? 1,
    })
  })
  const bodies = new Map<string, Patient>()

  const apply = (movement: Movement, at: number) => {
    const { patient } = movement
    adt.send({ ...adtVoice.message(movement, at), class: 'adt' })
    const body = bodies.get(patient.mrn) ?? new Patient(seed, patient.mrn)
    bodies.set(patient.mrn, body)
    if (movement.event === 'A02') monitors[movement.from]!.release(at)
    if (movement.event === 'A01' || movement.event === 'A02') monitors[movement.bed]!.connect(patient, body)
    if (movement.event === 'A08') monitors[movement.bed]!.rename(patient)
    if (movement.event === 'A03') {
      monitors[movement.bed]!.release(at)
      bodies.delete(patient.mrn)
    }
  }

  // Steps are counted over all monitors: step n is the second floor(n / beds) of monitor n mod beds. Each monitor's second
  // ends at its own moment, so that the gateway sees a stream and not one burst a second.
  let step = 0
  let timer: NodeJS.Timeout | undefined
  const dueAt = (n: number) =>
    origin + Math.round(((Math.floor(n / beds) + 1) * 1000 + Math.floor(((n % beds) * 1000) / beds)) / speed)
  const turn = () => {
    const now = Date.now()
    if (Math.abs(now - dueAt(step)) > TOO_LATE_MS + 1000 / speed) origin += now - dueAt(step)
    while (dueAt(step) <= now) {
      const index = step % beds
      const at = dueAt(step)
      if (index === 0) for (const movement of census.until(Math.floor(step / beds))) apply(movement, at)
      monitors[index]!.step(at, speed === 1)
      step++
    }
    // One timer for all, at most a hundred times a second: a reading is up to 10 ms late for it.
    timer = setTimeout(turn, Math.max(10, dueAt(step) - Date.now()))
  }
  for (const movement of census.admissions()) apply(movement, origin)
  if (beds > 0) timer = setTimeout(turn, 0)

  return {
    async stop() {
      clearTimeout(timer)
      await Promise.all(links.map((link) => (link.stats().connected ? link.drained(1000) : undefined)))
      for (const link of links) link.stop()
    },
    stats() {
      const all = links.map((link) => link.stats())
      const sum = (of: (stats: MllpSenderStats) => number) => all.reduce((total, stats) => total + of(stats), 0)
      return {
        monitors: beds,
        patients: census.beds.filter(Boolean).length,
        connections: links.length,
        connected: sum((stats) => Number(stats.connected)),
        seconds: beds > 0 ? Math.floor(step / beds) : 0,
        sent: sum((stats) => stats.sent),
        accepted: sum((stats) => stats.accepted),
        refused: sum((stats) => stats.refused),
        resent: sum((stats) => stats.resent),
        dropped: sum((stats) => stats.dropped),
        waiting: sum((stats) => stats.waiting),
        waitingBytes: sum((stats) => stats.waitingBytes),
      }
    },
  }
}
