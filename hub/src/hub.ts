/**
 * The hub, put together: engines, live state, ingest, sockets, HTTP. Nothing here knows how any of them works.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { findDevice, modelName } from '@wardline/devices/catalogue/catalogue.ts'
import { connectMqtt, type MqttLink } from '@wardline/devices/mqtt/link.ts'
import { type Logger, pino } from 'pino'
import { type Engines, findEngines } from './engines.ts'
import { type Ingest, type IngestStats, startIngest } from './live/ingest/ingest.ts'
import { attachRedisLive, type RedisLive } from './live/redis-live.ts'
import type { LiveServices } from './live/routes/services.ts'
import { snapshotOf } from './live/routes/snapshot.ts'
import { attachSockets, type SocketStats, type Sockets } from './live/sockets/sockets.ts'
import { createLive } from './live/state/live-state.ts'
import { restoreFromHistory } from './live/state/restore-history.ts'
import type { HubConfig } from './platform/config.ts'
import { type Database, isConnectionError, migrate, openDatabase } from './platform/database/database.ts'
import { buildApp, refusals } from './platform/http/app.ts'
import { createMetrics } from './platform/http/metrics.ts'
import { watchUpstream } from './platform/http/upstream.ts'
import { errorForLog } from './platform/log-error.ts'
import { openRedis, type RedisLink } from './platform/redis/redis.ts'
import { openTimeline } from './platform/timeline/open-timeline.ts'
import type { Timeline } from './platform/timeline/timeline.ts'
import { version } from './version.ts'

export interface Hub {
  /** Where HTTP and Socket.IO answer. */
  readonly url: string
  /**
   * Resolves to true when everything is started and the wall shows what was stored, to false when the hub was closed before; rejects when an
   * engine cannot be started at all.
   */
  readonly ready: Promise<boolean>
  /** Stops taking in, waits for what is being stored, ends every connection and the embedded engines. Safe to call twice, and while starting. */
  close(): Promise<void>
  stats(): { ingest?: IngestStats; sockets?: SocketStats; live: ReturnType<ReturnType<typeof createLive>['stats']> }
}

const HOUR_MS = 3_600_000
/** [DEF] A database that comes later than the hub is looked for this often. */
const TRY_AGAIN_MS = 500

/** Everything that is opened on the way up, in the order in which it is. */
interface Opened {
  engines?: Engines
  database?: Database
  timeline?: Timeline
  redis?: RedisLink
  redisLive?: RedisLive
  mqtt?: MqttLink
  sockets?: Sockets
  ingest?: Ingest
  upkeep?: NodeJS.Timeout
}

/**
 * Start a hub. Resolves as soon as HTTP answers (`/healthz` says `starting`, `/readyz` 503, queries 503 with retry), and goes on in the
 * background: see `ready`. Rejects when the port cannot be listened on.
 *
 * After that no engine's death ends the hub: every link connects again by itself, and what cannot be stored waits at the gateways.
 */
