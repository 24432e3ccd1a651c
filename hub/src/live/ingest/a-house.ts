/**
 * A hub's ingest over real engines, and gateways that speak to it as real ones do: for tests. What the live state is told is written down.
 */
import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Batch, type Commit, MESSAGE_VERSION, type Redrive } from '@wardline/devices/messages/envelopes.ts'
import type {
  AdtRecord,
  AlarmRecord,
  DeviceAlarm,
  Metric,
  ObservationRecord,
  RecordOf,
} from '@wardline/devices/messages/records.ts'
import { connectMqtt, type MqttLink } from '@wardline/devices/mqtt/link.ts'
import type { StreamName } from '@wardline/devices/streams.ts'
import { topics } from '@wardline/devices/topics.ts'
import { readConfig } from '../../platform/config.ts'
import { type Database, migrate, openDatabase } from '../../platform/database/database.ts'
import { enrol } from '../../platform/embedded/enrol.ts'
import { silentLog, type TemporaryEngines, temporaryEngines } from '../../platform/embedded/temporary-engines.ts'
import { openTimeline } from '../../platform/timeline/open-timeline.ts'
import type { Timeline } from '../../platform/timeline/timeline.ts'
import type { Live } from '../live.ts'
import { type Ingest, startIngest } from './ingest.ts'
import type { IngestSettings } from './settings.ts'

export const SITE = 'hosp'

type Tellable = Exclude<keyof Live, 'openAlarms'>
type Told = { [What in Tellable]: { what: What; said: Parameters<Live[What]> } }[Tellable]

/** A live state that only writes down what it was told. */
export interface Notes extends Live {
  readonly told: Told[]
  /** What was told of this kind, as the arguments of each call. */
  of<What extends Tellable>(what: What): Parameters<Live[What]>[]
}

const kinds: readonly Tellable[] = [
  'readings',
  'wave',
  'alarm',
  'bed',
  'placed',
  'conflict',
  'gatewayStatus',
  'gatewayHealth',
  'gatewayUnknown',
  'letter',
  'degraded',
]

/** @param shown alarms that were on the walls before it was told anything */
export function takeNotes(shown: ReturnType<Live['openAlarms']> = []): Notes {
  const told: Told[] = []
  const methods = Object.fromEntries(kinds.map((what) => [what, (...said: unknown[]) => void told.push({ what, said } as Told)]))
  return {
    ...(methods as unknown as Live),
    openAlarms: () => shown,
    told,
    of: (what) => told.filter((note) => note.what === what).map((note) => note.said) as never,
  }
}

export interface Hub {
  ingest: Ingest
  live: Notes
  mqtt: MqttLink
  stop(): Promise<void>
}

export interface House {
  engines: TemporaryEngines
  database: Database
  timeline: Timeline
  hub(options?: {
    id?: string
    settings?: Partial<IngestSettings>
    database?: Database
    timeline?: Timeline
    shown?: ReturnType<Live['openAlarms']>
  }): Promise<Hub>
  gateway(id?: string): Promise<Gateway>
  /** A second set of pools to the same database, to be closed by the test. */
  openDatabase(): Database
  end(): Promise<void>
}

/** A house whose hub is not started yet. Cold start about three seconds. */
export async function aHouse(gateways: readonly string[] = ['gw1']): Promise<House> {
  const engines = await temporaryEngines({ postgres: true, broker: true, enrol: gateways })
  const config = readConfig({ WARDLINE_DATA_DIR: engines.dataDir, DATABASE_URL: engines.databaseUrl!, LOG_LEVEL: 'silent' })
  const open = () => openDatabase(engines.databaseUrl!, { log: silentLog })
  const database = open()
  await migrate(database)
  const timeline = await openTimeline({ config, database, log: silentLog })
  await timeline.maintain(Date.now())
  const ends: (() => Promise<void>)[] = []
  return {
    engines,
    database,
    timeline,
    openDatabase: open,
    async hub({ id = 'hub1', settings, shown, ...own } = {}) {
      const mqtt = await link(engines, `hub-${randomUUID()}`, 'hub')
      const live = takeNotes(shown)
      const ingest = await startIngest({
        config: { ...config, hubId: id },
        database: own.database ?? database,
        timeline: own.timeline ?? timeline,
        mqtt,
        live,
        log: silentLog,
        ...(settings && { settings }),
      })
      let stopped = false
      const stop = async () => {
        if (stopped) return
        stopped = true
        await ingest.stop()
        await mqtt.close()
      }
      ends.push(stop)
      return { ingest, live, mqtt, stop }
    },
    async gateway(id = 'gw1') {
      const gateway = await aGateway(engines, id)
      ends.push(() => gateway.close())
      return gateway
    },
    async end() {
      for (const end of ends.reverse()) await end()
      await timeline.close()
      await database.close()
      await engines.end()
    },
  }
}

async function link(engines: TemporaryEngines, clientId: string, account: string): Promise<MqttLink> {
  const { password } = account === 'hub' ? { password: engines.mqttPassword! } : await enrol(engines.dataDir, account, 'gateway')
  const mqtt = connectMqtt({ url: engines.mqttUrl!, clientId, username: account, password, log: silentLog })
  if (!mqtt.connected) await new Promise<void>((resolve) => mqtt.on('up', resolve))
  return mqtt
}

