import type { Logger } from 'pino'
import type { Socket } from 'socket.io'
import Type from 'typebox'
import { Compile } from 'typebox/compile'
import type { LiveState } from '../state/live-state.ts'
import { Open, type Snapshot, type ViewName, viewNames } from '../views/contract.ts'
import type { SocketLimits } from './limits.ts'
import { type LiveView, unitOf } from './live-view.ts'
import { refusals } from './refusals.ts'
import { type Opened, unsentBytes, WallClient } from './wall-client.ts'

/** All who watch the same part of a view: they share its numbers. */
export interface Channel {
  readonly view: ViewName
  readonly unit: string | undefined
  readonly room: string
  seq: number
  readonly clients: Set<WallClient>
}

interface AudienceOptions {
  live: LiveState
  log: Pick<Logger, 'info' | 'warn' | 'error'>
  limits: SocketLimits
  views: Record<ViewName, LiveView>
}

/** The room of all who keep up. */
export const EVERYONE = 'everyone'
export const waveRoomOf = (unit: string | undefined): string => (unit === undefined ? 'waves' : `waves|${unit}`)
const roomOf = (view: ViewName, unit: string | undefined): string => (unit === undefined ? view : `${view}|${unit}`)

const isOpen = Compile(Open)
const isViewOnly = Compile(Type.Object({ view: Type.Enum(viewNames) }))
/** Snapshots of one view for one client, at most one in this time; what is asked for sooner comes then. */
const SNAPSHOT_EVERY_MS = 500

/** Who is connected, what each has open, and who of them keeps up. Only those are in the rooms. */
export class Audience {
  readonly clients = new Map<string, WallClient>()
  readonly channels = new Map<string, Channel>()
  readonly counts = { snapshots: 0, cutOff: 0, refused: 0 }
  /** How many have waves open, and how many of these get none just now. */
  waveClients = 0
  waveClientsHeld = 0
  readonly #live: LiveState
  readonly #log: AudienceOptions['log']
  readonly #limits: SocketLimits
  readonly #views: Record<ViewName, LiveView>

  constructor({ live, log, limits, views }: AudienceOptions) {
    this.#live = live
    this.#log = log
    this.#limits = limits
    this.#views = views
  }

  connected(socket: Socket): void {
    const client = new WallClient(socket, this.#limits, Date.now())
    this.clients.set(socket.id, client)
    void socket.join(EVERYONE)
    socket.on('disconnect', () => {
      for (const opened of [...client.opened.values()]) this.#leave(client, opened)
      this.clients.delete(socket.id)
      this.#countWaves()
    })
    socket.on('open', (said: unknown, answer: unknown) => this.#answer(client, answer, () => this.#open(client, said)))
    socket.on('close', (said: unknown, answer: unknown) => this.#answer(client, answer, () => this.#close(client, said)))
    socket.on('resync', (said: unknown, answer: unknown) => this.#answer(client, answer, () => this.#resync(client, said)))
  }

  /** Look at every client's wire, before anything is sent: who is behind leaves the rooms, who has drained gets a snapshot. */
  look(): void {
    const now = Date.now()
    for (const client of this.clients.values()) {
      const found = client.look(now)
      if (found === 'hopeless') this.#cut(client, 'it does not read')
      else if (found === 'fell') this.#fall(client)
      else if (found === 'drained') {
        void client.socket.join(EVERYONE)
        for (const opened of client.opened.values()) opened.owed = true
      }
      if (client.behind) continue
      for (const opened of client.opened.values()) if (opened.owed) this.#payOff(client, opened)
      this.#holdWaves(client)
    }
  }

  #answer(client: WallClient, answer: unknown, work: () => void): void {
    const reply = typeof answer === 'function' ? (answer as (said: object) => void) : () => {}
    if (client.isCut) return
    const verdict = client.mayAsk(Date.now())
    if (verdict === 'flood') {
      this.#cut(client, 'it asks without end')
      return
    }
    try {
      if (verdict === 'no' || client.behind) throw refusals.TOO_MANY_REQUESTS()
      work()
      reply({ ok: true })
    } catch (error) {
      this.counts.refused++
      // Who does not read gets no answers either: they would pile up like anything else.
      if (!client.behind) reply({ ok: false, problem: refusals.problemOf(error) })
      if (!refusals.isRefusal(error)) this.#log.error({ err: error }, 'a socket request failed')
    }
  }

  #open(client: WallClient, said: unknown): void {
    if (!isOpen.Check(said)) throw refusals.notAView(said)
    const { view, params = {} } = said
    const channel = this.#channel(view, view === 'critical-care' ? params.unit : undefined)
    const before = client.opened.get(view)
    // A view is built while somebody looks at it: it must not close between the old way of looking and the new.
    channel.clients.add(client)
    this.channels.set(channel.room, channel)
    if (before && roomOf(view, before.unit) !== channel.room) this.#leave(client, before)
    if (before?.waves) void client.socket.leave(waveRoomOf(before.unit))
    const waves = view === 'critical-care' && params.waves === true
    const opened: Opened = { view, unit: channel.unit, waves, owed: true, snapshotAt: 0 }
    client.opened.set(view, opened)
    this.#views[view].open(this.#live.clock.now())
    this.#countWaves()
    this.#payOff(client, opened)
  }

  #close(client: WallClient, said: unknown): void {
    if (!isViewOnly.Check(said)) throw refusals.notAView(said)
    const opened = client.opened.get(said.view)
    if (opened) this.#leave(client, opened)
    this.#countWaves()
  }

  #resync(client: WallClient, said: unknown): void {
    if (!isViewOnly.Check(said)) throw refusals.notAView(said)
    const opened = client.opened.get(said.view)
    if (!opened) throw refusals.VIEW_NOT_OPEN({ view: said.view })
    opened.owed = true
    this.#payOff(client, opened)
  }

