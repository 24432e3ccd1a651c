/**
 *   node hub/src/commands/enrol-gateway.ts [--revoke] <gateway>
 *
 * Gives a gateway its account at the embedded broker, and its row in table `gateway` where the database can be reached: at DATABASE_URL, or
 * the keeper's on this machine. A hub that starts later takes the gateway over from the broker's accounts. Prints the gateway's user name and
 * the file with its password; asked again it changes nothing.
 *
 * With --revoke the account goes and the row is closed: a running hub stops listening within two seconds. That needs the database, because a
 * hub that is told only by a missing account would go on believing its table; without it nothing is changed.
 */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import pg from 'pg'
import { readConfig } from '../platform/config.ts'
import { enrol, revoke } from '../platform/embedded/enrol.ts'
import { postgresUrl } from '../platform/embedded/postgres-engine.ts'

const CONNECT_TIMEOUT_MS = 2000
const MAY_SPEAK = 'insert into gateway (id) values ($1) on conflict (id) do update set revoked_at = null'
const MAY_NOT = 'insert into gateway (id, revoked_at) values ($1, now()) on conflict (id) do update set revoked_at = now()'

try {
  const { values, positionals } = parseArgs({ options: { revoke: { type: 'boolean', default: false } }, allowPositionals: true })
  const [gateway, ...rest] = positionals
  if (!gateway || rest.length) throw new Error('usage: enrol-gateway [--revoke] <gateway>')
  const { dataDir, databaseUrl, ports } = readConfig()
  const secrets = join(dataDir, 'secrets.json')
  const url =
    databaseUrl ??
    (existsSync(secrets)
      ? postgresUrl(ports.postgres, (JSON.parse(readFileSync(secrets, 'utf8')) as { postgresPassword: string }).postgresPassword)
      : undefined)
  const tell = async (statement: string) => (url ? await tellDatabase(url, statement, gateway) : 'there is no database yet')
  if (values.revoke) {
    const fault = await tell(MAY_NOT)
    if (fault) throw new Error(`${gateway} is not revoked: the database could not be told (${fault})`)
    await revoke(dataDir, gateway)
    process.stdout.write(`${gateway} is revoked\n`)
  } else {
    const { isNew } = await enrol(dataDir, gateway, 'gateway')
    process.stdout.write(
      `${gateway} ${isNew ? 'is enrolled' : 'was enrolled already'}; its password: ${join(dataDir, 'broker', `${gateway}.key`)}\n`,
    )
    const fault = await tell(MAY_SPEAK)
    process.stdout.write(
      fault
        ? `table gateway: not now (${fault}); the hub takes ${gateway} over when it starts\n`
        : `table gateway: ${gateway} may speak\n`,
    )
  }
} catch (error) {
  process.stderr.write(`enrol-gateway: ${(error as Error).message}\n`)
  process.exitCode = 1
}

/** Why the row could not be written, or undefined. */
async function tellDatabase(connectionString: string, statement: string, gateway: string): Promise<string | undefined> {
  const client = new pg.Client({ connectionString, connectionTimeoutMillis: CONNECT_TIMEOUT_MS })
  client.on('error', () => {})
  try {
    await client.connect()
    await client.query(statement, [gateway])
    return undefined
  } catch (error) {
    return (error as Error).message || (error as { code?: string }).code || 'no answer'
  } finally {
    await client.end().catch(() => {})
  }
}
