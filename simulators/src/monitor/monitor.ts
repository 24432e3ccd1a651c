import type { BedPlace, Inpatient } from '../adt/census.ts'
import type { Patient } from '../physiology/patient.ts'
import { Random } from '../physiology/random.ts'
import { type Reading, Sensors } from '../physiology/sensors.ts'
import { Waveforms, type WaveName } from '../physiology/waveforms.ts'
import { AlarmBoard, type AlarmEvent, type Conditions } from './alarm-board.ts'
import type { MessageClass, MllpSender } from './mllp-sender.ts'
import { MonitorVoice } from './monitor-voice.ts'

export interface MonitorOptions {
  seed: number | string
  /** From 0; the device's EUI-64 and everything it draws by chance follow from it. */
  index: number
  place: BedPlace
  /** Names PID-3 in its messages; one that does not is known by its bed. */
  namesPatient: boolean
  sendsWaves: boolean
  /** How far its clock is ahead of the right time, ms. */
  clockSkewMs: number
  /** Its own connection, or that of a central station. */
  link: MllpSender
  /** Nobody else speaks over `link`: a monitor off the network takes it down. */
  ownLink: boolean
  /** Makes MSH-10 and alarm ids of this run unlike those of every other run. */
  run: string
  /** Scales how often sensors fail. */
  faultRate: number
}

/** Schedule of the slow measurements, s (domain page "Bedside monitoring", section 12: NIBP by schedule). */
const CUFF_EVERY_S = 15 * 60
const CUFF_ON_ALARM_AT_MOST_EVERY_S = 120
const TEMPERATURE_EVERY_S = 60

/**
 * One bedside monitor: what its sensors see, what its alarm system makes of it, and the messages it sends for both. It is
 * stepped by the second and knows no clock of its own; without a patient it is in standby and says nothing.
 */
export class Monitor {
  readonly index: number
  readonly place: BedPlace
  readonly voice: MonitorVoice
  private readonly options: MonitorOptions
  private readonly sensors: Sensors
  private readonly waveforms: Waveforms
  private readonly board: AlarmBoard
  private readonly waves: WaveName[]
  private body: Patient | undefined
  private who: Inpatient | undefined
  private nextCuff = 0
  private nextTemperature = 0
  private lastCuff = Number.NEGATIVE_INFINITY
  private cuffFailed = false
  /** Simulated seconds this monitor has run. */
  private second = 0

  constructor(options: MonitorOptions) {
    const { seed, index, place } = options
    this.options = options
    this.index = index
    this.place = place
    const random = new Random(seed, 'monitor', index)
    const intensive = place.pointOfCare.startsWith('ICU')
    const fitted = { arterialLine: random.chance(intensive ? 0.6 : 0.1), capnograph: random.chance(intensive ? 0.45 : 0.05) }
    this.sensors = new Sensors(seed, index, fitted, options.faultRate)
    this.waveforms = new Waveforms(seed, index)
    this.board = new AlarmBoard(seed, index)
    this.waves = fitted.arterialLine ? ['ecg2', 'pleth', 'abp', 'resp'] : ['ecg2', 'pleth', 'resp']
    this.voice = new MonitorVoice({ index, run: options.run, place, namesPatient: options.namesPatient })
    this.nextCuff = Math.round(random.between(3, 60))
    this.nextTemperature = Math.round(random.between(1, 20))
  }

  /** A patient is connected to it. */
  connect(who: Inpatient, body: Patient): void {
    this.who = who
    this.body = body
    this.nextCuff = Math.min(this.nextCuff, this.second + 60)
  }

  /** The patient has gone: open alarms end, then it is silent. `at`: ms since 1970, right time. */
  release(at: number): void {
    if (!this.body) return
    for (const event of this.board.endAll(this.body.now))
      this.say('alarm', (id) => this.voice.alarm(id, at + this.options.clockSkewMs, event, this.who))
    this.body = undefined
    this.who = undefined
    this.cuffFailed = false
  }

  /** Demographics changed. */
  rename(who: Inpatient): void {
    if (this.body) this.who = who
  }

  /**
   * One second passes and what was measured in it is sent. `at`: the end of that second, ms since 1970, right time; what
   * is written into messages is what the monitor's own clock shows. `wavesToo` is false when time runs faster than life.
   */
  step(at: number, wavesToo: boolean): void {
    this.second++
    const { body } = this
    if (!body) return
    const clock = at + this.options.clockSkewMs
    const vitals = body.step()
    const readings = this.sensors.measure(body, vitals)
    if (this.second >= this.nextTemperature) {
      this.nextTemperature = this.second + TEMPERATURE_EVERY_S
      readings.push(this.sensors.temperature(vitals))
    }
    if (this.second >= this.nextCuff) {
      this.nextCuff = this.second + CUFF_EVERY_S
      this.lastCuff = this.second
      const cuff = this.sensors.cuff(body, vitals)
      this.cuffFailed = cuff.some(({ quality }) => quality === 'NAV')
      readings.push(...cuff)
    }
    const events = this.board.step(body.now, readings, this.conditions(readings))
    if (events.some(callsForCuff) && this.second - this.lastCuff >= CUFF_ON_ALARM_AT_MOST_EVERY_S) this.nextCuff = this.second + 1
    if (this.offline()) return
    for (const event of events) this.say('alarm', (id) => this.voice.alarm(id, clock, event, this.who))
    this.say('reading', (id) => this.voice.numerics(id, clock, readings, this.who))
    if (wavesToo && this.options.sendsWaves) {
      const samples = this.waveforms.second(body, vitals, this.sensors, this.waves)
      this.say('wave', (id) => this.voice.waves(id, clock, body.now, samples, this.who))
    }
  }

  private conditions(readings: readonly Reading[]): Conditions {
    const { sensors } = this
    const vitals = this.body!.vitals()
    const sees = !sensors.has('leadsOff')
    return {
      asystole: sees && vitals.rhythm === 'asystole' && readings.some(({ metric, value }) => metric === 'hr' && value === 0),
      ventricular: sees && vitals.rhythm === 'ventricular',
      apnoea: sees && !vitals.breathing,
      leadsOff: !sees,
      probeOff: sensors.has('probeOff'),
      cuffFailed: this.cuffFailed,
    }
  }

  /**
   * Off the network. With a connection of its own the cable is out, and what it measures goes into its store; behind a
   * central station nothing of it gets anywhere.
   */
  private offline(): boolean {
    const silent = this.sensors.has('silence')
    if (!this.options.ownLink) return silent
    if (silent) this.options.link.unplug()
    else this.options.link.plugIn()
    return false
  }

  private say(kind: MessageClass, write: (id: string) => Buffer | undefined): void {
    const id = this.voice.nextId()
    const bytes = write(id)
    if (bytes) this.options.link.send({ id, class: kind, bytes })
  }
}

const callsForCuff = (event: AlarmEvent) =>
  event.kind === 'SP' && event.phase === 'start' && event.priority !== 'PL' && !event.name.startsWith('nibp')
