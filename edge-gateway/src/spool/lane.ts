/**
 * One stream of the spool: its files, its numbers, and the one write that is on its way to the disk.
 *
 * Everything that came in while a write was on its way goes to disk together in the next one (group commit). A record has its
 * number when it is added; when a write fails, it and all that wait behind it are given back to their callers as refused and
 * their numbers are used again, so that numbers on disk have no holes.
 */
import {
  closeSync,
  fdatasync,
  ftruncateSync,
  mkdirSync,
  openSync,
  read,
  readdirSync,
  rmSync,
  statSync,
  unlink,
  writev,
} from 'node:fs'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { type StreamName, streams } from '@wardline/devices/streams.ts'
import {
  collect,
  createSegment,
  firstOfName,
  noteIn,
  placeOf,
  type Run,
  reopenLast,
  resync,
  type Segment,
  segmentName,
} from './segment.ts'
import { Staging } from './staging.ts'

export type DropReason = 'spool_full' | 'expired' | 'corrupt' | 'trimmed'
export interface Gap {
  from: number
  to: number
  reason: DropReason
}
/** Called once: without an error when the record is on disk. */
export type Done = (error?: Error) => void

export interface LaneSettings {
  folder: string
  name: StreamName
  segmentBytes: number
  /** The least time between the starts of two writes, ms: more waits for each other, less is written. */
  groupMs: number
  /** How much of the newest is kept in memory. */
  keepBytes: number
  /** Only for streams that expire: a new file at least this often, ms. */
  rotateMs?: number
}
export interface LaneWorld {
  now(): number
  /** Waits for a turn at the disk. Alarms never wait. */
  turn(lane: StreamName): Promise<() => void> | undefined
  /** The disk is full: give up something. True when something was given up. */
  makeRoom(bytes: number): boolean
  onDurable(lane: StreamName): void
  onWritten(lane: StreamName, ms: number, records: number): void
  onTrouble(lane: StreamName, error: Error | undefined): void
  onGap(lane: StreamName, gap: Gap): void
}

/** Where reading from disk goes on. A descriptor is closed only when no read is on its way: its number may be another file's by then. */
interface Reader {
  segment: Segment
  fd: number
  number: number
  offset: number
  /** Reads that are on their way. */
  busy: number
  gone: boolean
}

export class Lane {
  readonly name: StreamName
  /** The newest number that is on disk. */
  durable = 0
  /** The newest number the hub has stored. */
  committed = 0
  /** Numbers after the committed one that were lost, by reason. Ascending. */
  gaps: Gap[] = []
  /** Bytes of all files and of what waits for the disk. */
  bytes = 0
  waitingBytes = 0
  /** When the oldest record that was not sent yet was received; undefined when all is sent. The uplink keeps it. */
  oldestAt: number | undefined

  #settings: LaneSettings
  #world: LaneWorld
  #segments: Segment[] = []
  #fd = -1
  #broken = false
  #staging: Staging
  #next = 1
  #waiting: Done[] = []
  #writing = false
  #scheduled = false
  #lastStart = -Infinity
  #idle: (() => void)[] = []
  #closed = false
  #reader: Reader | undefined

  constructor(settings: LaneSettings, world: LaneWorld) {
    this.name = settings.name
    this.#settings = settings
    this.#world = world
    this.#staging = new Staging(settings.keepBytes)
    mkdirSync(settings.folder, { recursive: true })
    const firsts = readdirSync(settings.folder)
      .map(firstOfName)
      .filter((first) => first !== null)
      .sort((a, b) => a - b)
    for (const [i, first] of firsts.entries()) {
      const path = join(settings.folder, segmentName(first))
      if (i === firsts.length - 1) {
        const { segment, fd } = reopenLast(path, first)
        this.#segments.push(segment)
        this.#fd = fd
      } else {
        const { size, mtimeMs } = statSync(path)
        this.#segments.push({ path, first, last: firsts[i + 1]! - 1, bytes: size, lastAt: mtimeMs, since: mtimeMs, index: [] })
      }
    }
    if (!this.#segments.length) this.#begin(1)
    this.durable = this.#active.last
    this.#next = this.durable + 1
    this.bytes = this.#segments.reduce((sum, segment) => sum + segment.bytes, 0)
  }

  get #active(): Segment {
    return this.#segments.at(-1)!
  }
  /** The oldest number that is still here; one after the newest when there is none. */
  get first(): number {
    return this.#segments[0]!.first
  }
  /** There is a file that may be given up, here or because the hub has it. */
  get mayGive(): boolean {
    return this.#segments.length > 1 && (streams[this.name].dropRank !== null || this.#segments[0]!.last <= this.committed)
  }

