/**
 * The keeper as a child of the hub (or of a test): started when an engine has no address of its own, gone when the hub is gone.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { HubConfig } from '../config.ts'

/** What the keeper prints when all it was asked for is ready. */
export interface KeeperAddresses {
  databaseUrl?: string
  redisUrl?: string
  mqttUrl?: string
  mqttUsername?: string
  mqttPassword?: string
}

export interface Keeper {
  addresses: KeeperAddresses
  pid: number
  /** Resolves when the keeper has ended, whatever the reason. Its engines are then ended or ending. */
  ended: Promise<void>
  /** Ends the engines (PostgreSQL by fast shutdown) and the keeper; resolves when they are gone. */
  stop(): Promise<void>
}

/**
 * Start a keeper for what `config` has no address for; null when nothing is missing. Rejects with the keeper's own line when an engine
 * cannot be started, for example because another keeper has the data folder. The keeper's log goes to this process's standard error.
 */
export async function startKeeper(
  config: Pick<HubConfig, 'dataDir' | 'databaseUrl' | 'redisUrl' | 'mqtt' | 'ports' | 'host'> & { site: { id: string } },
  { enrol = [], env = process.env }: { enrol?: readonly string[]; env?: NodeJS.ProcessEnv } = {},
): Promise<Keeper | null> {
  const wanted = [
    ...(config.databaseUrl ? [] : ['--postgres']),
    ...(config.redisUrl ? [] : ['--valkey']),
    ...(config.mqtt ? [] : ['--broker']),
  ]
  if (!wanted.length) return null
  const child = spawn(
    process.execPath,
    [`${import.meta.dirname}/keeper.ts`, ...wanted, ...(config.mqtt ? [] : enrol.flatMap((gateway) => ['--enrol', gateway]))],
    {
      // Its standard input is the rope: when this process dies, however, the keeper reads its end and goes.
      stdio: ['pipe', 'pipe', 'pipe'],
      // A group of its own: after Ctrl-C the hub still finishes what it stores, and then lets go.
      detached: true,
      env: {
        ...env,
        WARDLINE_DATA_DIR: config.dataDir,
        WARDLINE_SITE: config.site.id,
        WARDLINE_HOST: config.host,
        POSTGRES_PORT: String(config.ports.postgres),
        VALKEY_PORT: String(config.ports.valkey),
        BROKER_PORT: String(config.ports.broker),
      },
    },
  )
  // Ctrl-C in a terminal reaches the keeper too; writing to it after that is no error of ours.
  child.stdin!.on('error', () => {})
  const ended = once(child, 'exit').then(() => undefined)
  const addresses = await firstLine(child)
  return {
    addresses,
    pid: child.pid!,
    ended,
    async stop() {
      child.stdin!.end()
      await ended
    },
  }
}

function firstLine(child: ChildProcess): Promise<KeeperAddresses> {
  let said = ''
  child.stderr!.on('data', (chunk: Buffer) => {
    process.stderr.write(chunk)
    said = (said + chunk).slice(-4000)
  })
  return new Promise((resolve, reject) => {
    const lines = createInterface({ input: child.stdout! })
    lines.once('line', (line) => {
      try {
        resolve(JSON.parse(line) as KeeperAddresses)
      } catch {
        reject(new Error(`the keeper said "${line.slice(0, 200)}" where its addresses should be`))
      }
    })
    child.once('error', reject)
    child.once('exit', (code, signal) => {
      const lastLine = said.trimEnd().split('\n').at(-1)
      reject(new Error(lastLine || `the keeper ended (${signal ?? code}) before its engines were ready`))
    })
  })
}
