/**
 * Everything that comes from gateways by MQTT goes in here: to the live state at once, to history in order and exactly once
 * (docs/architecture.md, "The streams").
 */

import type { Batch, GatewayHealth, GatewayStatus, Now } from '@wardline/devices/messages/envelopes.ts'
import type { MqttLink } from '@wardline/devices/mqtt/link.ts'
import { type StreamName, streams } from '@wardline/devices/streams.ts'
import { topics } from '@wardline/devices/topics.ts'
import type { Logger } from 'pino'
import { bedById } from '../../modules/inpatient/service.ts'
import type { HubConfig } from '../../platform/config.ts'
import type { Database } from '../../platform/database/database.ts'
import { enrolledGateways } from '../../platform/embedded/enrol.ts'
import type { Figure } from '../../platform/http/metrics.ts'
import type { Timeline } from '../../platform/timeline/timeline.ts'
import { alarmsWork } from '../alarms/alarms.ts'
import { type Associations, openAssociations } from '../associations/associations.ts'
import { type Letters, openLetters, type Retake } from '../letters/letters.ts'
import type { Live } from '../live.ts'
import { adtWork } from './adt-work.ts'
import { bedLooks } from './bed-looks.ts'
import { envelopes, faultsOf, otherVersion } from './checks.ts'
import { createCommits } from './commits.ts'
import { type GatewayStreams, openGatewayStreams } from './gateway-streams.ts'
import { advance, enrol, keepLeases, type Lease } from './leases.ts'
import { readingsWork } from './readings-work.ts'
import { refusalsWork } from './refusals-work.ts'
import { restoreLive } from './restore.ts'
import { type IngestSettings, ingestDefaults } from './settings.ts'
import type { StreamWork } from './stream-work.ts'
import { troubleOf } from './trouble.ts'
import { createUnreadable } from './unreadable.ts'
import { wavesWork } from './waves-work.ts'

export interface IngestOptions {
  config: Pick<HubConfig, 'hubId' | 'site' | 'dataDir'>
  database: Database
  timeline: Timeline
  mqtt: MqttLink
  live: Live
  log: Logger
  metrics?: { add(figures: readonly Figure[]): void }
  settings?: Partial<IngestSettings>
  /** The catalogue's name for a device, by its id. */
  modelOf?: (device: string) => string | undefined
}

export interface IngestStats {
  /** Gateways this hub writes for. */
  gateways: string[]
  streams: { gateway: string; spool: string; stream: StreamName; committed: number; waitingBytes: number }[]
  /** Since the start, by stream. */
  counts: Record<StreamName, { records: number; bad: number; overlap: number; lost: number }>
  unreadable: { kept: number; counted: number }
}

export interface Ingest {
  readonly letters: Letters
  readonly associations: Associations
  /** Takes nothing more, waits for what is being stored, gives its gateways up. */
  stop(): Promise<void>
  stats(): IngestStats
  /** The broker is there, and what came is being stored. */
  healthy(): boolean
}

type Message = { gateway: string; kind: string } & (
  | { is: 'batch'; batch: Batch }
  | { is: 'now'; now: Now }
  | { is: 'status'; status: GatewayStatus }
  | { is: 'health'; health: GatewayHealth }
  | { is: 'bad'; code: string; says: string }
)

