/**
 * A frame as both histories keep it: its values in one array, in the order of a layout that many frames share.
 *
 * A layout is the ordered list of (path, code) of a frame. A monitor says the same list every second, so the list is stored once and
 * a frame holds its number. What is not plain about a value (quality, text, bound, unit, correction) stands beside, by index.
 */
import { createHash } from 'node:crypto'
import type { Metric, Quality } from '@wardline/devices/messages/records.ts'
import type { Reading, StoredFrame, StoredWave } from './timeline.ts'

export interface Layout {
  paths: readonly string[]
  codes: readonly number[]
}

export type Detail = Pick<Metric, 'quality' | 'text' | 'bound' | 'unit' | 'correction'>
export type Details = Record<string, Detail>

export interface PackedFrame extends Layout {
  /** Names the layout: equal lists have equal keys. */
  layoutKey: string
  /** NaN where there is no value: missing is never zero. */
  values: number[]
  /** null when every value is plain. */
  details: Details | null
}

/** A frame as it was read back. `written` grows with every write: the later one is believed. */
export interface UnpackedFrame extends Layout {
  device: string
  at: number
  written: number
  receivedAt: number
  values: readonly number[]
  details: Details | null
  patient?: string
  encounter?: string
  late?: boolean
  messageId: string
}

/**
 * A value is known by its path; two metrics that a sender put under one path are both kept (domain page "Bedside monitoring",
 * section 3, OBX-4), so the code belongs to the name. Of the same path and code twice in a frame the last is kept.
 */
export function packFrame(frame: StoredFrame): PackedFrame {
  const metrics = withoutRepeats(frame.metrics)
  const paths: string[] = []
  const codes: number[] = []
  const values: number[] = []
  const details: Details = {}
  let isPlain = true
  let key = ''
  for (const [i, metric] of metrics.entries()) {
    const path = storable(metric.path)
    paths.push(path)
    codes.push(metric.code)
    key += `${path} ${metric.code}\n`
    // A retraction says that there is no value, whatever it carries.
    const retracted = metric.correction === 'D' || metric.correction === 'W'
    values.push(!retracted && Number.isFinite(metric.value) ? metric.value! : Number.NaN)
    const detail = detailOf(metric, retracted)
    if (detail) {
      details[i] = detail
      isPlain = false
    }
  }
  return { layoutKey: key, paths, codes, values, details: isPlain ? null : details }
}

/**
 * The text as a database can hold it: PostgreSQL takes neither U+0000 nor half a surrogate pair, and one such character in one message
 * would otherwise hold up its whole stream for ever. Each becomes U+FFFD.
 */
export function storable(text: string): string {
  return text.isWellFormed() && !text.includes('\0') ? text : text.toWellFormed().replaceAll('\0', '\uFFFD')
}

/** Names and identifiers made storable; metrics are, when they are packed. */
export const storableFrame = (frame: StoredFrame): StoredFrame => ({
  ...frame,
  device: storable(frame.device),
  gateway: storable(frame.gateway),
  messageId: storable(frame.messageId),
  ...(frame.patient !== undefined && { patient: storable(frame.patient) }),
  ...(frame.encounter !== undefined && { encounter: storable(frame.encounter) }),
})
export const storableWave = (wave: StoredWave): StoredWave => ({
  ...wave,
  device: storable(wave.device),
  path: storable(wave.path),
  ...(wave.unit !== undefined && { unit: storable(wave.unit) }),
  ...(wave.patient !== undefined && { patient: storable(wave.patient) }),
})

/** The name of a layout in a table: short, whatever its length. */
export const layoutDigest = (layoutKey: string): string => createHash('sha256').update(layoutKey).digest('hex')

function detailOf(metric: Metric, retracted: boolean): Detail | undefined {
  if (
    metric.quality === undefined &&
    metric.text === undefined &&
    metric.bound === undefined &&
    metric.unit === undefined &&
    !metric.correction
  )
    return undefined
  return {
    ...(metric.quality !== undefined && { quality: metric.quality }),
    ...(metric.text !== undefined && !retracted && { text: storable(metric.text) }),
    ...(metric.bound !== undefined && { bound: metric.bound }),
    ...(metric.unit !== undefined && { unit: storable(metric.unit) }),
    ...(metric.correction && { correction: metric.correction }),
  }
}

function withoutRepeats(metrics: readonly Metric[]): readonly Metric[] {
  if (metrics.length < 2) return metrics
  const seen = new Map<string, Metric>()
  for (const metric of metrics) seen.set(`${metric.path} ${metric.code}`, metric)
  return seen.size === metrics.length ? metrics : [...seen.values()]
}

/**
 * The readings of these frames, each (device, path, code, instant) once and as it was written last, in the order asked for:
 * by instant, then device, path and code. `codes` leaves out all others.
 */
export function mergeFrames(
  frames: readonly UnpackedFrame[],
  { order, codes }: { order: 'newest' | 'oldest'; codes?: readonly number[] | undefined },
): Reading[] {
  const wanted = codes && new Set(codes)
  const found = new Map<string, { reading: Reading; written: number }>()
  for (const frame of frames) {
    for (const [i, path] of frame.paths.entries()) {
      const code = frame.codes[i]!
      if (wanted && !wanted.has(code)) continue
      const key = `${frame.device}\n${frame.at}\n${path} ${code}`
      const before = found.get(key)
      if (before && before.written > frame.written) continue
      found.set(key, { reading: readingOf(frame, i), written: frame.written })
    }
  }
  const sign = order === 'newest' ? -1 : 1
  return [...found.values()]
    .map(({ reading }) => reading)
    .sort((a, b) => sign * (a.at - b.at) || compare(a.device, b.device) || compare(a.path, b.path) || a.code - b.code)
}

/** The newest of each path and code of each device, by device, path and code. */
export function newestOfEach(readings: readonly Reading[]): Reading[] {
  const found = new Map<string, Reading>()
  for (const reading of readings) {
    const key = `${reading.device}\n${reading.path} ${reading.code}`
    const before = found.get(key)
    if (!before || before.at < reading.at) found.set(key, reading)
  }
  return [...found.values()].sort((a, b) => compare(a.device, b.device) || compare(a.path, b.path) || a.code - b.code)
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

function readingOf(frame: UnpackedFrame, i: number): Reading {
  const value = frame.values[i]
  const detail = frame.details?.[i]
  return {
    device: frame.device,
    path: frame.paths[i]!,
    code: frame.codes[i]!,
    at: frame.at,
    receivedAt: frame.receivedAt,
    ...(value !== undefined && !Number.isNaN(value) && { value }),
    ...detail,
    ...(frame.patient !== undefined && { patient: frame.patient }),
    ...(frame.encounter !== undefined && { encounter: frame.encounter }),
    ...(frame.late && { late: true }),
    messageId: frame.messageId,
  }
}

/**
 * The qualities with which a value may stand for the patient [STD IHE DEV TF-2, OBX-8]: validated, or in alarm. Any other (none given is
 * good) is left out of minima, maxima and means.
 */
export const soundQualities: readonly Quality[] = ['VAL', 'ALACT', 'ALINH']