  /** Adds a record; `done` is called when it is on disk, or with the error when it could not be written. */
  add(json: string, receivedAt: number, done: Done): void {
    const bytes = this.#staging.add(this.#next++, json, receivedAt)
    this.bytes += bytes
    this.waitingBytes += bytes
    this.#waiting.push(done)
    this.#schedule()
  }

  #schedule(): void {
    if (this.#writing || this.#scheduled || !this.#waiting.length) return
    this.#scheduled = true
    const rest = this.#settings.groupMs - (performance.now() - this.#lastStart)
    const start = () => {
      this.#scheduled = false
      void this.#write()
    }
    if (rest > 0.5 && !this.#closed) setTimeout(start, rest)
    else setImmediate(start)
  }

  async #write(): Promise<void> {
    this.#writing = true
    const turn = this.#world.turn(this.name)
    const leave = turn ? await turn : undefined
    const started = performance.now()
    this.#lastStart = started
    const from = this.durable + 1
    const to = this.#next - 1
    const waiting = this.#waiting
    const bytes = this.waitingBytes
    this.#waiting = []
    this.waitingBytes = 0
    let failed: Error | undefined
    try {
      await this.#put(from, to, bytes)
    } catch (error) {
      failed = error as Error
      const full = ['ENOSPC', 'EDQUOT'].includes((error as NodeJS.ErrnoException).code ?? '')
      if (full && this.#world.makeRoom(bytes)) {
        try {
          await this.#put(from, to, bytes)
          failed = undefined
        } catch (again) {
          failed = again as Error
        }
      }
    }
    leave?.()
    if (failed) this.#giveBack(from - 1, bytes, waiting, failed)
    else {
      this.durable = to
      this.#staging.shrink(to)
      this.#world.onWritten(this.name, performance.now() - started, to - from + 1)
      this.#world.onTrouble(this.name, undefined)
      for (const done of waiting) done()
      this.#world.onDurable(this.name)
    }
    this.#writing = false
    if (this.#waiting.length) this.#schedule()
    else for (const idle of this.#idle.splice(0)) idle()
  }

  /** Writes records `from` to `to` and waits until the disk has them. */
  async #put(from: number, to: number, bytes: number): Promise<void> {
    const now = this.#world.now()
    const { segmentBytes, rotateMs } = this.#settings
    const old = this.#active
    const begun = old.last >= old.first
    if (this.#broken || (begun && (old.bytes + bytes > segmentBytes || (rotateMs !== undefined && now - old.since > rotateMs)))) {
      this.#begin(from)
    }
    const segment = this.#active
    const pieces = this.#staging.pieces(from, to)
    try {
      await writeAll(
        this.#fd,
        pieces.map((piece) => piece.buffer),
        segment.bytes,
      )
      await synced(this.#fd)
    } catch (error) {
      // After a failed fdatasync the kernel may have thrown the pages away: this file is trusted up to here and not written again.
      this.#broken = true
      try {
        ftruncateSync(this.#fd, segment.bytes)
      } catch {} // then the next file's name says where this one ends
      throw error
    }
    let offset = segment.bytes
    for (const piece of pieces) {
      for (const [i, at] of piece.offsets.entries()) noteIn(segment, piece.first + i, offset + at - piece.base)
      offset += piece.buffer.length
    }
    segment.bytes = offset
    segment.last = to
    segment.lastAt = now
  }

  /** Goes on in a new file that begins with this number. */
  #begin(first: number): void {
    const { segment, fd } = this.#create(first)
    if (this.#fd >= 0) closeSync(this.#fd)
    // A file without a record has nothing to keep, and may have the very name of the new one.
    const old = this.#segments.at(-1)
    if (old && old.last < old.first) {
      this.#segments.pop()
      this.bytes -= old.bytes
      if (old.path !== segment.path) unlink(old.path, () => {})
    }
    this.#segments.push(segment)
    this.bytes += segment.bytes
    this.#fd = fd
    this.#broken = false
    if (this.#reader?.segment === old) this.#letGoOfReader()
  }

  /** A new file, or none: one left behind empty would say, by its name, that the file before it ends where it does not. */
  #create(first: number): { segment: Segment; fd: number } {
    try {
      return createSegment(this.#settings.folder, first, this.#world.now())
    } catch (error) {
      const path = join(this.#settings.folder, segmentName(first))
      if (!this.#segments.some((segment) => segment.path === path)) rmSync(path, { force: true })
      throw error
    }
  }

  #giveBack(last: number, bytes: number, waiting: Done[], error: Error): void {
    const all = waiting.concat(this.#waiting)
    this.bytes -= bytes + this.waitingBytes
    this.#waiting = []
    this.waitingBytes = 0
    this.#staging.forgetAfter(last)
    this.#next = last + 1
    this.#world.onTrouble(this.name, error)
    for (const done of all) done(error)
  }

  /** The hub has stored everything up to `number`. Files that hold nothing newer than `upTo` (at most that) go. */
  commit(number: number, upTo = number): void {
    this.committed = Math.max(this.committed, number)
    this.gaps = this.gaps.filter((gap) => gap.to > this.committed)
    while (this.#segments.length > 1 && this.#segments[0]!.last <= Math.min(this.committed, upTo))
      this.#remove(this.#segments[0]!)
  }

  /** The hub knows less than it did: it stands at `number` again. */
  rewindTo(number: number): void {
    this.committed = Math.min(this.committed, number)
  }

  /** Under the spool's new id nothing is stored: what the hub has under the old one is not sent again. */
  renew(): void {
    if (this.committed > 0) this.gaps.unshift({ from: 1, to: this.committed, reason: 'trimmed' })
    this.committed = 0
  }

  /** Gives up the oldest file when the hub has all of it; it stands here only for the index of duplicates. */
  dropStored(): boolean {
    const oldest = this.#segments[0]!
    if (this.#segments.length < 2 || oldest.last > this.committed) return false
    this.#remove(oldest)
    return true
  }

  /** Gives up the oldest whole file, and remembers which numbers will not come. Null when there is only the one being written. */
  dropOldest(reason: DropReason): { bytes: number; records: number } | null {
    const oldest = this.#segments[0]!
    if (this.#segments.length < 2) return null
    const from = Math.max(oldest.first, this.committed + 1)
    const records = Math.max(0, oldest.last - from + 1)
    this.#remove(oldest)
    if (records) this.#lose({ from, to: oldest.last, reason })
    return { bytes: oldest.bytes, records }
  }

  /** Files whose newest record is older than this instant. */
  expire(before: number): number {
    let records = 0
    if (!this.#writing && this.#active.last >= this.#active.first && this.#active.lastAt < before) {
      try {
        this.#begin(this.durable + 1)
      } catch {} // no room for a new file: the old one goes with the next that fits
    }
    while (this.#segments.length > 1 && this.#segments[0]!.lastAt < before) records += this.dropOldest('expired')!.records
    return records
  }

  #lose(gap: Gap): void {
    const before = this.gaps.at(-1)
    if (before && before.reason === gap.reason && before.to + 1 >= gap.from) before.to = Math.max(before.to, gap.to)
    else this.gaps.push(gap)
    this.#world.onGap(this.name, gap)
  }

  #remove(segment: Segment): void {
    if (this.#reader?.segment === segment) this.#letGoOfReader()
    this.#segments = this.#segments.filter((other) => other !== segment)
    this.bytes -= segment.bytes
    unlink(segment.path, () => {})
  }

  /**
   * A run of records from `from` on, or null when nothing that new is on disk. When the run begins later than `from`, the numbers
   * between will never come, and `reason` says why.
   */
  async read(from: number, most: { records: number; bytes: number }): Promise<(Run & { reason?: DropReason }) | null> {
    let wanted = from
    let reason: DropReason | undefined
    const skip = (to: number, why: DropReason) => {
      wanted = to + 1
      reason ??= why
    }
    for (;;) {
      if (wanted < this.first) skip(this.first - 1, this.gaps.find((gap) => gap.to >= wanted)?.reason ?? 'trimmed')
      const known = this.gaps.find((gap) => gap.from <= wanted && wanted <= gap.to)
      if (known) skip(known.to, known.reason)
      if (wanted > this.durable) return null // what was lost before it is told with the next record
      const found = this.#staging.read(wanted, this.durable, most) ?? (await this.#readDisk(wanted, most))
      if (found && 'corrupt' in found) {
        const gap: Gap = { from: wanted, to: found.corrupt, reason: 'corrupt' }
        this.gaps.push(gap)
        this.gaps.sort((a, b) => a.from - b.from)
        this.#world.onGap(this.name, gap)
        continue
      }
      if (found) return reason ? { ...found, reason } : found
      // The file was dropped while it was read: look again at what there is.
    }
  }

  async #readDisk(wanted: number, most: { records: number; bytes: number }): Promise<Run | { corrupt: number } | null> {
    const segment = this.#segments.find((each) => each.first <= wanted && wanted <= each.last)
    if (!segment) {
      const later = this.#segments.find((each) => each.first > wanted)
      return { corrupt: later ? later.first - 1 : this.durable }
    }
    if (this.#reader?.segment !== segment) {
      this.#letGoOfReader()
      try {
        this.#reader = { segment, fd: openSync(segment.path, 'r'), number: 0, offset: 0, busy: 0, gone: false }
      } catch {
        return this.#segments.includes(segment) ? { corrupt: segment.last } : null // somebody took the file away
      }
    }
    const reader = this.#reader!
    let offset = reader.number === wanted ? reader.offset : placeOf(segment, wanted)
    let size = most.bytes + 64 * 1024
    for (;;) {
      reader.busy++
      const buffer = await readAt(reader.fd, offset, Math.min(size, segment.bytes - offset)).catch(() => Buffer.alloc(0))
      reader.busy--
      if (reader.gone && reader.busy === 0) closeSync(reader.fd)
      if (reader.gone) return null
      const { run, next, need, bad } = collect(buffer, offset, wanted, segment.last, most)
      if (run.payloads.length) {
        Object.assign(reader, { number: wanted + run.payloads.length, offset: next })
        noteIn(segment, reader.number, next)
        return run
      }
      const atEnd = offset + buffer.length >= segment.bytes
      if (bad || (need !== undefined && atEnd)) {
        const good = resync(segment.path, bad ? next : offset, wanted - 1, segment.last)
        if (!good) return { corrupt: segment.last }
        if (good.number === wanted) {
          offset = good.offset
          continue
        }
        Object.assign(reader, { number: good.number, offset: good.offset })
        return { corrupt: good.number - 1 }
      }
      if (buffer.length === 0) return { corrupt: segment.last }
      if (next === offset) size = Math.max(need ?? 0, size * 2)
      offset = next
    }
  }

  #letGoOfReader(): void {
    const reader = this.#reader
    this.#reader = undefined
    if (!reader) return
    reader.gone = true
    if (reader.busy === 0) closeSync(reader.fd)
  }

  /** Resolves when everything that was added is on disk or given back. */
  settled(): Promise<void> {
    if (!this.#writing && !this.#waiting.length) return Promise.resolve()
    return new Promise((done) => this.#idle.push(done))
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.settled()
    this.#letGoOfReader()
    if (this.#fd >= 0) closeSync(this.#fd)
    this.#fd = -1
  }
}

function writeAll(fd: number, buffers: Buffer[], position: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const total = buffers.reduce((sum, buffer) => sum + buffer.length, 0)
    writev(fd, buffers, position, (error, written) => {
      if (error) return reject(error)
      if (written === total) return resolve()
      // A short write means that the disk is nearly full: what follows says ENOSPC, or the rest fits after all.
      const rest = Buffer.concat(buffers).subarray(written)
      if (written === 0) return reject(Object.assign(new Error('the disk takes no more'), { code: 'ENOSPC' }))
      writeAll(fd, [rest], position + written).then(resolve, reject)
    })
  })
}

const synced = (fd: number): Promise<void> =>
  new Promise((resolve, reject) => fdatasync(fd, (error) => (error ? reject(error) : resolve())))

const readAt = (fd: number, position: number, length: number): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    const buffer = Buffer.allocUnsafeSlow(Math.max(0, length))
    read(fd, buffer, 0, buffer.length, position, (error, got) => (error ? reject(error) : resolve(buffer.subarray(0, got))))
  })
