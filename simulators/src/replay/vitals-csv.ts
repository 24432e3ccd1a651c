import { writeAdt } from '@wardline/devices/hl7/adt-write.ts'
import { type Observation, writePcd01 } from '@wardline/devices/hl7/pcd01-write.ts'
import type { BedPlace } from '../adt/census.ts'
import { readHeader } from './message-header.ts'
import type { PlannedMessage } from './plan.ts'

export interface VitalsOptions {
  /** Times faster than recorded, Infinity as fast as answered. */
  speed: number
  /** When the first minute was, ms since 1970. Without it: as it is sent, or, as fast as answered, so that the last is now. */
  firstMinuteAt?: number
  now: number
  bed?: BedPlace
  /** Medical record number. With a bed too, the patient is admitted to it first. */
  patient?: string
  /** EUI-64. */
  device?: string
  /** Unlike that of every other run: MSH-10 begins with it. */
  run: string
}

/** One minute of a recording. A column that was not measured is not there. */
export interface VitalsRow {
  minute: number
  values: Map<string, number>
}

/**
 * The columns of the MIMIC II numerics (shared data, DATA.md) as the metrics they are. Paths are those of the bedside
 * monitor in the catalogue, where it has that metric.
 */
const columns: Record<string, { code: number; path: string }> = {
  HR_bpm: { code: 147842, path: '1.2.1.1' },
  ABPSys_mmHg: { code: 150037, path: '1.4.1.1' },
  ABPDias_mmHg: { code: 150038, path: '1.4.1.2' },
  ABPMean_mmHg: { code: 150039, path: '1.4.1.3' },
  PULSE_bpm: { code: 149530, path: '1.3.1.2' },
  RESP_pm: { code: 151562, path: '1.2.2.2' },
  'SpO2_%': { code: 150456, path: '1.3.1.1' },
  NBPSys_mmHg: { code: 150021, path: '1.1.1.1' },
  NBPDias_mmHg: { code: 150022, path: '1.1.1.2' },
  NBPMean_mmHg: { code: 150023, path: '1.1.1.3' },
}

const MINUTE_MS = 60_000
/** A monitor of the catalogue, beyond those that are simulated. */
const DEVICE = '0012210000BBD001'

/** The rows of a recording; null when the columns are others, so that it is no such recording. */
export function readVitals(text: string): VitalsRow[] | null {
  const [head, ...lines] = text.replace(/^\ufeff/, '').split(/\r\n|\n|\r/)
  const names = (head ?? '').split(',').map((name) => name.trim())
  if (names[0] !== 'minute' || !names.slice(1).some((name) => name in columns)) return null
  return lines.flatMap((line): VitalsRow[] => {
    const cells = line.split(',')
    const minute = Number(cells[0])
    if (line.trim() === '' || !Number.isFinite(minute)) return []
    const values = new Map<string, number>()
    for (const [i, name] of names.entries()) {
      const cell = cells[i]?.trim()
      if (name in columns && cell && Number.isFinite(Number(cell))) values.set(name, Number(cell))
    }
    return [{ minute, values }]
  })
}

/** The recording as the messages of one monitor, admission first when it is told where and who. A minute without any value is none. */
export function vitalsMessages(rows: readonly VitalsRow[], options: VitalsOptions): PlannedMessage[] {
  const { speed, now, bed, patient, run, device = DEVICE } = options
  const first = rows[0]?.minute ?? 0
  const last = rows.at(-1)?.minute ?? 0
  const live = speed !== Number.POSITIVE_INFINITY
  const pace = options.firstMinuteAt === undefined && live ? MINUTE_MS / speed : MINUTE_MS
  const firstAt = options.firstMinuteAt ?? (live ? now : now - (last - first) * MINUTE_MS)
  const authority = bed?.facility ?? 'HOSP'
  const identifier = patient === undefined ? undefined : { id: patient, authority, type: 'MR' }
  const messages: PlannedMessage[] = []
  const add = (text: string, recordedAt?: number) => {
    const bytes = Buffer.from(text)
    messages.push({
      bytes,
      header: readHeader(bytes),
      number: messages.length + 1,
      ...(recordedAt === undefined ? {} : { recordedAt }),
    })
  }
  if (identifier && bed)
    add(
      writeAdt({
        id: `V${run}-ADT`,
        sentAt: now,
        sender: { name: 'REPLAY', facility: authority },
        event: 'A01',
        at: firstAt,
        patient: { identifiers: [identifier] },
        visit: { class: 'I', location: bed, number: { id: `V-${patient}`, authority, type: 'VN' }, admittedAt: firstAt },
      }),
    )
  for (const { minute, values } of rows) {
    if (values.size === 0) continue
    const at = Math.round(firstAt + (minute - first) * pace)
    const observations = [...values].map(([name, value]): Observation => {
      const { code, path } = columns[name]!
      // Zero is a probe that is off (DATA.md): no value, and never the number.
      return value === 0 ? { code, path, value: null, quality: 'NAV' } : { code, path, value }
    })
    const message = writePcd01({
      id: `V${run}-${minute}`,
      sentAt: live ? at : now,
      sender: { name: 'REPLAY', eui: device, facility: authority },
      device,
      at,
      observations,
      ...(identifier ? { patient: identifier } : {}),
      ...(bed ? { location: bed } : {}),
    })
    add(message, minute * MINUTE_MS)
  }
  return messages
}
