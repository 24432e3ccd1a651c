/** The embedded engines of one data folder: which are wanted, how they are started, and where they can then be reached. */
import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Logger } from 'pino'
import { writePrivately } from './credentials.ts'
import { type Engine, engine } from './engine.ts'
import { enrol } from './enrol.ts'
import { nodeEngine } from './node-engine.ts'
import { portFor, requireFree } from './ports.ts'
import { postgresEngine, postgresUrl } from './postgres-engine.ts'
import type { KeeperAddresses } from './start-keeper.ts'

export interface EnginesWanted {
  postgres: boolean
  valkey: boolean
  broker: boolean
  /** Gateways that get an account at the broker. */
  enrol: readonly string[]
  dataDir: string
  site: string
  /** Where the broker listens; the others never leave this machine. */
  host: string
  ports: { postgres: number; valkey: number; broker: number }
}

const LOOPBACK = '127.0.0.1'

/** Start all that are wanted, at once. Rejects when one cannot be started; the others are then ended again. */
export async function startEngines(
  wanted: EnginesWanted,
  log: Logger,
): Promise<{ addresses: KeeperAddresses; stop(): Promise<void> }> {
  mkdirSync(wanted.dataDir, { recursive: true })
  const secrets = secretsOf(wanted.dataDir)
  const addresses: KeeperAddresses = {}
  const engines: Engine[] = []
  const stop = async (): Promise<void> => {
    await Promise.all(engines.map((each) => each.stop()))
  }
  const starts: (() => Promise<void>)[] = []
  if (wanted.postgres)
    starts.push(async () => {
      const port = await portFor(LOOPBACK, wanted.ports.postgres)
      const kind = await postgresEngine({
        folder: join(wanted.dataDir, 'postgres'),
        port,
        password: secrets.postgresPassword,
        log,
      })
      await kind.clear()
      await requireFree(LOOPBACK, port, 'POSTGRES_PORT')
      await started(kind)
      addresses.databaseUrl = postgresUrl(port, secrets.postgresPassword)
    })
  if (wanted.valkey)
    starts.push(async () => {
      const port = await portFor(LOOPBACK, wanted.ports.valkey)
      await requireFree(LOOPBACK, port, 'VALKEY_PORT')
      const env = { WARDLINE_ENGINE_PORT: String(port), WARDLINE_ENGINE_PASSWORD: secrets.valkeyPassword }
      await started(nodeEngine({ name: 'valkey', program: `${import.meta.dirname}/valkey-process.ts`, env, log }))
      addresses.redisUrl = `redis://:${secrets.valkeyPassword}@${LOOPBACK}:${port}`
    })
  if (wanted.broker)
    starts.push(async () => {
      const { password } = await enrol(wanted.dataDir, 'hub', 'hub')
      for (const gateway of wanted.enrol) await enrol(wanted.dataDir, gateway, 'gateway')
      const port = await portFor(wanted.host, wanted.ports.broker)
      await requireFree(wanted.host, port, 'BROKER_PORT')
      const env = {
        WARDLINE_ENGINE_HOST: wanted.host,
        WARDLINE_ENGINE_PORT: String(port),
        WARDLINE_SITE: wanted.site,
        WARDLINE_DATA_DIR: wanted.dataDir,
      }
      await started(nodeEngine({ name: 'broker', program: `${import.meta.dirname}/broker-process.ts`, env, log }))
      Object.assign(addresses, {
        mqttUrl: `mqtt://${reachable(wanted.host)}:${port}`,
        mqttUsername: 'hub',
        mqttPassword: password,
      })
    })
  const started = async (kind: Parameters<typeof engine>[0]): Promise<void> => {
    const one = engine(kind, log)
    engines.push(one)
    await one.start()
  }
  const results = await Promise.allSettled(starts.map((start) => start()))
  const failed = results.find((result) => result.status === 'rejected')
  if (failed) {
    await stop()
    throw failed.reason
  }
  return { addresses, stop }
}

/** Who listens on every address is reached on this machine's own. */
const reachable = (host: string): string =>
  host === '0.0.0.0' || host === '::' ? LOOPBACK : host.includes(':') ? `[${host}]` : host

interface Secrets {
  postgresPassword: string
  valkeyPassword: string
}

/** Made once, and never again: the database knows only the first. */
function secretsOf(dataDir: string): Secrets {
  const file = join(dataDir, 'secrets.json')
  if (existsSync(file)) return JSON.parse(readFileSync(file, 'utf8')) as Secrets
  const fresh: Secrets = {
    postgresPassword: randomBytes(24).toString('base64url'),
    valkeyPassword: randomBytes(24).toString('base64url'),
  }
  writePrivately(file, `${JSON.stringify(fresh, null, 2)}\n`)
  return fresh
}
