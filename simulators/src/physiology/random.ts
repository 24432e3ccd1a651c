/**
 * A seeded stream of random numbers (sfc32). The same seed and name give the same numbers on every machine, and streams of
 * different names do not disturb each other: one more bed changes nothing for the beds before it.
 */
export class Random {
  private a: number
  private b: number
  private c: number
  private d: number
  private spare: number | undefined

  /** `seed` and each of `names` may be any number or text. */
  constructor(seed: number | string, ...names: (number | string)[]) {
    const state = fourWords([seed, ...names].join('\u0000'))
    ;[this.a, this.b, this.c, this.d] = state
    for (let i = 0; i < 12; i++) this.next() // sfc32 needs some rounds until the words of a short seed are mixed
  }

  /** Uniform in [0, 1). */
  next(): number {
    const t = (((this.a + this.b) | 0) + this.d) | 0
    this.d = (this.d + 1) | 0
    this.a = this.b ^ (this.b >>> 9)
    this.b = (this.c + (this.c << 3)) | 0
    this.c = (this.c << 21) | (this.c >>> 11)
    this.c = (this.c + t) | 0
    return (t >>> 0) / 4_294_967_296
  }

  between(low: number, high: number): number {
    return low + (high - low) * this.next()
  }

  /** 0, 1, ... n - 1. */
  below(n: number): number {
    return Math.floor(this.next() * n)
  }

  chance(probability: number): boolean {
    return this.next() < probability
  }

  pick<T>(from: readonly T[]): T {
    if (from.length === 0) throw new RangeError('nothing to pick from')
    return from[this.below(from.length)]!
  }

  /** One of the keys, each as likely as its weight says. */
  weighted<K extends string>(weights: Partial<Record<K, number>>): K {
    const entries = Object.entries(weights) as [K, number][]
    let left = this.next() * entries.reduce((sum, [, weight]) => sum + weight, 0)
    for (const [key, weight] of entries) {
      left -= weight
      if (left < 0) return key
    }
    return entries.at(-1)![0]
  }

  /** Normal with mean 0 and standard deviation 1 (Marsaglia's polar method). */
  normal(): number {
    if (this.spare !== undefined) {
      const spare = this.spare
      this.spare = undefined
      return spare
    }
    for (;;) {
      const u = 2 * this.next() - 1
      const v = 2 * this.next() - 1
      const s = u * u + v * v
      if (s === 0 || s >= 1) continue
      const scale = Math.sqrt((-2 * Math.log(s)) / s)
      this.spare = v * scale
      return u * scale
    }
  }
}

function fourWords(text: string): [number, number, number, number] {
  const words: [number, number, number, number] = [0x9e3779b9, 0x243f6a88, 0xb7e15162, 0x6a09e667]
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    words[0] = Math.imul(words[0] ^ code, 0x85ebca6b) ^ (words[1] >>> 13)
    words[1] = Math.imul(words[1] ^ code, 0xc2b2ae35) ^ (words[2] >>> 11)
    words[2] = Math.imul(words[2] ^ code, 0x27d4eb2f) ^ (words[3] >>> 15)
    words[3] = Math.imul(words[3] ^ code, 0x165667b1) ^ (words[0] >>> 12)
  }
  return words
}
