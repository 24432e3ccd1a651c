/**
 * What a stream has in memory: records that wait for the disk, and, after that, the newest records for as long as they fit, so
 * that an uplink that keeps up never reads the disk. Records are written once, in the form they have on disk.
 */

import { HEADER_BYTES, seal } from './record.ts'
import type { Run } from './segment.ts'

const CHUNK_BYTES = 256 * 1024

interface Chunk {
  buffer: Buffer
  first: number
  /** Where each record begins. */
  offsets: number[]
  used: number
}

export class Staging {
  #chunks: Chunk[] = []
  #keepBytes: number
  #held = 0

  constructor(keepBytes: number) {
    this.#keepBytes = keepBytes
  }

  /** Adds the record `number`, the one after the newest. Gives the bytes it takes on disk. */
  add(number: number, json: string, receivedAt: number): number {
    let chunk = this.#chunks.at(-1)
    // Three bytes for each UTF-16 unit is the most that UTF-8 takes; counting exactly costs more than a little unused memory.
    if (
      !chunk ||
      chunk.buffer.length - chunk.used < HEADER_BYTES + json.length * 3 ||
      chunk.first + chunk.offsets.length !== number
    ) {
      const size = Math.max(CHUNK_BYTES, HEADER_BYTES + Buffer.byteLength(json))
      chunk = { buffer: Buffer.allocUnsafeSlow(size), first: number, offsets: [], used: 0 }
      this.#held += size
      this.#chunks.push(chunk)
    }
    const at = chunk.used
    const length = chunk.buffer.write(json, at + HEADER_BYTES)
    seal(chunk.buffer, at, length, number, receivedAt)
    chunk.offsets.push(at)
    chunk.used = at + HEADER_BYTES + length
    return HEADER_BYTES + length
  }

  /** The bytes of records `from` to `to` as they go to disk, in one piece for each chunk. */
  pieces(from: number, to: number): { buffer: Buffer; first: number; offsets: readonly number[]; base: number }[] {
    const pieces = []
    for (const chunk of this.#chunks) {
      const [low, high] = [Math.max(from, chunk.first), Math.min(to, chunk.first + chunk.offsets.length - 1)]
      if (low > high) continue
      const base = chunk.offsets[low - chunk.first]!
      const end = chunk.offsets[high - chunk.first + 1] ?? chunk.used
      const offsets = chunk.offsets.slice(low - chunk.first, high - chunk.first + 1)
      pieces.push({ buffer: chunk.buffer.subarray(base, end), first: low, offsets, base })
    }
    return pieces
  }

  /** Forgets everything after `last`: it could not be written. */
  forgetAfter(last: number): void {
    while (this.#chunks.length && this.#chunks.at(-1)!.first > last) this.#held -= this.#chunks.pop()!.buffer.length
    const chunk = this.#chunks.at(-1)
    const keep = chunk ? last - chunk.first + 1 : 0
    if (!chunk || keep >= chunk.offsets.length) return
    chunk.used = chunk.offsets[keep]!
    chunk.offsets.length = keep
  }

  /** Lets go of the oldest that are on disk, as far as they do not fit. */
  shrink(durable: number): void {
    while (this.#held > this.#keepBytes && this.#chunks.length > 1) {
      const oldest = this.#chunks[0]!
      if (oldest.first + oldest.offsets.length - 1 > durable) return
      this.#held -= oldest.buffer.length
      this.#chunks.shift()
    }
  }

  /** A run from `number` on, or null when it is not in memory. `receivedAt` in it is read from the first record's header. */
  read(number: number, last: number, most: { records: number; bytes: number }): Run | null {
    let i = this.#chunks.findIndex((chunk) => number >= chunk.first && number < chunk.first + chunk.offsets.length)
    if (i < 0) return null
    const run: Run = { first: number, payloads: [], bytes: 0, receivedAt: 0 }
    for (let wanted = number; wanted <= last && run.payloads.length < most.records; wanted++) {
      let chunk = this.#chunks[i]!
      if (wanted >= chunk.first + chunk.offsets.length) {
        const next = this.#chunks[++i]
        if (!next || next.first !== wanted) break
        chunk = next
      }
      const at = chunk.offsets[wanted - chunk.first]!
      const end = chunk.offsets[wanted - chunk.first + 1] ?? chunk.used
      const length = end - at - HEADER_BYTES
      if (run.payloads.length && run.bytes + length > most.bytes) break
      if (!run.payloads.length) run.receivedAt = chunk.buffer.readUIntLE(at + 18, 6)
      run.payloads.push(chunk.buffer.subarray(at + HEADER_BYTES, end))
      run.bytes += length + 1
    }
    return run
  }
}
