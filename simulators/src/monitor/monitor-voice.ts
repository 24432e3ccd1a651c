import type { DeviceMetric, DeviceWave } from '@wardline/devices/catalogue/blocks.ts'
import { bedsideMonitor } from '@wardline/devices/catalogue/nordlys.ts'
import { type Observation, type WaveObservation, writePcd01 } from '@wardline/devices/hl7/pcd01-write.ts'
import { writePcd04 } from '@wardline/devices/hl7/pcd04-write.ts'
import type { DeviceAlarm } from '@wardline/devices/messages/records.ts'
import type { BedPlace, Inpatient } from '../adt/census.ts'
import type { MetricName, Reading } from '../physiology/sensors.ts'
import type { WaveName, WaveSamples } from '../physiology/waveforms.ts'
import { type AlarmEvent, CONFIRM_TIMEOUT_S } from './alarm-board.ts'
import { limitRules, type Priority } from './alarm-rules.ts'

const metricCodes: Record<MetricName, number> = {
  hr: 147842,
  rr: 151570,
  spo2: 150456,
  pulse: 149530,
  abpSys: 150037,
  abpDia: 150038,
  abpMean: 150039,
  nibpSys: 150021,
  nibpDia: 150022,
  nibpMean: 150023,
  nibpPulse: 149546,
  temp: 150344,
  etco2: 151708,
}
const waveCodes: Record<WaveName, number> = { ecg2: 131330, pleth: 150452, abp: 150036, resp: 151780 }

const metrics = fromCatalogue<MetricName, DeviceMetric>(metricCodes, bedsideMonitor.metrics)
const waves = fromCatalogue<WaveName, DeviceWave>(waveCodes, bedsideMonitor.waves)

function fromCatalogue<Name extends string, Part extends { definition: { code: number } }>(
  codes: Record<Name, number>,
  parts: readonly Part[],
): Record<Name, Part> {
  const found = Object.entries<number>(codes).map(([name, code]) => {
    const part = parts.find(({ definition }) => definition.code === code)
    if (!part) throw new RangeError(`the monitor's catalogue entry has no ${code} for ${name}`)
    return [name, part] as const
  })
  return Object.fromEntries(found) as Record<Name, Part>
}

/** The alarm limits in force of each metric, as OBX-7 shows them. */
const limits = new Map<MetricName, [number | null, number | null]>()
for (const { metric, side, limit } of limitRules) {
  const pair = limits.get(metric) ?? [null, null]
  pair[side === 'low' ? 0 : 1] = limit
  limits.set(metric, pair)
}

const priorities: Record<Priority, DeviceAlarm['priority']> = { PH: 'high', PM: 'medium', PL: 'low' }

/** EUI-64 of the simulated monitor `index`. */
export const monitorDevice = (index: number) =>
  bedsideMonitor.identifiedBy.euiPrefix + (index + 1).toString(16).toUpperCase().padStart(4, '0')

export interface MonitorVoiceOptions {
  index: number
  /** Unlike that of every other run: MSH-10 and alarm ids begin with it. */
  run: string
  place: BedPlace
  /** PID-3 is sent. */
  namesPatient: boolean
}

/** How one monitor says what it has to say, in PCD-01 and PCD-04. Instants are of its own clock, ms since 1970. */
export class MonitorVoice {
  readonly device: string
  private readonly options: MonitorVoiceOptions
  private readonly name: string
  private count = 0

  constructor(options: MonitorVoiceOptions) {
    this.options = options
    this.device = monitorDevice(options.index)
    this.name = `BM8-${String(options.index + 1).padStart(4, '0')}`
  }

  /** A new MSH-10. */
  nextId(): string {
    return `${this.options.run}-${this.options.index + 1}-${++this.count}`
  }

  numerics(id: string, at: number, readings: readonly Reading[], who: Inpatient | undefined): Buffer {
    const observations = readings.map(({ metric, value, quality }): Observation => {
      const { definition, path } = metrics[metric]
      const observation: Observation = { code: definition.code, path, value: value ?? null }
      if (quality) observation.quality = quality
      const range = limits.get(metric)
      if (range) observation.limits = range
      return observation
    })
    return Buffer.from(writePcd01({ ...this.about(id, at, who), at, observations }))
  }

  /** The second that ended at `at`, `modelSecond` in the patient's own time. Channels without a single sample are left out. */
  waves(
    id: string,
    at: number,
    modelSecond: number,
    blocks: readonly WaveSamples[],
    who: Inpatient | undefined,
  ): Buffer | undefined {
    const said = blocks.flatMap(({ wave, start, rateHz, samples }): WaveObservation[] => {
      if (samples.every((sample) => sample === null)) return []
      const { definition, path, resolution } = waves[wave]
      return [
        {
          code: definition.code,
          path,
          start: Math.round(at + (start - modelSecond) * 1000),
          rateHz,
          samples,
          resolution,
          unit: definition.unit,
        },
      ]
    })
    if (said.length === 0) return undefined
    return Buffer.from(writePcd01({ ...this.about(id, at, who), at, observations: [], waves: said }))
  }

  alarm(id: string, at: number, event: AlarmEvent, who: Inpatient | undefined): Buffer {
    const alarm: DeviceAlarm = {
      alarmId: `${this.options.run}-${this.options.index + 1}-A${event.alarm}`,
      event: event.event.refid,
      text: event.text,
      phase: event.phase,
      state: event.state,
      inactivation: event.inactivation,
      priority: priorities[event.priority],
      kind: event.kind,
      at,
    }
    if (event.event.code !== undefined) alarm.code = event.event.code
    if (event.state !== 'inactive') alarm.confirmTimeoutS = CONFIRM_TIMEOUT_S
    if (event.metric) {
      const { definition, path } = metrics[event.metric]
      alarm.source = { code: definition.code, path, unit: definition.unit }
      if (event.value !== undefined) alarm.source.value = event.value
      if (event.limits) alarm.source.limits = event.limits
    }
    return Buffer.from(writePcd04({ ...this.about(id, at, who), alarm }))
  }

  private about(id: string, sentAt: number, who: Inpatient | undefined) {
    const { place, namesPatient } = this.options
    return {
      id,
      sentAt,
      sender: { name: this.name, eui: this.device, facility: place.facility },
      device: this.device,
      location: place,
      ...(who && namesPatient ? { patient: { id: who.mrn, authority: place.facility, type: 'MR' } } : {}),
    }
  }
}
