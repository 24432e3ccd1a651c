/** One OBX row of a PCD-01 message (domain page "Bedside monitoring", section 3). */
import { convert, isPlausible } from '../codes/convert.ts'
import { type MetricDefinition, metricByCode, metricByRefid } from '../codes/metrics.ts'
import { ucumOf } from '../codes/units.ts'
import type { Metric, Quality, UnmappedRow } from '../messages/records.ts'
import type { Segment } from './message.ts'
import type { Location, RowProblem } from './refusals.ts'

/** OBX-3 (or OBX-5) as `code^refid^MDC`. `mdc` is false for LOINC and the like. */
export interface Code {
  mdc: boolean
  code: number | undefined
  refid: string
}

export function readCode(segment: Segment, field: number): Code {
  const c = segment.components(field)
  const first = codeOf(c[0] ?? '', c[1] ?? '', c[2] ?? '')
  if (first.mdc || c.length < 6) return first
  // CWE carries a second coding in components 4 to 6: a local code first, the MDC code beside it.
  const other = codeOf(c[3] ?? '', c[4] ?? '', c[5] ?? '')
  return other.mdc ? other : first
}

function codeOf(code: string, refid: string, system: string): Code {
  const name = refid.trim() || (code.startsWith('MDC_') ? code.trim() : '')
  return { mdc: system.startsWith('MDC') || name.startsWith('MDC_'), code: codeNumber(code.trim()), refid: name }
}

/** A context-free code, or `partition::term` as tables print it (3::3072 is 199680). */
export function codeNumber(text: string): number | undefined {
  const m = /^(?:(\d{1,3})::)?(\d{1,10})$/.exec(text)
  return m ? (m[1] === undefined ? 0 : Number(m[1]) * 65_536) + Number(m[2]) : undefined
}

/** The numeric code wins; the refid finds those whose number is 0 or a vendor's own. */
export function definitionOf({ mdc, code, refid }: Code): MetricDefinition | undefined {
  if (!mdc) return undefined
  return (code ? metricByCode(code) : undefined) ?? metricByRefid(refid)
}

/** OBX-8 beside OBX-11 [STD IHE DEV TF-2 / HL7 POCD IG]: the worst first, as a row may have several. */
const QUALITY_ORDER = [
  'TEST',
  'DEMO',
  'INV',
  'OFF',
  'NAV',
  'BUSY',
  'QUES',
  'CAL',
  'EARLY',
  'ALINH',
  'ALACT',
  'VAL',
] as const satisfies readonly Quality[]
/** What stands in OBX-5 beside these is no value, whatever it looks like. */
const NO_VALUE: ReadonlySet<Quality> = new Set(['INV', 'OFF', 'NAV', 'BUSY'])

export interface RowFlags {
  quality?: Quality
  bound?: '>' | '<'
}

export function readRowFlags(obx: Segment): RowFlags {
  const marks = obx.repetitions(8)
  if (marks.length === 0) return {}
  const out: RowFlags = {}
  const quality = QUALITY_ORDER.find((q) => marks.includes(q))
  if (quality) out.quality = quality
  const bound = marks.find((m) => m === '>' || m === '<')
  if (bound === '>' || bound === '<') out.bound = bound
  return out
}

export type RowOutcome =
  | { kind: 'metric'; metric: Metric; definition: MetricDefinition }
  | { kind: 'unmapped'; row: UnmappedRow }
  | { kind: 'dropped'; problem: RowProblem; row: UnmappedRow }

export interface RowContext {
  /** The device's catalogue entry says that values without a unit are in the canonical one. */
  canonicalUnits: boolean
  barometricMmHg: number | undefined
}

/** A row with a value (OBX-2 is not empty, or OBX-5 is not). Never throws. */
export function readRow(obx: Segment, context: RowContext): RowOutcome {
  const code = readCode(obx, 3)
  const definition = definitionOf(code)
  if (!definition) return unmapped(obx, code.mdc ? 'UNMAPPED_CODE' : 'NOT_MDC')
  const path = obx.value(4) ?? String(definition.code)
  if (path.length > 64) return dropped(obx, 'BAD_VALUE', 'OBX-4 is longer than 64 characters', 4)
  const type = obx.value(2)?.toUpperCase()
  const metric: Metric = { path, code: definition.code }
  const status = obx.value(11)
  if (status === 'D' || status === 'W') return { kind: 'metric', metric: { ...metric, correction: status }, definition }
  if (status === 'C') metric.correction = 'C'
  const { quality, bound } = readRowFlags(obx)
  if (bound) metric.bound = bound
  const problem = type === 'NM' ? readNumber(obx, metric, definition, context) : readWords(obx, metric, type)
  if (problem) return problem
  settleQuality(metric, quality, status, definition)
  readLimits(obx, metric, definition, context)
  return { kind: 'metric', metric, definition }
}

