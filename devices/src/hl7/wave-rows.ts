/** Waveforms of a PCD-01 message (domain page "Bedside monitoring", section 6): a row of samples and the attribute rows below it. */

import { ucumOf } from '../codes/units.ts'
import { type WaveAttribute, waveAttributeOf } from '../codes/waveforms.ts'
import type { UnmappedRow, WaveBlock } from '../messages/records.ts'
import type { Segment } from './message.ts'
import { at, keepRow, numeric, readCode } from './observation-row.ts'
import type { RowProblem } from './refusals.ts'

/** A record's block holds this many samples; a longer stretch becomes several blocks. */
const BLOCK_SAMPLES = 20_000
const MAX_RATE_HZ = 10_000
/** One sample in 100 s [DEF]: what is slower is no waveform, and its last sample could lie beyond any calendar. */
const MIN_RATE_HZ = 0.01

interface OpenWave {
  obx: Segment
  path: string
  device: string
  attributes: Partial<Record<WaveAttribute, Segment>>
}

export interface WaveOutcome {
  blocks: { device: string; block: WaveBlock }[]
  problems: RowProblem[]
  kept: { device: string; row: UnmappedRow }[]
}

/** Collects the waveforms of one OBR group; `close` turns them into blocks. */
export class WaveGroup {
  readonly #waves = new Map<string, OpenWave>()

  addSamples(obx: Segment, path: string, device: string): void {
    // The same path twice in one group: the later one is a block of its own.
    this.#waves.set(this.#waves.has(path) ? `${path}#${obx.sequence}` : path, { obx, path, device, attributes: {} })
  }

  /** Takes a row that is an attribute of one of these waveforms; false when it is not. */
  addAttribute(obx: Segment, path: string): boolean {
    const wave = this.#waves.get(path.slice(0, Math.max(0, path.lastIndexOf('.'))))
    if (!wave) return false
    const { code, refid } = readCode(obx, 3)
    const attribute = waveAttributeOf(code ?? 0, refid)
    if (attribute) wave.attributes[attribute] = obx
    return true
  }

  /**
   * @param start OBR-7, or what stands for it; undefined when it cannot be read.
   * @param end OBR-8, exclusive.
   */
  close(
    obr: Segment | undefined,
    start: number | undefined,
    end: number | undefined,
    own: (obx: Segment) => number | undefined,
  ): WaveOutcome {
    const out: WaveOutcome = { blocks: [], problems: [], kept: [] }
    for (const wave of this.#waves.values()) {
      const begin = start ?? own(wave.obx)
      const problem =
        begin === undefined
          ? {
              code: 'MISSING_FIELD' as const,
              says: 'A waveform needs its start in OBR-7',
              location: at(obr ?? wave.obx, obr ? 7 : 14),
            }
          : end !== undefined && end <= begin
            ? { code: 'BAD_INTERVAL' as const, says: 'OBR-8 is not after OBR-7', location: at(obr ?? wave.obx, 8) }
            : readWave(wave, begin, out)
      if (problem) {
        out.problems.push(problem)
        out.kept.push({ device: wave.device, row: keepRow(wave.obx, problem.code) })
      }
    }
    this.#waves.clear()
    return out
  }
}

/** Adds the blocks of one waveform, or says why there are none. */
function readWave({ obx, path, device, attributes }: OpenWave, start: number, out: WaveOutcome): RowProblem | undefined {
  const code = readCode(obx, 3).code
  if (code === undefined) return { code: 'BAD_VALUE', says: 'OBX-3 has no numeric code', location: at(obx, 3) }
  const rateHz = readRate(attributes)
  if (rateHz === undefined) return { code: 'MISSING_FIELD', says: 'A waveform needs MDC_ATTR_SAMP_RATE', location: at(obx, 5) }
  if (!(rateHz >= MIN_RATE_HZ && rateHz <= MAX_RATE_HZ))
    return {
      code: 'BAD_VALUE',
      says: `MDC_ATTR_SAMP_RATE is not between ${MIN_RATE_HZ} and ${MAX_RATE_HZ} /s`,
      location: at(attributes.rate ?? attributes.period!, 5),
    }
  const samples = readSamples(obx, attributes.invalid)
  if (samples.length === 0) return { code: 'MISSING_FIELD', says: 'A waveform without samples', location: at(obx, 5) }
  const scale = readScale(obx, attributes)
  for (let i = 0; i < samples.length; i += BLOCK_SAMPLES)
    out.blocks.push({
      device,
      block: {
        path,
        code,
        start: Math.round(start + (i * 1000) / rateHz),
        rateHz,
        ...scale,
        samples: samples.slice(i, i + BLOCK_SAMPLES),
      },
    })
  return undefined
}

function readRate({ rate, period }: OpenWave['attributes']): number | undefined {
  const row = rate ?? period
  const value = row && numeric(row.text(5))
  if (!row || value === undefined) return undefined
  const unit = ucumOf(row.text(6), row.text(6, 2))
  if (rate) return unit === '/min' ? value / 60 : value
  return value === 0 ? undefined : unit === 's' ? 1 / value : 1000 / value
}

/** Counts; null where a sample is empty, no number, or the device's mark for "invalid" [STD FHIR SampledData calls it E]. */
function readSamples(obx: Segment, marker: Segment | undefined): (number | null)[] {
  const invalid = marker && numeric(marker.text(5))
  const samples: (number | null)[] = []
  for (const text of obx.list(5)) {
    const value = numeric(text) ?? null
    samples.push(value === invalid ? null : value)
  }
  return samples
}

/** value = count × resolution + offset, from the resolution, or from what range of values a range of counts stands for. */
function readScale(
  obx: Segment,
  { resolution, dataRange, scaleRange }: OpenWave['attributes'],
): Pick<WaveBlock, 'resolution' | 'offset' | 'unit'> {
  const out: Pick<WaveBlock, 'resolution' | 'offset' | 'unit'> = {}
  const counts = dataRange && readRange(dataRange)
  const values = scaleRange && readRange(scaleRange)
  const step = resolution && numeric(resolution.text(5))
  if (step !== undefined && step !== 0) out.resolution = step
  else if (counts && values) {
    out.resolution = (values[1] - values[0]) / (counts[1] - counts[0])
    out.offset = values[0] - counts[0] * out.resolution
  }
  const unit = [resolution, scaleRange, obx].map((row) => row && ucumOf(row.text(6), row.text(6, 2))).find((u) => u !== undefined)
  if (unit) out.unit = unit
  return out
}

function readRange(row: Segment): [number, number] | undefined {
  const low = numeric(row.text(5, 1))
  const high = numeric(row.text(5, 2))
  return low !== undefined && high !== undefined && high > low ? [low, high] : undefined
}
