import { memo } from 'react'

const HOUR_MS = 3_600_000
const MINUTE_MS = 60_000

/**
 * The last hour of one measurement, drawn as small as a word. `points` are [minute in ms, mean], oldest first; the right edge is
 * `until` (ms). A minute without values breaks the line. Limits of the device, where they lie in the range, are faint lines.
 */
export const Sparkline = memo(function Sparkline({
  points,
  until,
  limits,
}: {
  points: readonly (readonly [number, number])[]
  until: number
  limits: readonly [number | null, number | null] | undefined
}) {
  const shown = points.filter(([at]) => at > until - HOUR_MS && at <= until)
  if (shown.length === 0) return <svg className="sparkline" aria-hidden="true" />
  const values = shown.map(([, value]) => value)
  const middle = (Math.min(...values) + Math.max(...values)) / 2
  // At least a tenth of the value high, so that a steady patient has a steady line.
  const half = Math.max((Math.max(...values) - Math.min(...values)) / 2, Math.abs(middle) * 0.05, 0.2)
  const x = (at: number) => (100 * (at - (until - HOUR_MS))) / HOUR_MS
  const y = (value: number) => 95 - (90 * (value - (middle - half))) / (2 * half)
  let path = ''
  let before = Number.NEGATIVE_INFINITY
  for (const [at, value] of shown) {
    path += `${at - before > 1.5 * MINUTE_MS ? 'M' : 'L'}${x(at).toFixed(1)} ${y(value).toFixed(1)}`
    // A lone minute is a point: a stroke of no length with round ends.
    if (at - before > 1.5 * MINUTE_MS) path += 'h0'
    before = at
  }
  return (
    <svg className="sparkline" viewBox="0 0 100 100" preserveAspectRatio="none" aria-hidden="true">
      {limits?.map((limit) => {
        if (limit === null) return null
        const at = y(limit)
        return at > 0 && at < 100 ? <line key={limit} x1="0" x2="100" y1={at} y2={at} /> : null
      })}
      <path d={path} />
    </svg>
  )
})