export async function startHub(config: HubConfig, options: { log?: Logger } = {}): Promise<Hub> {
  // Standard output belongs to the line that says where the hub is.
  const log = options.log ?? pino({ name: 'hub', level: config.logLevel, serializers: { err: errorForLog } }, pino.destination(2))
  const opened: Opened = {}
  const stop = new AbortController()
  let started = false
  const live = createLive({ settings: { site: { name: config.site.name, timeZone: config.site.timeZone } }, log })
  const metrics = createMetrics({ runtime: true })
  metrics.add([
    { name: 'wardline_hub_ready', help: '1 once everything is started', read: () => Number(started) },
    { name: 'wardline_live_devices', help: 'Devices in live state', read: () => live.stats().devices },
    { name: 'wardline_live_beds', help: 'Beds in live state', read: () => live.stats().beds },
    { name: 'wardline_live_metrics', help: 'Numerics in live state', read: () => live.stats().metrics },
    {
      name: 'wardline_live_refused_by_cap_total',
      help: 'What did not fit into live state',
      read: () => live.stats().refusedByCap,
    },
    {
      name: 'wardline_engine_connected',
      help: '1 while the link to an engine stands',
      labels: ['engine'],
      read: () => [
        { labels: { engine: 'redis' }, value: Number(opened.redis?.up ?? false) },
        { labels: { engine: 'broker' }, value: Number(opened.mqtt?.connected ?? false) },
      ],
    },
  ])

  const services = (): LiveServices => {
    const { database, timeline, ingest } = opened
    if (!started || !database || !timeline || !ingest) throw refusals.STARTING()
    const { letters, associations } = ingest
    return {
      database: database.db,
      timeline,
      letters,
      snapshot: (view, unit) => snapshotOf(live, view, unit),
      confirmAssociation: (device, patient, by) => associations.confirmAssociation(device, patient, by),
      endAssociation: (device, by) => associations.endAssociation(device, by),
    }
  }

  const app = await buildApp({
    log,
    metrics,
    services,
    health: {
      site: { ...config.site, version },
      started: () => started,
      upstream: watchUpstream({
        database: () => opened.database?.healthy() ?? false,
        redis: () => opened.redis?.healthy() ?? false,
        broker: () => opened.mqtt?.connected ?? false,
        history: () => opened.timeline?.healthy() ?? false,
      }),
      gateways() {
        const states = [...live.gateways.values()].map(({ state }) => state)
        const online = states.filter((state) => state === 'online').length
        return { online, offline: states.length - online }
      },
    },
  })
  const url = await app.listen({ host: config.host, port: config.port })

  /** Again and again while the database is away, until the hub is told to stop. */
  async function whenDatabaseAnswers<Result>(work: () => Promise<Result>): Promise<Result> {
    for (;;) {
      stop.signal.throwIfAborted()
      try {
        return await work()
      } catch (error) {
        if (!isConnectionError(error)) throw error
        log.warn({ reason: (error as Error).message }, 'the database went away while starting; trying again')
        await sleep(TRY_AGAIN_MS, undefined, { signal: stop.signal })
      }
    }
  }

  async function start(): Promise<void> {
    const engines = await findEngines(config, log)
    opened.engines = engines
    stop.signal.throwIfAborted()
    const database = openDatabase(engines.databaseUrl, { log })
    opened.database = database
    const { url: mqttUrl, ...account } = engines.mqtt
    const mqtt = connectMqtt({ url: mqttUrl, ...account, clientId: `hub-${config.hubId}`, log })
    opened.mqtt = mqtt
    // What Redis knows is on the walls before the database has answered once.
    const redis = await openRedis(engines.redisUrl, { log })
    opened.redis = redis
    stop.signal.throwIfAborted()
    opened.redisLive = attachRedisLive({ live, redis, hubId: config.hubId, log })
    await opened.redisLive.ready
    stop.signal.throwIfAborted()
    opened.sockets = attachSockets(app.server, { live, log, metrics: metrics.registry })

    await migrate(database, { signal: stop.signal })
    const timeline = await whenDatabaseAnswers(() => openTimeline({ config, database, log }))
    opened.timeline = timeline
    await whenHistoryAnswers(() => timeline.maintain(Date.now()))
    opened.upkeep = setInterval(() => {
      timeline
        .maintain(Date.now())
        .catch((error: unknown) => log.warn({ err: error }, 'history could not be tidied; next try in an hour'))
    }, HOUR_MS).unref()
    const ingest = await whenDatabaseAnswers(() => startIngest({ config, database, timeline, mqtt, live, log, metrics, modelOf }))
    opened.ingest = ingest
    stop.signal.throwIfAborted()
    started = true
    log.info({ url, version, site: config.site.id }, 'the hub is ready')
    // Sparklines are many queries: the wall does not wait for them.
    restoreFromHistory(live, timeline).then(
      (found) => log.info(found, 'live state filled from history'),
      (error: unknown) => stop.signal.aborted || log.warn({ err: error }, 'live state could not be filled from history'),
    )
  }

  /** History in InfluxDB may be away as well; then its upkeep waits for the next hour, and what comes waits at the gateways. */
  async function whenHistoryAnswers(work: () => Promise<void>): Promise<void> {
    if (!config.influx) return whenDatabaseAnswers(work)
    await work().catch((error: unknown) => log.warn({ err: error }, 'history is away'))
  }

  const ready = start().then(
    () => true,
    (error: unknown) => {
      // Told to stop on the way up: that is no failure to start.
      if (stop.signal.aborted) return false
      throw error
    },
  )
  // Whoever does not look at `ready` is told by the log.
  ready.catch((error: unknown) => log.error({ err: error }, 'the hub could not start'))

  let closing: Promise<void> | undefined
  async function close(): Promise<void> {
    stop.abort()
    started = false
    const quietly = async (what: string, work: (() => Promise<unknown>) | undefined) => {
      try {
        await work?.()
      } catch (error) {
        log.warn({ err: error, what }, 'did not close in good order')
      }
    }
    clearInterval(opened.upkeep)
    // New connections end first, then what takes in, then what it writes to.
    await quietly('sockets', () => opened.sockets?.close() ?? Promise.resolve())
    await quietly('http', () => app.close())
    // On its way up it lets go by itself at the next step, once its links are closed.
    await quietly('ingest', () => opened.ingest?.stop() ?? Promise.resolve())
    await quietly('redis', async () => {
      await opened.redisLive?.close()
      await opened.redis?.close()
    })
    await quietly('mqtt', () => opened.mqtt?.close() ?? Promise.resolve())
    await quietly('history', () => opened.timeline?.close() ?? Promise.resolve())
    await quietly('database', () => opened.database?.close() ?? Promise.resolve())
    await quietly('engines', () => opened.engines?.stop() ?? Promise.resolve())
    await ready.catch(() => false)
    // Opened after it was closed above: only when it was told to stop on its way up.
    await quietly('late', async () => {
      await opened.ingest?.stop()
      await opened.redisLive?.close()
      await opened.redis?.close()
      await opened.mqtt?.close()
      await opened.database?.close()
      await opened.engines?.stop()
    })
    live.close()
  }

  return {
    url,
    ready,
    close: () => {
      closing ??= close()
      return closing
    },
    stats: () => ({
      ...(opened.ingest && { ingest: opened.ingest.stats() }),
      ...(opened.sockets && { sockets: opened.sockets.stats() }),
      live: live.stats(),
    }),
  }
}

const modelOf = (device: string): string | undefined => {
  const found = findDevice({ eui: device })
  return found && modelName(found)
}
