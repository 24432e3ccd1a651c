/** One file of a stream: a mark, then records with numbers from `first` on. Its name is its first number. */
import { closeSync, fstatSync, fsyncSync, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { nextMagic, recordAt } from './record.ts'

export const MARK = Buffer.from('WLSPOOL1')
const INDEX_EVERY_BYTES = 64 * 1024

export interface Segment {
  readonly path: string
  readonly first: number
  /** The last number in it; first - 1 while it is empty. */
  last: number
  bytes: number
  /** When its newest record was received, ms. */
  lastAt: number
  /** When it was begun, ms: a stream that expires by age goes on to the next file by the clock. */
  readonly since: number
  /** Some of its records and where they begin, ascending: [number, offset, number, offset, ...]. */
  index: number[]
}

export const segmentName = (first: number): string => `${String(first).padStart(16, '0')}.seg`
export function firstOfName(name: string): number | null {
  const found = /^(\d{16})\.seg$/.exec(name)
  return found ? Number(found[1]) : null
}

/** Creates the file and makes its name durable, so that what is written to it is found again. Gives its descriptor. */
export function createSegment(folder: string, first: number, now: number): { segment: Segment; fd: number } {
  const path = join(folder, segmentName(first))
  const fd = openSync(path, 'w+')
  try {
    writeSync(fd, MARK)
    fsyncSync(fd)
    syncFolder(folder)
  } catch (error) {
    closeSync(fd)
    throw error
  }
  return { segment: { path, first, last: first - 1, bytes: MARK.length, lastAt: now, since: now, index: [] }, fd }
}

export function syncFolder(folder: string): void {
  const fd = openSync(folder, 'r')
  try {
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
}

/** Notes where a record lies, about once in 64 KiB. */
export function noteIn(segment: Segment, number: number, offset: number): void {
  const noted = segment.index.at(-1)
  if (noted === undefined || offset - noted >= INDEX_EVERY_BYTES) segment.index.push(number, offset)
}

/** The nearest known place at or before this number. */
export function placeOf(segment: Segment, number: number): number {
  let place = MARK.length
  let [low, high] = [0, segment.index.length / 2 - 1]
  while (low <= high) {
    const middle = (low + high) >> 1
    if (segment.index[2 * middle]! <= number) {
      place = segment.index[2 * middle + 1]!
      low = middle + 1
    } else high = middle - 1
  }
  return place
}

/**
 * Opens the last file of a stream after a start. What a torn write left at its end was never acknowledged: it is cut off. A bad
 * place with good records behind it stays, and is found and reported when it is read.
 */
export function reopenLast(path: string, first: number): { segment: Segment; fd: number; cutBytes: number } {
  const fd = openSync(path, 'r+')
  const bytes = readFileSync(path)
  const segment: Segment = {
    path,
    first,
    last: first - 1,
    bytes: MARK.length,
    lastAt: 0,
    since: fstatSync(fd).mtimeMs,
    index: [],
  }
  if (bytes.length < MARK.length || !bytes.subarray(0, MARK.length).equals(MARK)) writeSync(fd, MARK, 0, MARK.length, 0)
  let at = MARK.length
  while (at >= 0 && at < bytes.length) {
    const found = recordAt(bytes, at)
    if (found && 'number' in found && found.number > segment.last) {
      noteIn(segment, found.number, at)
      segment.last = found.number
      segment.bytes = found.end
      segment.lastAt = found.receivedAt
      at = found.end
    } else at = nextMagic(bytes, at + 1)
  }
  const cutBytes = bytes.length - segment.bytes
  if (cutBytes !== 0) {
    ftruncateSync(fd, segment.bytes)
    fsyncSync(fd)
  }
  if (segment.lastAt === 0) segment.lastAt = segment.since
  return { segment, fd, cutBytes: Math.max(0, cutBytes) }
}

/** A run of records with consecutive numbers, read from disk or memory. */
export interface Run {
  first: number
  payloads: Buffer[]
  bytes: number
  /** When the first of them was received. */
  receivedAt: number
}

/**
 * Collects from `buffer` (which begins at file offset `offset`) the records from `number` on, while they are consecutive and fit.
 * `next` is the file offset after the last one; `need` says how many bytes from `next` on would be needed to go on; `bad` that
 * there is no good record at `next`.
 */
export function collect(
  buffer: Buffer,
  offset: number,
  number: number,
  last: number,
  most: { records: number; bytes: number },
): { run: Run; next: number; need?: number; bad?: true } {
  const run: Run = { first: number, payloads: [], bytes: 0, receivedAt: 0 }
  let at = 0
  for (;;) {
    const wanted = run.first + run.payloads.length
    if (wanted > last || run.payloads.length >= most.records || run.bytes >= most.bytes) return { run, next: offset + at }
    const found = recordAt(buffer, at)
    if (found && 'more' in found) return { run, next: offset + at, need: found.more }
    if (!found || found.number > wanted) return { run, next: offset + at, bad: true }
    if (found.number === wanted) {
      const length = found.end - found.start
      if (run.payloads.length && run.bytes + length > most.bytes) return { run, next: offset + at }
      if (!run.payloads.length) run.receivedAt = found.receivedAt
      run.payloads.push(buffer.subarray(found.start, found.end))
      run.bytes += length + 1
    }
    at = found.end
  }
}

/** After a bad place at `from`: the first good record with a number in (after, last], or null. Reads the rest of the file. */
export function resync(path: string, from: number, after: number, last: number): { number: number; offset: number } | null {
  const bytes = readFileSync(path)
  for (let at = nextMagic(bytes, from + 1); at >= 0; at = nextMagic(bytes, at + 1)) {
    const found = recordAt(bytes, at)
    if (found && 'number' in found && found.number > after && found.number <= last) return { number: found.number, offset: at }
  }
  return null
}
