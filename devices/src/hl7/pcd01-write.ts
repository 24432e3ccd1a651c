/** Writes PCD-01 messages, exactly in the shape of domain page "Bedside monitoring", sections 3 and 6. */

import type { Container } from '../catalogue/blocks.ts'
import { findDevice } from '../catalogue/catalogue.ts'
import { metricByCode } from '../codes/metrics.ts'
import { profiles } from '../codes/profiles.ts'
import { mdcUnit } from '../codes/units.ts'
import { WAVE_PROCEDURE, waveformByCode } from '../codes/waveforms.ts'
import type { Quality } from '../messages/records.ts'
import { type Field, message, segment } from './build.ts'
import { writeDtm } from './dtm.ts'
import { type Envelope, hierarchic, nm, type Subject, writeMsh, writeSubject } from './write-header.ts'

export interface Observation {
  /** MDC code of `codes/metrics.ts`; others need `refid` and `unit`. */
  code: number
  refid?: string
  path: string
  /** In `unit`; null: there is no value (OBX-5 empty, OBX-11 X). */
  value: number | null
  /** UCUM; the canonical unit of the code when left out. */
  unit?: string
  /** In `unit`, null where open. */
  limits?: readonly [number | null, number | null]
  /** OBX-8, as many as apply. */
  quality?: Exclude<Quality, 'absent' | 'implausible'> | readonly Exclude<Quality, 'absent' | 'implausible'>[]
  bound?: '>' | '<'
  /** OBX-11 C, D or W. */
  correction?: 'C' | 'D' | 'W'
  /** OBX-14, ms; the message's `at` when left out. */
  at?: number
}

export interface WaveObservation {
  code: number
  path: string
  /** OBR-7, ms; OBR-8 follows from the samples. */
  start: number
  rateHz: number
  /** Counts; null where there is none. */
  samples: readonly (number | null)[]
  /** Value of one count, in `unit`. */
  resolution?: number
  unit?: string
}

export interface Pcd01 extends Envelope, Subject {
  /** OBR-7, ms. */
  at: number
  observations: readonly Observation[]
  waves?: readonly WaveObservation[]
  /** OBR-3.1; `id` when left out. */
  order?: string
  /** MDS, VMD and channel rows; those of the device's catalogue entry when left out. */
  containment?: readonly Container[]
}

/** The count that stands for "no sample" in what this writes. */
export const INVALID_SAMPLE = -32768

/** HL7 text, segments ended by CR, not framed. */
export function writePcd01(m: Pcd01): string {
  const out = [writeMsh(m, ['ORU', 'R01', 'ORU_R01'], ['IHE_PCD_001', profiles.pcd01[0]]), ...writeSubject(m)]
  const rows = new Rows(m)
  const containment = m.containment ??
    findDevice({ eui: m.device })?.containment ?? [{ path: '1.0.0.0', code: 69965, refid: 'MDC_DEV_MON_PHYSIO_MULTI_PARAM_MDS' }]
  let group = 0
  if (m.observations.length > 0 || !m.waves?.length) {
    out.push(rows.order(++group, ['182777000', 'monitoring of patient', 'SCT'], m.at))
    for (const container of containment) if (isUsed(container, m.observations)) out.push(rows.container(container))
    for (const observation of m.observations) out.push(rows.observation(observation))
  }
  for (const wave of m.waves ?? []) {
    const end = wave.start + (wave.samples.length * 1000) / wave.rateHz
    out.push(
      rows.order(++group, [WAVE_PROCEDURE.code, WAVE_PROCEDURE.refid, 'MDC'], wave.start, end),
      rows.container(containment[0]!),
      ...rows.wave(wave),
    )
  }
  return message(out)
}

/** The MDS always; a VMD or channel when something under it is sent. */
function isUsed({ path }: Container, observations: readonly Observation[]): boolean {
  const stem = path.replace(/(\.0)+$/, '')
  return !stem.includes('.') || observations.some((o) => o.path.startsWith(`${stem}.`))
}

/** The status of OBX-11 that belongs to an OBX-8 [STD IHE DEV TF-2]. */
const NO_VALUE = new Set(['INV', 'NAV', 'BUSY', 'OFF'])

