import { LoadConnection } from './load-connection.ts'
import { alarmTemplates, ID_DIGITS, readingTemplate } from './load-messages.ts'
import { type Template, TimeWriter, writeDigits } from './template.ts'

export interface LoadOptions {
  host: string
  port: number
  /** How many monitors speak. Their EUI-64 are {@link loadDevice}`(firstDevice)` and on. */
  devices: number
  /** PCD-01 messages a second over all devices. */
  ratePerS: number
  /** How long new messages are made; what is under way then is waited for (`drainS`). */
  seconds: number
  /** Rows with values in each message, 1 to 12. Default 8. */
  metrics?: number
  /** PCD-04 messages a second, alarms that start and end in turn. Default 0. */
  alarmsPerS?: number
  /** Connections for readings; default one for each device up to 100. Alarms have one of their own. */
  connections?: number
  /** Most messages without an answer on each connection. Default 32. */
  window?: number
  /** Connect again after a break and send what was unanswered again, same MSH-10. Default true. */
  reconnect?: boolean
  /** Longest wait for answers at the end, s. Default 10. */
  drainS?: number
  firstDevice?: number
  /** Hears of every message that was accepted (AA, CA), as it is. */
  onAcked?: (message: LoadMessage) => void
  /** Ends the load early; what is under way is still waited for. */
  signal?: AbortSignal
}

/** One message, as history must know it. */
export interface LoadMessage {
  kind: 'reading' | 'alarm'
  /** MSH-3 as the gateway reads it. */
  sender: string
  /** MSH-10. */
  id: string
  /** EUI-64. */
  device: string
  /** OBX-14 of every row; of an alarm OBR-7. ms since 1970. */
  at: number
  /** From the last sending to the answer, ms. */
  latencyMs: number
}

export interface LoadResult {
  /** Each message counted once, however often it was sent. */
  sent: number
  acked: number
  /** By answer code: AE, AR, CE, CR. */
  nacks: Record<string, number>
  /** Sent more than once because a connection broke. */
  resent: number
  /** Without an answer at the end. */
  unanswered: number
  /** Not made because every connection had its window full for more than a second, or none was up. */
  skipped: number
  /** Connections that broke or were refused. */
  breaks: number
  /** Answers to no message of this load that is under way. */
  strays: number
  seconds: number
  /** ms from writing to answer, of readings that were accepted. */
  latencies: { count: number; p50: number; p90: number; p99: number; max: number }
}

/** MSH-3 of everything that a load sends. */
export const LOAD_SENDER = 'LOAD^0012210000BBE000^EUI-64'
/** EUI-64 of device `index` of a load, 0 to 8190: bedside monitors of the catalogue, beyond those that are simulated. */
export const loadDevice = (index: number) => `0012210000BB${(0xe001 + index).toString(16).toUpperCase()}`
const MOST_DEVICES = 8191

const TICK_MS = 5
/** Messages for one connection at a turn: a few at once cost one system call. */
const BUNDLE = 8
const LATEST_MS = 1000

/** A lane of the load: its templates, connections and pace. */
interface Lane {
  kind: 'reading' | 'alarm'
  ratePerS: number
  connections: LoadConnection[]
  /** By connection: the devices it speaks for, and whose turn it is. */
  devices: number[][]
  turn: number[]
  next: number
  made: number
  write: (ring: Buffer, offset: number, number: number, device: number, at: number) => number
}

