/**
 * The MLLP door: many connections, each with its messages acknowledged in the order they came.
 *
 * Nothing here grows without a bound. A sender with too much unacknowledged, or whose acknowledgements are not read, is not read
 * further; one that does not end its message, or is silent for long, is closed; a message over 1 MiB is counted, not kept.
 */
import { once } from 'node:events'
import net from 'node:net'
import { performance } from 'node:perf_hooks'
import tls from 'node:tls'
import { frame, type MllpFrame, MllpFramer } from '@wardline/devices/hl7/mllp.ts'

export interface MllpLimits {
  /** Connections at once [DEF]. */
  connections: number
  /** Messages, and bytes of them, of one connection that are not acknowledged yet [DEF]. */
  unacknowledged: number
  unacknowledgedBytes: number
  /** Messages of all connections together that are not acknowledged yet [DEF]: what they hold in memory is what a fast sender could fill. */
  unacknowledgedOfAll: number
  /** A message must end this long after it began, ms [DEF]. */
  frameMs: number
  /** A connection on which nothing happens is closed after this, ms [DEF]. */
  idleMs: number
  /** Acknowledgements that are not read for this long close the connection, ms [DEF]. */
  stuckMs: number
  /** All unfinished messages together, bytes [DEF]. */
  unfinishedBytes: number
}
export const mllpLimits: MllpLimits = {
  connections: 1_000,
  unacknowledged: 128,
  unacknowledgedOfAll: 2_000,
  unacknowledgedBytes: 4 * 1024 * 1024,
  frameMs: 30_000,
  idleMs: 15 * 60_000,
  stuckMs: 30_000,
  unfinishedBytes: 64 * 1024 * 1024,
}
/**
 * Messages are read for so long at a time, ms, and so many of one connection, before the loop turns: writes to the disk are seen
 * through and alarms come by in between, however much stands at the door.
 */
const TURN_MS = 4
const TURN_FRAMES = 8
const ALARM = Buffer.from('|ORU^R40')
/** Acknowledgements that wait in the socket before it is read no further, bytes. */
const STUCK_BYTES = 256 * 1024
const KEEP_ALIVE_MS = 30_000

export interface MllpDoor {
  /** One frame from `peer`. `answer` is called once, with what to send back (nothing, one, or several messages). */
  take(frame: MllpFrame, peer: string, answer: (messages: readonly Buffer[]) => void): void
  /** Too much waits for the disk: read no more for now. */
  busy(): boolean
}

export interface MllpListener {
  readonly port: number
  readonly connections: number
  /** Connections that were closed by the listener, by reason. */
  readonly closed: Record<'slow' | 'idle' | 'stuck' | 'unfinished' | 'too_many', number>
  readonly junkBytes: number
  /** Stops taking messages, sends the acknowledgements that are due (for at most `graceMs`) and closes. */
  close(graceMs?: number): Promise<void>
}

interface Connection {
  socket: net.Socket
  peer: string
  framer: MllpFramer
  /** Whole messages that were not looked at yet. */
  frames: MllpFrame[]
  /** The first so many of them are an alarm and what stands before it. */
  urgent: number
  inLine: Set<Connection[]>
  /** A place for each message, in order; filled when its answer is known. */
  due: { answers?: readonly Buffer[]; bytes: number }[]
  dueBytes: number
  held: number
  frameSince: number
  activeAt: number
  writeSince: number
  paused: boolean
  ended: boolean
}

