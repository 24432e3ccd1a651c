import type { Freshness, Slot } from '@wardline/devices/codes/metrics.ts'
import type { DeviceState, MetricState } from '../state/device-state.ts'
import { MINUTE_MS, trendOf } from '../state/trend-ring.ts'

/** How current a value is (domain page "Bedside monitoring", section 12). */
export type SignalState = 'live' | 'delayed' | 'stale' | 'lost'

export function signalState(fresh: Freshness, ageMs: number): SignalState {
  if (ageMs <= fresh.delayedMs) return 'live'
  if (ageMs <= fresh.staleMs) return 'delayed'
  return ageMs <= fresh.lostMs ? 'stale' : 'lost'
}

/** [DEF] For a code that is in no table: continuous. */
export const unknownFreshness: Freshness = { delayedMs: 10_000, staleMs: 30_000, lostMs: 120_000 }
export const freshnessOf = (metric: MetricState): Freshness => metric.definition?.fresh ?? unknownFreshness

/** 0 when it can be read now, 1 implausible, 2 current but without a value, 3 too old to stand for now. */
function fitness(metric: MetricState, now: number): number {
  if (now - metric.at > freshnessOf(metric).staleMs) return 3
  if (metric.value === undefined) return 2
  return metric.quality === 'implausible' ? 1 : 0
}

/**
 * The measurement that fills a place of the tile: of those that are equally fit the preferred one (HR from ECG, else SpO₂ pulse, else NIBP
 * pulse; domain page, section 5). A heart rate whose leads are off gives way to a pulse that is there; an old pulse does not hide that they are off.
 */
export function fillerOf(candidates: readonly MetricState[], now: number): MetricState | undefined {
  let best: MetricState | undefined
  let bestFitness = Number.POSITIVE_INFINITY
  for (const metric of candidates) {
    const fit = fitness(metric, now)
    if (fit >= bestFitness) continue
    best = metric
    bestFitness = fit
  }
  return best
}

/**
 * The sparkline of one place of the tile. The minute that just ended joins it some seconds later, each device and place at its own second:
 * otherwise every sparkline of the house would be sent in the same tick.
 */
export function sparkline(device: DeviceState, slot: Slot, candidates: readonly MetricState[], now: number): [number, number][] {
  const until = Math.floor((now - secondOf(device.id, slot) * 1000) / MINUTE_MS)
  const known = device.sparklines.get(slot)
  if (known?.until === until) return known.points
  const rings = candidates.flatMap((metric) => metric.trend ?? [])
  const points = trendOf(rings, until)
  device.sparklines.set(slot, { until, points })
  return points
}

const SPREAD_S = 50

function secondOf(device: string, slot: string): number {
  let hash = 17
  for (let i = 0; i < device.length; i++) hash = (hash * 31 + device.charCodeAt(i)) | 0
  for (let i = 0; i < slot.length; i++) hash = (hash * 31 + slot.charCodeAt(i)) | 0
  return Math.abs(hash) % SPREAD_S
}
