import { EventEmitter } from 'node:events'
import { connect, type Socket } from 'node:net'
import { frame, MllpFramer } from '@wardline/devices/hl7/mllp.ts'

/** What gives way first when the store is full. Alarms and ADT never give way. */
export type MessageClass = 'alarm' | 'adt' | 'reading' | 'wave'
const givesWay: readonly MessageClass[] = ['wave', 'reading']

export interface OutgoingMessage {
  /** MSH-10. */
  id: string
  class: MessageClass
  /** The message without its MLLP frame, segments ended by CR. */
  bytes: Buffer
}

export interface MllpSenderOptions {
  host: string
  port: number
  /** How much is kept while nobody answers, bytes of messages. Default 2 MiB: some twenty minutes of numerics. */
  storeBytes?: number
  /** Messages under way without an answer. Default 16. */
  window?: number
  /** Without an answer for this long the connection is given up and everything unanswered is sent again. Default 10 s. */
  answerWithinMs?: number
  /** First and longest pause before connecting again, ms. Default 200 and 5000. */
  pauseMs?: [number, number]
}

export interface MllpSenderStats {
  connected: boolean
  sent: number
  accepted: number
  refused: number
  /** Sent again after a lost connection, with the same MSH-10. */
  resent: number
  /** Given up because the store was full. */
  dropped: number
  waiting: number
  waitingBytes: number
}

interface MllpSenderEvents {
  /** `code` is MSA-1: AA, AE, AR, CA, CE or CR. */
  answered: [message: OutgoingMessage, code: string, text: string]
}

/**
 * One end of an MLLP connection as a monitor has it: a bounded store, a connection that comes back by itself, and
 * nothing forgotten before the other side answered for it. What was unanswered when the connection broke is sent
 * again with the same MSH-10, which is how the receiver knows that it is no new message.
 */
export class MllpSender extends EventEmitter<MllpSenderEvents> {
  private readonly options: Required<MllpSenderOptions>
  /** Alarms and ADT first, else in order of arrival; the first `underWay` of them were written to the present connection. */
  private store: OutgoingMessage[] = []
  private underWay = 0
  private everSent = new Set<string>()
  private bytes = 0
  private socket: Socket | undefined
  private connected = false
  private blocked = false
  private pluggedIn = true
  private stopped = false
  private pause: number
  private again: NodeJS.Timeout | undefined
  private deadline: NodeJS.Timeout | undefined
  private framer = new MllpFramer()
  private readonly counts = { sent: 0, accepted: 0, refused: 0, resent: 0, dropped: 0 }

  constructor(options: MllpSenderOptions) {
    super()
    this.options = { storeBytes: 2 * 1024 * 1024, window: 16, answerWithinMs: 10_000, pauseMs: [200, 5000], ...options }
    this.pause = this.options.pauseMs[0]
    this.open()
  }

  stats(): MllpSenderStats {
    return { ...this.counts, connected: this.connected, waiting: this.store.length, waitingBytes: this.bytes }
  }

  /** Takes the message into the store and sends it as soon as the connection lets it. Never throws, never blocks. */
  send(message: OutgoingMessage): void {
    if (this.stopped) return
    if (givesWay.includes(message.class)) this.store.push(message)
    else {
      // Alarms and ADT go before the numerics that wait, in their own order.
      let place = this.underWay
      while (place < this.store.length && !givesWay.includes(this.store[place]!.class)) place++
      this.store.splice(place, 0, message)
    }
    this.bytes += message.bytes.length
    if (this.bytes > this.options.storeBytes) this.makeRoom()
    this.flush()
  }

  /** Pulls the network cable: nothing goes out, the store keeps what it can. */
  unplug(): void {
    this.pluggedIn = false
    clearTimeout(this.again)
    this.close()
  }

  /** Puts the cable back. */
  plugIn(): void {
    if (this.pluggedIn || this.stopped) return
    this.pluggedIn = true
    this.pause = this.options.pauseMs[0]
    this.open()
  }

  /** Waits up to `withinMs` until everything is answered; false when something still is not. */
  async drained(withinMs: number): Promise<boolean> {
    const until = performance.now() + withinMs
    while (this.store.length > 0 && performance.now() < until) await new Promise((done) => setTimeout(done, 10))
    return this.store.length === 0
  }

  /** Ends the connection. What is unanswered is forgotten, as when a monitor is switched off. */
  stop(): void {
    this.stopped = true
    clearTimeout(this.again)
    this.close()
  }

