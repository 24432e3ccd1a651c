/**
 * The hub's memory of what is so right now. Ingest and Redis write it, views and the mirror read it and hear of changes through `watch`.
 *
 * Gateways' and devices' clocks may be wrong: everything here is by the hub's clock. A device's clock is known by MSH-7 against the gateway's
 * receipt, a gateway's by its health against the hub's clock; differences of more than five seconds are taken off.
 */
import type { GatewayHealth, GatewayStatus } from '@wardline/devices/messages/envelopes.ts'
import type { DeviceAlarm, Frame, Metric, Place, WaveBlock } from '@wardline/devices/messages/records.ts'
import type { Logger } from 'pino'
import type { LetterSummary, Live, Occupant } from '../live.ts'
import {
  type AlarmState,
  comparePulse,
  type DeviceState,
  newDevice,
  removeMetric,
  takeAlarm,
  takeClock,
  takeMetric,
  takeWaves,
} from './device-state.ts'
import { type GatewayState, newGateway, takeHealth, takeStatus } from './gateway-state.ts'
import { defaultSettings, type LiveSettings } from './settings.ts'

export interface BedState {
  readonly id: string
  place: Place
  occupant: Occupant | undefined
  /** By the hub that heard it; the later of two wins. */
  changedAt: number
  revision: number
}

export interface LetterState {
  letter: LetterSummary
  changedAt: number
  revision: number
}

/** Ms since 1970. `Date` is one; a test brings its own. */
export interface Clock {
  now(): number
}

/** What a watcher is told, at once and within the call that changed it: note it and return. */
export interface LiveWatcher {
  device?(device: DeviceState): void
  /** It moved: `from` and `to` are beds, undefined for none. */
  moved?(device: DeviceState, from: string | undefined, to: string | undefined): void
  alarm?(device: DeviceState, alarm: AlarmState): void
  /** `heardAt`: when the gateway had them, by the hub's clock; `block.start` is by the device's. */
  wave?(device: DeviceState, blocks: readonly WaveBlock[], heardAt: number): void
  bed?(bed: BedState): void
  gateway?(gateway: GatewayState): void
  letter?(letter: LetterState): void
  /** Out of memory for good. */
  forgotten?(device: DeviceState): void
  degraded?(part: string, is: boolean): void
}

export interface LiveState extends Live {
  readonly settings: LiveSettings
  readonly clock: Clock
  readonly startedAt: number
  readonly devices: ReadonlyMap<string, DeviceState>
  readonly beds: ReadonlyMap<string, BedState>
  readonly gateways: ReadonlyMap<string, GatewayState>
  /** Oldest first, the newest 200. */
  readonly letters: ReadonlyMap<string, LetterState>
  /** Everything that changes gets the next number. */
  readonly revision: number
  devicesAt(bed: string): Iterable<DeviceState>
  degradedParts(): string[]
  /** Returns what ends it. */
  watch(watcher: LiveWatcher): () => void
  /** One minute's means of a metric, as history has them. */
  restoreTrend(device: string, path: string, steps: readonly { at: number; mean: number; count: number }[]): void
  /** Forget what nobody has heard for long. Runs once a minute by itself. */
  tidy(): void
  stats(): { devices: number; metrics: number; beds: number; gateways: number; letters: number; refusedByCap: number }
  close(): void
}

export interface LiveOptions {
  settings: Pick<LiveSettings, 'site'> & Partial<LiveSettings>
  clock?: Clock
  log: Pick<Logger, 'info' | 'warn' | 'error'>
}

/** Live state in this process's memory. */
export function createLive(options: LiveOptions): LiveMemory {
  return new LiveMemory(options)
}

const TIDY_EVERY_MS = 60_000
const ENDED_ALARM_KEPT_MS = 3_600_000

export class LiveMemory implements LiveState {
  readonly settings: LiveSettings
  readonly clock: Clock
  readonly startedAt: number
  readonly devices = new Map<string, DeviceState>()
  readonly beds = new Map<string, BedState>()
  readonly gateways = new Map<string, GatewayState>()
  readonly letters = new Map<string, LetterState>()
  revision = 0
  readonly #log: LiveOptions['log']
  readonly #at = new Map<string, Set<DeviceState>>()
  readonly #watchers: LiveWatcher[] = []
  readonly #degraded = new Set<string>()
  readonly #timer: NodeJS.Timeout
  #refusedByCap = 0

