/**
 * The live state in Redis or Valkey, and its changes from hub to hub.
 *
 * Redis keeps a copy, so that a hub that starts (or takes over) shows at once what was so a second ago: `live:device:<id>` (a hash: `facts`, `m:<path>`,
 * `a:<alarm>`), `live:beds`, `live:gateways`, `live:letters`. Between hubs changes go by publish/subscribe in batches, alarms at once. Who misses a
 * message reads the copy again when its connection returns; the newer of two facts stays, so neither order nor repetition matters.
 *
 * Without Redis the hub goes on alone and says `degraded`. A Redis that comes back empty gets everything again: it keeps nothing over a restart.
 */
import type { Logger } from 'pino'
import type { RedisLink } from '../platform/redis/redis.ts'
import type { AlarmState, DeviceState } from './state/device-state.ts'
import type { LiveMemory } from './state/live-state.ts'
import { RedisMirror } from './state/redis-mirror.ts'
import {
  alarmRecord,
  type BedRecord,
  bedRecord,
  type DeviceRecord,
  deviceFacts,
  type GatewayRecord,
  gatewayRecord,
  type LetterRecord,
  letterRecord,
  metricRecord,
  takeBedRecord,
  takeDeviceRecord,
  takeGatewayRecord,
  takeLetterRecord,
  takeWaveRecord,
  type WaveRecord,
} from './state/replica.ts'

export interface RedisLiveOptions {
  live: LiveMemory
  redis: RedisLink
  /** Unique among the hubs of a site. */
  hubId: string
  log: Pick<Logger, 'info' | 'warn' | 'error'>
  /** How long changes wait for company on their way to other hubs, and into the copy. [DEF] */
  everyMs?: { changes: number; copy: number }
}

export interface RedisLive {
  /** Settles once what Redis knew has been read, or it turned out to be away. */
  readonly ready: Promise<void>
  stats(): { alone: boolean; published: number; taken: number; wavesDropped: number; copied: number; failures: number }
  close(): Promise<void>
}

/** Version of what goes over the channel; a hub leaves out what it does not know. */
const VERSION = 1
const CHANNEL = 'live:changes'
/** [DEF] In one message at most: a larger one would hold up the alarms behind it. */
const DEVICES_IN_MESSAGE = 100
const WAVES_HELD = 500
/** A hub that is alone asks this often whether it still is. */
const ALONE_FOR_MS = 2000

interface Changes {
  v: typeof VERSION
  hub: string
  /** A hub that just began to listen: tell it everything. */
  hello?: true
  devices?: DeviceRecord[]
  beds?: BedRecord[]
  gateways?: GatewayRecord[]
  letters?: LetterRecord[]
  waves?: WaveRecord[]
}

export function attachRedisLive(options: RedisLiveOptions): RedisLive {
  return new HubsLive(options)
}

class HubsLive implements RedisLive {
  readonly ready: Promise<void>
  readonly #live: LiveMemory
  readonly #redis: RedisLink
  readonly #hubId: string
  readonly #log: RedisLiveOptions['log']
  readonly #mirror: RedisMirror
  readonly #timers: NodeJS.Timeout[] = []
  readonly #unwatch: () => void
  readonly #counts = { published: 0, taken: 0, wavesDropped: 0, failures: 0 }
  /** What changed since it was last told to the others. */
  readonly #devices = new Set<DeviceState>()
  readonly #told = new WeakMap<DeviceState, number>()
  readonly #beds = new Set<string>()
  readonly #gateways = new Set<string>()
  readonly #letters = new Set<string>()
  readonly #urgent = new Map<DeviceState, Map<string, AlarmState>>()
  #waves: WaveRecord[] = []
  /** True while something of another hub is being taken in: it is not to be sent on. */
  #taking = false
  #aloneUntil = 0
  #publishing = false
  #copying = false
  #closed = false
  readonly #subscribed: Promise<void>

