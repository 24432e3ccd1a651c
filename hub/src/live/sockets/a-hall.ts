import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { io, type Socket } from 'socket.io-client'
import { createLive, type LiveMemory } from '../state/live-state.ts'
import type { Beat, BedItem, Patch, Snapshot, ViewName, Wave } from '../views/contract.ts'
import { merge } from '../views/merge-patch.ts'
import type { SocketLimits } from './limits.ts'
import { attachSockets, type Sockets } from './sockets.ts'

const quiet = { info() {}, warn() {}, error() {} }
const METRICS = [147842, 149530, 150456, 151562, 150037, 150038, 150039, 150344]

/** A hub's live state with its socket door on a free port, and walls that look at it. For tests. */
export class Hall {
  readonly live: LiveMemory = createLive({
    settings: { site: { name: 'Wardline General', timeZone: 'Europe/Berlin' } },
    log: quiet,
  })
  readonly server: Server = createServer()
  readonly sockets: Sockets
  readonly #walls: Wall[] = []
  /** Any value, and never twice the same in a row. */
  #turn = 0

  constructor(limits: Partial<SocketLimits> = {}, allowedOrigins: string[] = []) {
    this.sockets = attachSockets(this.server, { live: this.live, log: quiet, config: { limits, allowedOrigins } })
  }

  static async opened(limits: Partial<SocketLimits> = {}, allowedOrigins: string[] = []): Promise<Hall> {
    const hall = new Hall(limits, allowedOrigins)
    hall.server.listen(0, '127.0.0.1')
    await once(hall.server, 'listening')
    return hall
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port
  }

  bed(n: number): string {
    return `ICU${n % 2}^${n}^1^H`
  }

  /** So many beds with a monitor each. */
  beds(count: number): this {
    for (let n = 0; n < count; n++) {
      this.live.bed(this.bed(n), { pointOfCare: `ICU${n % 2}`, room: String(n), bed: '1' })
      this.live.placed(`M${n}`, this.bed(n))
    }
    return this.speak(count)
  }

  /** Every monitor says eight new values. */
  speak(count: number): this {
    const at = Date.now()
    this.#turn = (this.#turn + 1) % 40
    const metrics = METRICS.map((code, i) => ({ path: `1.2.${i}.1`, code, value: 30 + this.#turn }))
    for (let n = 0; n < count; n++)
      this.live.readings({ gateway: 'gw1', device: `M${n}`, receivedAt: at, sentAt: at, frames: [{ at, metrics }] })
    return this
  }

  alarm(n: number, key: string, text = 'HR high'): void {
    const at = Date.now()
    const alarm = {
      alarmId: key,
      event: 'x',
      text,
      phase: 'start',
      state: 'active',
      inactivation: 'enabled',
      priority: 'high',
      kind: 'SP',
      at,
    } as const
    this.live.alarm({ gateway: 'gw1', device: `M${n}`, key, since: at, receivedAt: at, late: false, alarm })
  }

  wall(options: { headers?: Record<string, string> } = {}): Wall {
    const wall = new Wall(this.port, options.headers)
    this.#walls.push(wall)
    return wall
  }

  async close(): Promise<void> {
    for (const wall of this.#walls) wall.socket.close()
    await this.goesAway()
  }

  /** The hub ends; its walls stay. */
  async goesAway(): Promise<void> {
    await this.sockets.close()
    this.live.close()
    this.server.close()
    this.server.closeAllConnections()
  }
}

/** A wall as the console's is: keeps the items, asks again after a gap. */
export class Wall {
  readonly socket: Socket
  readonly items = new Map<string, BedItem>()
  readonly snapshots: Snapshot[] = []
  readonly waves: Wave[] = []
  beats: Beat[] = []
  patches = 0
  gaps = 0
  seq = -1

  constructor(port: number, extraHeaders: Record<string, string> = {}) {
    this.socket = io(`http://127.0.0.1:${port}`, {
      transports: ['websocket'],
      forceNew: true,
      reconnectionDelay: 50,
      extraHeaders,
    })
    this.socket.on('snapshot', (snapshot: Snapshot) => {
      this.snapshots.push(snapshot)
      this.items.clear()
      for (const [id, item] of Object.entries(snapshot.items)) this.items.set(id, item as BedItem)
      this.seq = snapshot.seq
    })
    this.socket.on('patch', (patch: Patch) => {
      this.patches++
      if (patch.seq !== this.seq + 1) {
        this.gaps++
        this.socket.emit('resync', { view: patch.view })
        return
      }
      this.seq = patch.seq
      for (const [id, change] of Object.entries(patch.set))
        this.items.set(id, merge(this.items.get(id), change) as unknown as BedItem)
      for (const id of patch.gone) this.items.delete(id)
    })
    this.socket.on('wave', (wave: Wave) => this.waves.push(wave))
    this.socket.on('beat', (beat: Beat) => this.beats.push(beat))
  }

  asks(
    event: 'open' | 'close' | 'resync',
    said: unknown,
  ): Promise<{ ok: boolean; problem?: { status: number; code: string; detail?: string } }> {
    return this.socket.timeout(3000).emitWithAck(event, said)
  }

  /** Looks at a view, and has its first snapshot. */
  async looks(view: ViewName = 'critical-care', params: { unit?: string; waves?: boolean } = {}): Promise<this> {
    const had = this.snapshots.length
    const answer = await this.asks('open', { view, params })
    if (!answer.ok) throw new Error(answer.problem?.code)
    await until(() => this.snapshots.length > had)
    return this
  }

  /** Stops reading from the network, as a frozen machine does; and reads on. */
  freeze(frozen = true): void {
    const { ws } = this.socket.io.engine.transport as unknown as { ws: { _socket: { pause(): void; resume(): void } } }
    if (frozen) ws._socket.pause()
    else ws._socket.resume()
  }
}

/** Resolves once it is so; rejects after `ms` with what was waited for. */
export async function until(isSo: () => boolean, ms = 5000): Promise<void> {
  const end = performance.now() + ms
  while (!isSo()) {
    if (performance.now() > end) throw new Error(`not within ${ms} ms: ${isSo.toString().slice(0, 120)}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}
