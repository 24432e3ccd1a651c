/**
 * One connection to the broker, kept up for as long as the process lives.
 *
 * MQTT.js does the protocol and nothing else: each attempt to connect is a new client of it with reconnecting off, so that its own
 * stores and queues, which have lost and repeated messages (mqttjs/MQTT.js #607, #2015), never outlive one connection. What must
 * not be lost is in a spool or a database, and is sent again by its number.
 */
import { Socket } from 'node:net'
import mqtt, { type IClientOptions, type MqttClient } from 'mqtt'
import { matches } from './filter.ts'

export type Handler = (topic: string, payload: Buffer, packet: { retain: boolean }) => void | Promise<void>

export interface MqttLink {
  /** Protocol spoken now: 5, or 4 for MQTT 3.1.1; undefined while down. */
  readonly version: 4 | 5 | undefined
  readonly connected: boolean
  /** `up`: connected, and every subscription is granted. `down`: the connection is gone, and what was being published with it. */
  on(event: 'up' | 'down', f: () => void): void
  /**
   * Kept over reconnects. A QoS 1 message is acknowledged only when the handler's promise is settled (bounded concurrency: the
   * broker's in-flight window), and in the order of arrival [STD MQTT 5, 4.6.0-2]. Resolves when the broker grants it; while down
   * at once: it is then granted before the next `up`. Rejects when the broker refuses it.
   */
  subscribe(filter: string, qos: 0 | 1, handler: Handler): Promise<void>
  /**
   * Rejects at once when not connected: nothing is queued here. QoS 1 resolves on PUBACK, rejects when the link goes down first.
   * Also rejects when more than the socket's buffer limit waits to be written (a broker that reads no more). What an MQTT 5 broker
   * does not want yet (Receive Maximum) waits its turn, for as long as this connection lives.
   */
  publish(topic: string, payload: string | Buffer, options: { qos: 0 | 1; retain?: boolean }): Promise<void>
  /** Graceful: publishes no will. What was not acknowledged within a second is given up. */
  close(): Promise<void>
}

export interface MqttLinkOptions {
  url: string
  username?: string
  password?: string
  /** Asked for at every attempt to connect, where name and password may change or appear later. Goes before the two above. */
  credentials?: () => { username?: string; password?: string }
  clientId: string
  keepaliveS?: number
  will?: { topic: string; payload: string; qos: 0 | 1; retain: boolean }
  log: { warn(o: object, m: string): void; info(o: object, m: string): void }
}

// The broker closes a silent link after 1.5 keep-alives [STD MQTT 5, 3.1.2-22] and then publishes its will: 20 s makes that
// the 30 s after which a silent gateway is one high technical alarm (domain page "Bedside monitoring", section 12).
const KEEP_ALIVE_S = 20
const CONNECT_TIMEOUT_MS = 5_000
const RETRY_FIRST_MS = 250
// The wall must be current within two seconds of the link's return: one second here leaves one for the rest.
const RETRY_MOST_MS = 1_000
/** How many QoS 1 messages an MQTT 5 broker may have unacknowledged towards us. Every stream of every gateway shares them. */
const RECEIVE_MAXIMUM = 1_000
/** Bytes written and not yet taken by the kernel. Lossy messages give way long before numbered ones. */
const CONGESTED_BYTES = { 0: 1024 * 1024, 1: 32 * 1024 * 1024 }
const CLOSE_GRACE_MS = 1_000
/** [STD MQTT 3.1.1, 3.2.2.3] return code 1, [STD MQTT 5, 3.2.2.2] reason code 0x84: the broker does not speak this version. */
const UNACCEPTABLE_VERSION = new Set([1, 0x84])

interface Subscription {
  filter: string
  qos: 0 | 1
  handler: Handler
}

