import type { Socket } from 'socket.io'
import type { ViewName } from '../views/contract.ts'
import type { SocketLimits } from './limits.ts'

/**
 * The parts of Socket.IO's connection that know how much of it is unsent. Socket.IO offers no such number: it is what its engine holds back while
 * the WebSocket is busy, and what the WebSocket itself holds. sockets.test.ts proves it against the installed version with a frozen client.
 */
interface Wire {
  writeBuffer?: { data?: unknown; options?: { wsPreEncodedFrame?: Buffer[] } | null }[]
  transport?: { socket?: { bufferedAmount?: number; terminate?(): void } }
}

/** Bytes that this client has been sent and that the kernel has not taken yet. */
export function unsentBytes(socket: Socket): number {
  const wire = socket.conn as unknown as Wire
  let bytes = wire.transport?.socket?.bufferedAmount ?? 0
  for (const { data, options } of wire.writeBuffer ?? []) {
    const frame = options?.wsPreEncodedFrame
    if (frame) for (const part of frame) bytes += part.length
    else if (typeof data === 'string') bytes += data.length
  }
  return bytes
}

export interface Opened {
  view: ViewName
  unit: string | undefined
  waves: boolean
  /** A snapshot is owed: it was asked for while the client was behind, or too soon after the last. */
  owed: boolean
  snapshotAt: number
}

/** What the hub knows of one connected wall or desk. */
export class WallClient {
  readonly socket: Socket
  readonly opened = new Map<ViewName, Opened>()
  /** Gets nothing until it has drained. */
  behind = false
  /** Gets no samples: they are the first to be left out. */
  wavesHeld = false
  unsent = 0
  /** Its connection was ended; what it sent before may still arrive. */
  isCut = false
  readonly #limits: SocketLimits
  /** A snapshot may be large by itself: so much more than the bound may be unsent until it went out. */
  #allowance = 0
  #hopelessSince: number | undefined
  #tokens: number
  #tokensAt: number

  constructor(socket: Socket, limits: SocketLimits, now: number) {
    this.socket = socket
    this.#limits = limits
    this.#tokens = limits.burst
    this.#tokensAt = now
  }

  /** Look at the wire. `fell`: it just fell behind; `drained`: it just caught up; `hopeless`: cut it off. */
  look(now: number): 'same' | 'fell' | 'drained' | 'hopeless' {
    const { behindBytes, drainedBytes, hopelessBytes, hopelessMs } = this.#limits
    this.unsent = unsentBytes(this.socket)
    if (this.unsent <= drainedBytes) this.#allowance = 0
    if (this.unsent > hopelessBytes) {
      this.#hopelessSince ??= now
      if (now - this.#hopelessSince >= hopelessMs) return 'hopeless'
    } else this.#hopelessSince = undefined
    if (!this.behind && this.unsent > behindBytes + this.#allowance) {
      this.behind = true
      return 'fell'
    }
    if (this.behind && this.unsent <= drainedBytes) {
      this.behind = false
      return 'drained'
    }
    return 'same'
  }

  /** A snapshot went out: what of it is unsent now is no fault of the client. */
  sentSnapshot(): void {
    this.#allowance = unsentBytes(this.socket)
  }

  /** Whether this message of the client may be answered; `flood` when it is past all patience. */
  mayAsk(now: number): 'yes' | 'no' | 'flood' {
    const { burst, perSecond } = this.#limits
    this.#tokens = Math.min(burst, this.#tokens + ((now - this.#tokensAt) / 1000) * perSecond) - 1
    this.#tokensAt = now
    if (this.#tokens >= 0) return 'yes'
    return this.#tokens < -4 * burst ? 'flood' : 'no'
  }

  /** Without a Socket.IO farewell, after which a client would not come back by itself; and without waiting for what it never reads. */
  cut(): void {
    this.isCut = true
    const wire = this.socket.conn as unknown as Wire
    if (wire.transport?.socket?.terminate) wire.transport.socket.terminate()
    else this.socket.conn.close(true)
  }
}
