/** Values in canonical units, and what is to be believed of them (domain page "Bedside monitoring", sections 5 and 14). */
import type { MetricDefinition } from './metrics.ts'
import { ucumOf } from './units.ts'

/** mmHg in one kPa (domain page, section 5). */
const MMHG_PER_KPA = 7.50062
/** Water vapour pressure at body temperature, mmHg: what is taken off the barometric pressure (domain page, section 5). */
const WATER_VAPOUR_MMHG = 47

const same = (value: number) => value
const conversions: Record<string, (value: number) => number> = {
  'kPa>mm[Hg]': (value) => value * MMHG_PER_KPA,
  'cm[H2O]>mm[Hg]': (value) => value * 0.73556,
  'mm[Hg]>cm[H2O]': (value) => value / 0.73556,
  'kPa>cm[H2O]': (value) => value * 10.19716,
  '[degF]>Cel': (value) => (value - 32) / 1.8,
  'K>Cel': (value) => value - 273.15,
  '/s>/min': (value) => value * 60,
  'Hz>/min': (value) => value * 60,
}

/**
 * A value in the canonical unit of its metric.
 * @param unit UCUM, an MDC refid or code, or a known spelling.
 * @param barometricMmHg needed to turn per cent CO₂ into mmHg.
 * @returns undefined when that unit cannot become the canonical one. A converted value is rounded to one decimal more than it is
 *   shown with (5.0 kPa is 37.5 mm[Hg]): the rest was never measured.
 */
export function convert(value: number, unit: string, metric: MetricDefinition, barometricMmHg?: number): number | undefined {
  const ucum = ucumOf(unit)
  if (ucum === undefined) return undefined
  const by = ucum === metric.unit ? same : conversion(ucum, metric, barometricMmHg)
  if (by === undefined) return undefined
  if (by === same) return value
  const scale = 10 ** (metric.decimals + 1)
  return Math.round(by(value) * scale) / scale
}

function conversion(ucum: string, metric: MetricDefinition, barometricMmHg: number | undefined) {
  if (ucum === '%' && metric.code === 151708)
    return barometricMmHg === undefined ? undefined : (value: number) => (value * (barometricMmHg - WATER_VAPOUR_MMHG)) / 100
  return conversions[`${ucum}>${metric.unit}`]
}

export const isPlausible = (value: number, metric: MetricDefinition): boolean =>
  value >= metric.plausible[0] && value <= metric.plausible[1]

/** sys > mean > dia [domain page, section 5]; a part that was not measured is not compared. */
export function pressuresAgree(p: { sys?: number | undefined; mean?: number | undefined; dia?: number | undefined }): boolean {
  const inOrder = [p.sys, p.mean, p.dia].filter((v) => v !== undefined)
  return inOrder.every((v, i) => i === 0 || inOrder[i - 1]! > v)
}
