/** The blocks that device definitions are built from. What a code means (unit, LOINC, staleness) comes along from `codes/`. */
import { type AlarmKind, type AlarmPriority, alarmEventByCode } from '../codes/alarm-events.ts'
import { type Freshness, freshness, type MetricDefinition, metricByCode, scheduledFreshness } from '../codes/metrics.ts'
import { type WaveformDefinition, waveformByCode } from '../codes/waveforms.ts'

/** A measurement as this device sends it. */
export interface DeviceMetric {
  definition: MetricDefinition
  /** Its OBX-4. */
  path: string
  intervalMs: number
  fresh: Freshness
}

export interface DeviceWave {
  definition: WaveformDefinition
  path: string
  rateHz: number
  /** Value of one count, in the unit of the waveform. */
  resolution: number
}

export interface DeviceAlarmDefinition {
  name: string
  kind: AlarmKind
  priority: AlarmPriority
  /** MDC event code. */
  code: number
  text: string
}

/** A row of the containment tree: MDS, VMD or channel. */
export interface Container {
  path: string
  code: number
  refid: string
}

export interface DeviceDefinition {
  vendor: string
  model: string
  kind: 'multi-parameter-monitor' | 'pulse-oximeter' | 'blood-pressure-monitor' | 'ventilator'
  door: 'pcd01'
  /** How a device is known to be one of these: the first digits of its EUI-64, upper-case. */
  identifiedBy: { euiPrefix: string }
  /** A number without a unit is in the canonical one (domain page "Bedside monitoring", section 3, OBX-6). */
  canonicalUnits: boolean
  containment: readonly Container[]
  metrics: readonly DeviceMetric[]
  waves: readonly DeviceWave[]
  alarms: readonly DeviceAlarmDefinition[]
}

/** Sent every `everyMs`. */
export function continuous(code: number, path: string, everyMs = 1000): DeviceMetric {
  return { definition: metric(code), path, intervalMs: everyMs, fresh: freshness(everyMs) }
}

/** Sent when its schedule says so, like a cuff pressure. [DEF] 15 min. */
export function scheduled(code: number, path: string, everyMs = 15 * 60_000): DeviceMetric {
  return { definition: metric(code), path, intervalMs: everyMs, fresh: scheduledFreshness(everyMs) }
}

export function wave(code: number, path: string, resolution: number, rateHz?: number): DeviceWave {
  const definition = waveformByCode(code)
  if (!definition) throw new RangeError(`${code} is no waveform of codes/waveforms.ts`)
  return { definition, path, rateHz: rateHz ?? definition.rateHz, resolution }
}

/** An alarm about the patient (SP). */
export const physiological = (name: string, priority: AlarmPriority, code: number, text: string): DeviceAlarmDefinition =>
  alarm(name, 'SP', priority, code, text)
/** An alarm about the device or its sensors (ST). */
export const technical = (name: string, priority: AlarmPriority, code: number, text: string): DeviceAlarmDefinition =>
  alarm(name, 'ST', priority, code, text)

function alarm(name: string, kind: AlarmKind, priority: AlarmPriority, code: number, text: string): DeviceAlarmDefinition {
  if (!alarmEventByCode(code)) throw new RangeError(`${code} is no event of codes/alarm-events.ts`)
  return { name, kind, priority, code, text }
}

function metric(code: number): MetricDefinition {
  const found = metricByCode(code)
  if (!found) throw new RangeError(`${code} is no metric of codes/metrics.ts`)
  return found
}
