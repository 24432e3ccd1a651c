/**
 * The streams' way to the hub (docs/architecture.md, "The streams"): birth and will, health, batches, and what the hub answers.
 */
import { performance } from 'node:perf_hooks'
import { Commit, type GatewayHealth, type GatewayStatus, MESSAGE_VERSION, Redrive } from '@wardline/devices/messages/envelopes.ts'
import { connectMqtt, type MqttLink } from '@wardline/devices/mqtt/link.ts'
import { type StreamName, streamNames } from '@wardline/devices/streams.ts'
import { topics } from '@wardline/devices/topics.ts'
import { Compile } from 'typebox/compile'
import type { Spool } from '../spool/spool.ts'
import { encodeBatch } from './batch.ts'
import type { Newest } from './newest.ts'
import { Sender } from './sender.ts'

const commitOf = Compile(Commit)
const redriveOf = Compile(Redrive)

/** [DEF] also the least that the hub's "gateway silent" alarm stands on (domain page §12, 30 s). */
const HEALTH_MS = 5_000
const PATIENCE_MS = 5_000
const NOW_MS = 250
/** Readings wait this long for each other before they are sent. */
const LINGER_MS: Record<StreamName, number> = { alarms: 0, adt: 0, readings: 4, refusals: 4, waves: 4 }
/** A backlog is what waits to be sent for longer than this. */
const BACKLOG_MS = 2_000

export interface UplinkOptions {
  url: string
  credentials?: () => { username?: string; password?: string }
  site: string
  gateway: string
  /** A new one for each start of the process. */
  session: string
  version: string
  spool: Spool
  newest: Newest
  /** Bytes of each stream that may be unstored in the hub [DEF 4 MiB]. */
  windowBytes?: number
  /** How fast a backlog is sent, all streams but alarms and ADT together, bytes/s [DEF 16 MiB/s]. */
  backlogBytesPerS?: number
  keepaliveS?: number
  /** Without progress for this long, the hub is asked where it stands, ms [STD docs/architecture.md, "The streams" 4]. */
  patienceMs?: number
  /** What the health message says beside the streams. */
  health(): Pick<GatewayHealth, 'connections' | 'accepted' | 'refused' | 'duplicates' | 'senders'>
  redrive(id: string, raw: Buffer): Promise<void>
  log: { warn(o: object, m: string): void; info(o: object, m: string): void }
  now?: () => number
}

export interface UplinkState {
  connected: boolean
  protocol: 4 | 5 | undefined
  url: string
  since: number
  /** When the hub last said where the streams stand, ms; undefined: never since the start. */
  heardAt: number | undefined
  batches: number
  bytes: number
  /** A backlog of readings stands before the newest. */
  behind: boolean
}

export class Uplink {
  #options: UplinkOptions
  #link: MqttLink
  #senders: Record<StreamName, Sender>
  #timers: NodeJS.Timeout[] = []
  #state: UplinkState
  #allowance: number
  #allowanceAt = performance.now()
  #healthAt = -Infinity
  #foreign = ''
  #closed = false
  #now: () => number