/** Starts to take in. The database must be migrated. Rejects when it is away: the caller waits for it and tries again. */
export async function startIngest(options: IngestOptions): Promise<Ingest> {
  const { config, database, timeline, mqtt, live, log } = options
  const settings = { ...ingestDefaults, ...options.settings }
  const site = config.site.id
  const { pool, ingest: ingestPool } = database
  const letters = openLetters({ database, mqtt, live, site, log })
  const associations = openAssociations({ database, timeline, live, log, ...(options.modelOf && { modelOf: options.modelOf }) })
  const alarms = alarmsWork({ live, pool: ingestPool, associations })
  const lookAtBed = bedLooks({ read: (bed) => bedById(ingestPool, bed), live })
  const works = {
    alarms,
    adt: adtWork({ associations, lookAtBed, pool: ingestPool, log }),
    readings: readingsWork({ timeline, associations, live, lookAtBed, pool: ingestPool, holdMs: settings.holdMs, log }),
    refusals: refusalsWork({ letters, pool: ingestPool }),
    waves: wavesWork({ timeline, associations, live, pool: ingestPool }),
  } as Record<StreamName, StreamWork<unknown>>
  const unreadable = createUnreadable({ letters, pool, perMinute: settings.lettersPerMinute, log })
  const counts = Object.fromEntries(
    Object.keys(streams).map((name) => [name, { records: 0, bad: 0, overlap: 0, lost: 0 }]),
  ) as IngestStats['counts']
  const held = new Map<string, GatewayStreams>()
  const commits = createCommits(mqtt, site, ({ gateway, spool }) => held.get(gateway)?.stand(spool))
  let stopped = false

  /** What cannot be stored right now: streams by name, `leases` for the whole database. */
  const troubled = new Set<string>()
  function trouble(what: string, is: boolean, error?: unknown): void {
    if (is === troubled.has(what)) return
    if (is) troubled.add(what)
    else troubled.delete(what)
    if (is) log.warn({ what, err: error }, 'what comes cannot be stored; it waits, and the wall goes on')
    else log.info({ what }, 'what comes is stored again')
    live.degraded('history', troubled.size > 0)
  }

  const leases = keepLeases({
    pool,
    holder: config.hubId,
    leaseMs: settings.leaseMs,
    log,
    acquired: takeOver,
    lost: (gateway) => void letGo(gateway),
  })

  async function takeOver(lease: Lease): Promise<void> {
    const { gateway } = lease
    const opened = await openGatewayStreams({
      lease,
      pool,
      works,
      mostSpools: settings.spoolsPerGateway,
      of: (source, work) => {
        const name = `${source.gateway}/${source.spool}/${work.stream}`
        return {
          letters,
          limitBytes: settings.streamLimitBytes,
          atOnce: settings.atOnce,
          advance: (tx, move) => advance(tx, { lease, holder: config.hubId, spool: source.spool, stream: work.stream, ...move }),
          announce: (resend) => commits.announce(source, resend),
          trouble: (is, error) => trouble(name, is, error),
          deposed(error) {
            trouble(name, false)
            if (held.get(gateway) !== opened) return
            log.warn({ name, reason: (error as Error).message }, 'a commit was refused; looking again whose the gateway is')
            leases.doubt(gateway)
            void look()
          },
          unheard: (error) => log.error({ name, err: error }, 'a record could not be shown live'),
          count: (what, n) => {
            counts[work.stream][what] += n
          },
        }
      },
    })
    if (!restored) await restore()
    held.set(gateway, opened)
    for (const spool of opened.spools()) commits.announce({ gateway, spool }, true)
  }

  /** False while a look at the leases runs that has not yet taken anything over. */
  let restored = false
  /**
   * Another hub may have written while we did not: everything remembered is looked up again. Alarms of gateways that we write for are as we
   * heard them, which may be newer than what is stored.
   */
  async function restore(): Promise<void> {
    restored = true
    alarms.restore(await restoreLive({ pool, live, associations, letters, isOurs: (gateway) => held.has(gateway) }))
  }

  async function letGo(gateway: string): Promise<void> {
    const streams = held.get(gateway)
    held.delete(gateway)
    for (const what of troubled) if (what.startsWith(`${gateway}/`)) trouble(what, false)
    await streams?.stop()
  }

  let looking: Promise<void> | undefined
  function look(): Promise<void> {
    looking ??= lookOnce().finally(() => {
      looking = undefined
    })
    return looking
  }
  async function lookOnce(): Promise<void> {
    try {
      await enrol(pool, enrolledGateways(config.dataDir))
      restored = false
      await leases.tick()
      trouble('leases', false)
    } catch (error) {
      if (!stopped) trouble('leases', true, error)
    }
  }

  const strangers = new Map<string, number>()
  function stranger(gateway: string): void {
    const now = Date.now()
    // Once a second is enough to be seen; the map is emptied before made-up names could fill it.
    if (now - (strangers.get(gateway) ?? 0) < 1_000) return
    if (strangers.size > 1_000) strangers.clear()
    strangers.set(gateway, now)
    live.gatewayUnknown(gateway, now)
  }

  /** What came by MQTT, told apart and checked; no effects. */
  function read(topic: string, payload: Buffer): Message | null {
    const stream = topics.stream.read(topic)
    const kind = stream
      ? 'stream'
      : topics.now.read(topic)
        ? 'now'
        : topics.status.read(topic)
          ? 'status'
          : topics.health.read(topic)
            ? 'health'
            : null
    const parts = stream ?? (kind && kind !== 'stream' ? topics[kind].read(topic) : null)
    if (!kind || !parts) return null
    const { gateway } = parts
    const bad = (code: string, says: string): Message => ({ gateway, kind: stream?.stream ?? kind, is: 'bad', code, says })
    if (!leases.enrolled(gateway)) return bad('GATEWAY_UNKNOWN', `"${gateway}" is not an enrolled gateway`)
    if (stream && !Object.hasOwn(streams, stream.stream)) return bad('STREAM_UNKNOWN', `there is no stream "${stream.stream}"`)
    if (payload.length > settings.mostPayloadBytes)
      return bad('TOO_LARGE', `${payload.length} bytes; at most ${settings.mostPayloadBytes} are read`)
    let content: unknown
    try {
      content = JSON.parse(payload.toString())
    } catch {
      return bad('NOT_JSON', 'the payload is not JSON')
    }
    const version = otherVersion(content)
    if (version) return bad('VERSION_UNKNOWN', version)
    const check = envelopes[kind === 'stream' ? 'batch' : kind]
    if (!check.Check(content)) return bad('BAD_ENVELOPE', faultsOf(check, content))
    if (content.gateway !== gateway) return bad('GATEWAY_MISMATCH', 'the payload names another gateway than its topic')
    const is = { gateway, kind: stream?.stream ?? kind }
    if (!stream) return { ...is, is: kind, [kind]: content } as Message
    const batch = content as Batch
    if (batch.stream !== stream.stream) return bad('STREAM_MISMATCH', 'the payload names another stream than its topic')
    return { ...is, is: 'batch', batch }
  }

  function receive(topic: string, payload: Buffer): void {
    if (stopped) return
    const message = read(topic, payload)
    if (!message) return
    const { gateway, kind } = message
    switch (message.is) {
      case 'bad': {
        const { code, says } = message
        if (code === 'GATEWAY_UNKNOWN') stranger(gateway)
        // The hub that writes for the gateway keeps the letter; nobody writes for a stranger.
        if (code !== 'GATEWAY_UNKNOWN' && !held.has(gateway)) return
        unreadable.refuse({ gateway, kind, topic, payload, code, says })
        return
      }
      case 'status':
        live.gatewayStatus(message.status)
        return
      case 'health': {
        live.gatewayHealth(message.health)
        if (held.has(gateway)) commits.announce({ gateway, spool: message.health.spool }, false)
        return
      }
      case 'now':
        hearNow(message.now)
        return
      case 'batch': {
        const streams = held.get(gateway)
        if (!streams) overhear(message.batch)
        if (!streams || streams.take(message.batch, topic, payload.length)) return
        unreadable.refuse({
          gateway,
          kind,
          topic,
          payload,
          code: 'TOO_MANY_SPOOLS',
          says: `more than ${settings.spoolsPerGateway} spools`,
        })
      }
    }
  }

  /** Alarms are for every hub's walls, whoever stores them: when that hub dies the next waits for its lease to lapse. */
  function overhear({ gateway, spool, stream, first, records }: Batch): void {
    if (stream !== 'alarms') return
    const heardAt = Date.now()
    for (const [i, record] of records.entries())
      if (works.alarms.check(record)) works.alarms.hear?.({ gateway, spool }, { position: first + i, record, heardAt })
  }

  /** The newest of each device while a backlog stands before it: for the wall only. */
  function hearNow({ gateway, devices }: Now): void {
    for (const { device, receivedAt, location, frames } of devices) {
      if (location) associations.heardAt(device, location, receivedAt)
      const real = frames
        .map(({ at, metrics }) => ({ at, metrics: metrics.filter(({ quality }) => quality !== 'TEST' && quality !== 'DEMO') }))
        .filter(({ at, metrics }) => metrics.length && at <= receivedAt + FUTURE_MS)
      if (real.length) live.readings({ gateway, device, receivedAt, frames: real, ...(location && { location }) })
    }
  }

  const retake: Retake = async ({ door, origin, topic, raw }) => {
    const payload = Buffer.from(raw, 'base64')
    try {
      if (door === 'mqtt') {
        const message = read(topic ?? '', payload)
        if (!message || message.is === 'bad') return { badStill: message?.is === 'bad' ? message.says : 'nothing of ours' }
        if (!held.has(message.gateway)) return 'later'
        receive(topic!, payload)
        return 'done'
      }
      const [gateway = '', spool = '', stream = '', position = ''] = origin?.split('/') ?? []
      const streams = held.get(gateway)
      const pipeline = streams?.pipeline(spool, stream as StreamName, topic ?? '')
      if (!pipeline) return 'later'
      await pipeline.retake(JSON.parse(payload.toString()), Number(position))
      return 'done'
    } catch (error) {
      if (troubleOf(error) !== 'record' && !(error instanceof SyntaxError)) throw error
      return { badStill: (error as Error).message }
    }
  }
  letters.onRetake(retake)

  await enrol(pool, enrolledGateways(config.dataDir))
  await restore()
  await leases.tick()
  mqtt.on('up', () => live.degraded('broker', false))
  mqtt.on('down', () => live.degraded('broker', true))
  live.degraded('broker', !mqtt.connected)
  for (const topic of [topics.stream, topics.now, topics.status, topics.health]) {
    const filter = topic.filter({ site })
    await mqtt
      .subscribe(filter, topic.qos, (name, payload) => receive(name, payload))
      .catch((error: unknown) => {
        if (mqtt.connected) throw error
        // The link went down while it was asked: it asks again by itself before it is up.
        log.warn({ filter, err: error }, 'not subscribed yet')
      })
  }

  const timers = [
    setInterval(() => void look(), settings.leaseMs / 3),
    setInterval(() => {
      if (!troubled.size)
        associations
          .expire(leases.gateways())
          .catch((error: unknown) => log.warn({ err: error }, 'held readings could not be looked through'))
    }, settings.expireEveryMs),
  ]
  options.metrics?.add(figuresOf(stats))

  function stats(): IngestStats {
    return {
      gateways: [...held.keys()],
      streams: [...held].flatMap(([gateway, streams]) =>
        streams.pipelines().map(({ spool, pipeline: { stream, committed, waitingBytes } }) => ({
          gateway,
          spool,
          stream,
          committed,
          waitingBytes,
        })),
      ),
      counts: structuredClone(counts),
      unreadable: { ...unreadable.counts },
    }
  }

  return {
    letters,
    associations,
    stats,
    healthy: () => mqtt.connected && troubled.size === 0,
    async stop() {
      if (stopped) return
      stopped = true
      for (const timer of timers) clearInterval(timer)
      await looking
      await Promise.all([...held.values()].map((streams) => streams.stop()))
      held.clear()
      await unreadable.settled()
      await leases.release().catch((error: unknown) => log.warn({ err: error }, 'the gateways could not be given up; they lapse'))
    },
  }
}

