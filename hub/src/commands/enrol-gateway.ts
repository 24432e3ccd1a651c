/**
 *   node hub/src/commands/enrol-gateway.ts <gateway>
 *
 * Gives a gateway its account at the embedded broker, and its row in table `gateway` where the database can be reached: at DATABASE_URL, or
 * the keeper's on this machine. A hub that starts later takes the gateway over from the broker's accounts. Prints the gateway's user name and
 * the file with its password; asked again it changes nothing.
 */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import { readConfig } from '../platform/config.ts'
import { enrol } from '../platform/embedded/enrol.ts'
import { postgresUrl } from '../platform/embedded/postgres-engine.ts'

const CONNECT_TIMEOUT_MS = 2000

try {
  const [gateway, ...rest] = process.argv.slice(2)
  if (!gateway || rest.length) throw new Error('usage: enrol-gateway <gateway>')
  const config = readConfig()
  const { isNew } = await enrol(config.dataDir, gateway, 'gateway')
  process.stdout.write(
    `${gateway} ${isNew ? 'is enrolled' : 'was enrolled already'}; its password: ${join(config.dataDir, 'broker', `${gateway}.key`)}\n`,
  )
  const secrets = join(config.dataDir, 'secrets.json')
  const url =
    config.databaseUrl ??
    (existsSync(secrets)
      ? postgresUrl(
          config.ports.postgres,
          (JSON.parse(readFileSync(secrets, 'utf8')) as { postgresPassword: string }).postgresPassword,
        )
      : undefined)
  const told = url ? await tellDatabase(url, gateway) : 'there is no database yet'
  process.stdout.write(
    told
      ? `table gateway: not now (${told}); the hub takes ${gateway} over when it starts\n`
      : `table gateway: ${gateway} may speak\n`,
  )
} catch (error) {
  process.stderr.write(`enrol-gateway: ${(error as Error).message}\n`)
  process.exitCode = 1
}

/** Why the row could not be written, or undefined. */
async function tellDatabase(connectionString: string, gateway: string): Promise<string | undefined> {
  const client = new pg.Client({ connectionString, connectionTimeoutMillis: CONNECT_TIMEOUT_MS })
  client.on('error', () => {})
  try {
    await client.connect()
    await client.query('insert into gateway (id) values ($1) on conflict (id) do update set revoked_at = null', [gateway])
    return undefined
  } catch (error) {
    return (error as Error).message || (error as { code?: string }).code || 'no answer'
  } finally {
    await client.end().catch(() => {})
  }
}
