/**
 * The live state as JSON: what Redis keeps and hubs tell each other. All instants are by the hubs' clock. Taking a record in is harmless however
 * often and in whatever order it comes: the newer of two facts stays.
 */
import type { GatewayHealth } from '@wardline/devices/messages/envelopes.ts'
import type { DeviceAlarm, Metric, Place, WaveBlock } from '@wardline/devices/messages/records.ts'
import type { LetterSummary, Occupant } from '../live.ts'
import { type AlarmState, type DeviceState, type MetricState, takeMetric } from './device-state.ts'
import type { GatewayState } from './gateway-state.ts'
import type { BedState, LetterState, LiveMemory } from './live-state.ts'

export interface MetricRecord {
  path: string
  code: number
  value?: number
  unit: string
  quality?: NonNullable<Metric['quality']>
  bound?: '>' | '<'
  limits?: [number | null, number | null]
  measuredAt: number
  at: number
  receivedAt: number
  offSince?: number
  implausibleRun?: number
}

export interface AlarmRecord {
  key: string
  alarm: DeviceAlarm
  since: number
  receivedAt: number
  late: boolean
}

/** What is known of a device besides its metrics and alarms. */
export interface DeviceFacts {
  gateway: string
  bed?: string
  placedAt: number
  location?: Place
  conflict?: { patient: string; since: number }
  conflictAt: number
  clockOffsetMs?: number
  correctionMs: number
  skewedSince?: number
  heardAt: number
  confirmTimeoutMs?: number
  mismatchSince?: number
  messages: number
  unmapped: number
  waves: { code: number; path: string; unit?: string; rateHz: number; heardAt: number }[]
}

export interface DeviceRecord {
  id: string
  facts: DeviceFacts
  metrics: MetricRecord[]
  alarms: AlarmRecord[]
}

export interface BedRecord {
  id: string
  place: Place
  occupant?: Occupant
  changedAt: number
}

export interface LetterRecord {
  letter: LetterSummary
  changedAt: number
}

export type GatewayRecord = Omit<GatewayState, 'taken' | 'revision' | 'session' | 'health'> & {
  session?: string
  health?: GatewayHealth
}

export interface WaveRecord {
  device: string
  gateway: string
  heardAt: number
  blocks: readonly WaveBlock[]
}

// JSON leaves undefined members out: these only pick.
export const metricRecord = (metric: MetricState): MetricRecord => {
  const { path, code, value, unit, quality, bound, limits, measuredAt, at, receivedAt, offSince, implausibleRun } = metric
  return { path, code, value, unit, quality, bound, limits, measuredAt, at, receivedAt, offSince, implausibleRun } as MetricRecord
}

export const alarmRecord = ({ key, alarm, since, receivedAt, late }: AlarmState): AlarmRecord => ({
  key,
  alarm,
  since,
  receivedAt,
  late,
})

export function deviceFacts(device: DeviceState): DeviceFacts {
  const { gateway, bed, placedAt, location, conflict, conflictAt, clockOffsetMs, correctionMs, skewedSince } = device
  const { heardAt, confirmTimeoutMs, mismatchSince, messages, unmapped } = device
  const waves = [...device.waves.values()]
  const where = { gateway, bed, placedAt, location, conflict, conflictAt, clockOffsetMs, correctionMs, skewedSince }
  return { ...where, heardAt, confirmTimeoutMs, mismatchSince, messages, unmapped, waves } as DeviceFacts
}

export const bedRecord = ({ id, place, occupant, changedAt }: BedState): BedRecord => ({
  id,
  place,
  ...(occupant && { occupant }),
  changedAt,
})
export const letterRecord = ({ letter, changedAt }: LetterState): LetterRecord => ({ letter, changedAt })
export function gatewayRecord({
  id,
  enrolled,
  state,
  since,
  heardAt,
  session,
  version,
  health,
  clockOffsetMs,
  ratePerS,
}: GatewayState): GatewayRecord {
  return { id, enrolled, state, since, heardAt, session, version, health, clockOffsetMs, ratePerS } as GatewayRecord
}

export function takeDeviceRecord(live: LiveMemory, { id, facts, metrics, alarms }: DeviceRecord): void {
  const device = live.device(id, facts.gateway)
  if (!device) return
  const now = live.clock.now()
  device.rate.add(Math.max(0, facts.messages - device.messages), now)
  device.messages = Math.max(device.messages, facts.messages)
  device.unmapped = Math.max(device.unmapped, facts.unmapped)
  if (facts.heardAt > device.heardAt) takeNewerFacts(live, device, facts, now)
  const revision = ++live.revision
  for (const metric of metrics) mergeMetric(live, device, metric, revision)
  live.changed(device)
  live.takePlace(device, facts.bed, facts.placedAt)
  live.takeConflict(device, facts.conflict, facts.conflictAt)
  for (const alarm of alarms) live.takeAlarm(device, alarm)
}

function takeNewerFacts(live: LiveMemory, device: DeviceState, facts: DeviceFacts, now: number): void {
  device.gateway = facts.gateway
  device.heardAt = Math.min(facts.heardAt, now)
  device.takenAt = now
  device.location = facts.location
  device.clockOffsetMs = facts.clockOffsetMs
  device.correctionMs = facts.correctionMs
  device.skewedSince = facts.skewedSince
  device.confirmTimeoutMs = facts.confirmTimeoutMs
  device.mismatchSince = facts.mismatchSince
  for (const wave of facts.waves) device.waves.set(wave.code, { ...wave, unit: wave.unit })
  device.revision = ++live.revision
  const gateway = live.gateway(facts.gateway)
  if (gateway && device.heardAt > gateway.heardAt) gateway.heardAt = device.heardAt
}

function mergeMetric(live: LiveMemory, device: DeviceState, record: MetricRecord, revision: number): void {
  takeMetric(device, record, record.measuredAt, record.at, record.receivedAt, revision, live.settings)
  const metric = device.metrics.get(record.path)
  if (metric?.revision !== revision) return
  // Between two records there may have been several readings: the one who read them all counted.
  metric.offSince = record.offSince
  metric.implausibleRun = record.implausibleRun ?? 0
}

export function takeGatewayRecord(live: LiveMemory, record: GatewayRecord): void {
  const gateway = live.gateway(record.id)
  if (!gateway) return
  const knew = gateway.revision > 0
  if (!knew || record.since > gateway.since) {
    gateway.state = record.state
    gateway.since = record.since
    gateway.session = record.session
    gateway.version = record.version
    gateway.enrolled = record.enrolled
  }
  if (!knew || record.heardAt > gateway.heardAt || (record.health?.at ?? 0) > (gateway.health?.at ?? 0)) {
    gateway.health = record.health ?? gateway.health
    gateway.ratePerS = record.ratePerS
    gateway.clockOffsetMs = record.clockOffsetMs
    gateway.heardAt = Math.max(gateway.heardAt, Math.min(record.heardAt, live.clock.now()))
  }
  live.changedGateway(gateway)
}

export const takeBedRecord = (live: LiveMemory, { id, place, occupant, changedAt }: BedRecord): void =>
  live.takeBed(id, place, occupant, changedAt)
export const takeLetterRecord = (live: LiveMemory, { letter, changedAt }: LetterRecord): void =>
  live.takeLetter(letter, changedAt)

export function takeWaveRecord(live: LiveMemory, { device: id, gateway, heardAt, blocks }: WaveRecord): void {
  const device = live.device(id, gateway)
  if (device) live.takeWave(device, blocks, heardAt)
}
