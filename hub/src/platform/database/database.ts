/**
 * PostgreSQL: two pools over one database, so that a slow query at a desk never holds up what the monitors send.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { drizzle, type NodePgDatabase } from 'drizzle-orm/node-postgres'
import { migrate as runMigrations } from 'drizzle-orm/node-postgres/migrator'
import pg from 'pg'
import type { Logger } from 'pino'

export interface Database {
  /** For requests: at most 8 connections, a statement is cut off after 30 s. */
  readonly pool: pg.Pool
  /** For ingest only: at most 4 connections that nothing else can use up. */
  readonly ingest: pg.Pool
  /** drizzle over `pool`. */
  readonly db: NodePgDatabase
  /** Resolves when a connection could be made; rejects when `signal` says to stop waiting. */
  ready(signal?: AbortSignal): Promise<void>
  /** One short query on `pool`; false within 2 s when there is no answer. */
  healthy(): Promise<boolean>
  /** Ends both pools after the queries that run. Safe to call twice. */
  close(): Promise<void>
}

const HEALTH_TIMEOUT_MS = 2000

/**
 * Opens nothing yet: connections are made when first needed, and made again after the database died, so this neither waits nor fails.
 * A query while the database is away rejects within 5 s.
 */
export function openDatabase(url: string, { log }: { log: Logger }): Database {
  const settings: pg.PoolConfig = { connectionString: url, connectionTimeoutMillis: 5000, keepAlive: true }
  const pool = new pg.Pool({
    ...settings,
    max: 8,
    idleTimeoutMillis: 30_000,
    application_name: 'wardline hub',
    statement_timeout: 30_000,
  })
  // A transaction left open by a hub that froze would hold its rows: the server ends it after a minute.
  const ingest = new pg.Pool({
    ...settings,
    max: 4,
    idleTimeoutMillis: 0,
    application_name: 'wardline ingest',
    statement_timeout: 60_000,
    idle_in_transaction_session_timeout: 60_000,
  })
  // An idle connection that the server ends is an 'error' of the pool, and would end the process if nobody listened.
  for (const each of [pool, ingest]) each.on('error', (error) => log.warn({ err: error }, 'database connection lost'))
  let closing: Promise<void> | undefined
  return {
    pool,
    ingest,
    db: drizzle(pool),
    async ready(signal) {
      for (let attempt = 0; ; attempt++) {
        signal?.throwIfAborted()
        try {
          await pool.query('select 1')
          return
        } catch (error) {
          if (!isConnectionError(error)) throw error
          if (attempt % 10 === 0) log.warn({ reason: (error as Error).message }, 'waiting for the database')
          await sleep(Math.min(1000, 50 * 2 ** Math.min(attempt, 5)), undefined, signal ? { signal } : {})
        }
      }
    },
    async healthy() {
      const timeout = sleep(HEALTH_TIMEOUT_MS, false, { ref: false })
      return Promise.race([
        pool.query('select 1').then(
          () => true,
          () => false,
        ),
        timeout,
      ])
    },
    close: () => (closing ??= Promise.all([pool.end(), ingest.end()]).then(() => undefined)),
  }
}

/** "wardline" in ASCII: every hub asks for the same lock before it changes the schema. */
const MIGRATION_LOCK = '8602823425443917413'

/**
 * Bring the schema up to date (`migrations/`), one hub at a time. Waits for a database that is not up yet.
 * Rejects when a migration fails; it is then undone as a whole.
 */
export async function migrate(database: Database, { signal }: { signal?: AbortSignal } = {}): Promise<void> {
  await database.ready(signal)
  const client = await database.pool.connect()
  let broken: Error | undefined
  try {
    // Waiting for another hub's migration, and a migration itself, may take longer than a request may.
    await client.query('set statement_timeout = 0')
    await client.query('select pg_advisory_lock($1)', [MIGRATION_LOCK])
    await runMigrations(drizzle(client), { migrationsFolder: `${import.meta.dirname}/migrations` })
  } catch (error) {
    broken = error as Error
    throw error
  } finally {
    // A session ends with its advisory locks and its settings: this connection is not given back.
    client.release(broken ?? true)
  }
}

/** [SQLSTATE 40001 serialization_failure, 40P01 deadlock_detected]: the same work may well succeed when tried again. */
const tryAgain = new Set(['40001', '40P01'])
const ATTEMPTS = 5

/**
 * Run `work` in one transaction: committed when it resolves, undone when it throws. Serialization failures and deadlocks are tried
 * again up to five times, so `work` must have no effects outside the transaction. Any other error is passed on as it is.
 */
export async function transaction<Result>(
  pool: pg.Pool,
  work: (client: pg.PoolClient) => Promise<Result>,
  { isolation = 'read committed' }: { isolation?: 'read committed' | 'repeatable read' | 'serializable' } = {},
): Promise<Result> {
  for (let attempt = 1; ; attempt++) {
    const client = await pool.connect()
    let broken: Error | undefined
    const lost = (error: Error) => {
      broken = error
    }
    // A connection that dies while it is ours says so here, and not to the pool.
    client.on('error', lost)
    try {
      await client.query(isolation === 'read committed' ? 'begin' : `begin isolation level ${isolation}`)
      const result = await work(client)
      await client.query('commit')
      return result
    } catch (error) {
      if (!broken) await client.query('rollback').catch(lost)
      if (attempt >= ATTEMPTS || !tryAgain.has((error as { code?: string }).code ?? '')) throw error
      await sleep(Math.random() * 10 * 2 ** attempt)
    } finally {
      client.off('error', lost)
      client.release(broken)
    }
  }
}

/**
 * True when an error means "the database is away, or not ready yet": nothing can be said about the query except that it may be tried again.
 * [SQLSTATE class 08 connection exception, 57P01..57P03 shutdown, crash, starting up, 53300 too many connections]
 */
export function isConnectionError(error: unknown): boolean {
  if (error instanceof AggregateError) return error.errors.every(isConnectionError)
  const { code = '', message = '' } = error as { code?: string; message?: string }
  return (
    /^(08...|57P0[1-5]|53300)$/.test(code) ||
    /^(ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|ENOENT)$/.test(code) ||
    /connection terminated|timeout exceeded when trying to connect|timeout expired|client has encountered a connection error|not queryable|socket hang ?up/i.test(
      message,
    )
  )
}
