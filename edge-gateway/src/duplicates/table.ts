/**
 * Which message ids were taken in the last seven days, in one file of a fixed size.
 *
 * The file is an array of 64-byte buckets; an id belongs to one bucket, of six places of ten bytes: 40 bits of its fingerprint, 24
 * bits of its body's digest, and the hour it was entered. A false "seen before" needs the same bucket, fingerprint and digest:
 * less than one in 10¹⁷ messages. Of a sender whose messages all have one id, where only the digest tells them apart, it is one in a
 * million. When a bucket is full of ids that are not old yet, the oldest gives way and is counted.
 *
 * New ids are held in memory and written together, once a minute, in the order of the file: written one by one, each id would cost
 * a whole page of the disk, and the spool would wait behind them (ADR 0003).
 */
import { closeSync, existsSync, fdatasync, ftruncateSync, openSync, read, readSync, statSync, write } from 'node:fs'
import { crc32 } from 'node:zlib'

const BUCKET_BYTES = 64
const PLACES = 6
const PLACE_BYTES = 10
const PAGE_BYTES = 4096
const BLOCK_BYTES = 64 * PAGE_BYTES
const SYNC_EVERY_BYTES = 8 * 1024 * 1024
const HOUR_MS = 3_600_000
const ANY_BODY = 0
/** Bodies of one id that are held in memory: more are of a sender that does not number its messages. */
const MOST_BODIES = 8
const BODIES = 2 ** 24
/** More ids than are ever in memory at once; with the bucket in front a number still holds both. */
const PLACES_IN_ORDER = 2 ** 24

/** 24 bits of a body's digest, never 0. */
export const bodyOf = (digest: string): number => crc32(digest) % BODIES || 1

/** An id on its way in or out of the table. */
export interface Id {
  /** 40 bits, never 0. */
  print: number
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
  #fresh = new Held()
  #leaving = new Held()

