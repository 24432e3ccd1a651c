import { io, type Socket } from 'socket.io-client'
import { createStore } from 'zustand/vanilla'
import type { Beat, Patch, Snapshot, ViewItems, ViewName, Wave } from './contract.ts'
import { HubClock } from './hub-clock.ts'
import { ViewStore } from './view-store.ts'
import { WaveStore } from './wave-store.ts'

/** What every screen must know about its wire to the hub. */
export interface ConnectionStatus {
  /** `connecting`: the first seconds of a page. `stale`: what is shown is not current. */
  phase: 'connecting' | 'live' | 'stale'
  /** Since when nothing was heard, by the hub's clock; only while stale. */
  since?: number
  /** Parts that the hub itself says are not well. */
  degraded: readonly string[]
  site?: Snapshot['site']
}

/** The hub beats every second. Three missed: what is shown is not current (UI.md asks for the banner within five seconds). */
const SILENT_MS = 3000
/** A wire that is open and says nothing is dead: begin again. */
const DEAD_MS = 6000
const ANSWER_MS = 4000

interface Wanted {
  waves: boolean
}

/**
 * The one wire to the hub. It reconnects for ever, opens its views again by itself, asks for a snapshot when a number is
 * missing, and knows when what it holds is not current. Nothing is queued while the wire is down.
 */
export class HubConnection {
  readonly status = createStore<ConnectionStatus>(() => ({ phase: 'connecting', degraded: [] }))
  readonly clock = new HubClock()
  readonly waves = new WaveStore()
  readonly #views: { [V in ViewName]: ViewStore<ViewItems[V]> } = { 'critical-care': new ViewStore(), feeds: new ViewStore() }
  readonly #wanted = new Map<ViewName, Set<Wanted>>()
  /** What was last asked for, so that a wish for waveforms opens the view anew. */
  readonly #asked = new Map<ViewName, boolean>()
  readonly #unsyncedSince = new Map<ViewName, number>()
  readonly #socket: Socket
  readonly #watch: ReturnType<typeof setInterval>
  #heardAt: number
  #heardAtHub: number

