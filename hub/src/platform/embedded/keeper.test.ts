import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import mqtt from 'mqtt'
import pg from 'pg'
import { createClient } from 'redis'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { readConfig } from '../config.ts'
import { isFree, portFor } from './ports.ts'
import { parentOf, processesLike, signal, within } from './processes.ts'
import { anyoneReaches } from './run-as.ts'
import { type Keeper, startKeeper } from './start-keeper.ts'

const isRoot = process.getuid?.() === 0
const passwordFiles = ['secrets.json', 'broker/credentials.json', 'broker/hub.key', 'broker/gw1.key']
const folders: string[] = []
/** One database for all tests that do not need a new one: making it is what takes long. Each test has it to itself. */
let house = ''
const keepers: Keeper[] = []
afterEach(async () => {
  await Promise.all(keepers.splice(0).map((keeper) => keeper.stop()))
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})

beforeAll(() => {
  house = mkdtempSync(join(tmpdir(), 'wardline-keeper-'))
})
afterAll(() => rmSync(house, { recursive: true, force: true }))

function aFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'wardline-keeper-'))
  folders.push(folder)
  return folder
}

/** Ended after the test. */
async function keep(dataDir: string, env: NodeJS.ProcessEnv = {}): Promise<Keeper> {
  const keeper = await start(dataDir, env)
  keepers.push(keeper)
  return keeper
}
async function start(dataDir: string, env: NodeJS.ProcessEnv = {}): Promise<Keeper> {
  const config = readConfig({ WARDLINE_DATA_DIR: dataDir, POSTGRES_PORT: '0', VALKEY_PORT: '0', BROKER_PORT: '0', ...env })
  return (await startKeeper(config, { enrol: ['gw1'], env: { ...process.env, LOG_LEVEL: 'fatal' } }))!
}

/** All processes that a keeper of this folder may have started, found without asking the keeper. */
const programs = { postgres: / -D \S+\/postgres /, valkey: /valkey-process\.ts/, broker: /broker-process\.ts/ }
const engineOf = (keeper: Keeper, name: keyof typeof programs): number => {
  const [pid] = processesLike((line) => programs[name].test(line)).filter((each) => parentOf(each) === keeper.pid)
  if (!pid) throw new Error(`no ${name}`)
  return pid
}
const isAlive = (pid: number): boolean => processesLike(() => true).includes(pid)

async function sql(keeper: Keeper, text: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: keeper.addresses.databaseUrl!, connectionTimeoutMillis: 1000 })
  client.on('error', () => {})
  await client.connect()
  try {
    return (await client.query(text)).rows
  } finally {
    await client.end().catch(() => {})
  }
}
async function redis<Result>(keeper: Keeper, ask: (client: ReturnType<typeof createClient>) => Promise<Result>): Promise<Result> {
  const client = createClient({ url: keeper.addresses.redisUrl!, socket: { reconnectStrategy: false, connectTimeout: 1000 } })
  client.on('error', () => {})
  await client.connect()
  try {
    return await ask(client as ReturnType<typeof createClient>)
  } finally {
    client.destroy()
  }
}
const serves = {
  postgres: (keeper: Keeper) =>
    sql(keeper, 'select 1').then(
      () => true,
      () => false,
    ),
  valkey: (keeper: Keeper) =>
    redis(keeper, (client) => client.ping()).then(
      () => true,
      () => false,
    ),
  broker: async (keeper: Keeper) => {
    const client = mqtt.connect(keeper.addresses.mqttUrl!, {
      username: keeper.addresses.mqttUsername!,
      password: keeper.addresses.mqttPassword!,
      reconnectPeriod: 0,
      connectTimeout: 1000,
    })
    const event = await new Promise<string>((resolve) => {
      client.once('connect', () => resolve('connect'))
      client.once('error', () => resolve('error'))
      client.once('close', () => resolve('close'))
    })
    client.end(true)
    return event === 'connect'
  },
}

const all = ['postgres', 'valkey', 'broker'] as const

