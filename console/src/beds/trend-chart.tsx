import { useEffect, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import type { TrendSteps } from '../live/hub-api.ts'

/**
 * One measurement over time: the mean as a line in the band from minimum to maximum of each step. A step without values breaks the
 * line. Props: `steps`, their length `stepMs`, the shown span `from`–`to` (ms), `unit` and `label` of the measurement.
 */
export function TrendChart(props: {
  steps: TrendSteps
  stepMs: number
  from: number
  to: number
  label: string
  unit: string
  timeZone: string | undefined
}) {
  const { steps, stepMs, from, to, label, unit, timeZone } = props
  const { t } = useTranslation()
  const box = useRef<HTMLDivElement>(null)
  useEffect(() => {
    const parent = box.current
    if (!parent) return
    const style = getComputedStyle(parent)
    const [ink, muted, line] = ['--ink', '--muted', '--line'].map((name) => style.getPropertyValue(name).trim()) as [
      string,
      string,
      string,
    ]
    // On a wall's dialog everything is larger, the labels of the axes too.
    const small = Math.round(0.86 * Number.parseFloat(style.fontSize))
    const axis = {
      stroke: muted,
      grid: { stroke: line, width: 1 },
      ticks: { stroke: line, width: 1 },
      font: `${small}px ${style.fontFamily}`,
    }
    const size = () => ({ width: Math.max(200, parent.clientWidth), height: 260 })
    const chart = new uPlot(
      {
        ...size(),
        ...(timeZone && { tzDate: (at: number) => uPlot.tzDate(new Date(at * 1000), timeZone) }),
        legend: { show: true, live: true },
        cursor: { y: false, drag: { x: false, y: false } },
        scales: { x: { range: () => [from / 1000, to / 1000] }, y: { range: (_, low, high) => [...around(low, high)] } },
        axes: [
          {
            ...axis,
            values: [
              [3600, '{HH}:{mm}', null, null, null, null, null, null, 1],
              [60, '{HH}:{mm}', null, null, null, null, null, null, 1],
            ],
          },
          {
            ...axis,
            label: `${label} (${unit})`,
            labelFont: `${small}px ${style.fontFamily}`,
            labelSize: 2 * small,
            size: 4 * small + 4,
          },
        ],
        series: [
          { label: t('bed.time'), value: '{HH}:{mm}' },
          { label: t('bed.max'), stroke: 'transparent', width: 0, points: { show: false } },
          { label: t('bed.min'), stroke: 'transparent', width: 0, points: { show: false } },
          { label: t('bed.mean'), stroke: ink, width: 1.5, points: { show: steps.length < 60, size: 4, fill: ink } },
        ],
        bands: [{ series: [1, 2], fill: `color-mix(in srgb, ${muted} 25%, transparent)` }],
      },
      columns(steps, stepMs),
      parent,
    )
    const resized = new ResizeObserver(() => chart.setSize(size()))
    resized.observe(parent)
    return () => {
      resized.disconnect()
      chart.destroy()
    }
  }, [steps, stepMs, from, to, label, unit, timeZone, t])
  return <div ref={box} className="w-full" role="img" aria-label={`${label} (${unit})`} />
}

/** The range of the value axis: what was measured with room around it, and never so narrow that a steady patient looks restless. */
function around(low: number | null, high: number | null): [number, number] {
  if (low === null || high === null) return [0, 100]
  const half = Math.max((high - low) * 0.6, Math.abs(low + high) * 0.06, 0.5)
  const middle = (low + high) / 2
  return [Math.max(low < 0 ? Number.NEGATIVE_INFINITY : 0, middle - half), middle + half]
}

/** Steps as uPlot's columns, with an empty step wherever one is missing. */
function columns(steps: TrendSteps, stepMs: number): uPlot.AlignedData {
  const at: number[] = []
  const rows: [(number | null)[], (number | null)[], (number | null)[]] = [[], [], []]
  let before: number | null = null
  for (const step of steps) {
    if (before !== null && step.at - before > 1.5 * stepMs) {
      at.push((before + stepMs) / 1000)
      for (const row of rows) row.push(null)
    }
    at.push(step.at / 1000)
    rows[0].push(step.max)
    rows[1].push(step.min)
    rows[2].push(step.mean)
    before = step.at
  }
  return [at, ...rows]
}