/** Sends at the given rate and gives the sums when everything is answered or given up. Throws a RangeError for options that make no sense. */
export async function startLoad(options: LoadOptions): Promise<LoadResult> {
  const {
    devices,
    ratePerS,
    seconds,
    metrics = 8,
    alarmsPerS = 0,
    window = 32,
    reconnect = true,
    drainS = 10,
    firstDevice = 0,
  } = options
  const connections = Math.min(options.connections ?? 100, devices)
  if (!(devices >= 1 && firstDevice + devices <= MOST_DEVICES) || !(ratePerS >= 0) || !(seconds > 0) || connections < 1)
    throw new RangeError(`a load needs 1 to ${MOST_DEVICES} devices, a rate, seconds and at least one connection`)
  const run = runName()
  const ledger = new Ledger()
  const result: LoadResult = {
    sent: 0,
    acked: 0,
    nacks: {},
    resent: 0,
    unanswered: 0,
    skipped: 0,
    breaks: 0,
    strays: 0,
    seconds: 0,
    latencies: { count: 0, p50: 0, p90: 0, p99: 0, max: 0 },
  }
  const latencies = new Latencies()
  const deviceNames = Array.from({ length: devices }, (_, i) => loadDevice(firstDevice + i))
  const idOf = (number: number) => `${run}${String(number).padStart(ID_DIGITS, '0')}`
  const events = {
    answered(number: number, code: string, sentAt: number, again: number) {
      if (again > 0) result.resent++
      if (code !== 'AA' && code !== 'CA') {
        result.nacks[code] = (result.nacks[code] ?? 0) + 1
        return
      }
      result.acked++
      const latencyMs = performance.now() - sentAt
      const kind = ledger.isAlarm(number) ? 'alarm' : 'reading'
      if (kind === 'reading') latencies.add(latencyMs)
      options.onAcked?.({
        kind,
        sender: LOAD_SENDER,
        id: idOf(number),
        device: deviceNames[ledger.device(number)]!,
        at: ledger.at(number),
        latencyMs,
      })
    },
    stray() {
      result.strays++
    },
    connected() {},
    broken() {
      result.breaks++
    },
  }
  const open = (frameBytes: number) =>
    new LoadConnection(
      {
        host: options.host,
        port: options.port,
        window,
        frameBytes,
        reconnect,
        numberOf: (bytes, from, to) => numberOf(bytes, from, to, run.length),
      },
      events,
    )
  const readings = readingLane(run, deviceNames, ratePerS, metrics, connections, open)
  const lanes = alarmsPerS > 0 ? [readings, alarmLane(run, deviceNames, alarmsPerS, open)] : [readings]
  const lastAt = new Float64Array(devices)
  const start = performance.now()
  const ends = start + seconds * 1000

  const make = (lane: Lane, due: number) => {
    let left = due - lane.made
    const most = Math.ceil((lane.ratePerS * LATEST_MS) / 1000)
    if (left > most) {
      result.skipped += left - most
      lane.made += left - most
      left = most
    }
    for (let looked = 0; left > 0 && looked < lane.connections.length; looked++) {
      const c = lane.next
      lane.next = (lane.next + 1) % lane.connections.length
      const connection = lane.connections[c]!
      const owned = lane.devices[c]!
      for (let i = 0; i < BUNDLE && left > 0 && connection.ready; i++, left--) {
        const device = owned[lane.turn[c]!]!
        lane.turn[c] = (lane.turn[c]! + 1) % owned.length
        // An instant of a device comes once: that is what tells two readings apart.
        const at = Math.max(Date.now(), lastAt[device]! + 1)
        lastAt[device] = at
        const number = ledger.add(device, at, lane.kind === 'alarm')
        const { ring, offset } = connection.reserve(number)
        connection.commit(lane.write(ring, offset, number, device, at))
        lane.made++
        result.sent++
      }
      connection.flush()
    }
  }
  await new Promise<void>((done) => {
    const timer = setInterval(() => {
      const now = performance.now()
      for (const lane of lanes) make(lane, Math.floor(((Math.min(now, ends) - start) * lane.ratePerS) / 1000))
      if (now < ends && !options.signal?.aborted) return
      clearInterval(timer)
      done()
    }, TICK_MS)
  })
  const all = lanes.flatMap((lane) => lane.connections)
  const underWay = () => all.reduce((sum, connection) => sum + connection.underWay, 0)
  result.seconds = (performance.now() - start) / 1000
  const until = performance.now() + drainS * 1000
  while (underWay() > 0 && performance.now() < until) await new Promise((wait) => setTimeout(wait, 10))
  result.unanswered = underWay()
  for (const connection of all) connection.stop()
  result.latencies = latencies.summary()
  return result
}

function readingLane(
  run: string,
  devices: string[],
  ratePerS: number,
  metrics: number,
  connections: number,
  open: (frameBytes: number) => LoadConnection,
): Lane {
  const templates = devices.map((device) => readingTemplate({ device, run, sender: LOAD_SENDER, metrics }))
  const time = new TimeWriter()
  let luck = 12345
  return {
    kind: 'reading',
    ratePerS,
    connections: Array.from({ length: connections }, () => open(Math.max(...templates.map(({ bytes }) => bytes.length)))),
    devices: Array.from({ length: connections }, (_, c) => devices.flatMap((_, d) => (d % connections === c ? [d] : []))),
    turn: new Array(connections).fill(0),
    next: 0,
    made: 0,
    write(ring, offset, number, device, at) {
      const template = templates[device]!
      fill(ring, offset, template, number, at, time)
      for (const { place, low, high } of template.values) {
        luck = (Math.imul(luck, 1_103_515_245) + 12_345) >>> 0
        writeDigits(ring, offset + place.offset, place.width, low + ((luck >>> 8) % (high - low + 1)))
      }
      return template.bytes.length
    },
  }
}

