import type { Channel, Stretch } from '../../live/wave-store.ts'

/**
 * The sweep of a bedside monitor: time runs from left to right at 25 mm/s, and an erase bar runs ahead of the newest sample
 * [STD IEC 60601-2-27, 201.12.1.101.8: sweep speed 25 mm/s]. A millimetre is 96 / 25.4 px of the 1080p wall, so a beat has the same
 * shape on every screen.
 */
export const PX_PER_SECOND = (25 * 96) / 25.4
/** Width of the erase bar in px of the 1080p wall. */
export const ERASE_PX = 14

/**
 * Where the sweep stands: the instant, by the device's clock, that is drawn at the bar.
 *
 * Blocks come some time after their first sample was taken (a block is as long as it is, and the way takes time), so the sweep runs
 * that much behind; then it never waits for samples that are on their way. The lateness is measured, not assumed: it holds the
 * device's clock error too.
 */
export class Playhead {
  #delay: number | null = null

  /** `now`: the hub's clock in ms; `elapsed`: ms since the last call. null while nothing has come. */
  at(channels: readonly (Channel | undefined)[], now: number, elapsed: number): number | null {
    let wanted: number | null = null
    for (const channel of channels)
      for (const lateness of channel?.lateness ?? []) wanted = Math.max(wanted ?? Number.NEGATIVE_INFINITY, lateness)
    if (wanted === null) return null
    wanted += 100
    if (this.#delay === null || Math.abs(wanted - this.#delay) > 3000) this.#delay = wanted
    else {
      // At most a tenth faster or slower, so that the sweep never jumps.
      const step = Math.max(-elapsed * 0.1, Math.min(elapsed * 0.1, wanted - this.#delay))
      this.#delay += step
    }
    return now - this.#delay
  }
}

/** Lowest and highest sample that is held; null when there is none. */
export function rangeOf(stretches: readonly Stretch[]): [number, number] | null {
  let low = Number.POSITIVE_INFINITY
  let high = Number.NEGATIVE_INFINITY
  for (const { samples } of stretches)
    for (const sample of samples) {
      if (sample < low) low = sample
      if (sample > high) high = sample
    }
  return low <= high ? [low, high] : null
}

/** A run of points that belong together: a gap ends a run. Points are [instant in ms, value]. */
export type Run = [number, number][]

/**
 * The samples between two instants as runs. Between blocks that stand more than 1.5 sample periods apart there is a gap, never a line
 * (domain page, section 6); so there is at every sample that is marked invalid.
 */
export function runsBetween(stretches: readonly Stretch[], from: number, to: number): Run[] {
  const runs: Run[] = []
  let run: Run = []
  let previousEnd: number | null = null
  const close = () => {
    if (run.length > 0) runs.push(run)
    run = []
  }
  for (const { start, end, rateHz, samples } of stretches) {
    const period = 1000 / rateHz
    if (end <= from || start > to) {
      if (start > to) break
      previousEnd = end
      continue
    }
    // `previousEnd` is where the next sample is due: 1.5 periods after the last sample is half a period after that.
    if (previousEnd !== null && Math.abs(start - previousEnd) > period / 2) close()
    previousEnd = end
    const first = Math.max(0, Math.ceil((from - start) / period))
    const last = Math.min(samples.length - 1, Math.floor((to - start) / period))
    for (let k = first; k <= last; k++) {
      const sample = samples[k]!
      if (Number.isNaN(sample)) close()
      else run.push([start + k * period, sample])
    }
  }
  close()
  return runs
}

/** Vertical scale that follows the signal slowly, so that one large beat does not shrink the others at once. */
export class Gain {
  #low: number | null = null
  #high: number | null = null

  /** Takes the range that is held; gives the range to draw, never narrower than `least`. */
  follow(range: [number, number] | null, least: number): [number, number] {
    if (range) {
      const [low, high] = range
      this.#low = this.#low === null || low < this.#low ? low : this.#low + (low - this.#low) * 0.02
      this.#high = this.#high === null || high > this.#high ? high : this.#high + (high - this.#high) * 0.02
    }
    const low = this.#low ?? 0
    const high = this.#high ?? 1
    const middle = (low + high) / 2
    const half = Math.max((high - low) / 2, least / 2)
    return [middle - half, middle + half]
  }
}