  private open(): void {
    if (this.stopped || !this.pluggedIn) return
    const socket = connect({ host: this.options.host, port: this.options.port, noDelay: true })
    this.socket = socket
    socket.on('connect', () => {
      this.connected = true
      this.flush()
    })
    socket.on('drain', () => {
      this.blocked = false
      this.flush()
    })
    socket.on('data', (chunk) => this.read(chunk))
    socket.on('end', () => socket.destroy())
    // Whatever the error is, 'close' follows it and the answer is the same: try again later.
    socket.on('error', () => {})
    socket.on('close', () => {
      if (this.socket !== socket) return
      this.close()
      this.openLater()
    })
  }

  private openLater(): void {
    if (this.stopped || !this.pluggedIn) return
    this.again = setTimeout(() => this.open(), this.pause)
    this.pause = Math.min(this.pause * 2, this.options.pauseMs[1])
  }

  private close(): void {
    clearTimeout(this.deadline)
    this.deadline = undefined
    const { socket } = this
    this.socket = undefined
    this.connected = false
    this.blocked = false
    this.underWay = 0
    this.framer = new MllpFramer()
    socket?.destroy()
  }

  private flush(): void {
    const { socket } = this
    if (!socket || !this.connected || this.blocked) return
    if (this.underWay >= this.store.length || this.underWay >= this.options.window) return
    const framed: Buffer[] = []
    while (this.underWay < this.store.length && this.underWay < this.options.window) {
      const message = this.store[this.underWay++]!
      if (this.everSent.has(message.id)) this.counts.resent++
      else {
        this.everSent.add(message.id)
        this.counts.sent++
      }
      framed.push(frame(message.bytes))
    }
    // One write for all that may go: with hundreds of monitors the system calls cost more than the messages.
    this.blocked = !socket.write(framed.length === 1 ? framed[0]! : Buffer.concat(framed))
    this.watch()
  }

  /** Without an answer in time the connection is worth nothing, however open it looks. */
  private watch(): void {
    if (this.deadline || this.underWay === 0) return
    this.deadline = setTimeout(() => {
      this.close()
      this.openLater()
    }, this.options.answerWithinMs)
  }

  private read(chunk: Buffer): void {
    for (const one of this.framer.push(chunk)) if (one.kind === 'frame') this.answer(one.bytes.toString('utf8'))
    this.flush()
  }

  private answer(text: string): void {
    const msa = readAnswer(text)
    if (!msa) return
    const index = this.store.findIndex((message, i) => i < this.underWay && message.id === msa.id)
    if (index < 0) return
    clearTimeout(this.deadline)
    this.deadline = undefined
    this.pause = this.options.pauseMs[0]
    const message = this.store[index]!
    if (msa.code.endsWith('R') && msa.text.includes('SPOOL_FULL')) {
      // The receiver has no room and says so: keep the message and come back later (docs/architecture.md, streams 5).
      this.pause = this.options.pauseMs[1]
      this.close()
      this.openLater()
      return
    }
    this.store.splice(index, 1)
    this.underWay--
    this.bytes -= message.bytes.length
    this.everSent.delete(message.id)
    if (msa.code.endsWith('A')) this.counts.accepted++
    else this.counts.refused++
    this.emit('answered', message, msa.code, msa.text)
    this.watch()
  }

  /** Oldest first of the class that gives way first; never what is under way, never alarms or ADT. */
  private makeRoom(): void {
    for (const kind of givesWay)
      for (let i = this.underWay; i < this.store.length && this.bytes > this.options.storeBytes; ) {
        const message = this.store[i]!
        if (message.class !== kind) i++
        else {
          this.store.splice(i, 1)
          this.bytes -= message.bytes.length
          this.everSent.delete(message.id)
          this.counts.dropped++
        }
      }
  }
}

/** MSA-1, MSA-2 and whatever else explains the answer (MSA-3, ERR); null when it is not an acknowledgement. */
export function readAnswer(message: string): { code: string; id: string; text: string } | null {
  const separator = message[3] ?? '|'
  const segments = message.split(/\r\n|\r|\n/)
  const msa = segments.find((segment) => segment.startsWith(`MSA${separator}`))
  if (!msa) return null
  const fields = msa.split(separator)
  const errors = segments.filter((segment) => segment.startsWith(`ERR${separator}`))
  return {
    code: (fields[1] ?? '').trim(),
    id: (fields[2] ?? '').trim(),
    text: [fields[3] ?? '', ...errors.map((error) => error.slice(4))].filter(Boolean).join(' '),
  }
}
