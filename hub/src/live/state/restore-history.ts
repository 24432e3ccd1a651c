import type { Reading, Timeline } from '../../platform/timeline/timeline.ts'
import type { LiveMemory } from './live-state.ts'
import { MINUTE_MS, TREND_MINUTES } from './trend-ring.ts'

/** [DEF] Sparklines are read with so many queries at a time: a hub that starts has other things to ask of its history. */
const QUERIES_AT_ONCE = 4

/**
 * Fill the live state from history, as a hub does that starts: the newest reading of each metric of the last hour, then the sparklines. Whatever was heard meanwhile
 * is newer and stays.
 * @returns how many readings and sparklines were found; rejects when history does
 */
export async function restoreFromHistory(
  live: LiveMemory,
  timeline: Pick<Timeline, 'latest' | 'steps'>,
): Promise<{ readings: number; trends: number }> {
  const now = live.clock.now()
  const from = now - TREND_MINUTES * MINUTE_MS
  const readings = await timeline.latest(from)
  for (const reading of readings) takeReading(live, reading)
  const wanted = [...live.devices.values()].flatMap((device) =>
    [...device.metrics.values()].filter((metric) => metric.trend).map((metric) => ({ device: device.id, path: metric.path })),
  )
  let trends = 0
  const next = wanted.values()
  const reader = async () => {
    for (const each of next) {
      const steps = await timeline.steps({ ...each, from, to: now, stepMs: MINUTE_MS })
      if (steps.length === 0) continue
      live.restoreTrend(each.device, each.path, steps)
      trends++
    }
  }
  await Promise.all(Array.from({ length: QUERIES_AT_ONCE }, reader))
  return { readings: readings.length, trends }
}

function takeReading(live: LiveMemory, reading: Reading): void {
  const { device, path, code, value, text, unit, quality, bound, at, receivedAt } = reading
  live.restoreReading(device, at, receivedAt, {
    path,
    code,
    ...(value !== undefined && { value }),
    ...(text !== undefined && { text }),
    ...(unit !== undefined && { unit }),
    ...(quality !== undefined && { quality }),
    ...(bound !== undefined && { bound }),
  })
}
