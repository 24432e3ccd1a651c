/**
 * Redis or Valkey: live state and the fan-out between hubs. It may come late, die and return; the hub goes on without it.
 */
import { EventEmitter } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import { createClient, type RedisClientType } from 'redis'

type Client = RedisClientType<Record<string, never>, Record<string, never>, Record<string, never>, 3>

export interface RedisLink {
  /** For commands. While Redis is away they reject at once: what they would have done is old when it returns. */
  readonly client: Client
  /** For SUBSCRIBE; subscriptions are made again by themselves after a reconnect. A subscribe made while Redis is away is kept for its return. */
  readonly subscriber: Client
  readonly up: boolean
  /** One PING; false within 1 s when there is no answer. */
  healthy(): Promise<boolean>
  on(event: 'up' | 'down', listener: () => void): void
  off(event: 'up' | 'down', listener: () => void): void
  close(): Promise<void>
}

const HEALTH_TIMEOUT_MS = 1000

/**
 * Resolves once the first attempt to connect is over, whatever came of it: a hub starts without Redis. `up` is said after each
 * (re)connect of `client`, `down` once for each loss.
 */
export async function openRedis(url: string, { log }: { log: Logger }): Promise<RedisLink> {
  const says = new EventEmitter()
  const options = {
    url,
    RESP: 3 as const,
    // At most a second between attempts, for ever: after an outage the wall must be right again within two.
    socket: { connectTimeout: 3000, reconnectStrategy: (retries: number) => Math.min(1000, 50 * 2 ** Math.min(retries, 5)) },
    pingInterval: 5000,
  }
  const client = createClient({ ...options, disableOfflineQueue: true, commandsQueueMaxLength: 10_000 }) as unknown as Client
  const subscriber = createClient(options) as unknown as Client
  let up = false
  let warned = false
  let closed = false
  const down = (error?: Error) => {
    if (up || !warned) log.warn({ reason: error?.message }, 'redis is away')
    warned = true
    if (!up) return
    up = false
    says.emit('down')
  }
  client.on('ready', () => {
    if (warned) log.info('redis is back')
    warned = false
    up = true
    says.emit('up')
  })
  client.on('error', down)
  client.on('reconnecting', () => down())
  // The command link tells of every loss; the same said again by the second link helps nobody.
  subscriber.on('error', () => {})

  // With endless retries connect() stays pending while Redis is away: the first verdict is 'ready' or the first error.
  const first = new Promise<void>((verdict) => {
    client.once('ready', () => verdict())
    client.once('error', () => verdict())
  })
  client.connect().catch((error: Error) => closed || down(error))
  subscriber.connect().catch(() => {})
  await first
  return {
    client,
    subscriber,
    get up() {
      return up
    },
    async healthy() {
      if (!client.isReady) return false
      return Promise.race([
        client.ping().then(
          () => true,
          () => false,
        ),
        sleep(HEALTH_TIMEOUT_MS, false, { ref: false }),
      ])
    },
    on: (event, listener) => void says.on(event, listener),
    off: (event, listener) => void says.off(event, listener),
    async close() {
      if (closed) return
      closed = true
      says.removeAllListeners()
      for (const each of [client, subscriber]) if (each.isOpen) each.destroy()
    },
  }
}
