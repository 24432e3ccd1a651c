import { type MetricDefinition, metricByCode, preference, type Slot, slots } from '@wardline/devices/codes/metrics.ts'
import type { DeviceAlarm, Metric, Place, Quality, WaveBlock } from '@wardline/devices/messages/records.ts'
import { CLOCKS_AGREE_MS } from './gateway-state.ts'
import { RateMeter } from './rate-meter.ts'
import type { LiveSettings } from './settings.ts'
import { TrendRing } from './trend-ring.ts'

/**
 * The newest of one metric of one device. One object for its life, changed in place: a hub takes in tens of thousands of these a second.
 * Instants are ms by the hub's clock unless said otherwise.
 */
export interface MetricState {
  readonly path: string
  code: number
  definition: MetricDefinition | undefined
  value: number | undefined
  unit: string
  quality: Quality | undefined
  bound: '>' | '<' | undefined
  limits: [number | null, number | null] | undefined
  /** As the device said it, by its own clock. */
  measuredAt: number
  /** The same instant by the hub's clock, never after `receivedAt`. Decides which of two is newer. */
  at: number
  receivedAt: number
  /** Since when it says NAV or INV: the sensor is off. */
  offSince: number | undefined
  /** How many implausible values came one after the other. */
  implausibleRun: number
  /** Only for what fills a place of the tile. */
  trend: TrendRing | undefined
  revision: number
}

/** One alarm of a device, as the device last described it. An ended one is kept for a while: an older fact must not raise it again. */
export interface AlarmState {
  readonly key: string
  alarm: DeviceAlarm
  since: number
  receivedAt: number
  late: boolean
  ended: boolean
  revision: number
}

export interface WaveState {
  code: number
  path: string
  unit: string | undefined
  rateHz: number
  heardAt: number
}

export interface DeviceState {
  readonly id: string
  gateway: string
  readonly metrics: Map<string, MetricState>
  /** Those of `metrics` that may fill a place of the tile, the best first. */
  readonly slots: Map<Slot, MetricState[]>
  readonly alarms: Map<string, AlarmState>
  readonly waves: Map<number, WaveState>
  /** Where it is; undefined: nowhere known. `placedAt`: when that was said. */
  bed: string | undefined
  placedAt: number
  location: Place | undefined
  conflict: { patient: string; since: number } | undefined
  conflictAt: number
  /** The device's clock minus the hub's, by MSH-7; undefined until it sent one. */
  clockOffsetMs: number | undefined
  /** What is taken off its instants: its offset where that is steady and more than {@link CLOCKS_AGREE_MS}. */
  correctionMs: number
  /** The offset that its messages agree on, and since when. */
  steadyOffsetMs: number | undefined
  steadySince: number
  skewedSince: number | undefined
  /** When a gateway last heard it. */
  heardAt: number
  /** When this hub last took something of it in, whatever its age. */
  takenAt: number
  /** It announced heartbeats this far apart. */
  confirmTimeoutMs: number | undefined
  mismatchSince: number | undefined
  messages: number
  unmapped: number
  readonly rate: RateMeter
  /** Sparklines by slot, and up to which minute: built once a minute, then the same arrays until the next. */
  readonly sparklines: Map<Slot, { until: number; points: [number, number][] }>
  /** Grows with every change of anything but metrics and alarms, which have their own. */
  revision: number
}

/** The smaller of these differences is the time a message takes; a clock that drifts around the larger must not jump to and fro. */
const OFFSET_MOVED_MS = 2000

/**
 * What MSH-7 says of the device's clock.
 *
 * A message whose MSH-7 is long ago may come from a clock that is wrong, or be an old one that the device kept while it was cut off. Taking
 * the second for the first would show old values as current, so the clock is believed to be wrong only when it was off by the same amount for
 * a while: what a device sends late comes faster than time passes, and its offset shrinks. Until then a value is as old as it says.
 * @param offsetMs the device's clock minus the hub's
 * @param at when the message was received, by the hub's clock
 * @returns whether anything changed that a tile shows
 */
export function takeClock(
  device: DeviceState,
  offsetMs: number,
  at: number,
  settings: Pick<LiveSettings, 'clockSkewMs' | 'clockSteadyMs' | 'clockCorrectedMs'>,
): boolean {
  if (device.steadyOffsetMs === undefined || Math.abs(offsetMs - device.steadyOffsetMs) >= OFFSET_MOVED_MS) {
    device.steadyOffsetMs = offsetMs
    device.steadySince = at
  }
  const correction = device.correctionMs
  if (Math.abs(offsetMs) <= CLOCKS_AGREE_MS) device.correctionMs = 0
  else if (at - device.steadySince >= settings.clockSteadyMs && Math.abs(offsetMs) <= settings.clockCorrectedMs)
    device.correctionMs = device.steadyOffsetMs
  const corrected = device.correctionMs !== correction
  if (!corrected && device.clockOffsetMs !== undefined && Math.abs(offsetMs - device.clockOffsetMs) < OFFSET_MOVED_MS)
    return false
  device.clockOffsetMs = offsetMs
  if (Math.abs(offsetMs) > settings.clockSkewMs) device.skewedSince ??= at
  else device.skewedSince = undefined
  return true
}

