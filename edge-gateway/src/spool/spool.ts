/**
 * What was taken in and is not yet known to be safe in the hub: on disk, numbered by stream, within a limit.
 *
 * Alarms and ADT have a reserve that nothing else may use. When the rest is full, whole files of the stream with the highest
 * `dropRank` go first, oldest first (domain page §13, DESIGN.md "The live path" 5); when nothing more may be dropped, a record is
 * refused with {@link SpoolFull} and its device keeps the message.
 */
import { randomBytes } from 'node:crypto'
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { type StreamName, streamNames, streams } from '@wardline/devices/streams.ts'
import { type Done, type DropReason, type Gap, Lane, type LaneWorld } from './lane.ts'
import { lockFolder } from './lock.ts'
import { syncFolder } from './segment.ts'

export class SpoolFull extends Error {}

export interface SpoolOptions {
  folder: string
  /** Bytes of all streams together. */
  limitBytes: number
  /** The part of it that only alarms and ADT may use [DEF]. */
  reserve?: number
  /** Waves older than this are dropped, ms [DEF]. */
  waveAgeMs?: number
  /** The least time between two writes of readings, ms [DEF]: 200 writes a second at load instead of as many as the disk can do. */
  groupMs?: number
  segmentBytes?: number
  now?: () => number
  log: { warn(o: object, m: string): void; info(o: object, m: string): void }
}

export interface SpoolWatch {
  written?(lane: StreamName, ms: number, records: number): void
  dropped?(lane: StreamName, reason: DropReason, records: number): void
}

interface State {
  committed: Partial<Record<StreamName, number>>
  entered: Partial<Record<StreamName, number>>
  dropped: Partial<Record<StreamName, number>>
  gaps: Partial<Record<StreamName, Gap[]>>
}

const MiB = 1024 * 1024
const RESERVE = 0.1
const WAVE_AGE_MS = 10 * 60_000
/** [DEF] */
const REFUSALS_SHARE = 0.2
const GROUP_MS = 5
/** Of the four threads that node gives to disk work, at most two are for streams other than alarms. */
const TURNS = 2
const neverDropped = (name: StreamName) => streams[name].dropRank === null
const byDropRank = streamNames
  .filter((name) => !neverDropped(name))
  .sort((a, b) => (streams[b].dropRank ?? 0) - (streams[a].dropRank ?? 0))

export class Spool {
  /** Numbers mean nothing outside it. */
  id: string
  readonly lanes: Record<StreamName, Lane>
  readonly limitBytes: number
  /** Records lost since this spool exists, by stream. */
  readonly dropped: Record<StreamName, number>
  /** The last trouble with the disk; undefined once a write succeeded again. */
  trouble: Error | undefined

  #options: SpoolOptions
  #watch: SpoolWatch
  #unlock: () => Promise<void>
  #reserveBytes: number
  #entered: Record<StreamName, number>
  #listeners: ((lane: StreamName) => void)[] = []
  #turns = TURNS
  #queue: (() => void)[] = []
  #timer: NodeJS.Timeout
  #stateText = ''
  /** Bytes that readings, refusals and waves may still take before room is counted again. */
  #granted = 0

  private constructor(options: SpoolOptions, watch: SpoolWatch, unlock: () => Promise<void>) {
    this.#options = options
    this.#watch = watch
    this.#unlock = unlock
    this.limitBytes = options.limitBytes
    this.#reserveBytes = options.limitBytes * (options.reserve ?? RESERVE)
    this.id = this.#readId()
    const segmentBytes = options.segmentBytes ?? Math.min(16 * MiB, Math.max(64 * 1024, Math.floor(options.limitBytes / 64)))
    const world = this.#world()
    const state = this.#readState()
    const count = (of: Partial<Record<StreamName, number>>, name: StreamName) => Math.max(0, Math.floor(of[name] ?? 0))
    this.lanes = {} as Record<StreamName, Lane>
    this.dropped = {} as Record<StreamName, number>
    this.#entered = {} as Record<StreamName, number>
    for (const name of streamNames) {
      const lane = new Lane(
        {
          folder: join(options.folder, name),
          name,
          segmentBytes,
          groupMs: neverDropped(name) ? 0 : (options.groupMs ?? GROUP_MS),
          keepBytes: name === 'readings' ? 6 * MiB : 2 * MiB,
          ...(name === 'waves' ? { rotateMs: Math.max(1000, (options.waveAgeMs ?? WAVE_AGE_MS) / 10) } : {}),
        },
        world,
      )
      lane.committed = Math.min(lane.durable, count(state.committed, name))
      lane.gaps = (state.gaps[name] ?? []).filter((gap) => gap.to > lane.committed)
      this.lanes[name] = lane
      this.dropped[name] = count(state.dropped, name)
      this.#entered[name] = Math.min(lane.durable, count(state.entered, name))
    }
    this.#timer = setInterval(() => this.#tend(), 1000)
    this.#timer.unref()
  }

