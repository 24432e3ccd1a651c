/** Real engines for a test, in a folder of their own on free ports. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pino from 'pino'
import { readConfig } from '../config.ts'
import { type Keeper, type KeeperAddresses, startKeeper } from './start-keeper.ts'

export interface TemporaryEngines extends KeeperAddresses {
  dataDir: string
  keeper: Keeper
  /** Ends them and removes the folder. */
  end(): Promise<void>
}

/** What is not asked for gets an address that nobody answers at. Cold start about two seconds with PostgreSQL. */
export async function temporaryEngines({
  postgres = false,
  valkey = false,
  broker = false,
  enrol = [],
}: {
  postgres?: boolean
  valkey?: boolean
  broker?: boolean
  enrol?: readonly string[]
}): Promise<TemporaryEngines> {
  const dataDir = mkdtempSync(join(tmpdir(), 'wardline-test-'))
  const config = readConfig({
    WARDLINE_DATA_DIR: dataDir,
    POSTGRES_PORT: '0',
    VALKEY_PORT: '0',
    BROKER_PORT: '0',
    ...(postgres ? {} : { DATABASE_URL: 'postgres://127.0.0.1:1/nobody' }),
    ...(valkey ? {} : { REDIS_URL: 'redis://127.0.0.1:1' }),
    ...(broker ? {} : { MQTT_URL: 'mqtt://127.0.0.1:1' }),
  })
  const removeFolder = () => rmSync(dataDir, { recursive: true, force: true })
  const keeper = await startKeeper(config, { enrol, env: { ...process.env, LOG_LEVEL: 'error' } }).catch((error) => {
    removeFolder()
    throw error
  })
  if (!keeper) throw new RangeError('ask for at least one engine')
  return {
    ...keeper.addresses,
    dataDir,
    keeper,
    async end() {
      await keeper.stop()
      removeFolder()
    },
  }
}

export const silentLog = pino({ level: 'silent' })
