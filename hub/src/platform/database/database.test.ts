import { randomUUID } from 'node:crypto'
import { globSync, readFileSync } from 'node:fs'
import { generateDrizzleJson, generateMigration } from 'drizzle-kit/api'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { processesLike, signal, within } from '../embedded/processes.ts'
import { silentLog, type TemporaryEngines, temporaryEngines } from '../embedded/temporary-engines.ts'
import { type Database, isConnectionError, migrate, openDatabase, transaction } from './database.ts'

let engines: TemporaryEngines
let database: Database
beforeAll(async () => {
  engines = await temporaryEngines({ postgres: true })
  database = openDatabase(engines.databaseUrl!, { log: silentLog })
})
afterAll(async () => {
  await database?.close()
  await engines?.end()
})
const killPostgres = () => signal(processesLike((line) => line.includes(` -D ${engines.dataDir}/postgres `))[0]!, 'SIGKILL')

describe('migrations', () => {
  test('five hubs that start at once bring an empty database up to date, and again change nothing', async () => {
    const hubs = Array.from({ length: 5 }, () => openDatabase(engines.databaseUrl!, { log: silentLog }))
    await Promise.all(hubs.map((hub) => migrate(hub)))
    await migrate(hubs[0]!)
    await Promise.all(hubs.map((hub) => hub.close()))
    const { rows } = await database.pool.query('select count(*)::int as count from drizzle.__drizzle_migrations')
    expect(rows).toEqual([{ count: journal().entries.length }])
    for (const table of ['patient', 'encounter', 'gateway_stream', 'device_alarm', 'dead_letter', 'frame', 'wave'])
      expect((await database.pool.query('select to_regclass($1) is not null as there', [table])).rows).toEqual([{ there: true }])
  })

  test('say what the schema files say', async () => {
    const newest = journal().entries.at(-1)!
    const migrated = JSON.parse(
      readFileSync(`${import.meta.dirname}/migrations/meta/${String(newest.idx).padStart(4, '0')}_snapshot.json`, 'utf8'),
    )
    const hub = `${import.meta.dirname}/../..`
    const files = [`${hub}/live/schema.ts`, ...globSync(`${hub}/modules/**/schema.ts`)]
    expect(files.length).toBeGreaterThan(2)
    const tables = Object.assign({}, ...(await Promise.all(files.map((file) => import(file)))))
    const now = generateDrizzleJson(tables, migrated.id)
    expect(await generateMigration(migrated, now)).toEqual([])
  })

  const journal = () =>
    JSON.parse(readFileSync(`${import.meta.dirname}/migrations/meta/_journal.json`, 'utf8')) as {
      entries: { idx: number; tag: string }[]
    }
})

describe('a transaction', () => {
  test('is whole or not at all', async () => {
    await database.pool.query('create table account (name text primary key, amount int)')
    await expect(
      transaction(database.pool, async (client) => {
        await client.query("insert into account values ('a', 1)")
        throw new Error('no')
      }),
    ).rejects.toThrow('no')
    expect((await database.pool.query('select * from account')).rowCount).toBe(0)
    expect(
      await transaction(
        database.pool,
        async (client) => (await client.query("insert into account values ('a', 1) returning amount")).rows,
      ),
    ).toEqual([{ amount: 1 }])
  })

  test('that another one got in the way of is tried again', async () => {
    let tries = 0
    // Both have read before either writes: one of the two must fail.
    let arrived = 0
    let release = () => {}
    const bothHaveRead = new Promise<void>((resolve) => {
      release = resolve
    })
    const add = () =>
      transaction(
        database.pool,
        async (client) => {
          tries++
          const { rows } = await client.query<{ amount: number }>("select amount from account where name = 'a'")
          if (++arrived === 2) release()
          await bothHaveRead
          await client.query("update account set amount = $1 where name = 'a'", [rows[0]!.amount + 1])
        },
        { isolation: 'serializable' },
      )
    await Promise.all([add(), add()])
    expect((await database.pool.query('select amount from account')).rows).toEqual([{ amount: 3 }])
    expect(tries).toBe(3)
  })

  test('does not give a broken connection back', async () => {
    await expect(
      transaction(database.pool, async (client) => {
        const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid')
        await database.ingest.query('select pg_terminate_backend($1)', [rows[0]!.pid])
        await client.query('select 1')
      }),
    ).rejects.toSatisfy(isConnectionError)
    for (let i = 0; i < 10; i++) await database.pool.query('select 1')
  })
})

test('slow queries at the desks do not hold up ingest', async () => {
  const slow = Array.from({ length: 12 }, () => database.pool.query('select pg_sleep(1)'))
  const began = performance.now()
  await database.ingest.query('select 1')
  expect(performance.now() - began).toBeLessThan(900)
  await Promise.all(slow)
})

test('killed and back: queries fail until then and work after, nobody connects anew by hand', async () => {
  const key = randomUUID()
  await database.pool.query('create table kept (key text)')
  await database.pool.query('insert into kept values ($1)', [key])
  killPostgres()
  const error = await database.pool.query('select pg_sleep(5)').catch((failure: unknown) => failure)
  expect(error).toSatisfy(isConnectionError)
  expect(await within(10_000, () => database.healthy())).toBe(true)
  expect((await database.pool.query('select * from kept')).rows).toEqual([{ key }])
  expect((await database.ingest.query('select 1')).rowCount).toBe(1)
})

test('a hub that starts while the database is down waits for it', async () => {
  killPostgres()
  const early = openDatabase(engines.databaseUrl!, { log: silentLog })
  await migrate(early)
  expect(await early.healthy()).toBe(true)
  await early.close()
})

test('waiting for a database that never comes can be given up, and is not healthy', async () => {
  const nowhere = openDatabase('postgres://127.0.0.1:1/nobody', { log: silentLog })
  await expect(nowhere.ready(AbortSignal.timeout(200))).rejects.toThrow()
  expect(await nowhere.healthy()).toBe(false)
  await nowhere.close()
  await nowhere.close()
})

test('a wrong password is an error at once, and nothing to wait for', async () => {
  const url = new URL(engines.databaseUrl!)
  url.password = 'wrong'
  const refused = openDatabase(url.href, { log: silentLog })
  await expect(refused.ready()).rejects.toMatchObject({ code: '28P01' })
  await refused.close()
})