  constructor(options: UplinkOptions) {
    this.#options = options
    this.#now = options.now ?? Date.now
    const { spool, log } = options
    this.#allowance = this.#rate
    this.#state = {
      connected: false,
      protocol: undefined,
      url: options.url.replace(/\/\/[^@/]*@/, '//'),
      since: this.#now(),
      heardAt: undefined,
      batches: 0,
      bytes: 0,
      behind: false,
    }
    this.#senders = Object.fromEntries(
      streamNames.map((name) => [
        name,
        new Sender(
          name,
          spool.lanes[name],
          {
            windowBytes: options.windowBytes ?? 4 * 1024 * 1024,
            lingerMs: LINGER_MS[name],
            patienceMs: options.patienceMs ?? PATIENCE_MS,
          },
          {
            ready: (stream) => this.#link.connected && (stream === 'alarms' || stream === 'adt' || this.#allowed()),
            publish: (stream, run, dropped) => {
              const batch = { gateway: options.gateway, spool: spool.id, stream, first: run.first, sentAt: this.#now() }
              const bytes = encodeBatch(dropped ? { ...batch, dropped } : batch, run.payloads)
              this.#state.batches++
              this.#state.bytes += bytes.length
              if (stream !== 'alarms' && stream !== 'adt') this.#allowance -= bytes.length
              return this.#link.publish(this.#topic.stream(stream), bytes, { qos: topics.stream.qos })
            },
            failed: (error) => log.warn({ stream: name, error: String(error) }, 'a stream could not be read'),
          },
        ),
      ]),
    ) as Record<StreamName, Sender>
    spool.onDurable((name) => this.#senders[name].more())

    this.#link = connectMqtt({
      url: options.url,
      ...(options.credentials ? { credentials: options.credentials } : {}),
      ...(options.keepaliveS === undefined ? {} : { keepaliveS: options.keepaliveS }),
      clientId: options.gateway,
      // MQTT has no clock: `at` of the will is when the process began, the hub takes its own time for when the link went.
      will: { topic: this.#topic.status, payload: this.#status('offline'), qos: topics.status.qos, retain: topics.status.retain },
      log,
    })
    this.#link.on('up', () => this.#up())
    this.#link.on('down', () => {
      this.#state.since = this.#now()
      for (const name of streamNames) this.#senders[name].forget()
    })
    const trouble = (error: unknown) => log.warn({ error: String(error) }, 'the broker refused a subscription')
    this.#link.subscribe(this.#topic.commits, topics.commits.qos, (_, payload) => this.#commit(payload)).catch(trouble)
    this.#link.subscribe(this.#topic.redrive, topics.redrive.qos, (_, payload) => this.#redrive(payload)).catch(trouble)
    this.#timers.push(
      setInterval(() => this.#tick(), 1_000),
      setInterval(() => void this.#sendNow(), NOW_MS),
      setInterval(() => this.#wake(), 50),
    )
  }

  get #rate(): number {
    return this.#options.backlogBytesPerS ?? 16 * 1024 * 1024
  }
  get #topic() {
    const at = { site: this.#options.site, gateway: this.#options.gateway }
    return {
      stream: (stream: StreamName) => topics.stream.at({ ...at, stream }),
      status: topics.status.at(at),
      health: topics.health.at(at),
      now: topics.now.at(at),
      commits: topics.commits.at(at),
      redrive: topics.redrive.at(at),
    }
  }

  /** A tenth of a second's worth may go at once. */
  #allowed(): boolean {
    const now = performance.now()
    this.#allowance = Math.min(this.#rate / 10, this.#allowance + ((now - this.#allowanceAt) / 1000) * this.#rate)
    this.#allowanceAt = now
    return this.#allowance > 0
  }

  #status(state: GatewayStatus['state']): string {
    const { gateway, session, version } = this.#options
    return JSON.stringify({ v: MESSAGE_VERSION, gateway, state, session, at: this.#now(), version } satisfies GatewayStatus)
  }

  #up(): void {
    this.#state.since = this.#now()
    this.#say(this.#topic.status, this.#status('online'), topics.status)
    this.#sendHealth()
  }

  #say(topic: string, payload: string, delivery: { qos: 0 | 1; retain: boolean }): void {
    // Lost with the link: the next `up`, and the next health, say it again.
    this.#link.publish(topic, payload, { qos: delivery.qos, retain: delivery.retain }).catch(() => {})
  }

  #sendHealth(): void {
    const { spool, gateway, session } = this.#options
    this.#healthAt = performance.now()
    const stream = (name: StreamName) => {
      const lane = spool.lanes[name]
      return {
        first: lane.first,
        last: lane.durable,
        committed: lane.committed,
        bytes: lane.bytes,
        ...(lane.oldestAt === undefined ? {} : { oldestAt: lane.oldestAt }),
        dropped: spool.dropped[name],
      }
    }
    const health = {
      v: MESSAGE_VERSION,
      gateway,
      spool: spool.id,
      session,
      at: this.#now(),
      streams: Object.fromEntries(streamNames.map((name) => [name, stream(name)])) as GatewayHealth['streams'],
      spoolBytes: spool.bytes,
      spoolLimitBytes: spool.limitBytes,
      ...this.#options.health(),
    } satisfies GatewayHealth
    this.#say(this.#topic.health, JSON.stringify(health), topics.health)
  }

  /** Once a second: ask where the streams stand when it is time, or when one of them hears nothing. */
  #tick(): void {
    if (!this.#link.connected) return
    const since = performance.now() - this.#healthAt
    const stalled = streamNames.some((name) => this.#senders[name].stalled)
    if (since > HEALTH_MS - 100 || (stalled && since > 900)) this.#sendHealth()
  }

  #wake(): void {
    if (!this.#link.connected) return
    for (const name of streamNames) this.#senders[name].wake()
  }

  #commit(payload: Buffer): void {
    const { spool, log } = this.#options
    const commit = read(payload)
    if (!commitOf.Check(commit)) return void log.warn({ bytes: payload.length }, 'a commit could not be read')
    if (commit.spool !== spool.id) {
      if (this.#foreign !== commit.spool) log.warn({ spool: commit.spool }, 'a commit for another spool was not taken')
      this.#foreign = commit.spool
      return
    }
    this.#state.heardAt = this.#now()
    const positions = commit.committed as Record<StreamName, number>
    const lost = streamNames.filter((name) => this.#senders[name].impossible(positions[name]))
    if (lost.length) return void this.#renew(positions)
    for (const name of streamNames) {
      this.#senders[name].heard(positions[name], commit.resend ?? false)
      spool.commit(name, positions[name])
    }
  }

  /** The hub has stored what this disk has lost. What is new here would be taken for what is stored there: it goes on under a new id. */
  #renew(positions: Record<StreamName, number>): void {
    const { spool, log } = this.#options
    for (const name of streamNames) spool.commit(name, Math.min(positions[name], this.#senders[name].known))
    const before = spool.id
    spool.renew()
    for (const name of streamNames) this.#senders[name].newId()
    log.warn({ before, now: spool.id }, 'the hub has more than this spool: the disk lost records; going on under a new spool id')
    this.#sendHealth()
  }

  async #redrive(payload: Buffer): Promise<void> {
    const redrive = read(payload)
    if (!redriveOf.Check(redrive)) return this.#options.log.warn({ bytes: payload.length }, 'a redrive could not be read')
    await this.#options.redrive(redrive.id, Buffer.from(redrive.raw, 'base64'))
  }

  async #sendNow(): Promise<void> {
    const { spool, newest, gateway } = this.#options
    const lane = spool.lanes.readings
    const sender = this.#senders.readings
    const next = sender.next || lane.committed + 1
    let oldestAt = next > lane.durable ? undefined : sender.sentReceivedAt
    if (next <= lane.durable && oldestAt === undefined) {
      oldestAt = (await lane.read(next, { records: 1, bytes: 1 }).catch(() => null))?.receivedAt
    }
    if (this.#closed) return
    lane.oldestAt = oldestAt
    this.#state.behind = oldestAt !== undefined && this.#now() - oldestAt > BACKLOG_MS
    if (!this.#state.behind || !this.#link.connected) return newest.rest()
    const devices = newest.take(this.#now())
    if (!devices.length) return
    this.#say(this.#topic.now, JSON.stringify({ v: MESSAGE_VERSION, gateway, sentAt: this.#now(), devices }), topics.now)
  }

  get state(): UplinkState {
    return { ...this.#state, connected: this.#link.connected, protocol: this.#link.version }
  }
  sender(name: StreamName): Sender {
    return this.#senders[name]
  }

  /** Says goodbye, so that the hub knows at once: a graceful end publishes no will. */
  async close(): Promise<void> {
    this.#closed = true
    for (const timer of this.#timers) clearInterval(timer)
    for (const name of streamNames) this.#senders[name].stop()
    if (this.#link.connected) {
      const { qos, retain } = topics.status
      const goodbye = this.#link.publish(this.#topic.status, this.#status('offline'), { qos, retain }).catch(() => {})
      await Promise.race([goodbye, new Promise((done) => setTimeout(done, 500).unref())])
    }
    await this.#link.close()
  }
}

function read(payload: Buffer): unknown {
  try {
    return JSON.parse(payload.toString())
  } catch {
    return undefined
  }
}
