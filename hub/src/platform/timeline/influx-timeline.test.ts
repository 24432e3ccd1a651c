import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { migrate, openDatabase } from '../database/database.ts'
import { portFor } from '../embedded/ports.ts'
import { within } from '../embedded/processes.ts'
import { silentLog, temporaryEngines } from '../embedded/temporary-engines.ts'
import { openInfluxTimeline } from './influx-timeline.ts'
import { describeTimeline } from './timeline.suite.ts'

const INFLUXD = '/usr/bin/influxd'

if (existsSync(INFLUXD)) describeTimeline('the history in InfluxDB', influxStage, { keepsNothingUncommitted: false })
else
  test.skipIf(!process.env.CI)(`the history in InfluxDB: ${INFLUXD} is not installed`, () => {
    expect.fail(`${INFLUXD} must be installed where CI is set`)
  })

async function influxStage() {
  const engines = await temporaryEngines({ postgres: true })
  const database = openDatabase(engines.databaseUrl!, { log: silentLog })
  await migrate(database)
  const server = await influxServerAt(mkdtempSync(join(tmpdir(), 'wardline-influx-')))
  return {
    timeline: await openInfluxTimeline({
      influx: { url: server.url, database: 'ward line' },
      retention: { readingsDays: 30, wavesHours: 72 },
      database,
      log: silentLog,
    }),
    databaseUrl: engines.databaseUrl!,
    async killEngine() {
      await server.kill()
      await server.start()
    },
    async end() {
      await server.kill()
      server.remove()
      await database.close()
      await engines.end()
    },
  }
}

/** InfluxDB 1.6 of Debian, in a folder of its own on free ports. */
async function influxServerAt(folder: string) {
  const [httpPort, rpcPort] = [await portFor('127.0.0.1', 0), await portFor('127.0.0.1', 0)]
  const url = `http://127.0.0.1:${httpPort}`
  const config = `${folder}/influxdb.conf`
  writeFileSync(
    config,
    `reporting-enabled = false
bind-address = "127.0.0.1:${rpcPort}"
[meta]
  dir = "${folder}/meta"
[data]
  dir = "${folder}/data"
  wal-dir = "${folder}/wal"
  query-log-enabled = false
[http]
  bind-address = "127.0.0.1:${httpPort}"
  log-enabled = false
[monitor]
  store-enabled = false
`,
  )
  let child: ChildProcess | undefined
  const start = async () => {
    child = spawn(INFLUXD, ['run', '-config', config], { stdio: 'ignore' })
    const isUp = await within(15_000, () =>
      fetch(`${url}/ping`).then(
        (answer) => answer.ok,
        () => false,
      ),
    )
    if (!isUp) throw new Error(`influxd does not answer at ${url}`)
  }
  await start()
  return {
    url,
    start,
    async kill() {
      if (!child || child.exitCode !== null || child.signalCode !== null) return
      const ended = once(child, 'exit')
      child.kill('SIGKILL')
      await ended
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}