  #channel(view: ViewName, unit: string | undefined): Channel {
    const room = roomOf(view, unit)
    const known = this.channels.get(room)
    if (known) return known
    if (unit !== undefined && this.channels.size >= this.#limits.channels) throw refusals.TOO_MANY_UNITS()
    return { view, unit, room, seq: 0, clients: new Set() }
  }

  #leave(client: WallClient, opened: Opened): void {
    const { view, unit } = opened
    const room = roomOf(view, unit)
    client.opened.delete(view)
    void client.socket.leave(room)
    void client.socket.leave(waveRoomOf(unit))
    const channel = this.channels.get(room)
    channel?.clients.delete(client)
    if (channel?.clients.size === 0) this.channels.delete(room)
    for (const each of this.channels.values()) if (each.view === view) return
    this.#views[view].close()
  }

  /** A fresh snapshot, now or as soon as the client can take one. */
  #payOff(client: WallClient, opened: Opened): void {
    const now = Date.now()
    const channel = this.channels.get(roomOf(opened.view, opened.unit))
    if (!channel || client.behind || now - opened.snapshotAt < SNAPSHOT_EVERY_MS) return
    if (unsentBytes(client.socket) > this.#limits.drainedBytes) return
    const { name, timeZone } = this.#live.settings.site
    const items: Snapshot['items'] = Object.create(null)
    const snapshot: Snapshot = {
      view: opened.view,
      seq: channel.seq,
      at: this.#live.clock.now(),
      site: { name, timeZone },
      items,
    }
    for (const [id, item] of this.#views[opened.view].items)
      if (opened.unit === undefined || unitOf(item) === opened.unit) items[id] = item
    client.socket.emit('snapshot', snapshot)
    client.sentSnapshot()
    opened.owed = false
    opened.snapshotAt = now
    this.counts.snapshots++
    void client.socket.join(channel.room)
    if (opened.waves && !client.wavesHeld) void client.socket.join(waveRoomOf(opened.unit))
  }

  #fall(client: WallClient): void {
    this.#log.info(
      { client: client.socket.id, unsentBytes: client.unsent },
      'a wall is behind: it gets a snapshot once it has drained',
    )
    void client.socket.leave(EVERYONE)
    for (const { view, unit } of client.opened.values()) {
      void client.socket.leave(roomOf(view, unit))
      void client.socket.leave(waveRoomOf(unit))
    }
    client.wavesHeld = true
    this.#countWaves()
  }

  /** Samples are the first to be left out: already a client with a little unsent gets none. */
  #holdWaves(client: WallClient): void {
    const hold = client.unsent > this.#limits.drainedBytes
    if (hold === client.wavesHeld) return
    client.wavesHeld = hold
    for (const { unit, waves, owed } of client.opened.values()) {
      if (!waves || owed) continue
      if (hold) void client.socket.leave(waveRoomOf(unit))
      else void client.socket.join(waveRoomOf(unit))
    }
    this.#countWaves()
  }

  #countWaves(): void {
    this.waveClients = 0
    this.waveClientsHeld = 0
    for (const client of this.clients.values()) {
      if (!client.opened.get('critical-care')?.waves) continue
      this.waveClients++
      if (client.wavesHeld) this.waveClientsHeld++
    }
  }

  #cut(client: WallClient, why: string): void {
    if (client.isCut) return
    this.#log.warn({ client: client.socket.id, unsentBytes: client.unsent, why }, 'a client was cut off')
    this.counts.cutOff++
    client.cut()
  }
}
