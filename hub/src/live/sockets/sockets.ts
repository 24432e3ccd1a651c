/**
 * The door for walls and desks: Socket.IO over WebSocket, contract in views/contract.ts.
 *
 * A view is built once for all who look at it and each patch is encoded once; a client costs a copy of those bytes into its socket and nothing
 * else. No client can make the hub hold more than a bounded number of bytes for it, on whatever way they are sent (./wall-client.ts).
 */
import type { Server as HttpServer, IncomingMessage } from 'node:http'
import type { Logger } from 'pino'
import type { Registry } from 'prom-client'
import { Server } from 'socket.io'
import type { LiveState } from '../state/live-state.ts'
import type { Beat, Patch, ViewName, Wave } from '../views/contract.ts'
import { bedItemIds, buildBed, itemOfDevice } from '../views/critical-care.ts'
import { buildFeed, feedItemIds } from '../views/feeds.ts'
import { Audience, EVERYONE, waveRoomOf } from './audience.ts'
import { defaultLimits, type SocketLimits } from './limits.ts'
import { type Change, LiveView, unitOf } from './live-view.ts'
import { watchSockets } from './metrics.ts'
import { WaveLane } from './wave-lane.ts'

export interface SocketOptions {
  live: LiveState
  log: Pick<Logger, 'info' | 'warn' | 'error'>
  config?: {
    limits?: Partial<SocketLimits>
    /** Other origins whose pages may connect, for example `https://walls.example`; the hub's own always may. */
    allowedOrigins?: readonly string[]
  }
  metrics?: Registry
}

export interface SocketStats {
  clients: number
  behind: number
  unsentBytes: number
  channels: number
  patches: number
  snapshots: number
  waves: number
  /** Stretches of waveforms that a client did not get because it was behind. */
  wavesSkipped: number
  cutOff: number
  refused: number
  /** Ms of the last tick of the views. */
  tickMs: number
}

export interface Sockets {
  /** Ends every connection; clients come back by themselves when somebody listens again. The HTTP server is the caller's to close. */
  close(): Promise<void>
  stats(): SocketStats
}

/** Serve the views of this live state on an HTTP server, before or after it listens. */
export function attachSockets(server: HttpServer, options: SocketOptions): Sockets {
  return new WallSockets(server, options)
}

/** A tick that is dear is followed by a pause of so many times its length, so that views never take more than a tenth of the hub. */
const REST = 9
const MAX_PAUSE_MS = 1000
/** Samples that the gateway had so long ago are no sweep any more. */
const STALE_WAVE_MS = 10_000

class WallSockets implements Sockets {
  readonly #io: Server
  readonly #live: LiveState
  readonly #log: SocketOptions['log']
  readonly #limits: SocketLimits
  readonly #views: Record<ViewName, LiveView>
  readonly #pace: { name: ViewName; everyMs: number; nextAt: number }[]
  readonly #audience: Audience
  readonly #waves: WaveLane
  readonly #stop: (() => void)[] = []
  readonly #counts = { patches: 0, waves: 0, wavesSkipped: 0, tickMs: 0 }
  #turnedAway = 0
  readonly #urgent = new Set<string>()
  #urgentQueued = false
  #urgentTimer: NodeJS.Timeout | undefined
  #alarmSecond = 0
  #alarmsSent = 0

