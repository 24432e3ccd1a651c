/**
 * Frames and waves as InfluxDB line protocol, and back.
 *
 * InfluxDB keeps a point by series and instant, and a second write of it changes only the fields it names. So every write names all that
 * could differ: `present` says which values there are, and an empty text stands for none. What an earlier write left in a value that is
 * no longer present is never read.
 */
import type { Details, Layout, PackedFrame, UnpackedFrame } from './packed-frame.ts'
import type { StoredFrame, StoredWave } from './timeline.ts'
import { packSamples, unpackSamples, waveEnd } from './wave-samples.ts'

/** [STD line protocol] texts in quotes escape the quote and the backslash. */
const text = (value: string): string => `"${value.replaceAll(/["\\]/g, (sign) => `\\${sign}`)}"`

export function frameLine(frame: StoredFrame, packed: PackedFrame, layout: number, written: number): string {
  let present = ''
  let fields = ''
  for (const [i, value] of packed.values.entries()) {
    const is = !Number.isNaN(value)
    present += is ? '1' : '0'
    if (is) fields += `v${i}=${value},`
  }
  return (
    `frame,device=${tagOf(frame.device)},layout=${layout} ${fields}present=${text(present)},written=${written}i,received=${frame.receivedAt}i,` +
    `position=${frame.position}i,late=${frame.late ? 'true' : 'false'},patient=${text(tagOf(frame.patient ?? ''))},encounter=${text(frame.encounter ?? '')},` +
    `gateway=${text(frame.gateway)},message=${text(frame.messageId)},details=${text(packed.details ? JSON.stringify(packed.details) : '')} ${frame.at}`
  )
}

/**
 * Names that are asked for stand in percent-encoding: what backslashes and line breaks mean in a tag, or in a text of a query, differs
 * between versions.
 */
export const tagOf = (name: string): string => encodeURIComponent(name)
export const nameOfTag = (value: string): string => decodeURIComponent(value)

/** Columns of `select * from frame group by device, layout`. */
export function frameOfRow(device: string, layout: Layout, columns: readonly string[], row: readonly unknown[]): UnpackedFrame {
  const field = Object.fromEntries(columns.map((column, i) => [column, row[i]]))
  const present = field.present as string
  return {
    ...layout,
    device,
    at: field.time as number,
    written: field.written as number,
    receivedAt: field.received as number,
    values: layout.paths.map((_, i) => (present[i] === '1' ? (field[`v${i}`] as number) : Number.NaN)),
    details: field.details ? (JSON.parse(field.details as string) as Details) : null,
    ...(field.patient ? { patient: nameOfTag(field.patient as string) } : {}),
    ...(field.encounter ? { encounter: field.encounter as string } : {}),
    late: field.late as boolean,
    messageId: field.message as string,
  }
}

export function waveLine(wave: StoredWave): string {
  const rest = {
    code: wave.code,
    rateHz: wave.rateHz,
    receivedAt: wave.receivedAt,
    ...(wave.resolution !== undefined && { resolution: wave.resolution }),
    ...(wave.offset !== undefined && { offset: wave.offset }),
    ...(wave.unit !== undefined && { unit: wave.unit }),
    ...(wave.patient !== undefined && { patient: wave.patient }),
  }
  return (
    `wave,device=${tagOf(wave.device)},path=${tagOf(wave.path)} code=${wave.code}i,end=${waveEnd(wave)}i,` +
    `rest=${text(JSON.stringify(rest))},samples=${text(packSamples(wave.samples).toString('base64'))} ${wave.start}`
  )
}

export function waveOfRow(device: string, path: string, columns: readonly string[], row: readonly unknown[]): StoredWave {
  const field = Object.fromEntries(columns.map((column, i) => [column, row[i]]))
  return {
    device,
    path,
    start: field.time as number,
    samples: unpackSamples(Buffer.from(field.samples as string, 'base64')),
    ...(JSON.parse(field.rest as string) as Omit<StoredWave, 'device' | 'path' | 'start' | 'samples'>),
  }
}