export function newDevice(id: string, gateway: string): DeviceState {
  return {
    id,
    gateway,
    metrics: new Map(),
    slots: new Map(),
    alarms: new Map(),
    waves: new Map(),
    bed: undefined,
    placedAt: 0,
    location: undefined,
    conflict: undefined,
    conflictAt: 0,
    clockOffsetMs: undefined,
    correctionMs: 0,
    steadyOffsetMs: undefined,
    steadySince: 0,
    skewedSince: undefined,
    heardAt: 0,
    takenAt: 0,
    confirmTimeoutMs: undefined,
    mismatchSince: undefined,
    messages: 0,
    unmapped: 0,
    rate: new RateMeter(),
    sparklines: new Map(),
    revision: 0,
  }
}

/** Which places of the tile a code may fill, and its rank there (0 is best). */
const placesOf = new Map<number, { slot: Slot; rank: number }[]>()
for (const slot of slots)
  for (const [rank, code] of preference[slot].entries()) placesOf.set(code, [...(placesOf.get(code) ?? []), { slot, rank }])

/** OBX-8 marks of what is never shown, charted or alarmed (domain page "Bedside monitoring", section 3). */
const unseen: ReadonlySet<string> = new Set(['TEST', 'DEMO'])

/**
 * Take one metric in. Nothing happens when it is older than what is known, or marked TEST or DEMO.
 * @param at when it was measured, by the hub's clock
 */
export function takeMetric(
  device: DeviceState,
  said: Metric,
  measuredAt: number,
  at: number,
  receivedAt: number,
  revision: number,
  settings: LiveSettings,
): void {
  if (said.quality !== undefined && unseen.has(said.quality)) return
  if (said.text !== undefined && said.value === undefined && said.quality === undefined) return // a word: no tile shows it
  let metric = device.metrics.get(said.path)
  if (metric === undefined) {
    if (device.metrics.size >= settings.caps.metricsOfDevice) return
    metric = addMetric(device, said)
  } else if (metric.code !== said.code) {
    removeMetric(device, metric)
    metric = addMetric(device, said)
  }
  const retracted = said.correction === 'D' || said.correction === 'W'
  if (at < metric.at || (retracted && at > metric.at)) {
    // Late, or a retraction of what is not here: it may still belong into the hour behind.
    if (!retracted && said.value !== undefined && isSound(said.quality)) metric.trend?.add(at, said.value)
    return
  }
  const again = at === metric.at && said.correction === undefined
  metric.measuredAt = measuredAt
  metric.at = at
  metric.receivedAt = receivedAt
  metric.value = retracted ? undefined : said.value
  metric.quality = said.quality ?? (metric.value === undefined ? 'absent' : undefined)
  // INV is "no value" even when a number stands in it [STD IHE DEV TF-2, OBX-8 × OBX-11].
  if (metric.quality === 'INV' || metric.quality === 'NAV' || metric.quality === 'absent') metric.value = undefined
  metric.bound = said.bound
  if (!sameLimits(metric.limits, said.limits)) metric.limits = said.limits
  metric.unit = said.unit ?? metric.definition?.unit ?? ''
  metric.revision = revision
  if (metric.quality === 'NAV' || metric.quality === 'INV') metric.offSince ??= at
  else metric.offSince = undefined
  if (again) return
  metric.implausibleRun = metric.quality === 'implausible' ? metric.implausibleRun + 1 : 0
  if (metric.value !== undefined && isSound(metric.quality)) metric.trend?.add(at, metric.value)
}

/** A value that a mean may be made of. */
const isSound = (quality: Quality | undefined): boolean =>
  quality === undefined || quality === 'VAL' || quality === 'ALACT' || quality === 'ALINH'