export interface Gateway {
  id: string
  spool: string
  commits: Commit[]
  redrives: Redrive[]
  mqtt: MqttLink
  /** Publish these records of a stream as numbers `first`, `first` + 1, ... */
  batch(stream: StreamName, first: number, records: unknown[], more?: Partial<Batch>): Promise<void>
  /** Append to the stream and publish at once; resolves when the hub says it is stored. */
  send<Stream extends StreamName>(stream: Stream, ...records: RecordOf[Stream][]): Promise<void>
  /** As `send`, without waiting. */
  post<Stream extends StreamName>(stream: Stream, ...records: RecordOf[Stream][]): Promise<number>
  /** Resolves when the hub's commit is at least this; rejects after eight seconds. */
  committed(stream: StreamName, position: number): Promise<void>
  /** A gateway with a new disk. */
  newSpool(): void
  close(): Promise<void>
}

async function aGateway(engines: TemporaryEngines, id: string): Promise<Gateway> {
  const mqtt = await link(engines, `gateway-${randomUUID()}`, id)
  const last = new Map<string, number>()
  const gateway: Gateway = {
    id,
    spool: randomUUID(),
    commits: [],
    redrives: [],
    mqtt,
    async batch(stream, first, records, more) {
      const batch: Batch = {
        v: MESSAGE_VERSION,
        gateway: id,
        spool: gateway.spool,
        stream,
        first,
        sentAt: Date.now(),
        records,
        ...more,
      }
      await mqtt.publish(topics.stream.at({ site: SITE, gateway: id, stream }), JSON.stringify(batch), { qos: 1 })
    },
    async post(stream, ...records) {
      const first = (last.get(stream) ?? 0) + 1
      last.set(stream, first + records.length - 1)
      await gateway.batch(stream, first, records)
      return first + records.length - 1
    },
    async send(stream, ...records) {
      await gateway.committed(stream, await gateway.post(stream, ...records))
    },
    committed: (stream, position) =>
      eventually(() => {
        const said = standOf(gateway, stream)
        if (said < position) throw new Error(`${stream} is stored up to ${said}, not ${position}`)
      }),
    newSpool() {
      gateway.spool = randomUUID()
      last.clear()
    },
    close: () => mqtt.close(),
  }
  await mqtt.subscribe(
    topics.commits.at({ site: SITE, gateway: id }),
    1,
    (_topic, payload) => void gateway.commits.push(JSON.parse(payload.toString())),
  )
  await mqtt.subscribe(
    topics.redrive.at({ site: SITE, gateway: id }),
    1,
    (_topic, payload) => void gateway.redrives.push(JSON.parse(payload.toString())),
  )
  return gateway
}

/** How far the newest commit for its present spool says that a stream is stored. */
export function standOf({ commits, spool }: Gateway, stream: StreamName): number {
  const newest = commits.filter((commit) => commit.spool === spool).at(-1)
  return (newest?.committed as Record<StreamName, number> | undefined)?.[stream] ?? 0
}

/** Try until it does not throw. Rejects with its last error after `patienceMs`. */
export async function eventually<T>(check: () => T | Promise<T>, patienceMs = 8_000): Promise<T> {
  const until = performance.now() + patienceMs
  for (;;) {
    try {
      return await check()
    } catch (error) {
      if (performance.now() > until) throw error
      await sleep(15)
    }
  }
}

let messages = 0
/** A message of a monitor. Without more: one heart rate of 72, measured just now. */
export function anObservation(
  device: string,
  more: Partial<ObservationRecord> & { hr?: number; at?: number } = {},
): ObservationRecord {
  const { hr = 72, at = Date.now(), ...record } = more
  const metric: Metric = { path: '1.2.1.1', code: 147842, value: hr }
  return {
    kind: 'observation',
    id: `M${++messages}`,
    sender: `MON^${device}^EUI-64`,
    receivedAt: Date.now(),
    device,
    frames: [{ at, metrics: [metric] }],
    ...record,
  }
}

export function anAlarm(device: string, alarm: Partial<DeviceAlarm>, more: Partial<AlarmRecord> = {}): AlarmRecord {
  return {
    kind: 'alarm',
    id: `A${++messages}`,
    sender: `MON^${device}^EUI-64`,
    receivedAt: Date.now(),
    device,
    alarm: {
      alarmId: 'alarm-1',
      event: 'MDC_EVT_LO',
      text: 'SpO2 low',
      phase: 'start',
      state: 'active',
      inactivation: 'enabled',
      priority: 'medium',
      kind: 'SP',
      at: Date.now(),
      ...alarm,
    },
    ...more,
  }
}

type AdtSaid = Partial<Omit<AdtRecord, 'patient'>> & {
  patient: string
  family?: string
  bed?: string
  visit?: string
  at?: number
}
/** `patient` is a medical record number of HOSP, `bed` is `unit^room^bed`. */
export function anAdt(event: string, said: Omit<AdtSaid, 'visit'> & { visit?: string }): AdtRecord {
  const { patient, family, bed, visit, at = Date.now(), ...more } = said
  const [pointOfCare = '', room = '', name = ''] = bed?.split('^') ?? []
  return {
    kind: 'adt',
    id: `T${++messages}`,
    sender: 'ADT^HOSP',
    receivedAt: Math.max(Date.now(), at),
    event,
    at,
    patient: { identifiers: [{ id: patient, authority: 'HOSP', type: 'MR' }], ...(family !== undefined && { family }) },
    visit: {
      class: 'I',
      ...(visit !== undefined && { number: { id: visit, authority: 'HOSP' } }),
      ...(bed !== undefined && { location: { pointOfCare, room, bed: name } }),
    },
    ...more,
  }
}

export const mrn = (id: string) => ({ id, authority: 'HOSP', type: 'MR' })
export const place = (bed: string) => {
  const [pointOfCare = '', room = '', name = ''] = bed.split('^')
  return { pointOfCare, room, bed: name }
}