  /** @param options.bytes size of the file, rounded down to whole pages. A file of another size is begun anew. */
  constructor(options: { path: string; bytes: number; keepDays?: number; now?: () => number }) {
    const size = Math.max(1, Math.floor(options.bytes / PAGE_BYTES)) * PAGE_BYTES
    this.#buckets = size / BUCKET_BYTES
    this.#keepHours = (options.keepDays ?? 7) * 24
    this.#now = options.now ?? Date.now
    this.isNew = !existsSync(options.path) || statSync(options.path).size !== size
    this.#fd = openSync(options.path, this.isNew ? 'w+' : 'r+')
    if (this.isNew) ftruncateSync(this.#fd, size) // a hole: takes no room until it is used
  }

  /** Ids that are in memory only. */
  get waiting(): number {
    return this.#fresh.count
  }

  /** @param body {@link bodyOf} the message; left out when it is not known any more. */
  id(sender: string, messageId: string, body = ANY_BODY): Id {
    const key = `${sender}\x1f${messageId}`
    return {
      print: hash53(key, 0x9e3779b9) % 2 ** 40 || 1, // an empty place is all zeros
      bucket: hash53(key, 0x85ebca6b) % this.#buckets,
      body,
    }
  }

  #age(hour: number): number {
    const age = (Math.floor(this.#now() / HOUR_MS) - hour) & 0xffff
    return age > 0x7fff ? 0 : age // a clock that was set back
  }

  /** `same`: this very message was taken. `reused`: another message with its id was. */
  look(id: Id): 'new' | 'same' | 'reused' {
    let reused = false
    for (const held of [this.#fresh, this.#leaving]) {
      const is = held.look(id)
      if (is === 'same') return is
      reused ||= is === 'reused'
    }
    const bucket = this.#bucket
    readSync(this.#fd, bucket, 0, BUCKET_BYTES, id.bucket * BUCKET_BYTES)
    for (let at = 0; at < PLACES * PLACE_BYTES; at += PLACE_BYTES) {
      if (bucket.readUIntLE(at, 5) !== id.print || this.#age(bucket.readUInt16LE(at + 8)) > this.#keepHours) continue
      if (sameBody(bucket.readUIntLE(at + 5, 3), id.body)) return 'same'
      reused = true
    }
    return reused ? 'reused' : 'new'
  }

  /** Enters an id. It is in the file after the next {@link save}. */
  enter(id: Id): void {
    this.#fresh.add(id)
  }

  /** Puts into one bucket, at `base` of `buffer`, an id that may be there already. True when something was changed. */
  #place(buffer: Buffer, base: number, id: Id): boolean {
    let place = base
    let placeAge = -1
    for (let at = base; at < base + PLACES * PLACE_BYTES; at += PLACE_BYTES) {
      const print = buffer.readUIntLE(at, 5)
      const age = print === 0 ? Number.POSITIVE_INFINITY : this.#age(buffer.readUInt16LE(at + 8))
      if (print === id.print && age <= this.#keepHours) {
        const body = buffer.readUIntLE(at + 5, 3)
        if (body === id.body || id.body === ANY_BODY) return false
      }
      if (age > placeAge) {
        place = at
        placeAge = age
      }
    }
    if (placeAge <= this.#keepHours) this.evicted++
    buffer.writeUIntLE(id.print, place, 5)
    buffer.writeUIntLE(id.body, place + 5, 3)
    buffer.writeUInt16LE(Math.floor(this.#now() / HOUR_MS) & 0xffff, place + 8)
    return true
  }

  /** Writes what is in memory, and resolves when the disk has it. One at a time. */
  async save(): Promise<void> {
    this.#leaving = this.#fresh
    this.#fresh = new Held()
    const ids = this.#leaving.inOrderOfFile()
    try {
      const block = Buffer.allocUnsafeSlow(BLOCK_BYTES)
      let unsynced = 0
      for (let i = 0; i < ids.length; ) {
        const start = Math.floor((ids.at(i).bucket * BUCKET_BYTES) / BLOCK_BYTES) * BLOCK_BYTES
        await io((done) => read(this.#fd, block, 0, BLOCK_BYTES, start, done))
        const pages = new Set<number>()
        for (; i < ids.length; i++) {
          const id = ids.at(i)
          const base = id.bucket * BUCKET_BYTES - start
          if (base >= BLOCK_BYTES) break
          if (this.#place(block, base, id)) pages.add(Math.floor(base / PAGE_BYTES))
        }
        for (const [from, count] of runs(pages)) {
          await io((done) => write(this.#fd, block, from * PAGE_BYTES, count * PAGE_BYTES, start + from * PAGE_BYTES, done))
          unsynced += count * PAGE_BYTES
        }
        if (unsynced > SYNC_EVERY_BYTES) {
          await this.#sync()
          unsynced = 0
        }
      }
      await this.#sync()
    } catch (error) {
      for (let i = 0; i < ids.length; i++) this.enter(ids.at(i)) // next time
      throw error
    } finally {
      this.#leaving = new Held()
    }
  }

  #sync(): Promise<void> {
    return new Promise((resolve, reject) => fdatasync(this.#fd, (error) => (error ? reject(error) : resolve())))
  }

  /** Reads the file once, so that the kernel has it in memory: looking up an id then waits for no disk. */
  async warm(): Promise<void> {
    const block = Buffer.allocUnsafeSlow(1024 * 1024)
    for (let at = 0; at < this.#buckets * BUCKET_BYTES && this.#fd >= 0; at += block.length) {
      await io((done) => read(this.#fd, block, 0, block.length, at, done)).catch(() => {})
    }
  }

  close(): void {
    const fd = this.#fd
    this.#fd = -1
    closeSync(fd)
  }
}

/** Ids that are not in the file yet: some 60 bytes each. */
class Held {
  /** Fingerprint → bucket and body in one number. */
  #ids = new Map<number, number>()
  /** The few fingerprints that have more than one: an id with other bodies. The newest last. */
  #more = new Map<number, Id[]>()
  #moreCount = 0

  get count(): number {
    return this.#ids.size + this.#moreCount
  }
  add(id: Id): void {
    const value = id.bucket * BODIES + id.body
    const before = this.#ids.get(id.print)
    if (before === undefined) return void this.#ids.set(id.print, value)
    if (before === value) return
    const more = this.#more.get(id.print)
    if (!more) this.#more.set(id.print, [id])
    else if (more.some((one) => one.bucket === id.bucket && one.body === id.body)) return
    else more.push(id)
    if (more && more.length > MOST_BODIES) more.shift()
    else this.#moreCount++
  }
  look(id: Id): 'new' | 'same' | 'reused' {
    const value = this.#ids.get(id.print)
    if (value === undefined) return 'new'
    const first = { bucket: Math.floor(value / BODIES), body: value % BODIES }
    const bodies = [first, ...(this.#more.get(id.print) ?? [])].filter((one) => one.bucket === id.bucket)
    if (bodies.some((one) => sameBody(one.body, id.body))) return 'same'
    return bodies.length ? 'reused' : 'new'
  }
  /** All of them by bucket, as numbers in a row: a hundred thousand objects would cost the gateway 20 MB each time, and 100 ms to sort. */
  inOrderOfFile(): { length: number; at(i: number): Id } {
    const prints = new Float64Array(this.count)
    const values = new Float64Array(this.count)
    let length = 0
    const put = (print: number, value: number) => {
      prints[length] = print
      values[length++] = value
    }
    for (const [print, value] of this.#ids) put(print, value)
    for (const more of this.#more.values()) for (const id of more) put(id.print, id.bucket * BODIES + id.body)
    const order = Float64Array.from({ length }, (_, i) => Math.floor(values[i]! / BODIES) * PLACES_IN_ORDER + i).sort()
    return {
      length,
      at(i) {
        const k = order[i]! % PLACES_IN_ORDER
        return { print: prints[k]!, bucket: Math.floor(values[k]! / BODIES), body: values[k]! % BODIES }
      },
    }
  }
}

const sameBody = (a: number, b: number) => a === b || a === ANY_BODY || b === ANY_BODY

const io = (start: (done: (error: Error | null) => void) => void): Promise<void> =>
  new Promise((resolve, reject) => start((error) => (error ? reject(error) : resolve())))

/** [3, 4, 5, 9] → [3, 3 of them], [9, 1 of them]. */
function* runs(numbers: Iterable<number>): Generator<[number, number]> {
  let from = -1
  let count = 0
  for (const number of numbers) {
    if (number === from + count) count++
    else {
      if (count) yield [from, count]
      from = number
      count = 1
    }
  }
  if (count) yield [from, count]
}

/** 53 bits of a text, well mixed (two multiply-and-xor lanes, finished as in MurmurHash3). */
function hash53(text: string, seed: number): number {
  let a = 0xdeadbeef ^ seed
  let b = 0x41c6ce57 ^ seed
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i)
    a = Math.imul(a ^ c, 2654435761)
    b = Math.imul(b ^ c, 1597334677)
  }
  a = Math.imul(a ^ (a >>> 16), 2246822507) ^ Math.imul(b ^ (b >>> 13), 3266489909)
  b = Math.imul(b ^ (b >>> 16), 2246822507) ^ Math.imul(a ^ (a >>> 13), 3266489909)
  return 4294967296 * (b & 0x1fffff) + (a >>> 0)
}