function addMetric(device: DeviceState, said: Pick<Metric, 'path' | 'code' | 'unit'>): MetricState {
  const definition = metricByCode(said.code)
  const places = definition && placesOf.get(definition.code)
  const metric: MetricState = {
    path: said.path,
    code: said.code,
    definition,
    value: undefined,
    unit: said.unit ?? definition?.unit ?? '',
    quality: undefined,
    bound: undefined,
    limits: undefined,
    measuredAt: 0,
    at: 0,
    receivedAt: 0,
    offSince: undefined,
    implausibleRun: 0,
    trend: places && new TrendRing(),
    revision: 0,
  }
  device.metrics.set(said.path, metric)
  for (const { slot } of places ?? []) {
    const candidates = device.slots.get(slot) ?? []
    candidates.push(metric)
    candidates.sort((a, b) => rankIn(slot, a) - rankIn(slot, b) || (a.path < b.path ? -1 : 1))
    device.slots.set(slot, candidates)
  }
  return metric
}

export function removeMetric(device: DeviceState, metric: MetricState): void {
  device.metrics.delete(metric.path)
  for (const [slot, candidates] of device.slots) {
    const left = candidates.filter((each) => each !== metric)
    if (left.length === candidates.length) continue
    device.sparklines.delete(slot)
    if (left.length) device.slots.set(slot, left)
    else device.slots.delete(slot)
  }
}

const rankIn = (slot: Slot, metric: MetricState): number => preference[slot].indexOf(metric.definition!.code)

function sameLimits(a: MetricState['limits'], b: MetricState['limits']): boolean {
  return a === b || (a !== undefined && b !== undefined && a[0] === b[0] && a[1] === b[1])
}

/** A momentary event that was long enough on the wall, or an alarm that the device itself ended or reset. */
export const isOver = (alarm: DeviceAlarm): boolean =>
  alarm.state === 'inactive' || alarm.phase === 'reset' || (alarm.phase === 'end' && alarm.state !== 'latched')

const worth = { high: 3, medium: 2, low: 1, none: 0 } as const

/**
 * Take one alarm in. Returns the alarm as it now stands, or undefined when the device has since said something newer about it.
 * Ended alarms give way first when a device has too many, then the least and oldest of the open.
 */
export function takeAlarm(
  device: DeviceState,
  said: Omit<AlarmState, 'ended' | 'revision'>,
  revision: number,
  cap: number,
): AlarmState | undefined {
  const known = device.alarms.get(said.key)
  if (known && said.alarm.at < known.alarm.at) return undefined
  const state: AlarmState = { ...said, ended: isOver(said.alarm), revision }
  // An end that comes late does not make the alarm late.
  if (known && !known.ended) state.late = known.late && said.late
  device.alarms.delete(said.key)
  device.alarms.set(said.key, state)
  if (said.alarm.confirmTimeoutS) device.confirmTimeoutMs = said.alarm.confirmTimeoutS * 1000
  if (device.alarms.size > cap) {
    let least: AlarmState | undefined
    for (const each of device.alarms.values()) if (each !== state && (!least || rank(each) < rank(least))) least = each
    if (least) device.alarms.delete(least.key)
  }
  return state
}

const rank = (alarm: AlarmState): number => (alarm.ended ? 0 : 1e15 * (1 + worth[alarm.alarm.priority])) + alarm.receivedAt

/** Note that a waveform comes; its samples go through, they are not kept. */
export function takeWaves(device: DeviceState, blocks: readonly WaveBlock[], heardAt: number, cap: number): boolean {
  let isNew = false
  for (const block of blocks) {
    const known = device.waves.get(block.code)
    if (known && known.rateHz === block.rateHz && known.path === block.path) {
      known.heardAt = Math.max(known.heardAt, heardAt)
      continue
    }
    if (!known && device.waves.size >= cap) continue
    device.waves.set(block.code, { code: block.code, path: block.path, unit: block.unit, rateHz: block.rateHz, heardAt })
    isNew = true
  }
  return isNew
}

const ECG_HEART_RATE = 147842
const SPO2_PULSE = 149530

/** Since when ECG heart rate and SpO₂ pulse disagree (domain page "Bedside monitoring", section 5). */
export function comparePulse(device: DeviceState, perMin: number): void {
  const rates = device.slots.get('hr')
  if (!rates || rates.length < 2) return
  const ecg = rates.find((metric) => metric.definition!.code === ECG_HEART_RATE)
  const pulse = rates.find((metric) => metric.definition!.code === SPO2_PULSE)
  const apart =
    ecg?.value !== undefined &&
    pulse?.value !== undefined &&
    ecg.quality !== 'implausible' &&
    pulse.quality !== 'implausible' &&
    // Two values of different times are no disagreement.
    Math.abs(ecg.at - pulse.at) <= ecg.definition!.fresh.delayedMs &&
    Math.abs(ecg.value - pulse.value) > perMin
  if (apart) device.mismatchSince ??= Math.max(ecg.at, pulse.at)
  else device.mismatchSince = undefined
}