class Rows {
  readonly #m: Pcd01
  #row = 0

  constructor(m: Pcd01) {
    this.#m = m
  }

  order(group: number, procedure: Field, start: number, end?: number): string {
    const { order, id, sender, offsetMinutes } = this.#m
    const filler: Field = [order ?? id, ...(Array.isArray(hierarchic(sender)) ? (hierarchic(sender) as string[]) : [sender.name])]
    return segment('OBR', [
      group,
      null,
      filler,
      procedure,
      null,
      null,
      writeDtm(start, offsetMinutes),
      end === undefined ? null : writeDtm(Math.round(end), offsetMinutes),
    ])
  }

  container({ path, code, refid }: Container): string {
    const mds = !path.replace(/(\.0)+$/, '').includes('.')
    const { device } = this.#m
    return this.#obx(
      null,
      [code, refid, 'MDC'],
      path,
      null,
      null,
      null,
      null,
      'X',
      null,
      mds ? [device, null, device, 'EUI-64'] : null,
    )
  }

  observation(o: Observation): string {
    const definition = metricByCode(o.code)
    const marks = o.quality === undefined ? [] : typeof o.quality === 'string' ? [o.quality] : o.quality
    const absent = o.value === null
    const status = o.correction ?? (absent || marks.some((q) => NO_VALUE.has(q)) ? 'X' : marks.includes('VAL') ? 'F' : 'R')
    const flags = [...marks, ...(o.bound ? [o.bound] : [])]
    return this.#obx(
      'NM',
      [o.code, o.refid ?? definition?.refid, 'MDC'],
      o.path,
      o.value === null ? null : nm(o.value),
      writeUnit(o.unit ?? definition?.unit, definition?.refid),
      o.limits ? `${o.limits[0] === null ? '' : nm(o.limits[0])}-${o.limits[1] === null ? '' : nm(o.limits[1])}` : null,
      flags.length > 0 ? { repeat: flags } : null,
      status,
      o.at ?? this.#m.at,
      null,
    )
  }

  wave({ code, path, rateHz, samples, resolution, unit }: WaveObservation): string[] {
    const definition = waveformByCode(code)
    const ucum = writeUnit(unit ?? definition?.unit)
    const gaps = samples.includes(null)
    const facet = (n: number, id: Field, value: string, of: Field) =>
      this.#obx('NM', id, `${path}.${n}`, value, of, null, null, 'R', null, null)
    return [
      this.#obx(
        'NA',
        [code, definition?.refid, 'MDC'],
        path,
        samples.map((s) => (s === null ? String(INVALID_SAMPLE) : nm(s))),
        ucum,
        null,
        null,
        'R',
        null,
        null,
      ),
      facet(1, [0, 'MDC_ATTR_SAMP_RATE', 'MDC'], nm(rateHz), writeUnit('/s')),
      ...(resolution === undefined ? [] : [facet(2, [67917, 'MDC_ATTR_NU_MSMT_RES', 'MDC'], nm(resolution), ucum)]),
      ...(gaps ? [facet(3, [196660, 'MDC_EVT_INOP', 'MDC'], String(INVALID_SAMPLE), null)] : []),
    ]
  }

  #obx(
    type: Field,
    code: Field,
    path: string,
    value: Field,
    unit: Field,
    limits: Field,
    flags: Field,
    status: string,
    at: number | null,
    equipment: Field,
  ): string {
    const time = at === null ? null : writeDtm(at, this.#m.offsetMinutes)
    return segment('OBX', [
      ++this.#row,
      type,
      code,
      path,
      value,
      unit,
      limits,
      flags,
      null,
      null,
      status,
      null,
      null,
      time,
      null,
      null,
      null,
      equipment,
    ])
  }
}

/** Respiration has a unit of its own in MDC, the same in UCUM. */
function writeUnit(ucum: string | undefined, refid = ''): Field {
  if (ucum === undefined) return null
  if (ucum === '/min' && refid.includes('RESP')) return [264928, 'MDC_DIM_RESP_PER_MIN', 'MDC']
  const unit = mdcUnit(ucum)
  return unit ? [unit.code, unit.refid, 'MDC'] : [ucum, ucum, 'UCUM']
}