  constructor(url?: string) {
    this.#heardAt = performance.now()
    this.#heardAtHub = this.clock.now()
    const options = {
      transports: ['websocket'],
      reconnectionAttempts: Number.POSITIVE_INFINITY,
      reconnectionDelay: 250,
      reconnectionDelayMax: 1000,
      randomizationFactor: 0.3,
      timeout: 5000,
    }
    this.#socket = url === undefined ? io(options) : io(url, options)
    this.#socket.on('connect', () => {
      for (const view of this.#wanted.keys()) this.#ask(view)
    })
    this.#socket.on('disconnect', (reason) => {
      this.#asked.clear()
      for (const view of Object.values(this.#views)) view.lost()
      // socket.io leaves it to us when the hub itself hung up (a wall that fell too far behind).
      if (reason === 'io server disconnect') this.#socket.connect()
    })
    this.#socket.on('beat', (beat: Beat) => {
      this.clock.beat(beat.at)
      this.#heard()
      const { degraded } = this.status.getState()
      if (beat.degraded.join() !== degraded.join()) this.status.setState({ degraded: beat.degraded })
    })
    this.#socket.on('snapshot', (snapshot: Snapshot) => {
      this.#heard()
      this.#views[snapshot.view]?.snapshot(snapshot)
      this.#unsyncedSince.delete(snapshot.view)
      const { site } = this.status.getState()
      if (site?.name !== snapshot.site.name || site.timeZone !== snapshot.site.timeZone)
        this.status.setState({ site: snapshot.site })
      this.#judge()
    })
    this.#socket.on('patch', (patch: Patch) => {
      this.#heard()
      if (this.#views[patch.view]?.patch(patch) === 'gap') this.#resync(patch.view)
    })
    this.#socket.on('wave', (wave: Wave) => {
      this.#heard()
      this.waves.take(wave, this.clock.now(), performance.now())
    })
    this.#watch = setInterval(() => this.#tick(), 500)
  }

  view<V extends ViewName>(name: V): ViewStore<ViewItems[V]> {
    return this.#views[name] as ViewStore<ViewItems[V]>
  }

  /** Keep a view open until the returned function is called. Waveforms come only while somebody asks for them. */
  open(view: ViewName, wish: Wanted = { waves: false }): () => void {
    const wishes = this.#wanted.get(view) ?? new Set()
    const own = { ...wish }
    wishes.add(own)
    this.#wanted.set(view, wishes)
    this.#ask(view)
    return () => {
      wishes.delete(own)
      // Going from one page to the next must not close and open the same view.
      setTimeout(() => {
        if (wishes.size > 0) {
          this.#ask(view)
        } else if (this.#wanted.get(view) === wishes) {
          this.#wanted.delete(view)
          this.#asked.delete(view)
          this.#unsyncedSince.delete(view)
          this.#views[view].lost()
          if (this.#socket.connected) this.#socket.emit('close', { view })
          this.#judge()
        }
      }, 1000)
    }
  }

  /** For tests: end everything this holds. */
  dispose(): void {
    clearInterval(this.#watch)
    this.#socket.disconnect()
  }

  #ask(view: ViewName): void {
    const wishes = this.#wanted.get(view)
    if (!wishes || wishes.size === 0) return
    const waves = [...wishes].some((wish) => wish.waves)
    if (!this.#unsyncedSince.has(view) && !this.#views[view].synced) this.#unsyncedSince.set(view, performance.now())
    if (!this.#socket.connected || this.#asked.get(view) === waves) return
    this.#asked.set(view, waves)
    this.#socket.timeout(ANSWER_MS).emit('open', { view, params: { waves } }, (error: Error | null, answer?: { ok: boolean }) => {
      // Asked again by the next tick, for as long as somebody wants it.
      if ((error || !answer?.ok) && this.#asked.get(view) === waves) this.#asked.delete(view)
    })
  }

  #resync(view: ViewName): void {
    this.#unsyncedSince.set(view, performance.now())
    this.#socket.timeout(ANSWER_MS).emit('resync', { view }, (error: Error | null, answer?: { ok: boolean }) => {
      // The hub does not know our view any more: open it again.
      if (error || answer?.ok === false) this.#asked.delete(view)
    })
  }

  #heard(): void {
    this.#heardAt = performance.now()
    this.#heardAtHub = this.clock.now()
    if (this.status.getState().phase !== 'live') this.#judge()
  }

  #tick(): void {
    const now = performance.now()
    for (const view of this.#wanted.keys()) {
      const since = this.#unsyncedSince.get(view)
      if (since !== undefined && now - since > 2 * ANSWER_MS) {
        this.#asked.delete(view)
        this.#unsyncedSince.set(view, now - SILENT_MS)
      }
      this.#ask(view)
    }
    if (now - this.#heardAt > DEAD_MS && this.#socket.connected) {
      this.#socket.disconnect()
      this.#socket.connect()
    }
    this.waves.sweep(now)
    this.#judge()
  }

  #judge(): void {
    const now = performance.now()
    const silent = now - this.#heardAt > SILENT_MS
    const unsynced = [...this.#wanted.keys()].filter((view) => !this.#views[view].synced)
    const waiting = unsynced.some((view) => now - (this.#unsyncedSince.get(view) ?? now) > SILENT_MS)
    const { phase } = this.status.getState()
    if (silent || waiting) {
      if (phase !== 'stale') this.status.setState({ phase: 'stale', since: this.#heardAtHub })
    } else if (this.#socket.connected && unsynced.length === 0 && phase !== 'live') {
      this.status.setState(({ degraded, site }) => ({ phase: 'live', degraded, ...(site && { site }) }), true)
    }
  }
}
