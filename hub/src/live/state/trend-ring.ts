export const MINUTE_MS = 60_000
/** What a sparkline shows: the last hour. */
export const TREND_MINUTES = 60

/** The last hour of one metric in one-minute means. A minute without values stays empty: a drop-out is a gap, never a zero. */
export class TrendRing {
  readonly #minute = new Int32Array(TREND_MINUTES).fill(-1)
  readonly #sum = new Float64Array(TREND_MINUTES)
  readonly #count = new Uint32Array(TREND_MINUTES)

  /** A value measured at `at`. Late ones fill their own minute; older than an hour behind the newest they find it taken and are left out. */
  add(at: number, value: number): void {
    this.#put(at, value, 1)
  }

  /** A minute as history has it; it replaces what was gathered here so far. */
  restore(at: number, mean: number, count: number): void {
    const minute = Math.floor(at / MINUTE_MS)
    const slot = minute % TREND_MINUTES
    if (minute < this.#minute[slot]!) return
    this.#minute[slot] = -1
    this.#put(at, mean * count, count)
  }

  /** Mean of a minute (counted since 1970), undefined when nothing was measured in it. */
  mean(minute: number): number | undefined {
    const slot = minute % TREND_MINUTES
    return this.#minute[slot] === minute ? this.#sum[slot]! / this.#count[slot]! : undefined
  }

  #put(at: number, sum: number, count: number): void {
    const minute = Math.floor(at / MINUTE_MS)
    const slot = minute % TREND_MINUTES
    const held = this.#minute[slot]!
    if (minute < held) return
    if (minute > held) {
      this.#minute[slot] = minute
      this.#sum[slot] = 0
      this.#count[slot] = 0
    }
    this.#sum[slot] = this.#sum[slot]! + sum
    this.#count[slot] = this.#count[slot]! + count
  }
}

/**
 * A sparkline: [minute as ms, mean] for each minute before `untilMinute` that any of the rings has, oldest first. The rings are in order of preference:
 * a minute in which the ECG had no heart rate shows the pulse.
 */
export function trendOf(rings: readonly TrendRing[], untilMinute: number): [number, number][] {
  const points: [number, number][] = []
  for (let minute = untilMinute - TREND_MINUTES + 1; minute < untilMinute; minute++) {
    for (const ring of rings) {
      const mean = ring.mean(minute)
      if (mean === undefined) continue
      points.push([minute * MINUTE_MS, Math.round(mean * 10) / 10])
      break
    }
  }
  return points
}