/** Connects, and connects again for ever (250 ms, doubling to 1 s). Speaks MQTT 5, or 3.1.1 where the broker refuses 5. */
export function connectMqtt(options: MqttLinkOptions): MqttLink {
  const { log } = options
  const listeners = { up: new Set<() => void>(), down: new Set<() => void>() }
  const subscriptions: Subscription[] = []
  const pending = new Set<(error: Error) => void>()
  /** QoS 1 messages sent and not acknowledged, how many the broker takes at once [STD MQTT 5, 3.2.2.3.3], and those that wait for it. */
  let unacknowledged = 0
  let receiveMaximum = 65_535
  let turns: (() => void)[] = []
  let speaks: 4 | 5 = 5
  let client: MqttClient | undefined
  let up = false
  let closed = false
  let retryMs = RETRY_FIRST_MS
  let retryTimer: NodeJS.Timeout | undefined
  let lastTrouble = ''

  const tell = (event: 'up' | 'down') => {
    for (const f of listeners[event]) f()
  }

  function connect(): void {
    const version = speaks
    let answered = false // the broker said something: it speaks this version, or named its refusal
    let reached = false // there was a TCP connection
    let refusedVersion = false
    const settings: IClientOptions = {
      protocolVersion: version,
      clientId: options.clientId,
      clean: true,
      keepalive: options.keepaliveS ?? KEEP_ALIVE_S,
      reschedulePings: false, // a link that only sends would never notice a dead peer
      reconnectPeriod: 0,
      resubscribe: false,
      queueQoSZero: false,
      connectTimeout: CONNECT_TIMEOUT_MS,
    }
    const { username, password } = options.credentials?.() ?? options
    if (username !== undefined) settings.username = username
    if (password !== undefined) settings.password = password
    if (options.will) settings.will = { ...options.will, payload: Buffer.from(options.will.payload) }
    if (version === 5) settings.properties = { receiveMaximum: RECEIVE_MAXIMUM, sessionExpiryInterval: 0 }
    const mine = mqtt.connect(options.url, settings)
    client = mine
    // Nagle's algorithm holds a small packet back until the one before it was acknowledged, up to 40 ms: too long for an alarm.
    if (mine.stream instanceof Socket) mine.stream.setNoDelay(true)
    mine.stream.once('connect', () => {
      reached = true
    })
    acknowledgeInOrder(mine)

    mine.on('connect', (packet) => {
      answered = true
      receiveMaximum = packet.properties?.receiveMaximum ?? 65_535
      unacknowledged = 0
      granted(mine).then(
        () => {
          if (client !== mine || closed || !mine.connected) return
          up = true
          retryMs = RETRY_FIRST_MS
          lastTrouble = ''
          log.info({ url: withoutSecrets(options.url), version }, 'connected to the broker')
          tell('up')
        },
        (error: Error) => trouble(error.message),
      )
    })
    mine.on('error', (error: Error & { code?: unknown }) => {
      if (typeof error.code === 'number') {
        answered = true
        refusedVersion = UNACCEPTABLE_VERSION.has(error.code)
      }
      if (!refusedVersion) trouble(error.message || String(error.code))
      // A stream that broke its framing is of no more use; 'close' follows.
      if (mine.connected && typeof error.code !== 'number') mine.stream.destroy()
    })
    mine.on('close', () => {
      if (client !== mine) return
      client = undefined
      const was = up
      up = false
      mine.removeAllListeners('close')
      mine.end(true)
      turns = []
      for (const fail of [...pending]) fail(new Error('the link to the broker went down'))
      if (was) {
        if (!closed) log.warn({ url: withoutSecrets(options.url) }, 'the link to the broker went down')
        tell('down')
      }
      if (closed) return
      if (refusedVersion && version === 5) {
        speaks = 4
        connect()
        return
      }
      // Some old brokers close without a word on a version they do not know. Try the other one next, and 5 again after that.
      if (reached && !answered) speaks = version === 5 ? 4 : 5
      retryTimer = setTimeout(connect, retryMs)
      retryMs = Math.min(retryMs * 2, RETRY_MOST_MS)
    })
  }

  /** The same trouble every two seconds is one line in the log. */
  function trouble(says: string): void {
    if (says === lastTrouble || closed) return
    lastTrouble = says
    log.warn({ url: withoutSecrets(options.url), error: says }, 'cannot reach the broker; trying again')
  }

  async function granted(by: MqttClient): Promise<void> {
    for (const { filter, qos } of subscriptions) await ask(by, filter, qos)
  }

  function ask(by: MqttClient, filter: string, qos: 0 | 1): Promise<void> {
    return new Promise((resolve, reject) => {
      const fail = (error: Error) => {
        pending.delete(fail)
        reject(error)
      }
      pending.add(fail)
      by.subscribe(filter, { qos }, (error, grants) => {
        const refused = grants?.find((grant) => (grant.qos as number) >= 128)
        if (error ?? refused) return fail(error ?? new Error(`the broker refused the subscription ${filter}`))
        pending.delete(fail)
        resolve()
      })
    })
  }

  /**
   * MQTT.js hands over one packet at a time and acknowledges it before the next, so a slow handler would also hold up PUBACKs and
   * PINGRESPs that wait behind it. Here the next packet is taken at once and the acknowledgement sent when it is due.
   */
  function acknowledgeInOrder(on: MqttClient): void {
    const due: { messageId: number; settled: boolean }[] = []
    const acknowledge = () => {
      while (due[0]?.settled) {
        const { messageId } = due.shift()!
        // biome-ignore lint/complexity/useLiteralKeys: MQTT.js keeps it private, and has no public way to acknowledge by hand
        if (client === on && on.connected) on['_sendPacket']({ cmd: 'puback', messageId, reasonCode: 0 })
      }
    }
    on.handleMessage = (packet, taken) => {
      const handling = handle(packet.topic, packet.payload as Buffer, packet.retain)
      if (packet.qos === 0) return taken()
      const entry = { messageId: packet.messageId!, settled: false }
      due.push(entry)
      const settle = () => {
        entry.settled = true
        acknowledge()
      }
      if (handling) handling.then(settle, settle)
      else settle()
      taken(new Error('acknowledged later')) // an error here means: send no PUBACK, go on with the next packet
    }
  }

  function handle(topic: string, payload: Buffer, retain: boolean): Promise<unknown> | undefined {
    const waits: Promise<void>[] = []
    for (const { filter, handler } of subscriptions) {
      if (!matches(filter, topic)) continue
      try {
        const result = handler(topic, payload, { retain })
        if (result) waits.push(result.catch((error: unknown) => failed(topic, error)))
      } catch (error) {
        failed(topic, error)
      }
    }
    return waits.length ? Promise.all(waits) : undefined
  }
  const failed = (topic: string, error: unknown) => log.warn({ topic, error: String(error) }, 'a message could not be handled')

  function nextTurn(): void {
    while (unacknowledged < receiveMaximum) {
      const send = turns.shift()
      if (!send) return
      unacknowledged++
      send()
    }
  }

  connect()

  return {
    get version() {
      return up ? speaks : undefined
    },
    get connected() {
      return up
    },
    on(event, f) {
      listeners[event].add(f)
    },
    async subscribe(filter, qos, handler) {
      subscriptions.push({ filter, qos, handler })
      if (up && client) await ask(client, filter, qos)
    },
    publish(topic, payload, { qos, retain = false }) {
      return new Promise((resolve, reject) => {
        const by = client
        if (!up || !by) return reject(new Error('not connected to the broker'))
        if (by.stream.writableLength > CONGESTED_BYTES[qos]) return reject(new Error('the broker takes no more bytes'))
        const fail = (error: Error) => {
          pending.delete(fail)
          reject(error)
        }
        pending.add(fail)
        const send = () =>
          by.publish(topic, payload, { qos, retain }, (error) => {
            if (qos === 1 && client === by) {
              unacknowledged--
              nextTurn()
            }
            if (error) return fail(error)
            pending.delete(fail)
            resolve()
          })
        if (qos === 0) return void send()
        turns.push(send)
        nextTurn()
      })
    },
    async close() {
      if (closed) return
      closed = true
      clearTimeout(retryTimer)
      const last = client
      if (!last) return
      await new Promise<void>((resolve) => {
        const done = () => {
          clearTimeout(giveUp)
          resolve()
        }
        const giveUp = setTimeout(() => {
          last.stream.destroy()
          done()
        }, 2 * CLOSE_GRACE_MS)
        last.stream.once('close', done)
        if (!last.connected) return void last.end(true)
        // MQTT.js waits for ever for what is unacknowledged before it says DISCONNECT; without DISCONNECT the will is published.
        const grace = setTimeout(() => {
          for (const id of Object.keys(last.outgoing)) last.removeOutgoingMessage(Number(id))
          last.emit('outgoingEmpty')
        }, CLOSE_GRACE_MS)
        last.end(false, () => clearTimeout(grace))
      })
    },
  }
}

const withoutSecrets = (url: string) => url.replace(/\/\/[^@/]*@/, '//')
