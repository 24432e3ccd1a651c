/**
 * MLLP framing [STD HL7 v2 Transport: MLLP Release 1]: 0x0B message 0x1C 0x0D.
 */
const VT = 0x0b
const FS = 0x1c
const CR = 0x0d
const LF = 0x0a

/** Domain page "Bedside monitoring", section 14: a message over 1 MiB is refused. */
export const MAX_MESSAGE_BYTES = 1024 * 1024
/** How much of a message that is too large is kept to be looked at. */
export const KEPT_BYTES = 64 * 1024

export type MllpFrame =
  /** A whole message, without its frame bytes. It may share memory with the chunk it came in: copy it to keep it. */
  | { kind: 'frame'; bytes: Buffer }
  /** Over the limit: its first 64 KiB, and its length in bytes. The framer is in step again after it. */
  | { kind: 'too-large'; head: Buffer; length: number }
  /** A message that never ended: another one began inside its frame. */
  | { kind: 'cut-off'; bytes: Buffer }

/** A message ready to be sent: its bytes between 0x0B and 0x1C 0x0D. Text is written as UTF-8. */
export function frame(message: Buffer | string): Buffer {
  const body = typeof message === 'string' ? Buffer.from(message, 'utf8') : message
  const framed = Buffer.allocUnsafe(body.length + 3)
  framed[0] = VT
  body.copy(framed, 1)
  framed[framed.length - 2] = FS
  framed[framed.length - 1] = CR
  return framed
}

/**
 * Cuts a stream of chunks into messages. Holds at most `maxBytes` plus one chunk, whatever comes: the rest of a larger message
 * is counted and thrown away. Never throws.
 */
export class MllpFramer {
  readonly maxBytes: number
  /** Bytes between frames that were no line ends. */
  junkBytes = 0
  /** What came before this chunk of the message, in a buffer that doubles: a sender of single bytes costs no more than one of blocks. */
  #store = NOTHING
  #length = 0
  #inside = false
  #head: Buffer | undefined
  /** The last byte of the message so far is 0x1C: what comes next decides whether it ends. */
  #afterFs = false

  constructor(options: { maxBytes?: number } = {}) {
    this.maxBytes = options.maxBytes ?? MAX_MESSAGE_BYTES
  }

  /** A message has begun and not ended: a slow sender, when it stays so. */
  get unfinished(): boolean {
    return this.#inside
  }

  /** Bytes held now. */
  get heldBytes(): number {
    return this.#head ? this.#head.length : this.#store.length
  }

  /** What is complete after this chunk, in order. */
  push(chunk: Buffer): MllpFrame[] {
    const out: MllpFrame[] = []
    let at = 0
    while (at < chunk.length) at = this.#inside ? this.#read(chunk, at, out) : this.#skip(chunk, at)
    return out
  }

  /** What stood unfinished when the connection closed; the framer is empty after it. */
  end(): MllpFrame | undefined {
    if (!this.#inside) return undefined
    const left: MllpFrame = this.#head
      ? { kind: 'too-large', head: this.#head, length: this.#length }
      : { kind: 'cut-off', bytes: Buffer.from(this.#store.subarray(0, this.#length)) }
    this.#reset()
    return left
  }

  #skip(chunk: Buffer, from: number): number {
    const start = chunk.indexOf(VT, from)
    const end = start < 0 ? chunk.length : start
    for (let i = from; i < end; i++) if (chunk[i] !== CR && chunk[i] !== LF) this.junkBytes++
    if (start >= 0) this.#inside = true
    return end + (start < 0 ? 0 : 1)
  }

  /** Reads inside a message from `from`; gives back where to go on. */
  #read(chunk: Buffer, from: number, out: MllpFrame[]): number {
    if (this.#afterFs) {
      this.#afterFs = false
      const end = this.#endAfterFs(chunk[from]!)
      if (end !== undefined) {
        this.#finish(NOTHING, out)
        return from + end
      }
      this.#take(Buffer.of(FS))
    }
    let search = from
    for (;;) {
      const fs = chunk.indexOf(FS, search)
      if (fs < 0) {
        this.#take(chunk.subarray(from))
        return chunk.length
      }
      if (fs === chunk.length - 1) {
        this.#take(chunk.subarray(from, fs))
        this.#afterFs = true
        return chunk.length
      }
      const end = this.#endAfterFs(chunk[fs + 1]!)
      if (end !== undefined) {
        this.#finish(chunk.subarray(from, fs), out)
        return fs + 1 + end
      }
      search = fs + 1
    }
  }

  /** How many bytes after 0x1C belong to the end: the CR of the standard, a LF that some send, none when the next message begins. */
  #endAfterFs(next: number): number | undefined {
    if (next === CR || next === LF) return 1
    return next === VT ? 0 : undefined
  }

  #take(bytes: Buffer): void {
    if (bytes.length === 0) return
    const before = this.#length
    this.#length += bytes.length
    if (this.#head) return
    if (this.#length > this.maxBytes) {
      const kept = Math.min(KEPT_BYTES, this.#length)
      this.#head = Buffer.alloc(kept)
      const copied = this.#store.copy(this.#head, 0, 0, Math.min(before, kept))
      bytes.copy(this.#head, copied, 0, kept - copied)
      this.#store = NOTHING
      return
    }
    if (this.#length > this.#store.length) {
      const larger = Buffer.allocUnsafeSlow(Math.min(this.maxBytes, Math.max(4096, this.#length, this.#store.length * 2)))
      this.#store.copy(larger, 0, 0, before)
      this.#store = larger
    }
    bytes.copy(this.#store, before)
  }

  /** The message ends with `last`. */
  #finish(last: Buffer, out: MllpFrame[]): void {
    // Most messages come in one chunk: those are not copied.
    const whole = this.#length === 0 && last.length <= this.maxBytes
    if (!whole) this.#take(last)
    const bytes = whole ? last : this.#store.subarray(0, this.#length)
    if (this.#head) out.push({ kind: 'too-large', head: this.#head, length: this.#length })
    else {
      // A sender that restarts in the middle of a message begins the next one without having ended the first.
      const again = bytes.lastIndexOf(RESTART)
      if (again > 0) out.push({ kind: 'cut-off', bytes: bytes.subarray(0, again) })
      out.push({ kind: 'frame', bytes: again < 0 ? bytes : bytes.subarray(again + 1) })
    }
    this.#reset()
  }

  #reset(): void {
    this.#store = NOTHING
    this.#length = 0
    this.#inside = false
    this.#head = undefined
    this.#afterFs = false
  }
}

const NOTHING = Buffer.alloc(0)
const RESTART = Buffer.from('\x0bMSH', 'latin1')