  constructor({ live, redis, hubId, log, everyMs = { changes: 200, copy: 1000 } }: RedisLiveOptions) {
    this.#live = live
    this.#redis = redis
    // Two processes of one name (a restart that overlaps) must still hear each other.
    this.#hubId = `${hubId}/${process.pid}-${Math.random().toString(36).slice(2, 8)}`
    this.#log = log
    this.#mirror = new RedisMirror({ live, client: redis.client, hubId, log, ignore: () => this.#taking })
    this.#unwatch = live.watch({
      device: (device) => this.#note(() => this.#devices.add(device)),
      alarm: (device, alarm) => this.#note(() => this.#hurry(device, alarm)),
      wave: (device, blocks, heardAt) =>
        this.#note(() => this.#holdWaves({ device: device.id, gateway: device.gateway, heardAt, blocks })),
      bed: ({ id }) => this.#note(() => this.#beds.add(id)),
      gateway: ({ id }) => this.#note(() => this.#gateways.add(id)),
      letter: ({ letter }) => this.#note(() => this.#letters.add(letter.id)),
      forgotten: (device) => this.#devices.delete(device),
    })
    redis.on('up', this.#onUp)
    redis.on('down', this.#onDown)
    // Kept by the subscriber over its reconnects; without Redis it waits for it.
    this.#subscribed = redis.subscriber.subscribe(CHANNEL, this.#hear).catch((error: Error) => {
      if (!this.#closed) this.#failed(error)
    })
    // The two connections of the link return each in its own time; what was said before this one did is asked for again.
    redis.subscriber.on('ready', this.#onUp)
    this.#timers.push(setInterval(() => void this.#tell(), everyMs.changes))
    this.#timers.push(setInterval(() => void this.#copy(), everyMs.copy))
    if (!redis.up) live.degraded('redis', true)
    this.ready = redis.up ? this.#join() : Promise.resolve()
  }

  stats() {
    const copied = this.#mirror.written
    return { alone: this.#isAlone, ...this.#counts, copied }
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    for (const timer of this.#timers) clearInterval(timer)
    this.#unwatch()
    this.#redis.off('up', this.#onUp)
    this.#redis.subscriber.off('ready', this.#onUp)
    this.#redis.off('down', this.#onDown)
    await this.ready.catch(() => {})
    if (!this.#redis.up) return
    await this.#mirror.write().catch(() => {})
    await this.#redis.subscriber.unsubscribe(CHANNEL, this.#hear).catch(() => {})
    this.#mirror.close()
  }

  get #isAlone(): boolean {
    return performance.now() < this.#aloneUntil
  }

  readonly #onUp = (): void => {
    if (this.#redis.up) void this.#join()
  }
  readonly #onDown = (): void => this.#live.degraded('redis', true)

  /** Redis is there (again): read what others know, make sure that it has what we know, and ask for what was said meanwhile. */
  async #join(): Promise<void> {
    try {
      const found = await this.#mirror.read()
      this.#take({ v: VERSION, hub: '', ...found })
      await this.#mirror.write()
      await this.#subscribed
      await this.#publish({ v: VERSION, hub: this.#hubId, hello: true })
      this.#live.degraded('redis', false)
    } catch (error) {
      this.#failed(error as Error)
    }
  }

  #failed(error: Error): void {
    this.#counts.failures++
    // A command may fail a moment before the link says so.
    this.#live.degraded('redis', true)
    if (this.#redis.up) this.#log.warn({ err: error }, 'redis refused the live state')
  }

  async #copy(): Promise<void> {
    if (!this.#redis.up || this.#closed || this.#copying) return
    this.#copying = true
    try {
      await this.#mirror.write()
      this.#live.degraded('redis', false)
    } catch (error) {
      this.#failed(error as Error)
    } finally {
      this.#copying = false
    }
  }

  #note(mark: () => void): void {
    if (!this.#taking) mark()
  }

  // ── telling ────────────────────────────────────────────────────────────────────────────────────────────────────────

  #hurry(device: DeviceState, alarm: AlarmState): void {
    if (this.#isAlone || !this.#redis.up) return
    if (this.#urgent.size === 0) queueMicrotask(() => void this.#tellUrgent())
    const alarms = this.#urgent.get(device) ?? new Map<string, AlarmState>()
    this.#urgent.set(device, alarms.set(alarm.key, alarm))
  }

  async #tellUrgent(): Promise<void> {
    const devices = [...this.#urgent].map(([device, alarms]) => ({
      id: device.id,
      facts: deviceFacts(device),
      metrics: [],
      alarms: [...alarms.values()].map(alarmRecord),
    }))
    this.#urgent.clear()
    // When it fails it is in the next batch: the device stays marked.
    await this.#publish({ v: VERSION, hub: this.#hubId, devices }).catch(() => {})
  }

  #holdWaves(wave: WaveRecord): void {
    if (this.#isAlone || !this.#redis.up) return
    if (this.#waves.length >= WAVES_HELD) this.#counts.wavesDropped += 1
    else this.#waves.push(wave)
  }

  async #tell(): Promise<void> {
    if (this.#publishing || this.#closed || !this.#redis.up || this.#isAlone) return
    if (this.#devices.size + this.#beds.size + this.#gateways.size + this.#letters.size + this.#waves.length === 0) return
    this.#publishing = true
    try {
      for (const changes of this.#changes()) if (!(await this.#publish(changes))) break
    } catch (error) {
      this.#failed(error as Error)
    } finally {
      this.#publishing = false
    }
  }

  /** What waits, in messages. Made one after the other: what changes while one is on its way is in a later one. */
  *#changes(): Iterable<Changes> {
    const { beds, gateways, letters } = this.#live
    yield {
      v: VERSION,
      hub: this.#hubId,
      beds: drain(this.#beds, (id) => beds.get(id)).map(bedRecord),
      gateways: drain(this.#gateways, (id) => gateways.get(id)).map(gatewayRecord),
      letters: drain(this.#letters, (id) => letters.get(id)).map(letterRecord),
      waves: this.#waves.splice(0),
    }
    while (this.#devices.size) {
      const devices: DeviceRecord[] = []
      for (const device of this.#devices) {
        this.#devices.delete(device)
        devices.push(this.#recordOf(device))
        if (devices.length >= DEVICES_IN_MESSAGE) break
      }
      yield { v: VERSION, hub: this.#hubId, devices }
    }
  }

  #recordOf(device: DeviceState): DeviceRecord {
    const told = this.#told.get(device) ?? -1
    this.#told.set(device, this.#live.revision)
    const metrics = []
    for (const metric of device.metrics.values()) if (metric.revision > told) metrics.push(metricRecord(metric))
    const alarms = []
    for (const alarm of device.alarms.values()) if (alarm.revision > told) alarms.push(alarmRecord(alarm))
    return { id: device.id, facts: deviceFacts(device), metrics, alarms }
  }

  /** Returns whether another hub heard it. The reply to PUBLISH is the number of subscribers: one of them is this hub itself. */
  async #publish(changes: Changes): Promise<boolean> {
    const heard = await this.#redis.client.publish(CHANNEL, JSON.stringify(changes))
    this.#counts.published++
    if (heard > 1) return true
    this.#aloneUntil = performance.now() + ALONE_FOR_MS
    return false
  }

  // ── hearing ────────────────────────────────────────────────────────────────────────────────────────────────────────

  readonly #hear = (text: string): void => {
    try {
      const changes = JSON.parse(text) as Changes
      if (changes.v !== VERSION || changes.hub === this.#hubId) return
      if (changes.hello) this.#welcome()
      this.#take(changes)
      this.#counts.taken++
    } catch (error) {
      this.#log.warn({ err: error }, 'another hub said what cannot be read')
    }
  }

  /** Another hub is there now: it gets everything we have. */
  #welcome(): void {
    this.#aloneUntil = 0
    for (const device of this.#live.devices.values()) {
      this.#told.delete(device)
      this.#devices.add(device)
    }
    for (const id of this.#live.beds.keys()) this.#beds.add(id)
    for (const id of this.#live.gateways.keys()) this.#gateways.add(id)
    for (const id of this.#live.letters.keys()) this.#letters.add(id)
  }

  #take({ devices = [], beds = [], gateways = [], letters = [], waves = [] }: Changes): void {
    this.#taking = true
    try {
      for (const bed of beds) takeBedRecord(this.#live, bed)
      for (const gateway of gateways) takeGatewayRecord(this.#live, gateway)
      for (const device of devices) takeDeviceRecord(this.#live, device)
      for (const letter of letters) takeLetterRecord(this.#live, letter)
      for (const wave of waves) takeWaveRecord(this.#live, wave)
    } finally {
      this.#taking = false
    }
  }
}

/** Empties the set; what is no more is left out. */
function drain<Thing>(ids: Set<string>, get: (id: string) => Thing | undefined): Thing[] {
  const things: Thing[] = []
  for (const id of ids) {
    const thing = get(id)
    if (thing) things.push(thing)
  }
  ids.clear()
  return things
}