export async function listenMllp(options: {
  host: string
  port: number
  door: MllpDoor
  tls?: { key: Buffer; cert: Buffer; ca?: Buffer }
  limits?: Partial<MllpLimits>
  log: { warn(o: object, m: string): void; info(o: object, m: string): void }
}): Promise<MllpListener> {
  const limits = { ...mllpLimits, ...options.limits }
  const { door, log } = options
  const connections = new Set<Connection>()
  const closed = { slow: 0, idle: 0, stuck: 0, unfinished: 0, too_many: 0 }
  const toFlush = new Set<Connection>()
  let unfinished = 0
  /** Messages that are not acknowledged, and those that were not looked at, of all connections. */
  let due = 0
  let standing = 0
  let turning = false
  const waiting: Connection[] = []
  const urgently: Connection[] = []
  let junkBytes = 0
  let closing = false

  function accept(socket: net.Socket): void {
    socket.on('error', () => {}) // 'close' follows
    if (closing || connections.size >= limits.connections) {
      closed.too_many++
      socket.destroy()
      return
    }
    const now = Date.now()
    const c: Connection = {
      socket,
      peer: `${socket.remoteAddress?.replace('::ffff:', '')}:${socket.remotePort}`,
      framer: new MllpFramer(),
      frames: [],
      urgent: 0,
      inLine: new Set(),
      due: [],
      dueBytes: 0,
      held: 0,
      frameSince: 0,
      activeAt: now,
      writeSince: 0,
      paused: false,
      ended: false,
    }
    connections.add(c)
    socket.setNoDelay(true)
    socket.setKeepAlive(true, KEEP_ALIVE_MS)
    socket.on('data', (chunk) => read(c, chunk))
    socket.on('end', () => {
      c.ended = true
      if (!c.due.length && !c.frames.length) socket.end()
    })
    socket.on('drain', () => {
      c.writeSince = 0
      consider(c)
    })
    socket.on('close', () => {
      connections.delete(c)
      toFlush.delete(c)
      unfinished -= c.held
      due -= c.due.length
      c.due = []
      junkBytes += c.framer.junkBytes
      // Its whole messages are still taken: not every sender waits for its acknowledgements.
      const left = c.framer.end()
      if (left) queue(c, [left])
    })
  }

  function read(c: Connection, chunk: Buffer): void {
    c.activeAt = Date.now()
    const frames = c.framer.push(chunk)
    unfinished += c.framer.heldBytes - c.held
    c.held = c.framer.heldBytes
    if (!c.framer.unfinished) c.frameSince = 0
    else if (c.frameSince === 0 || frames.length) c.frameSince = c.activeAt
    queue(c, frames)
    if (unfinished > limits.unfinishedBytes && c.held > 64 * 1024) shut(c, 'unfinished')
    else consider(c)
  }

  function queue(c: Connection, frames: readonly MllpFrame[]): void {
    if (!frames.length) return
    for (const each of frames) {
      c.frames.push(each)
      // MSH-9 stands in the first line.
      if (each.kind === 'frame' && each.bytes.subarray(0, 256).includes(ALARM)) c.urgent = c.frames.length
    }
    standing += frames.length
    lineUp(c)
    if (!turning) setImmediate(turn)
    turning = true
  }

  function lineUp(c: Connection): void {
    const line = c.urgent > 0 ? urgently : waiting
    if (!c.inLine.has(line)) line.push(c)
    c.inLine.add(line)
  }

  /** Some messages of each connection in its turn; a connection that brings an alarm goes first, with what stands before the alarm. */
  function turn(): void {
    const until = performance.now() + TURN_MS
    do {
      const line = urgently.length ? urgently : waiting
      const c = line.shift()
      if (!c) {
        turning = false
        return
      }
      c.inLine.delete(line)
      const taken = c.frames.splice(0, TURN_FRAMES)
      c.urgent = Math.max(0, c.urgent - taken.length)
      standing -= taken.length
      for (const each of taken) take(c, each)
      if (c.frames.length) lineUp(c)
      consider(c)
    } while (performance.now() < until)
    setImmediate(turn)
  }

  function take(c: Connection, each: MllpFrame): void {
    const place: Connection['due'][number] = { bytes: each.kind === 'too-large' ? each.head.length : each.bytes.length }
    const here = connections.has(c)
    if (here) {
      c.due.push(place)
      due++
      c.dueBytes += place.bytes
    }
    door.take(each, c.peer, (answers) => {
      place.answers = answers
      if (c.due[0] !== place) return // an earlier one is not answered yet, or the connection is closed
      if (toFlush.size === 0) process.nextTick(flush)
      toFlush.add(c)
    })
  }

  /** One write for each connection, for all that became due together. */
  function flush(): void {
    for (const c of toFlush) {
      const out: Buffer[] = []
      let done = 0
      for (const { answers, bytes } of c.due) {
        if (!answers) break
        done++
        c.dueBytes -= bytes
        for (const answer of answers) out.push(frame(answer))
      }
      c.due.splice(0, done)
      due -= done
      if (out.length && c.socket.writable) {
        const drained = c.socket.write(out.length === 1 ? out[0]! : Buffer.concat(out))
        if (!drained && c.writeSince === 0) c.writeSince = Date.now()
        c.activeAt = Date.now()
      }
      if (c.ended && !c.due.length && !c.frames.length) c.socket.end()
      consider(c)
    }
    toFlush.clear()
  }

  /** Reads on, or not. */
  function consider(c: Connection): void {
    const { unacknowledged, unacknowledgedBytes } = limits
    const share = c.paused ? 0.5 : 1 // once stopped, half of it has to be gone first
    const much =
      c.due.length + c.frames.length > unacknowledged * share ||
      c.dueBytes > unacknowledgedBytes * share ||
      c.socket.writableLength > STUCK_BYTES * share ||
      (c.due.length + c.frames.length > 0 && (due + standing > limits.unacknowledgedOfAll * share || door.busy()))
    if (much === c.paused) return
    c.paused = much
    if (much) c.socket.pause()
    else {
      if (c.frameSince) c.frameSince = Date.now() // it could not go on: that was us
      c.socket.resume()
    }
  }

  function shut(c: Connection, reason: keyof typeof closed): void {
    closed[reason]++
    log.warn({ peer: c.peer, reason }, 'an MLLP connection was closed')
    c.socket.destroy()
  }

  const sweep = setInterval(
    () => {
      const now = Date.now()
      for (const c of connections) {
        if (c.writeSince && now - c.writeSince > limits.stuckMs) shut(c, 'stuck')
        else if (!c.paused && c.frameSince && now - c.frameSince > limits.frameMs) shut(c, 'slow')
        else if (!c.due.length && !c.frames.length && now - c.activeAt > limits.idleMs) shut(c, 'idle')
        else if (c.paused) consider(c)
      }
    },
    Math.min(250, limits.frameMs / 4, limits.idleMs / 4, limits.stuckMs / 4),
  )

  const settings = { allowHalfOpen: true }
  const server = options.tls
    ? tls.createServer(
        { ...settings, ...options.tls, requestCert: !!options.tls.ca, rejectUnauthorized: !!options.tls.ca },
        accept,
      )
    : net.createServer(settings, accept)
  server.on('tlsClientError', (error: Error) => log.warn({ error: error.message }, 'a TLS connection was refused'))
  server.listen(options.port, options.host)
  await once(server, 'listening')
  server.on('error', (error) => log.warn({ error: error.message }, 'the MLLP door has trouble'))

  return {
    get port() {
      return (server.address() as net.AddressInfo).port
    },
    get connections() {
      return connections.size
    },
    closed,
    get junkBytes() {
      let bytes = junkBytes
      for (const c of connections) bytes += c.framer.junkBytes
      return bytes
    },
    async close(graceMs = 1_000) {
      closing = true
      const gone = new Promise((done) => server.close(done))
      for (const c of connections) c.socket.pause()
      const until = Date.now() + graceMs
      while (Date.now() < until && (standing > 0 || [...connections].some((c) => c.due.length)))
        await new Promise((done) => setTimeout(done, 5))
      clearInterval(sweep)
      for (const c of connections) {
        c.socket.end()
        setTimeout(() => c.socket.destroy(), 100)
      }
      await gone
    },
  }
}
