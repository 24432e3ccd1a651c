/**
 * The hub's clock, kept by its beats. Ages on a wall are reckoned by it, because the clock of the machine a wall runs on may be off.
 *
 * A beat says the hub's time when it was sent, so `at - now` is the true difference less the way here. The largest of the last
 * beats had the shortest way.
 */
export class HubClock {
  #differences: number[] = []
  #difference = 0
  readonly #own: () => number

  constructor(own: () => number = Date.now) {
    this.#own = own
  }

  beat(at: number): void {
    const difference = at - this.#own()
    // One of the two clocks was set: what was learnt before is void.
    if (this.#differences.length > 0 && Math.abs(difference - this.#difference) > 2000) this.#differences = []
    this.#differences.push(difference)
    if (this.#differences.length > 16) this.#differences.shift()
    this.#difference = Math.max(...this.#differences)
  }

  /** The hub's time now, ms since 1970; this machine's own before the first beat. */
  now(): number {
    return this.#own() + this.#difference
  }
}
