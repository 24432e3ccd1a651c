import { connect, type Socket } from 'node:net'
import { MllpFramer } from '@wardline/devices/hl7/mllp.ts'

/** What is under way on a connection: message `number` (counted over the whole load), by its place in the ring. */
export interface LoadConnectionEvents {
  /** `code` is MSA-1; `again` how often the message was sent before. */
  answered(number: number, code: string, sentAt: number, again: number): void
  /** An answer to nothing that is under way here. */
  stray(id: string): void
  connected(): void
  /** The connection broke or was refused; it is tried again when `reconnect` is set. */
  broken(underWay: number): void
}

export interface LoadConnectionOptions {
  host: string
  port: number
  /** Most messages without an answer. */
  window: number
  /** Longest frame, bytes: the ring holds `window` of them. */
  frameBytes: number
  reconnect: boolean
  /** From MSA-2, which stands in `bytes` from `start` to `end`, to the number that {@link LoadConnection.reserve} was given; NaN for an id of somebody else. */
  numberOf(bytes: Buffer, start: number, end: number): number
}

const RECONNECT_AFTER_MS = 50
const MSA = Buffer.from('\rMSA|', 'latin1')
const BAR = 0x7c
const CR = 0x0d

/**
 * One MLLP connection with a ring of frames under way. The frames themselves stay in the ring until answered, so that
 * what a broken connection left unanswered goes out again byte by byte, with the same MSH-10.
 */
export class LoadConnection {
  private readonly options: LoadConnectionOptions
  private readonly events: LoadConnectionEvents
  private readonly ring: Buffer
  private readonly numbers: Float64Array
  private readonly lengths: Uint32Array
  private readonly sentAt: Float64Array
  private readonly times: Uint8Array
  private readonly answered: Uint8Array
  private head = 0
  private tail = 0
  private unsent = 0
  private socket: Socket | undefined
  private up = false
  private blocked = false
  private stopped = false
  private again: NodeJS.Timeout | undefined
  private framer = new MllpFramer()

  constructor(options: LoadConnectionOptions, events: LoadConnectionEvents) {
    this.options = options
    this.events = events
    const { window, frameBytes } = options
    this.ring = Buffer.alloc(window * frameBytes)
    this.numbers = new Float64Array(window)
    this.lengths = new Uint32Array(window)
    this.sentAt = new Float64Array(window)
    this.times = new Uint8Array(window)
    this.answered = new Uint8Array(window)
    this.open()
  }

  /** Messages without an answer. */
  get underWay(): number {
    return this.head - this.tail
  }

  /** Whether another message can be given to it now. */
  get ready(): boolean {
    return this.up && !this.blocked && this.head - this.tail < this.options.window
  }

  /** The place of the next frame in the ring; write it there, then say its `length`. */
  reserve(number: number): { ring: Buffer; offset: number } {
    const slot = this.head % this.options.window
    this.numbers[slot] = number
    this.times[slot] = 0
    this.answered[slot] = 0
    return { ring: this.ring, offset: slot * this.options.frameBytes }
  }

  commit(length: number): void {
    this.lengths[this.head % this.options.window] = length
    this.head++
    this.unsent++
  }

  /** Writes everything committed since the last flush; neighbours in the ring in one write. */
  flush(): void {
    const { socket, unsent, options } = this
    if (!socket || !this.up || unsent === 0) return
    const now = performance.now()
    const { window, frameBytes } = options
    let from = this.head - unsent
    this.unsent = 0
    while (from < this.head) {
      const first = from % window
      if (this.answered[first]) {
        from++
        continue
      }
      // Neighbours that fill their places whole are one stretch of memory, and one write.
      let slot = first
      let bytes = 0
      do {
        this.sentAt[slot] = now
        this.times[slot]!++
        bytes += this.lengths[slot]!
        from++
        if (this.lengths[slot++]! < frameBytes || slot === window) break
      } while (from < this.head && !this.answered[slot])
      const start = first * frameBytes
      if (!socket.write(this.ring.subarray(start, start + bytes))) this.blocked = true
    }
  }

  stop(): void {
    this.stopped = true
    clearTimeout(this.again)
    this.socket?.destroy()
  }

  private open(): void {
    const socket = connect({ host: this.options.host, port: this.options.port, noDelay: true })
    this.socket = socket
    this.framer = new MllpFramer()
    socket.on('connect', () => {
      this.up = true
      this.blocked = false
      // Everything without an answer goes again.
      this.unsent = this.head - this.tail
      this.flush()
      this.events.connected()
    })
    socket.on('drain', () => {
      this.blocked = false
    })
    socket.on('data', (chunk) => this.read(chunk))
    socket.on('error', () => {}) // 'close' follows and is where it is dealt with
    socket.on('close', () => {
      this.up = false
      if (this.stopped) return
      this.events.broken(this.underWay)
      if (this.options.reconnect) this.again = setTimeout(() => this.open(), RECONNECT_AFTER_MS)
    })
  }

  private read(chunk: Buffer): void {
    for (const one of this.framer.push(chunk)) {
      if (one.kind !== 'frame') continue
      const msa = one.bytes.indexOf(MSA)
      if (msa < 0) continue
      const start = msa + MSA.length
      const bar = one.bytes.indexOf(BAR, start)
      let end = one.bytes.indexOf(BAR, bar + 1)
      const line = one.bytes.indexOf(CR, bar + 1)
      if (end < 0 || (line >= 0 && line < end)) end = line < 0 ? one.bytes.length : line
      this.settle(one.bytes, bar + 1, end, codeIn(one.bytes, start))
    }
  }

  private settle(bytes: Buffer, start: number, end: number, code: string): void {
    const number = this.options.numberOf(bytes, start, end)
    const { window } = this.options
    // Answers come in order, as a rule: the first place looked at is the right one.
    for (let i = this.tail; i < this.head; i++) {
      const slot = i % window
      if (this.numbers[slot] !== number || this.answered[slot]) continue
      this.answered[slot] = 1
      const again = this.times[slot]! - 1
      const sentAt = this.sentAt[slot]!
      while (this.tail < this.head && this.answered[this.tail % window]) this.tail++
      this.events.answered(number, code, sentAt, again)
      return
    }
    this.events.stray(bytes.toString('latin1', start, end))
  }
}

/** MSA-1, without making a new text for each answer. */
function codeIn(bytes: Buffer, at: number): string {
  if (bytes[at + 1] === 0x41) return bytes[at] === 0x43 ? 'CA' : 'AA'
  return bytes.toString('latin1', at, at + 2)
}
