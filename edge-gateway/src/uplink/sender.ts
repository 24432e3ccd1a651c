/**
 * One stream on its way to the hub: what was sent and is not known to be stored, and from where to go on.
 *
 * The position is the hub's to say. The sender runs ahead of it by at most a window of bytes, goes back when the hub says that
 * it missed something, and asks again when it hears nothing.
 */
import { performance } from 'node:perf_hooks'
import type { StreamName } from '@wardline/devices/streams.ts'
import type { DropReason, Lane } from '../spool/lane.ts'
import type { Run } from '../spool/segment.ts'

export const MOST = { records: 200, bytes: 256 * 1024 }
/** A hub that is slow, not deaf, is not sent everything again and again: the patience doubles up to this. */
const MOST_PATIENCE_MS = 30_000
/** Several batches are on the wire when the hub finds a gap, and each of them is answered: only the first answer counts. */
const RESEND_PAUSE_MS = 1_000

export interface SenderWorld {
  /** May be sent now: the link is up, and the rate allows it. Otherwise the sender is woken again. */
  ready(stream: StreamName, bytes: number): boolean
  publish(stream: StreamName, run: Run, dropped: { from: number; reason: DropReason } | undefined): Promise<void>
  failed(error: unknown): void
}

export class Sender {
  readonly stream: StreamName
  #lane: Lane
  #windowBytes: number
  #lingerMs: number
  #world: SenderWorld
  /** The next number to send; 0 until the hub has said where it stands. */
  #next = 0
  #flying: { last: number; bytes: number }[] = []
  #flyingBytes = 0
  /** The newest number that ever left under this spool's id, or that was on disk before this process began. */
  #known: number
  /** When what was sent last was received; undefined when nothing was since the hub said where it stands. */
  sentReceivedAt: number | undefined
  #progressAt = 0
  #leastPatienceMs: number
  #patienceMs: number
  #rewoundAt = -Infinity
  #lower: { at: number; since: number } | undefined
  #pumping = false
  #again = false
  #linger: NodeJS.Timeout | undefined
  #stopped = false

  constructor(
    stream: StreamName,
    lane: Lane,
    options: { windowBytes: number; lingerMs: number; patienceMs: number },
    world: SenderWorld,
  ) {
    this.stream = stream
    this.#lane = lane
    this.#windowBytes = options.windowBytes
    this.#lingerMs = options.lingerMs
    this.#leastPatienceMs = options.patienceMs
    this.#patienceMs = options.patienceMs
    this.#world = world
    this.#known = lane.durable
  }

  /** The next number to send; 0 while the hub has not said where it stands. */
  get next(): number {
    return this.#next
  }
  get flyingBytes(): number {
    return this.#flyingBytes
  }

  /** The link went down, or the spool has a new id: wait for the hub's word. */
  forget(): void {
    this.#next = 0
    this.sentReceivedAt = undefined
    this.#flying = []
    this.#flyingBytes = 0
    this.#lower = undefined
  }
  newId(): void {
    this.forget()
    this.#known = 0
  }

  /** True when the hub says it has numbers that never left this spool: the disk lost what it had said was written. */
  impossible(committed: number): boolean {
    return committed > this.#known
  }
  /** The newest number that the hub may truthfully have. */
  get known(): number {
    return this.#known
  }

  /** The hub stands at `committed`. `resend`: it saw a gap in some stream. */
  heard(committed: number, resend: boolean): void {
    const now = performance.now()
    const lane = this.#lane
    if (committed < lane.committed) {
      // A late word of a hub that is no longer the writer looks the same as a hub that lost its history. Only the second one stays.
      if (this.#lower?.at !== committed) this.#lower = { at: committed, since: now }
      else if (now - this.#lower.since >= 2_000) {
        lane.rewindTo(committed)
        this.#rewind(committed, now)
      }
      if (this.#next === 0) this.#rewind(lane.committed, now)
      this.wake()
      return
    }
    this.#lower = undefined
    const progress = committed > lane.committed || this.#flying.length === 0
    let landed = 0
    while (landed < this.#flying.length && this.#flying[landed]!.last <= committed)
      this.#flyingBytes -= this.#flying[landed++]!.bytes
    if (landed) this.#flying.splice(0, landed)
    if (progress || landed) {
      this.#progressAt = now
      this.#patienceMs = this.#leastPatienceMs
    }
    if (this.#next <= committed) this.#rewind(committed, now)
    else if (resend && this.#next > committed + 1 && (progress || now - this.#rewoundAt > RESEND_PAUSE_MS))
      this.#rewind(committed, now)
    else if (this.#flying.length && now - this.#progressAt > this.#patienceMs) {
      this.#patienceMs = Math.min(this.#patienceMs * 2, MOST_PATIENCE_MS)
      this.#progressAt = now
      this.#rewind(committed, now)
    }
    this.wake()
  }

  #rewind(committed: number, now: number): void {
    this.#next = committed + 1
    this.sentReceivedAt = undefined
    this.#flying = []
    this.#flyingBytes = 0
    this.#rewoundAt = now
    this.#progressAt = now
  }

  /** True when the hub should be asked where it stands. */
  get stalled(): boolean {
    return this.#next === 0 || (this.#flying.length > 0 && performance.now() - this.#progressAt > this.#leastPatienceMs)
  }

  /** More is on disk. Readings wait a few milliseconds for each other; alarms do not. */
  more(): void {
    if (this.#linger || this.#stopped) return
    const waits = this.#lane.durable - this.#next + 1
    if (this.#lingerMs === 0 || waits >= MOST.records) return void this.wake()
    this.#linger = setTimeout(() => {
      this.#linger = undefined
      this.wake()
    }, this.#lingerMs)
  }

  /** Sends what may be sent. */
  wake(): void {
    if (this.#pumping) {
      this.#again = true
      return
    }
    if (this.#stopped || this.#next === 0) return
    this.#pumping = true
    this.#pump()
      .catch((error: unknown) => this.#world.failed(error))
      .finally(() => {
        this.#pumping = false
        if (this.#again) {
          this.#again = false
          this.wake()
        }
      })
  }

  async #pump(): Promise<void> {
    while (!this.#stopped && this.#next > 0 && this.#flyingBytes < this.#windowBytes && this.#next <= this.#lane.durable) {
      if (!this.#world.ready(this.stream, MOST.bytes)) return
      const from = this.#next
      const run = await this.#lane.read(from, MOST)
      if (!run) return
      if (this.#next !== from) continue // the hub said something else meanwhile
      const last = run.first + run.payloads.length - 1
      this.#next = last + 1
      this.sentReceivedAt = run.receivedAt
      this.#known = Math.max(this.#known, last)
      if (this.#flying.length === 0) this.#progressAt = performance.now()
      this.#flying.push({ last, bytes: run.bytes })
      this.#flyingBytes += run.bytes
      const dropped = run.first > from ? { from, reason: run.reason ?? 'trimmed' } : undefined
      this.#world.publish(this.stream, run, dropped).catch(() => this.#unsent(from))
    }
  }

  /** The link did not take it. When it went down, all begins anew; when it was only full, go on from here in a moment. */
  #unsent(from: number): void {
    if (this.#next === 0 || from >= this.#next) return
    this.#next = Math.max(from, this.#lane.committed + 1)
    this.#flying = this.#flying.filter((batch) => batch.last < from)
    this.#flyingBytes = this.#flying.reduce((sum, batch) => sum + batch.bytes, 0)
    setTimeout(() => this.wake(), 250).unref()
  }

  stop(): void {
    this.#stopped = true
    clearTimeout(this.#linger)
  }
}
