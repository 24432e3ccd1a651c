import type { Wave } from './contract.ts'

/** One stretch of samples, ready to draw. NaN is a gap. */
export interface Stretch {
  start: number
  /** Start of the sample after the last one. */
  end: number
  rateHz: number
  samples: Float32Array
}

/** How much of each waveform is kept: more than the widest sweep shows, with its delay. */
const KEEP_MS = 30_000
/** A channel that is silent this long is forgotten. */
const FORGET_MS = 120_000
/** A bed's waveforms are few; more than this from one hub is a fault, and the oldest give way. */
const CHANNELS = 1024

export interface Channel {
  stretches: Stretch[]
  /** Grows with each stretch taken. */
  version: number
  /** When the last stretch came, by this machine's monotonic clock. */
  heardAt: number
  /** How long after its first sample was taken a stretch came, the last eight of them, ms by the hub's clock. */
  lateness: number[]
}

/** The last half minute of every waveform that is being sent, bounded in time and number. */
export class WaveStore {
  #channels = new Map<string, Channel>()

  /** Take a stretch that came at `hubNow` (hub's clock) and `monotonic` (this machine's). Overlap keeps the first (domain page, section 6). */
  take(said: Wave, hubNow: number, monotonic: number): void {
    if (said.samples.length === 0 || !(said.rateHz > 0)) return
    const key = `${said.bed}\u0000${said.code}`
    let channel = this.#channels.get(key)
    if (!channel) {
      if (this.#channels.size >= CHANNELS) this.#channels.delete(this.#channels.keys().next().value!)
      channel = { stretches: [], version: 0, heardAt: monotonic, lateness: [] }
      this.#channels.set(key, channel)
    }
    const period = 1000 / said.rateHz
    let { start } = said
    let samples = Float32Array.from(said.samples, (sample) => sample ?? Number.NaN)
    const last = channel.stretches.at(-1)
    if (last) {
      // The device's clock went back: what is held belongs to another time.
      if (start < last.end - KEEP_MS) channel.stretches = []
      else if (start < last.end - period / 2) {
        const skip = Math.round((last.end - start) / period)
        if (skip >= samples.length) return
        samples = samples.subarray(skip)
        start += skip * period
      }
    }
    const end = start + samples.length * period
    channel.stretches.push({ start, end, rateHz: said.rateHz, samples })
    while (channel.stretches.length > 1 && channel.stretches[0]!.end < end - KEEP_MS) channel.stretches.shift()
    channel.lateness.push(hubNow - said.start)
    if (channel.lateness.length > 8) channel.lateness.shift()
    channel.heardAt = monotonic
    channel.version++
  }

  channel(bed: string, code: number): Channel | undefined {
    return this.#channels.get(`${bed}\u0000${code}`)
  }

  /** Drop what nobody sends any more. */
  sweep(monotonic: number): void {
    for (const [key, channel] of this.#channels) if (monotonic - channel.heardAt > FORGET_MS) this.#channels.delete(key)
  }
  clear(): void {
    this.#channels.clear()
  }
  get size(): number {
    return this.#channels.size
  }
}
