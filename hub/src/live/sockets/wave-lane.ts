import { waveformByCode } from '@wardline/devices/codes/waveforms.ts'
import type { WaveBlock } from '@wardline/devices/messages/records.ts'
import type { Wave } from '../views/contract.ts'

/** Blocks further apart than this many sample periods have a gap between them [STD domain page "Bedside monitoring", section 6]. */
const GAP_PERIODS = 1.5
/** An overlap of more is no overlap: the device's clock was set back. */
const OVERLAP_MS = 10_000
/** What waits of one waveform, at most: a device that sends minutes at once does not fill memory with them. */
const HELD_SAMPLES = 2500
/** A waveform that brought nothing for so many flushes is over. */
const IDLE_FLUSHES = 50

/** One stretch of one waveform without a gap. */
interface Stretch {
  readonly item: string
  readonly code: number
  readonly unit: string | undefined
  /** Rate of the device, and how many of its samples make one that is drawn. */
  readonly rateHz: number
  readonly factor: number
  /** When the first of `drawn` was taken, and when the device's next sample is due; ms, exact. */
  start: number
  next: number
  drawn: (number | null)[]
  group: (number | null)[]
  last: number
  idle: number
}

/**
 * Samples on their way to the walls: scaled, thinned to what a sweep can show, put together until the next flush. Thinning keeps of each group the
 * sample that differs most from the one before, so that an R peak keeps its height.
 */
export class WaveLane {
  readonly #stretches = new Map<string, Stretch>()
  readonly #maxHz: number
  #finished: Wave[] = []
  /** Samples that were left out because they overlapped, or because too many waited. */
  dropped = 0

  constructor(maxHz: number) {
    this.#maxHz = maxHz
  }

  /** @param startAt when the first sample was taken, by the hub's clock */
  add(item: string, block: WaveBlock, startAt: number): void {
    const key = `${item}\n${block.code}`
    const period = 1000 / block.rateHz
    let stretch = this.#stretches.get(key)
    let skip = 0
    if (stretch) {
      const late = startAt - stretch.next
      if (stretch.rateHz !== block.rateHz || late > GAP_PERIODS * period || late < -OVERLAP_MS) {
        this.#finish(stretch)
        stretch = undefined
      } else if (late < -GAP_PERIODS * period) skip = Math.round(-late / period) // overlap: keep the first
    }
    if (!stretch) {
      stretch = begin(item, block, startAt, Math.max(1, Math.ceil(block.rateHz / this.#maxHz)))
      this.#stretches.set(key, stretch)
    }
    const { resolution = 1, offset = 0, samples } = block
    this.dropped += Math.min(skip, samples.length)
    for (let i = skip; i < samples.length; i++) {
      const raw = samples[i]!
      stretch.next += period
      stretch.group.push(raw === null ? null : raw * resolution + offset)
      if (stretch.group.length === stretch.factor) draw(stretch)
    }
    this.#bound(stretch)
  }

  /** Everything that waits, one Wave for each stretch. */
  flush(): Wave[] {
    const waves = this.#finished
    this.#finished = []
    for (const [key, stretch] of this.#stretches) {
      if (stretch.drawn.length) {
        stretch.idle = 0
        waves.push(waveOf(stretch))
      } else if (stretch.idle++ > IDLE_FLUSHES) this.#stretches.delete(key)
    }
    return waves
  }

  clear(): void {
    this.#stretches.clear()
    this.#finished = []
  }

  #finish(stretch: Stretch): void {
    if (stretch.drawn.length && this.#finished.length < 1000) this.#finished.push(waveOf(stretch))
    else this.dropped += stretch.drawn.length * stretch.factor
  }

  #bound(stretch: Stretch): void {
    const excess = stretch.drawn.length - HELD_SAMPLES
    if (excess <= 0) return
    stretch.drawn.splice(0, excess)
    stretch.start += (excess * stretch.factor * 1000) / stretch.rateHz
    this.dropped += excess * stretch.factor
  }
}

const begin = (item: string, { code, rateHz, unit }: WaveBlock, startAt: number, factor: number): Stretch => ({
  item,
  code,
  unit: unit ?? waveformByCode(code)?.unit,
  rateHz,
  factor,
  start: startAt,
  next: startAt,
  drawn: [],
  group: [],
  last: 0,
  idle: 0,
})

/** One point of the sweep from one group; a group without a single sample is a gap. */
function draw(stretch: Stretch): void {
  let point: number | null = null
  for (const value of stretch.group)
    if (value !== null && (point === null || Math.abs(value - stretch.last) > Math.abs(point - stretch.last))) point = value
  stretch.group = []
  if (point !== null) stretch.last = point
  // Four significant figures are finer than a wall's pixels.
  stretch.drawn.push(point === null ? null : Number(point.toPrecision(4)))
}

function waveOf(stretch: Stretch): Wave {
  const { item, code, unit, rateHz, factor, start, drawn } = stretch
  const rate = rateHz / factor
  stretch.start += (drawn.length * 1000) / rate
  stretch.drawn = []
  return { bed: item, code, start: Math.round(start), rateHz: rate, ...(unit !== undefined && { unit }), samples: drawn }
}
