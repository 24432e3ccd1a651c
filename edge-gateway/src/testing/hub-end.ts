/**
 * The hub's end of the streams protocol, as docs/architecture.md has it, with a history in memory that survives its `kill`. It
 * checks what every hub must be able to rely on: a number is never given to two different records.
 */
import { Batch, Commit, GatewayHealth, GatewayStatus, MESSAGE_VERSION, Now } from '@wardline/devices/messages/envelopes.ts'
import { recordOf } from '@wardline/devices/messages/records.ts'
import { connectMqtt, type MqttLink } from '@wardline/devices/mqtt/link.ts'
import { type StreamName, streamNames } from '@wardline/devices/streams.ts'
import { topics } from '@wardline/devices/topics.ts'
import { Compile } from 'typebox/compile'

const checks = {
  batch: Compile(Batch),
  health: Compile(GatewayHealth),
  status: Compile(GatewayStatus),
  now: Compile(Now),
  commit: Compile(Commit),
}
const recordChecks = Object.fromEntries(streamNames.map((name) => [name, Compile(recordOf[name])]))

export class HubEnd {
  /** What is stored, by spool and stream: number → the record's JSON. */
  readonly history = new Map<string, Map<number, string>>()
  readonly committed = new Map<string, number>()
  readonly lost: { stream: string; from: number; to: number; reason: string }[] = []
  readonly statuses: GatewayStatus[] = []
  readonly nows: Now[] = []
  health: GatewayHealth | undefined
  /** Batches that came, whatever became of them. */
  batches = 0
  /** What was wrong with the gateway's words. */
  wrong: string[] = []
  /** Say what becomes of a batch: taken, or never seen. */
  loses: (batch: Batch) => boolean = () => false
  /** Do not store: the database is down. */
  stalled = false
  /** Records must fit the schema of their stream. */
  checksRecords = false
  spool = ''
  #link: MqttLink | undefined
  #url: string
  #at: { site: string; gateway: string }

  constructor(url: string, at = { site: 'hosp', gateway: 'gw1' }) {
    this.#url = url
    this.#at = at
  }

  async start(): Promise<void> {
    const link = connectMqtt({
      url: this.#url,
      clientId: `hub-${Math.random().toString(36).slice(2)}`,
      log: { warn() {}, info() {} },
    })
    this.#link = link
    await link.subscribe(topics.status.filter(this.#at), 1, (_, payload) => {
      const status = JSON.parse(payload.toString()) as GatewayStatus
      if (!checks.status.Check(status)) this.wrong.push('status')
      this.statuses.push(status)
    })
    await link.subscribe(topics.health.filter(this.#at), 0, (_, payload) => {
      const health = JSON.parse(payload.toString()) as GatewayHealth
      if (!checks.health.Check(health)) this.wrong.push(`health: ${[...checks.health.Errors(health)].map((e) => e.message)}`)
      this.health = health
      this.spool = health.spool
      this.#answer(false)
    })
    await link.subscribe(topics.now.filter(this.#at), 0, (_, payload) => {
      const now = JSON.parse(payload.toString()) as Now
      if (!checks.now.Check(now)) this.wrong.push('now')
      this.nows.push(now)
    })
    await link.subscribe(topics.stream.filter(this.#at), 1, (topic, payload) =>
      this.#batch(topics.stream.read(topic)!.stream, payload),
    )
    while (!link.connected) await new Promise((done) => setTimeout(done, 5))
  }

  /** The process is gone; its history stays. */
  async kill(): Promise<void> {
    await this.#link?.close()
    this.#link = undefined
  }

  stored(stream: StreamName, spool = this.spool): Map<number, string> {
    const key = `${spool}/${stream}`
    let of = this.history.get(key)
    if (!of) {
      of = new Map()
      this.history.set(key, of)
    }
    return of
  }

  #batch(stream: string, payload: Buffer): void {
    this.batches++
    const batch = JSON.parse(payload.toString()) as Batch
    if (!checks.batch.Check(batch) || batch.stream !== stream) return void this.wrong.push('batch')
    if (this.loses(batch)) return
    if (batch.spool !== this.spool) this.spool = batch.spool
    const key = `${batch.spool}/${stream}`
    const expected = (this.committed.get(key) ?? 0) + 1
    const from = batch.dropped?.from ?? batch.first
    if (this.stalled) return
    if (from > expected) return void this.#answer(true)
    if (batch.dropped && batch.first > expected) {
      this.lost.push({ stream, from: expected, to: batch.first - 1, reason: batch.dropped.reason })
    }
    const history = this.stored(stream as StreamName, batch.spool)
    for (const [i, record] of batch.records.entries()) {
      const number = batch.first + i
      const json = JSON.stringify(record)
      if (this.checksRecords && !recordChecks[stream]!.Check(record))
        this.wrong.push(`${stream} ${number}: ${json.slice(0, 300)}`)
      const before = history.get(number)
      if (before !== undefined && before !== json) this.wrong.push(`number ${number} of ${stream} is two records`)
      history.set(number, json)
    }
    const last = batch.first + batch.records.length - 1
    if (last >= expected) this.committed.set(key, last)
    this.#answer(false)
  }

  #answer(resend: boolean): void {
    const committed = Object.fromEntries(streamNames.map((name) => [name, this.committed.get(`${this.spool}/${name}`) ?? 0]))
    this.say({
      v: MESSAGE_VERSION,
      spool: this.spool,
      committed: committed as never,
      ...(resend ? { resend } : {}),
      at: Date.now(),
    })
  }

  /** Says this to the gateway, right or wrong. */
  say(commit: unknown): void {
    const text = typeof commit === 'string' ? commit : JSON.stringify(commit)
    this.#link?.publish(topics.commits.at(this.#at), text, { qos: 1 }).catch(() => {})
  }
  async redrive(redrive: unknown): Promise<void> {
    await this.#link!.publish(topics.redrive.at(this.#at), JSON.stringify(redrive), { qos: 1 })
  }
}

export async function until(so: () => boolean, ms = 10_000): Promise<void> {
  const end = Date.now() + ms
  while (!so()) {
    if (Date.now() > end) throw new Error(`not within ${ms} ms: ${so}`)
    await new Promise((done) => setTimeout(done, 5))
  }
}