describe('while a keeper runs', () => {
  let keeper: Keeper
  beforeAll(async () => {
    // Anyone may pass: so that PostgreSQL, started by root, needs no power over files.
    chmodSync(house, 0o755)
    keeper = await start(house)
    await sql(keeper, 'create table kept as select 42 as answer')
  })
  afterAll(() => keeper?.stop())

  test('three engines serve, PostgreSQL in UTF-8 and with commits that wait for the disk', async () => {
    for (const name of all) expect(await serves[name](keeper)).toBe(true)
    expect(await sql(keeper, 'show synchronous_commit')).toEqual([{ synchronous_commit: 'on' }])
    expect(
      await sql(
        keeper,
        'select datcollate, pg_encoding_to_char(encoding) as encoding from pg_database where datname = current_database()',
      ),
    ).toEqual([{ datcollate: 'C', encoding: 'UTF8' }])
  })

  test('answers of Valkey come at once, and only to who knows the password', async () => {
    await redis(keeper, async (client) => {
      const times: number[] = []
      for (let i = 0; i < 41; i++) {
        const began = performance.now()
        await client.set('a', String(i))
        times.push(performance.now() - began)
      }
      // Without the second step of its event loop each takes 100 ms.
      expect(times.sort((a, b) => a - b)[20]).toBeLessThan(50)
    })
    const stranger = createClient({
      url: `redis://${new URL(keeper.addresses.redisUrl!).host}`,
      socket: { reconnectStrategy: false },
    })
    stranger.on('error', () => {})
    await expect(stranger.connect()).rejects.toThrow(/NOAUTH/)
    if (stranger.isOpen) stranger.destroy()
  })

  test.runIf(isRoot)('its database does not run as root, and keeps no power over files where it needs none', () => {
    const status = readFileSync(`/proc/${engineOf(keeper, 'postgres')}/status`, 'utf8')
    expect(/^Uid:\s+(\d+)/m.exec(status)![1]).not.toBe('0')
    // A checkout that only root may enter: the one capability to pass (CAP_DAC_OVERRIDE, bit 1), and no other.
    const closed = !anyoneReaches(process.execPath)
    expect(Number.parseInt(/^CapEff:\s+(\w+)/m.exec(status)![1]!, 16)).toBe(closed ? 0b10 : 0)
  })

  test('passwords are for their owner only', () => {
    for (const file of passwordFiles) expect((statSync(join(house, file)).mode & 0o777).toString(8)).toBe('600')
  })

  test('a second one on the same folder is refused in one line, and disturbs nothing', async () => {
    const pids = all.map((name) => engineOf(keeper, name))
    await expect(keep(house)).rejects.toThrow(
      new RegExp(`^keeper: another keeper \\(process ${keeper.pid}\\) already keeps ${house}$`),
    )
    expect(all.map((name) => engineOf(keeper, name))).toEqual(pids)
    for (const name of all) expect(await serves[name](keeper)).toBe(true)
  })

  test.for(all)('%s is killed: it is back at the same address, and the others never left', async (name) => {
    const others = all.filter((each) => each !== name)
    const before = others.map((each) => engineOf(keeper, each))
    const killed = engineOf(keeper, name)
    signal(killed, 'SIGKILL')
    expect(await within(1000, () => !isAlive(killed))).toBe(true)
    expect(await within(10_000, () => serves[name](keeper))).toBe(true)
    expect(others.map((each) => engineOf(keeper, each))).toEqual(before)
    if (name === 'postgres') expect(await sql(keeper, 'select answer from kept')).toEqual([{ answer: 42 }])
  })

  test('PostgreSQL is killed while a query runs: its orphans do not keep the new one from starting', async () => {
    const busy = sql(keeper, "select count(*) from generate_series(1, 1000000000) i where i::text = ''").catch(() => 'gone')
    const runs = "select 1 from pg_stat_activity where query like 'select count%' and state = 'active'"
    expect(await within(5000, async () => (await sql(keeper, runs)).length > 0)).toBe(true)
    signal(engineOf(keeper, 'postgres'), 'SIGKILL')
    expect(await busy).toBe('gone')
    expect(await within(15_000, () => serves.postgres(keeper))).toBe(true)
  })

  test('its standard input closes: it ends, and nothing is left', async () => {
    const pids = all.map((name) => engineOf(keeper, name))
    await keeper.stop()
    expect([...pids, keeper.pid].filter(isAlive)).toEqual([])
  })
})

test('started again it has what was stored; killed it leaves nothing; the next takes over, at once and on the same ports', async () => {
  const ports = await Promise.all([0, 0, 0].map((asked) => portFor('127.0.0.1', asked)))
  const env = { POSTGRES_PORT: String(ports[0]), VALKEY_PORT: String(ports[1]), BROKER_PORT: String(ports[2]) }
  const passwords = passwordFiles.map((file) => readFileSync(join(house, file), 'utf8'))

  const second = await keep(house, env)
  expect(await sql(second, 'select answer from kept')).toEqual([{ answer: 42 }])
  const pids = all.map((name) => engineOf(second, name))
  signal(second.pid, 'SIGKILL')
  expect(await within(5000, () => !pids.some(isAlive))).toBe(true)

  const third = await keep(house, env)
  signal(third.pid, 'SIGKILL')
  await third.ended
  const fourth = await keep(house, env)
  for (const name of all) expect(await serves[name](fourth)).toBe(true)
  expect(await sql(fourth, 'select answer from kept')).toEqual([{ answer: 42 }])
  expect(passwordFiles.map((file) => readFileSync(join(house, file), 'utf8'))).toEqual(passwords)

  const last = all.map((name) => engineOf(fourth, name))
  signal(fourth.pid, 'SIGTERM')
  await fourth.ended
  expect(last.filter(isAlive)).toEqual([])
})