function alarmLane(run: string, devices: string[], ratePerS: number, open: (frameBytes: number) => LoadConnection): Lane {
  const templates = devices.slice(0, 64).map((device) => alarmTemplates({ device, run, sender: LOAD_SENDER }))
  const time = new TimeWriter()
  let spoken = 0
  return {
    kind: 'alarm',
    ratePerS,
    connections: [open(Math.max(...templates.flatMap(({ start, end }) => [start.bytes.length, end.bytes.length])))],
    // Each device twice in a row: its alarm starts, its alarm ends.
    devices: [templates.flatMap((_, d) => [d, d])],
    turn: [0],
    next: 0,
    made: 0,
    write(ring, offset, number, device, at) {
      const { start, end } = templates[device]!
      const template = spoken % 2 === 0 ? start : end
      fill(ring, offset, template, number, at, time)
      for (const place of template.alarm) writeDigits(ring, offset + place.offset, place.width, Math.floor(spoken / 2))
      spoken++
      return template.bytes.length
    },
  }
}

function fill(ring: Buffer, offset: number, template: Template, number: number, at: number, time: TimeWriter): void {
  template.bytes.copy(ring, offset)
  for (const place of template.id) writeDigits(ring, offset + place.offset, place.width, number)
  time.write(ring, offset, template.time, at)
}

/** Ids of two loads are never the same, also of two that start in the same millisecond. */
function runName(): string {
  const random = Math.floor(Math.random() * 36 ** 3)
  return `L${Date.now().toString(36).toUpperCase()}${random.toString(36).toUpperCase().padStart(3, '0')}-`
}

function numberOf(bytes: Buffer, start: number, end: number, prefix: number): number {
  if (end - start !== prefix + ID_DIGITS) return Number.NaN
  let number = 0
  for (let i = start + prefix; i < end; i++) number = number * 10 + bytes[i]! - 48
  return number
}

/** What each message said, by number; it grows with the load, sixteen bytes for each. */
class Ledger {
  private devices = new Uint32Array(65_536)
  private instants = new Float64Array(65_536)
  private count = 0

  /** Gives the number of the message. */
  add(device: number, at: number, alarm: boolean): number {
    if (this.count === this.devices.length) {
      const devices = new Uint32Array(this.count * 2)
      devices.set(this.devices)
      this.devices = devices
      const instants = new Float64Array(this.count * 2)
      instants.set(this.instants)
      this.instants = instants
    }
    this.devices[this.count] = device * 2 + (alarm ? 1 : 0)
    this.instants[this.count] = at
    return this.count++
  }

  device(number: number): number {
    return this.devices[number]! >>> 1
  }

  isAlarm(number: number): boolean {
    return (this.devices[number]! & 1) === 1
  }

  at(number: number): number {
    return this.instants[number]!
  }
}

/** Counted in steps of 0.05 ms up to a second and 5 ms up to a hundred: exact enough, and no memory for each message. */
class Latencies {
  private readonly fine = new Uint32Array(20_000)
  private readonly coarse = new Uint32Array(20_000)
  private count = 0
  private max = 0

  add(ms: number): void {
    this.count++
    if (ms > this.max) this.max = ms
    if (ms < 1000) this.fine[Math.floor(ms * 20)]!++
    else this.coarse[Math.min(19_999, Math.floor(ms / 5))]!++
  }

  summary(): LoadResult['latencies'] {
    return { count: this.count, p50: this.quantile(0.5), p90: this.quantile(0.9), p99: this.quantile(0.99), max: this.max }
  }

  private quantile(q: number): number {
    let left = Math.ceil(this.count * q)
    for (const [counts, step] of [
      [this.fine, 0.05],
      [this.coarse, 5],
    ] as const)
      for (let i = 0; i < counts.length; i++) {
        left -= counts[i]!
        if (left <= 0 && this.count > 0) return Math.min(this.max, (i + 1) * step)
      }
    return 0
  }
}
