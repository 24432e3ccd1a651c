const SECONDS = 10

/** Counts of the last ten whole seconds, in ten numbers. */
export class RateMeter {
  readonly #counts = new Uint32Array(SECONDS)
  #second = 0

  add(count: number, now: number): void {
    this.#turnTo(now)
    const slot = this.#second % SECONDS
    this.#counts[slot] = this.#counts[slot]! + count
  }

  /** Per second, over the last ten; one decimal. */
  perSecond(now: number): number {
    this.#turnTo(now)
    let sum = 0
    for (const count of this.#counts) sum += count
    return sum / SECONDS
  }

  #turnTo(now: number): void {
    const second = Math.floor(now / 1000)
    if (second <= this.#second) return
    if (second - this.#second >= SECONDS) this.#counts.fill(0)
    else for (let s = this.#second + 1; s <= second; s++) this.#counts[s % SECONDS] = 0
    this.#second = second
  }
}