test('a port that another program has is named, with the variable that moves the engine', async () => {
  const stranger = createServer().listen(0, '127.0.0.1')
  await once(stranger, 'listening')
  const { port } = stranger.address() as { port: number }
  try {
    const env = { VALKEY_PORT: String(port), DATABASE_URL: 'postgres://x', MQTT_URL: 'mqtt://x' }
    await expect(keep(house, env)).rejects.toThrow(
      `keeper: port ${port} on 127.0.0.1 is in use by another program; end it or set VALKEY_PORT`,
    )
  } finally {
    stranger.close()
  }
})

test('nothing is missing: there is no keeper', async () => {
  expect(await startKeeper(readConfig({ DATABASE_URL: 'postgres://x', REDIS_URL: 'redis://x', MQTT_URL: 'mqtt://x' }))).toBeNull()
})

describe.runIf(isRoot)('started by root', () => {
  test('in a folder that only root may enter, and on a copy of the data that root made', async () => {
    const folder = aFolder()
    const closed = join(folder, 'closed')
    mkdirSync(closed, { mode: 0o700 })
    chmodSync(closed, 0o700)
    const onlyPostgres = { REDIS_URL: 'redis://x', MQTT_URL: 'mqtt://x' }
    const first = await keep(join(closed, '.data'), onlyPostgres)
    await sql(first, 'create table kept as select 42 as answer')
    await first.stop()
    // cp as root without -p: everything is root's, and the folder may be read by others.
    execFileSync('cp', ['-r', join(closed, '.data'), join(closed, 'copy')])
    chmodSync(join(closed, 'copy', 'postgres'), 0o755)
    const second = await keep(join(closed, 'copy'), onlyPostgres)
    expect(await sql(second, 'select answer from kept')).toEqual([{ answer: 42 }])
  })

  test('as a user who is not root', async () => {
    const folder = aFolder()
    chmodSync(folder, 0o777)
    const dataDir = join(folder, '.data')
    const env = {
      ...process.env,
      HOME: folder,
      WARDLINE_DATA_DIR: dataDir,
      LOG_LEVEL: 'fatal',
      POSTGRES_PORT: '0',
      VALKEY_PORT: '0',
      BROKER_PORT: '0',
    }
    // The checkout of this test may itself be closed to others: reading it is all that this capability is for here.
    const child = spawn(
      'setpriv',
      [
        '--reuid=65534',
        '--regid=65534',
        '--clear-groups',
        '--securebits=+no_setuid_fixup',
        '--inh-caps=+dac_read_search',
        '--ambient-caps=+dac_read_search',
        process.execPath,
        `${import.meta.dirname}/keeper.ts`,
        '--postgres',
        '--broker',
      ],
      { env, stdio: ['pipe', 'pipe', 'inherit'] },
    )
    const [line] = await Promise.race([once(child.stdout!, 'data'), once(child, 'exit')])
    const { databaseUrl } = JSON.parse(String(line)) as { databaseUrl: string }
    const client = new pg.Client({ connectionString: databaseUrl })
    await client.connect()
    expect((await client.query('select 1 as one')).rows).toEqual([{ one: 1 }])
    await client.end()
    expect(statSync(join(dataDir, 'postgres')).uid).toBe(65534)
    const ended = once(child, 'exit')
    child.stdin!.end()
    expect((await ended)[0]).toBe(0)
    expect(processesLike((text) => text.includes(folder))).toEqual([])
  })
})

test('a death in the middle of making the database leaves nothing that looks like one', async () => {
  const folder = aFolder()
  const child = spawn(process.execPath, [`${import.meta.dirname}/keeper.ts`, '--postgres'], {
    env: { ...process.env, WARDLINE_DATA_DIR: folder, POSTGRES_PORT: '0', LOG_LEVEL: 'fatal' },
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  expect(await within(5000, () => readdirSync(folder).some((entry) => entry.startsWith('postgres.new-')))).toBe(true)
  child.kill('SIGKILL')
  await once(child, 'exit')
  expect(existsSync(join(folder, 'postgres', 'PG_VERSION'))).toBe(false)
  const keeper = await keep(folder, { REDIS_URL: 'redis://x', MQTT_URL: 'mqtt://x' })
  expect(await serves.postgres(keeper)).toBe(true)
  expect(await isFree('127.0.0.1', Number(new URL(keeper.addresses.databaseUrl!).port))).toBe(false)
})