function readNumber(obx: Segment, metric: Metric, definition: MetricDefinition, context: RowContext): RowOutcome | undefined {
  const text = obx.value(5)
  // Empty, `""` and NaN mean that there is no value (section 14).
  if (text === undefined || /^nan$/i.test(text)) return undefined
  const number = numeric(text)
  if (number === undefined) return dropped(obx, 'BAD_VALUE', `OBX-5 "${text.slice(0, 40)}" is not a number`, 5)
  const unit = obx.value(6)
  if (unit === undefined) {
    if (!context.canonicalUnits) return dropped(obx, 'MISSING_FIELD', 'OBX-6 is empty: a number needs a unit', 6)
    metric.value = number
    return undefined
  }
  const ucum = ucumOf(unit, obx.text(6, 2))
  const value = ucum === undefined ? undefined : convert(number, ucum, definition, context.barometricMmHg)
  if (value === undefined) {
    if (ucum === '%') return unmapped(obx, 'NO_BAROMETRIC_PRESSURE')
    return dropped(obx, 'BAD_UNIT', `OBX-6 "${unit.slice(0, 40)}" is no unit of ${definition.refid}`, 6)
  }
  metric.value = value
  return undefined
}

function readWords(obx: Segment, metric: Metric, type: string | undefined): RowOutcome | undefined {
  if (type === undefined) return dropped(obx, 'MISSING_FIELD', 'OBX-2 is empty beside a value in OBX-5', 2)
  if (type !== 'ST' && type !== 'CWE' && type !== 'CNE') return unmapped(obx, `TYPE_${type.slice(0, 8)}`)
  const text = type === 'ST' ? obx.value(5) : (obx.value(5, 2) ?? obx.value(5))
  if (text !== undefined) metric.text = text.slice(0, 4096)
  return undefined
}

/** NM: sign, digits, point; no exponent [STD HL7 v2.6, 2A.46]. */
export function numeric(text: string): number | undefined {
  return text.length <= 64 && /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)$/.test(text) ? Number(text) : undefined
}

function settleQuality(
  metric: Metric,
  quality: Quality | undefined,
  status: string | undefined,
  definition: MetricDefinition,
): void {
  if (quality) metric.quality = quality
  if (quality && NO_VALUE.has(quality)) delete metric.value
  // X: could not be obtained. Negative: no such thing exists for these measurements (section 14).
  if (status === 'X' || (metric.value !== undefined && metric.value < 0 && definition.plausible[0] >= 0)) delete metric.value
  if (metric.value === undefined) {
    // A reason that is none for a missing value (validated, alarm active) gives way to "absent".
    if (!quality || !(NO_VALUE.has(quality) || quality === 'TEST' || quality === 'DEMO')) metric.quality = 'absent'
    delete metric.bound
  } else if (
    !isPlausible(metric.value, definition) &&
    (quality === undefined || quality === 'VAL' || quality === 'ALACT' || quality === 'ALINH')
  )
    metric.quality = 'implausible'
}

/** OBX-7 `50-120`, `50-`, `-120`, `>50`, `<120`: low and high, null where open. */
export function parseLimits(text: string): [number | null, number | null] | undefined {
  const t = text.trim()
  if (t.length > 40) return undefined
  const one = /^([<>])=?\s*(-?\d*\.?\d+)$/.exec(t)
  if (one) return one[1] === '>' ? [Number(one[2]), null] : [null, Number(one[2])]
  const both = /^(-?\d*\.?\d+)?\s*(?:-|\.\.)\s*(-?\d*\.?\d+)?$/.exec(t)
  if (!both || (both[1] === undefined && both[2] === undefined)) return undefined
  return [both[1] === undefined ? null : Number(both[1]), both[2] === undefined ? null : Number(both[2])]
}

function readLimits(obx: Segment, metric: Metric, definition: MetricDefinition, context: RowContext): void {
  const text = obx.value(7)
  const limits = text === undefined ? undefined : parseLimits(text)
  if (!limits) return
  const unit = obx.value(6)
  const ucum = unit === undefined ? definition.unit : ucumOf(unit, obx.text(6, 2))
  const side = (v: number | null) =>
    v === null || ucum === undefined ? null : (convert(v, ucum, definition, context.barometricMmHg) ?? null)
  const canonical: [number | null, number | null] = [side(limits[0]), side(limits[1])]
  if (canonical[0] !== null || canonical[1] !== null) metric.limits = canonical
}

export const keepRow = (obx: Segment, reason: string): UnmappedRow => ({ reason, row: obx.raw.slice(0, 4096) })
export const at = (obx: Segment, field: number): Location => ({ segment: obx.name, sequence: obx.sequence, field })

const unmapped = (obx: Segment, reason: string): RowOutcome => ({ kind: 'unmapped', row: keepRow(obx, reason) })

function dropped(obx: Segment, code: RowProblem['code'], says: string, field: number): RowOutcome {
  return { kind: 'dropped', problem: { code, says, location: at(obx, field) }, row: keepRow(obx, code) }
}
