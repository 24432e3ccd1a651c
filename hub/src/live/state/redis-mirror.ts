import type { Logger } from 'pino'
import type { RedisLink } from '../../platform/redis/redis.ts'
import type { DeviceState } from './device-state.ts'
import type { LiveMemory } from './live-state.ts'
import {
  type AlarmRecord,
  alarmRecord,
  type BedRecord,
  bedRecord,
  type DeviceFacts,
  type DeviceRecord,
  deviceFacts,
  type GatewayRecord,
  gatewayRecord,
  type LetterRecord,
  letterRecord,
  type MetricRecord,
  metricRecord,
} from './replica.ts'

const DEVICE = 'live:device:'
const BEDS = 'live:beds'
const GATEWAYS = 'live:gateways'
const LETTERS = 'live:letters'
/** What nobody wrote for a day is no live state. [DEF] as `deviceForgottenMs`. */
const KEPT_S = 24 * 3600
const RENEW_MS = 3_600_000
/** So many commands are on their way at once; the link takes 10,000. */
const AT_ONCE = 250

interface Written {
  revision: number
  fields: Set<string>
  renewedAt: number
}

interface MirrorOptions {
  live: LiveMemory
  client: RedisLink['client']
  hubId: string
  log: Pick<Logger, 'warn'>
  /** True while something is taken in that is in Redis already, or that another hub writes there. */
  ignore: () => boolean
}

/** What the copy in Redis holds of this hub's live state: writes what changed, reads everything. Not for two calls at the same time. */
export class RedisMirror {
  /** Devices written so far, each time counted. */
  written = 0
  readonly #live: LiveMemory
  readonly #client: RedisLink['client']
  readonly #marker: string
  readonly #log: Pick<Logger, 'warn'>
  readonly #unwatch: () => void
  #devices = new Set<DeviceState>()
  #beds = new Set<string>()
  #gateways = new Set<string>()
  #letters = new Set<string>()
  #known = new WeakMap<DeviceState, Written>()
  #busy: Promise<void> = Promise.resolve()