/** Ahead of the gateway's clock by more than this: quarantined [STD, domain page "Bedside monitoring", section 12]. */
const FUTURE_MS = 5 * 60_000

function figuresOf(stats: () => IngestStats): Figure[] {
  const byStream = (what: 'records' | 'bad' | 'overlap' | 'lost') => () =>
    Object.entries(stats().counts).map(([stream, counted]) => ({ labels: { stream }, value: counted[what] }))
  return [
    { name: 'wardline_ingest_records_total', help: 'Records stored', labels: ['stream'], read: byStream('records') },
    {
      name: 'wardline_ingest_bad_records_total',
      help: 'Records put aside as dead letters',
      labels: ['stream'],
      read: byStream('bad'),
    },
    {
      name: 'wardline_ingest_repeated_records_total',
      help: 'Records that came again and were skipped',
      labels: ['stream'],
      read: byStream('overlap'),
    },
    {
      name: 'wardline_ingest_lost_records_total',
      help: 'Records that a gateway says will never come',
      labels: ['stream'],
      read: byStream('lost'),
    },
    {
      name: 'wardline_ingest_waiting_bytes',
      help: 'Bytes that wait for the database',
      labels: ['gateway', 'stream'],
      read: () =>
        stats().streams.map(({ gateway, stream, waitingBytes }) => ({ labels: { gateway, stream }, value: waitingBytes })),
    },
    { name: 'wardline_ingest_gateways', help: 'Gateways this hub writes for', read: () => stats().gateways.length },
    {
      name: 'wardline_ingest_unreadable_total',
      help: 'MQTT messages that could not be read',
      read: () => stats().unreadable.kept + stats().unreadable.counted,
    },
  ]
}
