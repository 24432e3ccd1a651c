/**
 * The embedded broker: aedes over TCP, MQTT 3.1.1, with accounts, a topic rule for each role, and a bound on everything.
 *
 * It keeps nothing: no session outlives its connection and no message is stored for who is away, because the streams resume by number
 * (docs/architecture.md, "The streams") and only a Commit trims a spool. Retained status messages are the one thing in memory.
 */
import { statSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import { topics } from '@wardline/devices/topics.ts'
import { Aedes, type AuthenticateError, type Client } from 'aedes'
import type { Logger } from 'pino'
import { type Credentials, credentialsFile, isPassword, type Role, readCredentials } from './credentials.ts'
import { limitPacketSize } from './packet-size.ts'
import { watchSlowReaders } from './slow-readers.ts'

/** A batch is at most 1 MiB or so; a packet above this ends its connection before it is in memory. */
const PACKET_LIMIT_BYTES = 4 * 1024 * 1024
/** Who does not read for this long is disconnected. aedes' own default stalls everybody for 60 s. */
const DRAIN_TIMEOUT_MS = 3000
/** What a house at full load sends a hub in that time; until then who does not read holds up nobody. */
const HELD_BYTES = 32 * 1024 * 1024
const CONNECT_TIMEOUT_MS = 10_000
const CONNECTION_LIMIT = 1024
const ACCOUNTS_LOOKED_AT_MS = 1000

export interface Broker {
  port: number
  /** Identifiers of who is connected. */
  clients(): string[]
  close(): Promise<void>
}

interface Account {
  name: string
  role: Role
  hash: string
}

/** [STD MQTT 3.1.1, 3.2.2.3]: 2 identifier rejected, 4 bad user name or password. */
const refusals = { IDENTIFIER: 2, PASSWORD: 4 } as const

export async function openBroker({
  host,
  port,
  site,
  dataDir,
  log,
}: {
  host: string
  port: number
  site: string
  dataDir: string
  log: Logger
}): Promise<Broker> {
  const accounts = accountsOf(dataDir, log)
  const accountOf = new WeakMap<Client, Account>()

  const aedes = await Aedes.createBroker({
    drainTimeout: DRAIN_TIMEOUT_MS,
    connectTimeout: CONNECT_TIMEOUT_MS,
    maxInflightInbound: 100,
    maxTopicLevels: 16,
    authenticate(client, username, password, done) {
      const refuse = (returnCode: number, reason: string) => {
        log.warn({ username, client: client.id, reason }, 'connection refused')
        done(Object.assign(new Error(reason), { returnCode }) as AuthenticateError, false)
      }
      const name = username ?? ''
      const user = accounts.find(name)
      if (!user || !password) return refuse(refusals.PASSWORD, 'unknown account')
      isPassword(password.toString(), user.hash).then(
        (isRight) => {
          if (!isRight) return refuse(refusals.PASSWORD, 'wrong password')
          const same = (aedes as unknown as { clients: Record<string, Client> }).clients[client.id]
          // [STD MQTT 3.1.1, 3.1.4-2] a second connection with the same identifier ends the first: nobody may do that to another account.
          if (same && accountOf.get(same)?.name !== name)
            return refuse(refusals.IDENTIFIER, 'the client identifier belongs to another account')
          accountOf.set(client, { name, ...user })
          // Every session is a clean one: no queue grows for who is away.
          ;(client as { clean: boolean }).clean = true
          done(null, true)
        },
        () => refuse(refusals.PASSWORD, 'unreadable password'),
      )
    },
    authorizePublish(client, packet, done) {
      const account = client ? accountOf.get(client) : undefined
      const fault = account ? publishFault(account, packet, site) : 'no account'
      if (fault) log.warn({ account: account?.name, topic: packet.topic.slice(0, 200), reason: fault }, 'publish refused')
      // aedes ends the connection of who is refused: MQTT 3.1.1 has no other way to say it [3.3.5-2].
      done(fault ? new Error(fault) : null)
    },
    authorizeSubscribe(client, subscription, done) {
      const account = accountOf.get(client)
      const allowed = account && (account.role === 'hub' || subscription.topic.startsWith(ownTopics(account, site)))
      if (!allowed) log.warn({ account: account?.name, topic: subscription.topic.slice(0, 200) }, 'subscription refused')
      done(null, allowed ? subscription : null)
    },
    authorizeForward(client, packet) {
      const account = accountOf.get(client)
      return account && (account.role === 'hub' || packet.topic.startsWith(ownTopics(account, site))) ? packet : null
    },
  })
  aedes.on('clientError', (client, error) => log.info({ client: client.id, reason: error.message }, 'connection ended'))
  aedes.on('connectionError', (_client, error) => log.info({ reason: error.message }, 'connection ended before it was one'))

  const sockets = new Set<Socket>()
  const slowReaders = watchSlowReaders({
    heldBytes: HELD_BYTES,
    patienceMs: DRAIN_TIMEOUT_MS,
    frozen: ({ remoteAddress: peer, writableLength: bytes }) => log.warn({ peer, bytes }, 'a client does not read: disconnected'),
  })
  const server = createServer((socket) => {
    socket.setNoDelay(true)
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
    slowReaders.watch(socket)
    limitPacketSize(socket, PACKET_LIMIT_BYTES, (bytes) => log.warn({ peer: socket.remoteAddress, bytes }, 'packet too large'))
    aedes.handle(socket)
  })
  server.maxConnections = CONNECTION_LIMIT
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => resolve())
  })

  const watch = setInterval(() => {
    if (!accounts.reread()) return
    for (const client of Object.values((aedes as unknown as { clients: Record<string, Client> }).clients)) {
      const account = accountOf.get(client)
      if (account && accounts.find(account.name)?.hash !== account.hash) {
        log.warn({ account: account.name }, 'account is no longer valid: connection ended')
        client.close()
      }
    }
  }, ACCOUNTS_LOOKED_AT_MS)

  return {
    port: (server.address() as { port: number }).port,
    clients: () => Object.keys((aedes as unknown as { clients: Record<string, Client> }).clients),
    async close() {
      clearInterval(watch)
      slowReaders.close()
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      await Promise.race([
        new Promise<void>((resolve) => aedes.close(() => resolve())),
        new Promise<void>((resolve) => setTimeout(resolve, 500).unref()),
      ])
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}

const ownTopics = (account: Account, site: string): string => topics.now.at({ site, gateway: account.name }).replace(/now$/, '')

/** Why this account may not publish this, or undefined. */
function publishFault(account: Account, packet: { topic: string; retain: boolean }, site: string): string | undefined {
  if (packet.topic.startsWith('$')) return 'topics with $ are the broker’s own'
  if (account.role === 'hub') return undefined
  if (!packet.topic.startsWith(ownTopics(account, site))) return 'not one of its own topics'
  // What is retained stays in memory: one message for each gateway, its status.
  if (packet.retain && packet.topic !== topics.status.at({ site, gateway: account.name }))
    return 'only the status may be retained'
  return undefined
}

function accountsOf(dataDir: string, log: Logger) {
  let users: Credentials['users'] = readCredentials(dataDir).users
  let readAt = changedAt(dataDir)
  const reread = (): boolean => {
    const now = changedAt(dataDir)
    if (now === readAt) return false
    try {
      users = readCredentials(dataDir).users
      readAt = now
      return true
    } catch (error) {
      // The accounts stay as they were until the file is right again.
      log.error({ reason: (error as Error).message }, 'broker accounts cannot be read')
      return false
    }
  }
  return {
    reread,
    find(name: string) {
      if (!Object.hasOwn(users, name)) reread()
      return Object.hasOwn(users, name) ? users[name] : undefined
    },
  }
}

function changedAt(dataDir: string): string {
  try {
    const { mtimeMs, ino } = statSync(credentialsFile(dataDir))
    return `${mtimeMs} ${ino}`
  } catch {
    return ''
  }
}