  constructor({ live, client, hubId, log, ignore }: MirrorOptions) {
    this.#live = live
    this.#client = client
    this.#log = log
    this.#marker = `live:written:${hubId}`
    const note = (mark: () => void) => ignore() || mark()
    this.#unwatch = live.watch({
      device: (device) => note(() => this.#devices.add(device)),
      bed: ({ id }) => note(() => this.#beds.add(id)),
      gateway: ({ id }) => note(() => this.#gateways.add(id)),
      letter: ({ letter }) => note(() => this.#letters.add(letter.id)),
      forgotten: (device) => this.#devices.delete(device),
    })
  }

  close(): void {
    this.#unwatch()
  }

  /** Write what changed since the last time; everything, when Redis has lost it. Rejects when Redis does; the next call then writes it. */
  write(): Promise<void> {
    this.#busy = this.#busy.catch(() => {}).then(() => this.#write())
    return this.#busy
  }

  async #write(): Promise<void> {
    // The marker goes when Redis loses its memory, with or without a broken connection.
    if ((await this.#client.expire(this.#marker, KEPT_S)) === 0) {
      this.#markAll()
      await this.#writeChanged()
      await this.#client.set(this.#marker, String(Date.now()), { expiration: { type: 'EX', value: KEPT_S } })
      return
    }
    await this.#writeChanged()
  }

  #markAll(): void {
    const { devices, beds, gateways, letters } = this.#live
    this.#known = new WeakMap()
    this.#devices = new Set(devices.values())
    this.#beds = new Set(beds.keys())
    this.#gateways = new Set(gateways.keys())
    this.#letters = new Set(letters.keys())
  }

  async #writeChanged(): Promise<void> {
    const { beds, gateways, letters } = this.#live
    await this.#writeTable(BEDS, this.#beds, (id) => beds.get(id), bedRecord)
    await this.#writeTable(GATEWAYS, this.#gateways, (id) => gateways.get(id), gatewayRecord)
    await this.#writeTable(LETTERS, this.#letters, (id) => letters.get(id), letterRecord)
    while (this.#devices.size) {
      const some: DeviceState[] = []
      for (const device of this.#devices) {
        some.push(device)
        this.#devices.delete(device)
        if (some.length >= AT_ONCE / 2) break
      }
      try {
        // Commands of one turn of the event loop go out as one pipeline.
        await Promise.all(some.flatMap((device) => this.#writeDevice(device)))
      } catch (error) {
        for (const device of some) {
          this.#known.delete(device)
          if (this.#live.devices.has(device.id)) this.#devices.add(device)
        }
        throw error
      }
      this.written += some.length
    }
  }

  async #writeTable<Thing>(
    key: string,
    ids: Set<string>,
    get: (id: string) => Thing | undefined,
    record: (thing: Thing) => object,
  ): Promise<void> {
    if (ids.size === 0) return
    const set: Record<string, string> = {}
    const gone: string[] = []
    for (const id of ids) {
      const thing = get(id)
      if (thing) set[id] = JSON.stringify(record(thing))
      else gone.push(id)
    }
    const taken = [...ids]
    ids.clear()
    try {
      await Promise.all([
        ...(Object.keys(set).length ? [this.#client.hSet(key, set), this.#client.expire(key, KEPT_S)] : []),
        ...(gone.length ? [this.#client.hDel(key, gone)] : []),
      ])
    } catch (error) {
      for (const id of taken) ids.add(id)
      throw error
    }
  }

  #writeDevice(device: DeviceState): Promise<unknown>[] {
    const known = this.#known.get(device) ?? { revision: -1, fields: new Set<string>(), renewedAt: 0 }
    this.#known.set(device, known)
    const key = DEVICE + device.id
    const set: Record<string, string> = { facts: JSON.stringify(deviceFacts(device)) }
    const there = new Set<string>()
    for (const metric of device.metrics.values()) {
      const field = `m:${metric.path}`
      there.add(field)
      if (metric.revision > known.revision) set[field] = JSON.stringify(metricRecord(metric))
    }
    for (const alarm of device.alarms.values()) {
      if (alarm.ended) continue
      const field = `a:${alarm.key}`
      there.add(field)
      if (alarm.revision > known.revision) set[field] = JSON.stringify(alarmRecord(alarm))
    }
    const commands: Promise<unknown>[] = [this.#client.hSet(key, set)]
    const gone = [...known.fields].filter((field) => !there.has(field))
    if (gone.length) commands.push(this.#client.hDel(key, gone))
    const now = Date.now()
    if (now - known.renewedAt > RENEW_MS) {
      known.renewedAt = now
      commands.push(this.#client.expire(key, KEPT_S))
    }
    known.revision = this.#live.revision
    known.fields = there
    return commands
  }

  /** Everything that is in Redis, whoever wrote it. */
  async read(): Promise<{ devices: DeviceRecord[]; beds: BedRecord[]; gateways: GatewayRecord[]; letters: LetterRecord[] }> {
    const [beds, gateways, letters] = await Promise.all([
      this.#readTable<BedRecord>(BEDS),
      this.#readTable<GatewayRecord>(GATEWAYS),
      this.#readTable<LetterRecord>(LETTERS),
    ])
    const devices: DeviceRecord[] = []
    for await (const keys of this.#client.scanIterator({ MATCH: `${DEVICE}*`, COUNT: AT_ONCE })) {
      const hashes = await Promise.all(keys.map((key) => this.#client.hGetAll(key)))
      for (const [i, hash] of hashes.entries()) {
        const record = this.#parse(() => deviceRecord(keys[i]!.slice(DEVICE.length), hash))
        if (record) devices.push(record)
      }
    }
    return { devices, beds, gateways, letters }
  }

  async #readTable<Row>(key: string): Promise<Row[]> {
    const rows = Object.values(await this.#client.hGetAll(key))
    return rows.flatMap((text) => this.#parse(() => JSON.parse(text) as Row) ?? [])
  }

  #parse<Row>(read: () => Row): Row | undefined {
    try {
      return read()
    } catch (error) {
      this.#log.warn({ err: error }, 'a live record in redis cannot be read: left out')
      return undefined
    }
  }
}

function deviceRecord(id: string, hash: Record<string, string>): DeviceRecord | undefined {
  if (hash.facts === undefined) return undefined
  const facts = JSON.parse(hash.facts) as DeviceFacts
  const metrics: MetricRecord[] = []
  const alarms: AlarmRecord[] = []
  for (const [field, text] of Object.entries(hash)) {
    if (field.startsWith('m:')) metrics.push(JSON.parse(text) as MetricRecord)
    else if (field.startsWith('a:')) alarms.push(JSON.parse(text) as AlarmRecord)
  }
  return { id, facts, metrics, alarms }
}
