/**
 * Which message ids were taken in the last seven days, in one file of a fixed size.
 *
 * The file is an array of 64-byte buckets; an id belongs to one bucket, of six places of ten bytes: 48 bits of its fingerprint, 16
 * bits of its body's digest, and the hour it was entered. A false "seen before" needs the same bucket, fingerprint and digest:
 * less than one in 10¹⁷ messages. When a bucket is full of ids that are not old yet, the oldest gives way and is counted.
 */
import { hash } from 'node:crypto'
import { closeSync, existsSync, fdatasync, ftruncateSync, openSync, read, readSync, statSync, writeSync } from 'node:fs'
import { crc32 } from 'node:zlib'

const BUCKET_BYTES = 64
const PLACES = 6
const PLACE_BYTES = 10
const HOUR_MS = 3_600_000
const ANY_BODY = 0

/** An id on its way in or out of the table. */
export interface Id {
  low: number
  high: number
  bucket: number
  body: number
}

export class DuplicateTable {
  /** Ids that gave way before they were old, since the start. */
  evicted = 0
  /** The table was made anew: what was taken before is not known. */
  readonly isNew: boolean
  #fd: number
  #buckets: number
  #keepHours: number
  #now: () => number
  #bucket = Buffer.alloc(BUCKET_BYTES)

  /** @param options.bytes size of the file, rounded down to whole buckets. A file of another size is begun anew. */
  constructor(options: { path: string; bytes: number; keepDays?: number; now?: () => number }) {
    this.#buckets = Math.max(1, Math.floor(options.bytes / BUCKET_BYTES))
    this.#keepHours = (options.keepDays ?? 7) * 24
    this.#now = options.now ?? Date.now
    const size = this.#buckets * BUCKET_BYTES
    this.isNew = !existsSync(options.path) || statSync(options.path).size !== size
    this.#fd = openSync(options.path, this.isNew ? 'w+' : 'r+')
    if (this.isNew) ftruncateSync(this.#fd, size) // a hole: takes no room until it is used
  }

  /** @param body the digest of the message without its header; left out when it is not known any more. */
  id(sender: string, messageId: string, body?: string): Id {
    const sum = hash('sha1', `${sender}\x1f${messageId}`, 'buffer')
    return {
      low: sum.readUInt32LE(0) || 1, // an empty place is all zeros
      high: sum.readUInt16LE(4),
      bucket: sum.readUIntLE(6, 6) % this.#buckets,
      body: body === undefined ? ANY_BODY : crc32(body) & 0xffff || 1,
    }
  }

  #age(hour: number): number {
    const age = (Math.floor(this.#now() / HOUR_MS) - hour) & 0xffff
    return age > 0x7fff ? 0 : age // a clock that was set back
  }

  #load(bucket: number): Buffer {
    readSync(this.#fd, this.#bucket, 0, BUCKET_BYTES, bucket * BUCKET_BYTES)
    return this.#bucket
  }

  /** `same`: this very message was taken. `reused`: another message with its id was. */
  look(id: Id): 'new' | 'same' | 'reused' {
    const bucket = this.#load(id.bucket)
    let reused = false
    for (let at = 0; at < PLACES * PLACE_BYTES; at += PLACE_BYTES) {
      if (bucket.readUInt32LE(at) !== id.low || bucket.readUInt16LE(at + 4) !== id.high) continue
      if (this.#age(bucket.readUInt16LE(at + 8)) > this.#keepHours) continue
      const body = bucket.readUInt16LE(at + 6)
      if (body === id.body || body === ANY_BODY || id.body === ANY_BODY) return 'same'
      reused = true
    }
    return reused ? 'reused' : 'new'
  }

  /** Enters an id that is not there yet. */
  enter(id: Id): void {
    const bucket = this.#load(id.bucket)
    let place = 0
    let placeAge = -1
    for (let at = 0; at < PLACES * PLACE_BYTES; at += PLACE_BYTES) {
      const low = bucket.readUInt32LE(at)
      const age = low === 0 ? Number.POSITIVE_INFINITY : this.#age(bucket.readUInt16LE(at + 8))
      if (low === id.low && bucket.readUInt16LE(at + 4) === id.high && age <= this.#keepHours) {
        const body = bucket.readUInt16LE(at + 6)
        if (body === id.body || id.body === ANY_BODY) return
      }
      if (age > placeAge) {
        place = at
        placeAge = age
      }
    }
    if (placeAge <= this.#keepHours) this.evicted++
    bucket.writeUInt32LE(id.low, place)
    bucket.writeUInt16LE(id.high, place + 4)
    bucket.writeUInt16LE(id.body, place + 6)
    bucket.writeUInt16LE(Math.floor(this.#now() / HOUR_MS) & 0xffff, place + 8)
    writeSync(this.#fd, bucket, place, PLACE_BYTES, id.bucket * BUCKET_BYTES + place)
  }

  /** Resolves when all that was entered is on disk. */
  sync(): Promise<void> {
    return new Promise((resolve, reject) => fdatasync(this.#fd, (error) => (error ? reject(error) : resolve())))
  }

  /** Reads the file once, so that the kernel has it in memory: looking up an id then waits for no disk. */
  async warm(): Promise<void> {
    const block = Buffer.allocUnsafeSlow(1024 * 1024)
    for (let at = 0; at < this.#buckets * BUCKET_BYTES && this.#fd >= 0; at += block.length) {
      await new Promise<void>((done) => read(this.#fd, block, 0, block.length, at, () => done()))
    }
  }

  close(): void {
    const fd = this.#fd
    this.#fd = -1
    closeSync(fd)
  }
}