  constructor(server: HttpServer, { live, log, config = {}, metrics }: SocketOptions) {
    this.#live = live
    this.#log = log
    const limits = { ...defaultLimits, ...config.limits }
    this.#limits = limits
    const { patchEveryMs, feedsEveryMs, sweepMs } = limits
    const beds = { ids: () => bedItemIds(live), build: (id: string, now: number) => buildBed(live, id, now) }
    const feeds = { ids: () => feedItemIds(live), build: (id: string, now: number) => buildFeed(live, id, now) }
    this.#views = {
      'critical-care': new LiveView(beds, Math.round(sweepMs / patchEveryMs)),
      feeds: new LiveView(feeds, Math.round(sweepMs / feedsEveryMs)),
    }
    this.#pace = [
      { name: 'critical-care', everyMs: patchEveryMs, nextAt: 0 },
      { name: 'feeds', everyMs: feedsEveryMs, nextAt: 0 },
    ]
    this.#audience = new Audience({ live, log, limits, views: this.#views })
    this.#waves = new WaveLane(limits.waveHz)
    const allowed = new Set(config.allowedOrigins)
    this.#io = new Server(server, {
      transports: ['websocket'],
      serveClient: false,
      // Compressing the same patch for each client again would cost more than the bytes; a proxy can do it on the way out of the house.
      perMessageDeflate: false,
      httpCompression: false,
      maxHttpBufferSize: limits.messageBytes,
      pingInterval: 10_000,
      pingTimeout: 20_000,
      allowRequest: (request, answer) => {
        const refusal = this.#refusalOf(request, allowed)
        if (refusal) this.#turnedAway++
        answer(refusal, !refusal)
      },
    })
    this.#io.on('connection', (socket) => this.#audience.connected(socket))
    this.#hearLive()
    this.#every(patchEveryMs, () => this.#tick())
    this.#every(limits.beatEveryMs, () => this.#beat())
    this.#every(limits.wavesEveryMs, () => this.#sendWaves())
    if (metrics) watchSockets(metrics, () => this.stats())
  }

  stats(): SocketStats {
    const { clients, channels, counts } = this.#audience
    let behind = 0
    let unsent = 0
    for (const client of clients.values()) {
      if (client.behind) behind++
      unsent += client.unsent
    }
    const refused = counts.refused + this.#turnedAway
    return { clients: clients.size, behind, unsentBytes: unsent, channels: channels.size, ...this.#counts, ...counts, refused }
  }

  async close(): Promise<void> {
    for (const stop of this.#stop.splice(0)) stop()
    clearTimeout(this.#urgentTimer)
    // No Socket.IO farewell: after one a client would wait for a person. A closed connection it opens again by itself.
    this.#io.engine.close()
    for (const client of this.#audience.clients.values()) client.cut()
    this.#io.removeAllListeners()
  }

  #every(ms: number, work: () => void): void {
    const timer = setInterval(() => this.#safely(work), ms)
    this.#stop.push(() => clearInterval(timer))
  }

  /** A wall that shows nothing new says so by itself; a hub that dies takes everything with it. */
  #safely(work: () => void): void {
    try {
      work()
    } catch (error) {
      this.#log.error({ err: error }, 'a view failed')
    }
  }

  /** A page of another site must not read this hospital's walls through the browser of somebody who may. */
  #refusalOf({ headers }: IncomingMessage, allowed: ReadonlySet<string>): string | undefined {
    if (this.#audience.clients.size >= this.#limits.clients) return 'TOO_MANY_CLIENTS'
    const { origin, host } = headers
    if (origin === undefined || allowed.has(origin)) return undefined
    return URL.canParse(origin) && new URL(origin).host === host ? undefined : 'ORIGIN_REFUSED'
  }

  #hearLive(): void {
    const { 'critical-care': beds, feeds } = this.#views
    this.#stop.push(
      this.#live.watch({
        device: (device) => beds.mark(itemOfDevice(device)),
        moved: (device, from, to) => {
          beds.mark(from ?? `device:${device.id}`)
          beds.mark(to ?? `device:${device.id}`)
        },
        bed: ({ id }) => beds.mark(id),
        forgotten: ({ id }) => beds.mark(`device:${id}`),
        alarm: (device, alarm) => {
          // What comes late is no news: it joins the next tick.
          if (!alarm.late && beds.isOpen) this.#hurry(itemOfDevice(device))
        },
        gateway: ({ id }) => feeds.mark(`gateway:${id}`),
        letter: ({ letter }) => feeds.mark(`refusal:${letter.id}`),
        degraded: () => this.#safely(() => this.#beat()),
        wave: (device, blocks, heardAt) => {
          if (this.#audience.waveClients === 0 || this.#live.clock.now() - heardAt > STALE_WAVE_MS) return
          for (const block of blocks) this.#waves.add(itemOfDevice(device), block, block.start - device.correctionMs)
        },
      }),
    )
  }

  #tick(): void {
    if (this.#audience.clients.size === 0) return
    const began = performance.now()
    this.#audience.look()
    for (const each of this.#pace) {
      if (began < each.nextAt) continue
      // What it cost this thread, not how long it took: on a busy machine the clock runs while others do.
      const before = process.threadCpuUsage()
      this.#send(each.name, this.#views[each.name].tick(this.#live.clock.now()))
      const { user, system } = process.threadCpuUsage(before)
      const took = (user + system) / 1000
      // Timers are a little uneven: half a period early is early enough to keep the pace.
      each.nextAt = began + Math.max(each.everyMs - this.#limits.patchEveryMs / 2, Math.min(took * REST, MAX_PAUSE_MS))
    }
    this.#counts.tickMs = performance.now() - began
  }

  #send(view: ViewName, change: Change | undefined): void {
    if (!change) return
    for (const channel of this.#audience.channels.values()) {
      if (channel.view !== view) continue
      const part = channel.unit === undefined ? change : partOf(change, channel.unit)
      if (!part) continue
      channel.seq++
      const patch: Patch = { view, seq: channel.seq, at: this.#live.clock.now(), set: part.set, gone: part.gone }
      this.#io.to(channel.room).emit('patch', patch)
      this.#counts.patches++
    }
  }

  /** An alarm goes out before this turn of the event loop ends; those of one batch together. In a flood, some wait a few ms for company. */
  #hurry(item: string): void {
    this.#urgent.add(item)
    if (this.#urgentQueued) return
    this.#urgentQueued = true
    const second = Math.floor(performance.now() / 1000)
    if (second !== this.#alarmSecond) {
      this.#alarmSecond = second
      this.#alarmsSent = 0
    }
    const send = () => this.#safely(() => this.#sendUrgent())
    if (this.#alarmsSent++ < this.#limits.alarmsAtOnce) queueMicrotask(send)
    else this.#urgentTimer = setTimeout(send, this.#limits.alarmWaitMs)
  }

  #sendUrgent(): void {
    this.#urgentQueued = false
    const items = [...this.#urgent]
    this.#urgent.clear()
    this.#audience.look()
    this.#send('critical-care', this.#views['critical-care'].flush(items, this.#live.clock.now()))
  }

  #beat(): void {
    if (this.#audience.clients.size === 0) return
    this.#audience.look()
    const beat: Beat = { at: this.#live.clock.now(), degraded: this.#live.degradedParts() }
    this.#io.to(EVERYONE).emit('beat', beat)
  }

  #sendWaves(): void {
    const waves = this.#waves.flush()
    if (this.#audience.waveClients === 0) {
      this.#waves.clear()
      return
    }
    if (waves.length === 0) return
    this.#audience.look()
    for (const wave of waves) this.#sendWave(wave)
    this.#counts.waves += waves.length
    this.#counts.wavesSkipped += this.#audience.waveClientsHeld * waves.length
  }

  #sendWave(wave: Wave): void {
    const item = this.#views['critical-care'].items.get(wave.bed)
    if (!item) return
    const unit = unitOf(item)
    const rooms = unit === undefined ? [waveRoomOf(undefined)] : [waveRoomOf(undefined), waveRoomOf(unit)]
    this.#io.to(rooms).emit('wave', wave)
  }
}

function partOf(change: Change, unit: string): Pick<Change, 'set' | 'gone'> | undefined {
  const set: Change['set'] = Object.create(null)
  let some = false
  for (const id in change.set) {
    if (change.unitOf.get(id) !== unit) continue
    set[id] = change.set[id]!
    some = true
  }
  const gone = change.gone.filter((id) => change.unitOf.get(id) === unit)
  return some || gone.length ? { set, gone } : undefined
}
