import type { BedItem, LiveMetric } from '../../live/contract.ts'
import { ageOf, isCurrent, isDoubtful, type SignalState, signalState } from '../../live/signal-state.ts'

/** The places of a tile, in reading order. `bp` is the arterial line where there is one, else the cuff. */
export const cells = ['hr', 'spo2', 'rr', 'bp', 'temp', 'etco2'] as const
export type CellName = (typeof cells)[number]

/** [STD IEEE 11073-10101] a heart rate that was counted at the pulse and not at the ECG is labelled as what it is. */
const PULSE_CODES: ReadonlySet<number> = new Set([149530, 149546])

const canonicalUnit: Record<CellName, string> = { hr: '/min', spo2: '%', rr: '/min', bp: 'mm[Hg]', temp: 'Cel', etco2: 'mm[Hg]' }
const decimals: Record<CellName, number> = { hr: 0, spo2: 0, rr: 0, bp: 0, temp: 1, etco2: 0 }

/** UCUM codes as people write them. */
const written: Record<string, string> = { '/min': '/min', 'mm[Hg]': 'mmHg', Cel: '°C', '%': '%' }
export const unitText = (ucum: string): string => written[ucum] ?? ucum

/** Which of the hub's slots a sparkline of this cell is drawn from. */
export function trendSlot(name: CellName, arterial: boolean): string {
  return name === 'bp' ? (arterial ? 'abpMean' : 'nibpSys') : name
}

/** One place of a tile, ready to be drawn. */
export interface Cell {
  name: CellName
  /** Message key of the label: `hr`, `pr`, `spo2`, `rr`, `abp`, `nibp`, `temp`, `etco2`. */
  label: string
  unit: string
  signal: SignalState
  /** The number as text; null unless it is current. */
  value: string | null
  /** For a blood pressure: the mean. */
  mean: string | null
  doubtful: boolean
  bound?: '>' | '<'
  /** The device's limits, high and low. */
  high: string | null
  low: string | null
  /** ms; null when there is no measurement. */
  age: number | null
  /** The hub's slots shown here, with what they are. */
  from: { slot: string; metric: LiveMetric }[]
  trend: string
}

export function cellOf(bed: Pick<BedItem, 'metrics'>, name: CellName, now: number): Cell {
  return name === 'bp' ? pressureOf(bed, now) : numberOf(bed, name, now)
}

function numberOf(bed: Pick<BedItem, 'metrics'>, name: Exclude<CellName, 'bp'>, now: number): Cell {
  const metric = bed.metrics[name]
  const signal = signalState(metric, now)
  return {
    name,
    label: name === 'hr' && metric && PULSE_CODES.has(metric.code) ? 'pr' : name,
    unit: unitText(metric?.unit || canonicalUnit[name]),
    signal,
    value: metric && isCurrent(signal) ? numberText(metric.value!, decimals[name]) : null,
    mean: null,
    doubtful: metric !== undefined && isDoubtful(metric),
    ...(metric?.bound && { bound: metric.bound }),
    ...limitsOf(metric, decimals[name]),
    age: metric ? ageOf(metric, now) : null,
    from: metric ? [{ slot: name, metric }] : [],
    trend: trendSlot(name, false),
  }
}

/** The arterial line is shown while it gives values; a cuff takes its place when it does not. */
function pressureOf(bed: Pick<BedItem, 'metrics'>, now: number): Cell {
  const states = { abp: signalState(bed.metrics.abpSys, now), nibp: signalState(bed.metrics.nibpSys, now) }
  const arterial = isCurrent(states.abp) || (bed.metrics.abpSys !== undefined && !isCurrent(states.nibp))
  const prefix = arterial ? 'abp' : 'nibp'
  const sys = bed.metrics[`${prefix}Sys`]
  const dia = bed.metrics[`${prefix}Dia`]
  const mean = bed.metrics[`${prefix}Mean`]
  const signal = states[prefix]
  const shown = (metric: LiveMetric | undefined) =>
    metric && isCurrent(signalState(metric, now)) ? numberText(metric.value!, 0) : null
  const from = [
    { slot: `${prefix}Sys`, metric: sys },
    { slot: `${prefix}Dia`, metric: dia },
    { slot: `${prefix}Mean`, metric: mean },
  ].filter((part): part is { slot: string; metric: LiveMetric } => part.metric !== undefined)
  return {
    name: 'bp',
    label: prefix,
    unit: unitText(sys?.unit || canonicalUnit.bp),
    signal,
    value: isCurrent(signal) ? `${shown(sys) ?? '—'}/${shown(dia) ?? '—'}` : null,
    mean: shown(mean),
    doubtful: from.some((part) => isDoubtful(part.metric)),
    ...limitsOf(sys, 0),
    age: sys ? ageOf(sys, now) : null,
    from,
    trend: trendSlot('bp', arterial),
  }
}

function limitsOf(metric: LiveMetric | undefined, digits: number): { high: string | null; low: string | null } {
  const [low, high] = metric?.limits ?? [null, null]
  return { high: high === null ? null : numberText(high, digits), low: low === null ? null : numberText(low, digits) }
}

/** Without the hub no value is live, however young it is. */
export const asHeard = (cell: Cell, connected: boolean): Cell =>
  connected || cell.signal !== 'live' ? cell : { ...cell, signal: 'delayed' }

/** Rounded half up, as the domain page rounds before banding (section 8). */
export function numberText(value: number, digits: number): string {
  const factor = 10 ** digits
  const rounded = Math.floor(Number((value * factor).toPrecision(12)) + 0.5) / factor
  // Never "-0".
  return (rounded === 0 ? 0 : rounded).toFixed(digits)
}

/** The best state among the measurements of a bed: while one of them is live, its monitor is speaking. */
export function freshest(bed: Pick<BedItem, 'metrics'>, now: number): SignalState {
  const order: SignalState[] = ['live', 'delayed', 'stale', 'lost', 'absent']
  let best = order.length - 1
  for (const metric of Object.values(bed.metrics)) best = Math.min(best, order.indexOf(signalState(metric, now)))
  return order[best]!
}
