import type { LiveMetric } from './contract.ts'

/** Domain page "Bedside monitoring", section 12. `absent`: there is no such measurement, or it came without a value. */
export type SignalState = 'live' | 'delayed' | 'stale' | 'lost' | 'absent'

/**
 * How current a measurement is at `now` (hub's clock, ms). The limits come with it, because a cuff reading ages otherwise than a
 * continuous one. The older of its two instants counts: a device whose clock runs ahead must not look alive when it is silent.
 */
export function signalState(metric: LiveMetric | undefined, now: number): SignalState {
  if (!metric) return 'absent'
  const age = ageOf(metric, now)
  if (age > metric.fresh.lostMs) return 'lost'
  if (age > metric.fresh.staleMs) return 'stale'
  if (metric.value === null || metric.value === undefined) return 'absent'
  return age > metric.fresh.delayedMs ? 'delayed' : 'live'
}

/** Age of a measurement in ms, never negative. */
export function ageOf(metric: Pick<LiveMetric, 'at' | 'receivedAt'>, now: number): number {
  return Math.max(0, now - Math.min(metric.at, metric.receivedAt))
}

/** Only a live or delayed value may be shown as a number. */
export const isCurrent = (state: SignalState): boolean => state === 'live' || state === 'delayed'

/** Values that are shown with a question mark (domain page, sections 3 and 14). */
export const isDoubtful = (metric: Pick<LiveMetric, 'quality'>): boolean =>
  metric.quality === 'QUES' || metric.quality === 'implausible'