  constructor({ settings, clock = Date, log }: LiveOptions) {
    this.settings = { ...defaultSettings, ...settings }
    this.clock = clock
    this.startedAt = clock.now()
    this.#log = log
    this.#timer = setInterval(() => this.tidy(), TIDY_EVERY_MS).unref()
  }

  readings(said: Parameters<Live['readings']>[0]): void {
    const device = this.device(said.device, said.gateway)
    if (!device) return
    const heardAt = this.#heard(device, said.gateway, said.receivedAt)
    if (said.sentAt !== undefined) this.#clockOf(device, said.gateway, said.sentAt - said.receivedAt, heardAt)
    if (said.location && !samePlace(said.location, device.location)) {
      device.location = said.location
      device.revision = ++this.revision
    }
    device.unmapped += said.unmapped ?? 0
    if (!said.flags?.includes('test')) this.#take(device, said.frames, heardAt)
    this.changed(device)
  }

  #take(device: DeviceState, frames: readonly Frame[], heardAt: number): void {
    const revision = ++this.revision
    for (const frame of frames) {
      // A clock that runs ahead by less than we correct must not make a value seem to come from the future.
      const at = Math.min(frame.at - device.correctionMs, heardAt)
      for (const metric of frame.metrics) takeMetric(device, metric, frame.at, at, heardAt, revision, this.settings)
    }
    comparePulse(device, this.settings.pulseMismatch.perMin)
  }

  wave(said: Parameters<Live['wave']>[0]): void {
    const device = this.device(said.device, said.gateway)
    if (!device) return
    this.takeWave(device, said.blocks, this.#heard(device, said.gateway, said.receivedAt))
  }

  takeWave(device: DeviceState, blocks: readonly WaveBlock[], heardAt: number): void {
    if (takeWaves(device, blocks, heardAt, this.settings.caps.wavesOfDevice)) {
      device.revision = ++this.revision
      this.changed(device)
    }
    for (const watcher of this.#watchers) watcher.wave?.(device, blocks, heardAt)
  }

  alarm(said: {
    gateway: string
    device: string
    key: string
    alarm: DeviceAlarm
    since: number
    receivedAt: number
    late: boolean
  }): void {
    const device = this.device(said.device, said.gateway)
    if (!device) return
    const receivedAt = this.#heard(device, said.gateway, said.receivedAt)
    const { key, alarm, since, late } = said
    const corrected = Math.min(since - device.correctionMs, receivedAt)
    this.takeAlarm(device, { key, alarm, since: corrected, receivedAt, late })
  }

  /** An alarm whose instants are already by the hub's clock. */
  takeAlarm(device: DeviceState, said: Omit<AlarmState, 'ended' | 'revision'>): void {
    const state = takeAlarm(device, said, ++this.revision, this.settings.caps.alarmsOfDevice)
    for (const watcher of this.#watchers) {
      watcher.device?.(device)
      if (state) watcher.alarm?.(device, state)
    }
  }

  openAlarms(): { device: string; alarm: DeviceAlarm }[] {
    return [...this.devices.values()].flatMap((device) =>
      [...device.alarms.values()].filter(({ ended }) => !ended).map(({ alarm }) => ({ device: device.id, alarm })),
    )
  }

  bed(id: string, place: Place, occupant?: Occupant): void {
    this.takeBed(id, place, occupant, this.clock.now())
  }

  takeBed(id: string, place: Place, occupant: Occupant | undefined, changedAt: number): void {
    const known = this.beds.get(id)
    if (known && (changedAt < known.changedAt || (samePlace(known.place, place) && sameOccupant(known.occupant, occupant))))
      return
    if (!known && this.beds.size >= this.settings.caps.beds) {
      this.#full('beds')
      return
    }
    const bed = known ?? { id, place, occupant, changedAt, revision: 0 }
    Object.assign(bed, { place, occupant, changedAt, revision: ++this.revision })
    this.beds.set(id, bed)
    for (const watcher of this.#watchers) watcher.bed?.(bed)
  }

  placed(id: string, bed: string | undefined): void {
    const device = this.device(id, '')
    if (device) this.takePlace(device, bed, this.clock.now())
  }

  takePlace(device: DeviceState, bed: string | undefined, placedAt: number): void {
    if (placedAt < device.placedAt) return
    device.placedAt = placedAt
    const from = device.bed
    if (from === bed) return
    // A bed that ADT never named is known by its key, `pointOfCare^room^bed^facility`.
    if (bed !== undefined && !this.beds.has(bed)) this.takeBed(bed, placeOfKey(bed), undefined, 0)
    if (from !== undefined) this.#at.get(from)?.delete(device)
    if (bed !== undefined) {
      const there = this.#at.get(bed) ?? new Set()
      this.#at.set(bed, there.add(device))
    }
    device.bed = bed
    device.revision = ++this.revision
    for (const watcher of this.#watchers) {
      watcher.device?.(device)
      watcher.moved?.(device, from, bed)
    }
  }

  conflict(id: string, claims: { patient: string; since: number } | null): void {
    const device = this.device(id, '')
    if (device) this.takeConflict(device, claims ?? undefined, this.clock.now())
  }

  takeConflict(device: DeviceState, claims: DeviceState['conflict'], conflictAt: number): void {
    if (conflictAt < device.conflictAt) return
    device.conflictAt = conflictAt
    if (device.conflict?.patient === claims?.patient) return
    device.conflict = claims
    device.revision = ++this.revision
    for (const watcher of this.#watchers) watcher.device?.(device)
  }

  gatewayStatus(status: GatewayStatus): void {
    this.#changeGateway(status.gateway, (gateway, now) => takeStatus(gateway, status, now))
  }

  gatewayHealth(health: GatewayHealth): void {
    this.#changeGateway(health.gateway, (gateway, now) => takeHealth(gateway, health, now))
  }

  gatewayUnknown(id: string, at: number): void {
    this.#changeGateway(id, (gateway, now) => {
      gateway.enrolled = false
      gateway.heardAt = Math.max(gateway.heardAt, Math.min(at, now))
    })
  }

  #changeGateway(id: string, change: (gateway: GatewayState, now: number) => void): void {
    const gateway = this.gateway(id)
    if (!gateway) return
    change(gateway, this.clock.now())
    gateway.revision = ++this.revision
    for (const watcher of this.#watchers) watcher.gateway?.(gateway)
  }

  letter(letter: LetterSummary): void {
    this.takeLetter(letter, this.clock.now())
  }

  takeLetter(letter: LetterSummary, changedAt: number): void {
    const known = this.letters.get(letter.id)
    if (known && changedAt < known.changedAt) return
    const state: LetterState = { letter, changedAt, revision: ++this.revision }
    this.letters.set(letter.id, state)
    if (this.letters.size > this.settings.caps.letters) {
      let oldest = state
      for (const each of this.letters.values()) if (each.letter.receivedAt < oldest.letter.receivedAt) oldest = each
      this.letters.delete(oldest.letter.id)
      for (const watcher of this.#watchers) if (oldest !== state) watcher.letter?.(oldest)
    }
    for (const watcher of this.#watchers) watcher.letter?.(state)
  }

  degraded(part: 'history' | 'redis' | 'broker', is: boolean): void {
    if (this.#degraded.has(part) === is) return
    if (is) this.#degraded.add(part)
    else this.#degraded.delete(part)
    for (const watcher of this.#watchers) watcher.degraded?.(part, is)
  }

  degradedParts = (): string[] => [...this.#degraded].sort()

  devicesAt = (bed: string): Iterable<DeviceState> => this.#at.get(bed) ?? []

  watch(watcher: LiveWatcher): () => void {
    this.#watchers.push(watcher)
    return () => {
      const at = this.#watchers.indexOf(watcher)
      if (at >= 0) this.#watchers.splice(at, 1)
    }
  }

  restoreTrend(id: string, path: string, steps: readonly { at: number; mean: number; count: number }[]): void {
    const device = this.devices.get(id)
    const trend = device?.metrics.get(path)?.trend
    if (!device || !trend) return
    for (const step of steps) trend.restore(step.at, step.mean, step.count)
    device.sparklines.clear()
    for (const watcher of this.#watchers) watcher.device?.(device)
  }

  /** A reading out of history: what it says may be old, and which gateway brought it is not known. */
  restoreReading(id: string, measuredAt: number, receivedAt: number, metric: Metric): void {
    const device = this.device(id, '')
    if (!device) return
    const heardAt = Math.min(receivedAt, this.clock.now())
    device.heardAt = Math.max(device.heardAt, heardAt)
    takeMetric(
      device,
      metric,
      measuredAt,
      Math.min(measuredAt - device.correctionMs, heardAt),
      heardAt,
      ++this.revision,
      this.settings,
    )
    this.changed(device)
  }

  /** The device of this id, made when new; undefined when there is no room for another. */
  device(id: string, gateway: string): DeviceState | undefined {
    const known = this.devices.get(id)
    if (known) return known
    if (this.devices.size >= this.settings.caps.devices) return this.#full('devices')
    const device = newDevice(id, gateway)
    device.takenAt = this.clock.now()
    device.revision = ++this.revision
    this.devices.set(id, device)
    return device
  }

  gateway(id: string): GatewayState | undefined {
    if (id === '') return undefined
    const known = this.gateways.get(id)
    if (known) return known
    if (this.gateways.size >= this.settings.caps.gateways) return this.#full('gateways')
    const gateway = newGateway(id, this.clock.now())
    this.gateways.set(id, gateway)
    return gateway
  }

  /** Something of this device was received by its gateway. Returns when, by the hub's clock. */
  #heard(device: DeviceState, gatewayId: string, receivedAt: number): number {
    const now = this.clock.now()
    const gateway = this.gateway(gatewayId)
    const heardAt = Math.min(receivedAt - (gateway?.clockOffsetMs ?? 0), now)
    device.takenAt = now
    device.messages++
    device.rate.add(1, now)
    if (heardAt < device.heardAt) return heardAt
    device.heardAt = heardAt
    if (gateway && device.gateway !== gatewayId) {
      device.gateway = gatewayId
      device.revision = ++this.revision
    }
    if (gateway && heardAt > gateway.heardAt) gateway.heardAt = heardAt
    return heardAt
  }

  #clockOf(device: DeviceState, gatewayId: string, againstGateway: number, at: number): void {
    const offset = againstGateway + (this.gateways.get(gatewayId)?.clockOffsetMs ?? 0)
    if (takeClock(device, offset, at, this.settings)) device.revision = ++this.revision
  }

  tidy(): void {
    const now = this.clock.now()
    const { deviceForgottenMs, metricForgottenMs } = this.settings
    for (const device of this.devices.values()) {
      for (const metric of device.metrics.values())
        if (device.heardAt - metric.at > metricForgottenMs && now - metric.at > metricForgottenMs) removeMetric(device, metric)
      for (const alarm of device.alarms.values())
        if (alarm.ended && now - alarm.receivedAt > ENDED_ALARM_KEPT_MS) device.alarms.delete(alarm.key)
      if (device.bed === undefined && now - Math.max(device.heardAt, device.takenAt) > deviceForgottenMs) {
        this.devices.delete(device.id)
        for (const watcher of this.#watchers) watcher.forgotten?.(device)
      }
    }
  }

  stats() {
    let metrics = 0
    for (const device of this.devices.values()) metrics += device.metrics.size
    const { devices, beds, gateways, letters } = this
    return {
      devices: devices.size,
      metrics,
      beds: beds.size,
      gateways: gateways.size,
      letters: letters.size,
      refusedByCap: this.#refusedByCap,
    }
  }

  close(): void {
    clearInterval(this.#timer)
    this.#watchers.length = 0
  }

  #full(what: string): undefined {
    if (this.#refusedByCap++ % 10_000 === 0)
      this.#log.warn({ what, refused: this.#refusedByCap }, 'live state is full: new ones are not kept')
  }

  /** Tell the watchers of a device that was changed from outside by the take… methods of its state. */
  changed(device: DeviceState): void {
    for (const watcher of this.#watchers) watcher.device?.(device)
  }

  changedGateway(gateway: GatewayState): void {
    gateway.revision = ++this.revision
    for (const watcher of this.#watchers) watcher.gateway?.(gateway)
  }
}

/** `pointOfCare^room^bed^facility`, HL7 PL. */
function placeOfKey(key: string): Place {
  const [pointOfCare, room, bed, facility] = key.split('^')
  return { ...(pointOfCare && { pointOfCare }), ...(room && { room }), ...(bed && { bed }), ...(facility && { facility }) }
}

const samePlace = (a: Place | undefined, b: Place | undefined): boolean =>
  a?.pointOfCare === b?.pointOfCare && a?.room === b?.room && a?.bed === b?.bed && a?.facility === b?.facility

const sameOccupant = (a: Occupant | undefined, b: Occupant | undefined): boolean =>
  a?.patient === b?.patient &&
  a?.family === b?.family &&
  a?.given === b?.given &&
  a?.sex === b?.sex &&
  a?.birthDate === b?.birthDate