  /** Opens the spool in this folder, or makes one. Throws SpoolLocked when another process has it. */
  static async open(options: SpoolOptions, watch: SpoolWatch = {}): Promise<Spool> {
    mkdirSync(options.folder, { recursive: true })
    const unlock = await lockFolder(options.folder)
    try {
      return new Spool(options, watch, unlock)
    } catch (error) {
      await unlock()
      throw error
    }
  }

  get bytes(): number {
    let bytes = 0
    for (const name of streamNames) bytes += this.lanes[name].bytes
    return bytes
  }
  /** Bytes that wait for the disk. */
  get waitingBytes(): number {
    let bytes = 0
    for (const name of streamNames) bytes += this.lanes[name].waitingBytes
    return bytes
  }

  /** Calls `f` whenever a stream has more on disk. */
  onDurable(f: (lane: StreamName) => void): void {
    this.#listeners.push(f)
  }

  /**
   * Stores the records of one message; `done` once all of them are on disk, or with the reason why not. Either nothing of the
   * message was taken, or the device will send it again and what was taken comes twice: the hub knows it by its id.
   */
  put(records: readonly { stream: StreamName; json: string }[], receivedAt: number, done: Done): void {
    let left = records.length
    if (left === 0) return void done()
    let [reserved, rest] = [0, 0]
    for (const { stream, json } of records) {
      if (neverDropped(stream)) reserved += json.length
      else rest += json.length
    }
    if ((reserved && !this.#roomFor(reserved, true)) || (rest && !this.#roomFor(rest, false)))
      return void done(new SpoolFull('the spool is full'))
    let failed: Error | undefined
    const one: Done = (error) => {
      failed ??= error
      if (--left === 0) done(failed && new SpoolFull(failed.message))
    }
    for (const { stream, json } of records) this.lanes[stream].add(json, receivedAt, one)
  }

  /** True when a message would be taken now. */
  hasRoom(): boolean {
    if (this.trouble) return false
    return this.bytes + 64 * 1024 <= this.limitBytes || streamNames.some((name) => this.lanes[name].mayGive)
  }

  #roomFor(bytes: number, reserved: boolean): boolean {
    // Counting all streams for each reading would cost more than writing it: a little is granted at a time.
    if (!reserved && bytes <= this.#granted) {
      this.#granted -= bytes
      return true
    }
    for (;;) {
      const kept = this.lanes.alarms.bytes + this.lanes.adt.bytes
      const all = this.bytes + bytes
      // What alarms and ADT have not used of their reserve counts as used for everybody else.
      const counted = reserved ? all : all + Math.max(0, this.#reserveBytes - kept)
      if (counted <= this.limitBytes) {
        if (!reserved) this.#granted = Math.min(this.limitBytes - counted, this.limitBytes / 256)
        return true
      }
      if (!this.#dropOne('spool_full')) return false
    }
  }

  /**
   * What the hub has goes first: then only the index of duplicates may miss it. Refusals go after readings, but no more than a share of
   * the spool: whoever reaches the door can make as many as he likes, and they must not push out what the monitors said.
   */
  #dropOne(reason: DropReason): boolean {
    return (
      streamNames.some((name) => this.lanes[name].dropStored()) ||
      this.lanes.waves.dropOldest(reason) !== null ||
      (this.lanes.refusals.bytes > this.limitBytes * REFUSALS_SHARE && this.lanes.refusals.dropOldest(reason) !== null) ||
      byDropRank.some((name) => this.lanes[name].dropOldest(reason) !== null)
    )
  }

  /** How far the hub has stored each stream. Trims what is safe there and entered in the index of duplicates. */
  commit(name: StreamName, number: number): void {
    this.lanes[name].commit(number, this.#entered[name])
  }

  /** The index of duplicates is on disk up to these numbers; after a start it is filled from there on. */
  entered(name: StreamName, number: number): void {
    this.#entered[name] = Math.max(this.#entered[name], number)
    this.lanes[name].commit(this.lanes[name].committed, this.#entered[name])
  }
  enteredUpTo(name: StreamName): number {
    return this.#entered[name]
  }

  /**
   * Begins a new life of the same files under a new id, after the hub was found to have stored numbers that this spool never had:
   * the disk has lost what it said it had. Numbers go on; what lies before the oldest record is told to the hub as trimmed.
   */
  renew(): void {
    this.id = newId()
    this.#writeId(this.id)
    for (const name of streamNames) this.lanes[name].renew()
    this.#writeState()
  }

  #readId(): string {
    const path = join(this.#options.folder, 'spool.json')
    try {
      const { id } = JSON.parse(readFileSync(path, 'utf8')) as { id: unknown }
      // Without the files the numbers would begin again at 1: that is another spool.
      const whole = streamNames.every((name) => existsSync(join(this.#options.folder, name)))
      if (typeof id === 'string' && /^[A-Za-z0-9._-]{1,64}$/.test(id) && whole) return id
    } catch {} // there is none yet
    const id = newId()
    rmSync(join(this.#options.folder, 'state.json'), { force: true })
    this.#writeId(id)
    return id
  }

  #writeId(id: string): void {
    const path = join(this.#options.folder, 'spool.json')
    const fd = openSync(`${path}.new`, 'w')
    writeSync(fd, JSON.stringify({ v: 1, id }))
    fsyncSync(fd)
    closeSync(fd)
    renameSync(`${path}.new`, path)
    syncFolder(this.#options.folder)
  }

  #readState(): State {
    const nothing: State = { committed: {}, entered: {}, dropped: {}, gaps: {} }
    try {
      return { ...nothing, ...(JSON.parse(readFileSync(join(this.#options.folder, 'state.json'), 'utf8')) as State) }
    } catch {
      return nothing // the hub says again how far it is; the index of duplicates is filled again from what is here
    }
  }

  /** A second or so behind: what is in it is only a short cut, never the only place. */
  #writeState(): void {
    const of = <T>(value: (lane: Lane) => T) => Object.fromEntries(streamNames.map((name) => [name, value(this.lanes[name])]))
    const text = JSON.stringify({
      committed: of((lane) => lane.committed),
      entered: this.#entered,
      dropped: this.dropped,
      gaps: of((lane) => lane.gaps),
    })
    if (text === this.#stateText) return
    const path = join(this.#options.folder, 'state.json')
    try {
      writeFileSync(`${path}.new`, text)
      renameSync(`${path}.new`, path)
      this.#stateText = text
    } catch {} // a full disk: the next second tries again
  }

  #tend(): void {
    const now = this.#options.now?.() ?? Date.now()
    this.lanes.waves.expire(now - (this.#options.waveAgeMs ?? WAVE_AGE_MS))
    this.#writeState()
  }

  #world(): LaneWorld {
    return {
      now: this.#options.now ?? Date.now,
      turn: (name) => {
        if (name === 'alarms') return undefined
        const leave = () => {
          const next = this.#queue.shift()
          if (next) next()
          else this.#turns++
        }
        if (this.#turns > 0) {
          this.#turns--
          return Promise.resolve(leave)
        }
        return new Promise((done) => this.#queue.push(() => done(leave)))
      },
      makeRoom: (bytes) => {
        const before = this.bytes
        while (before - this.bytes < bytes + MiB && this.#dropOne('spool_full')) {}
        return this.bytes < before
      },
      onDurable: (name) => {
        for (const f of this.#listeners) f(name)
      },
      onWritten: (name, ms, records) => this.#watch.written?.(name, ms, records),
      onTrouble: (name, error) => {
        if (error && this.trouble?.message !== error.message) {
          this.#options.log.warn({ stream: name, error: error.message }, 'the spool cannot be written')
        }
        this.trouble = error
      },
      onGap: (name, gap) => {
        const records = gap.to - gap.from + 1
        this.dropped[name] += records
        this.#watch.dropped?.(name, gap.reason, records)
        this.#options.log.warn(
          { stream: name, from: gap.from, to: gap.to, reason: gap.reason },
          `${records} records were dropped`,
        )
      },
    }
  }

  /** Writes what waits, and lets another process have the spool. */
  async close(): Promise<void> {
    clearInterval(this.#timer)
    for (const name of streamNames) await this.lanes[name].close()
    this.#writeState()
    await this.#unlock()
  }
}

const newId = () => `sp-${randomBytes(9).toString('base64url')}`
