/**
 * A whole house for one story: real processes, real engines, ports and a data folder of its own. Everything ends with `close()`.
 *
 *   const house = await aHouse({ broker: 'mosquitto', history: 'influx' })
 *   house.kill('hub'); await house.well()
 */
import { execFileSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { heap } from '../../deploy/local/heap.mjs'
import { checkout, Supervisor } from '../../deploy/local/supervisor.ts'
import { type Cable, layCable } from './cable.ts'
import { freePorts } from './ports.ts'

export const engines = {
  mosquitto: '/usr/sbin/mosquitto',
  redis: '/usr/bin/redis-server',
  influx: '/usr/bin/influxd',
  chromium: '/usr/bin/chromium',
} as const

/** True when the Debian engine is here. Under CI=true its absence is an error, because a skip would be a lie. */
export function has(engine: keyof typeof engines): boolean {
  const here = existsSync(engines[engine])
  if (!here && process.env.CI === 'true') throw new Error(`${engines[engine]} is missing and CI=true`)
  return here
}

export interface HouseOptions {
  broker?: 'aedes' | 'mosquitto'
  redis?: 'valkey' | 'redis'
  history?: 'postgres' | 'influx'
  /** Extra settings of the gateway and of the hub. */
  gateway?: Record<string, string>
  hub?: Record<string, string>
  /** Simulated beds; none by default. */
  beds?: number
  seed?: number
}

/** What a fault test may kill. */
export type Victim = 'gateway' | 'hub' | 'broker' | 'redis' | 'postgres' | 'influx' | 'keeper'

export interface House {
  url: string
  gatewayUrl: string
  mllpPort: number
  databaseUrl: string
  redisUrl: string
  mqttUrl: string
  influxUrl?: string
  dataDir: string
  supervisor: Supervisor
  /** Between gateway and broker. */
  uplink: Cable
  /** Start one more hub on the same engines, with a name of its own; resolves with where it answers. Its program is `hub-<id>`. */
  anotherHub(id: string): Promise<string>
  /** SIGKILL, by process id. */
  kill(victim: Victim): void
  victims: Victim[]
  pid(victim: Victim): number
  /** The process and all below it. */
  family(victim: Victim): number[]
  /** Resolves when hub and gateway say they are ready; rejects after `within` ms. */
  well(within?: number): Promise<void>
  close(): Promise<void>
}

/** Accounts as in the embedded broker: the hub may do all, the gateway only below its own topics. */
function mosquittoConfig(dir: string, port: number): string {
  writeFileSync(join(dir, 'acl'), 'user hub\ntopic readwrite #\n\nuser gw1\ntopic readwrite site/hosp/gateway/gw1/#\n')
  const passwords = join(dir, 'passwords')
  execFileSync('/usr/bin/mosquitto_passwd', ['-c', '-b', passwords, 'hub', 'hub-password'])
  execFileSync('/usr/bin/mosquitto_passwd', ['-b', passwords, 'gw1', 'gw1-password'])
  for (const file of ['acl', 'passwords']) chmodSync(join(dir, file), 0o644)
  const file = join(dir, 'mosquitto.conf')
  writeFileSync(
    file,
    `listener ${port} 127.0.0.1\nallow_anonymous false\npassword_file ${passwords}\nacl_file ${join(dir, 'acl')}\npersistence false\nlog_dest stderr\nmax_queued_messages 1000\n`,
  )
  return file
}

function influxConfig(dir: string, http: number, rpc: number): string {
  const file = join(dir, 'influxdb.conf')
  writeFileSync(
    file,
    `reporting-disabled = true\nbind-address = "127.0.0.1:${rpc}"\n[meta]\n dir = "${dir}/influx/meta"\n[data]\n dir = "${dir}/influx/data"\n wal-dir = "${dir}/influx/wal"\n[http]\n bind-address = "127.0.0.1:${http}"\n log-enabled = false\n`,
  )
  return file
}

export async function aHouse(options: HouseOptions = {}): Promise<House> {
  const { broker = 'aedes', redis = 'valkey', history = 'postgres' } = options
  const dataDir = mkdtempSync(join(tmpdir(), 'wardline-'))
  chmodSync(dataDir, 0o755)
  const ports = await freePorts(8)
  const [hubPort, gatewayPort, mllpPort, postgresPort, redisPort, brokerPort, influxPort, influxRpc] = ports as [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ]
  const said: string[] = []
  const supervisor = new Supervisor({ logs: join(dataDir, 'logs'), say: (line) => said.push(line) })
  const settings: Record<string, string> = {
    WARDLINE_DATA_DIR: dataDir,
    WARDLINE_SITE: 'hosp',
    POSTGRES_PORT: String(postgresPort),
    VALKEY_PORT: String(redisPort),
    BROKER_PORT: String(brokerPort),
    HUB_PORT: String(hubPort),
    GATEWAY_PORT: String(gatewayPort),
    MLLP_PORT: String(mllpPort),
    CI: '',
  }
  let uplink: Cable | undefined
  try {
    const embedded = [
      '--postgres',
      ...(redis === 'valkey' ? ['--valkey'] : []),
      ...(broker === 'aedes' ? ['--broker'] : []),
      '--enrol',
      'gw1',
    ]
    const keeper = JSON.parse(
      await supervisor.start({
        name: 'keeper',
        file: 'hub/src/platform/embedded/keeper.ts',
        args: embedded,
        env: settings,
        ready: /^\{"(databaseUrl|redisUrl|mqttUrl)":/,
        readyIsSecret: true,
      }),
    ) as Record<string, string>
    if (redis === 'redis')
      await supervisor.start({
        name: 'redis',
        command: engines.redis,
        args: [
          '--port',
          String(redisPort),
          '--bind',
          '127.0.0.1',
          '--save',
          '',
          '--appendonly',
          'no',
          '--daemonize',
          'no',
          '--dir',
          dataDir,
        ],
        ready: /Ready to accept connections/,
      })
    if (broker === 'mosquitto') {
      mkdirSync(join(dataDir, 'mosquitto'))
      chmodSync(join(dataDir, 'mosquitto'), 0o755)
      await supervisor.start({
        name: 'broker',
        command: engines.mosquitto,
        args: ['-c', mosquittoConfig(join(dataDir, 'mosquitto'), brokerPort)],
        ready: /mosquitto version .* running/,
      })
    }
    if (history === 'influx')
      await supervisor.start({
        name: 'influx',
        command: engines.influx,
        args: ['-config', influxConfig(dataDir, influxPort, influxRpc)],
        ready: /Listening for signals|Listening on HTTP/,
      })
    // With a broker of the site's own the gateway's account is made there, and the hub is told apart from it.
    if (broker === 'mosquitto')
      execFileSync(join(checkout, 'node_modules/.bin/node'), [join(checkout, 'hub/src/commands/enrol-gateway.ts'), 'gw1'], {
        env: { ...process.env, ...settings, DATABASE_URL: keeper.databaseUrl! },
        stdio: 'ignore',
      })
    const key = (user: string) =>
      broker === 'aedes' ? readFileSync(join(dataDir, 'broker', `${user}.key`), 'utf8').trim() : `${user}-password`
    const databaseUrl = keeper.databaseUrl!
    const redisUrl = redis === 'valkey' ? keeper.redisUrl! : `redis://127.0.0.1:${redisPort}`
    const influxUrl = history === 'influx' ? `http://127.0.0.1:${influxPort}` : undefined
    const startHub = (name: string, own: Record<string, string>) =>
      supervisor.start({
        name,
        file: 'hub/src/main.ts',
        nodeArgs: heap.hub,
        ready: /^hub: /,
        env: {
          ...settings,
          DATABASE_URL: databaseUrl,
          REDIS_URL: redisUrl,
          MQTT_URL: `mqtt://127.0.0.1:${brokerPort}`,
          MQTT_USERNAME: 'hub',
          MQTT_PASSWORD: key('hub'),
          ...(influxUrl ? { INFLUX_URL: influxUrl } : {}),
          ...options.hub,
          ...own,
        },
      })
    await startHub('hub', {})
    uplink = await layCable({ host: '127.0.0.1', port: brokerPort })
    await supervisor.start({
      name: 'gateway',
      file: 'edge-gateway/src/main.ts',
      nodeArgs: heap.gateway,
      ready: /^gateway /,
      env: {
        ...settings,
        GATEWAY_ID: 'gw1',
        MLLP_SENDERS: 'any',
        MQTT_URL: `mqtt://127.0.0.1:${uplink.port}`,
        MQTT_USERNAME: 'gw1',
        MQTT_PASSWORD: key('gw1'),
        ...options.gateway,
      },
    })
    if (options.beds)
      await supervisor.start({
        name: 'simulators',
        file: 'simulators/src/main.ts',
        ready: /./,
        env: { ...settings, SIM_BEDS: String(options.beds), SIM_SEED: String(options.seed ?? 1) },
      })
    const url = `http://127.0.0.1:${hubPort}`
    const gatewayUrl = `http://127.0.0.1:${gatewayPort}`
    const cable = uplink
    const pid = (victim: Victim): number => {
      if (supervisor.has(victim)) return supervisor.pid(victim)
      if (victim === 'postgres') return Number(readFileSync(join(dataDir, 'postgres', 'postmaster.pid'), 'utf8').split('\n')[0])
      // The keeper's children: valkey and the broker are Node programs whose command lines name them.
      const mark = victim === 'redis' ? /valkey/ : /broker-process/
      for (const child of descendants(supervisor.pid('keeper')))
        if (mark.test(readFileSync(`/proc/${child}/cmdline`, 'utf8'))) return child
      throw new Error(`${victim} is not running`)
    }
    return {
      url,
      gatewayUrl,
      mllpPort,
      databaseUrl,
      redisUrl,
      mqttUrl: `mqtt://127.0.0.1:${brokerPort}`,
      ...(influxUrl ? { influxUrl } : {}),
      dataDir,
      supervisor,
      uplink: cable,
      victims: ['gateway', 'hub', 'broker', 'redis', 'postgres', ...(influxUrl ? (['influx'] as const) : [])],
      pid,
      family: (victim) => [pid(victim), ...descendants(pid(victim))],
      async anotherHub(id) {
        const [port] = await freePorts(1)
        await startHub(`hub-${id}`, { HUB_PORT: String(port), HUB_ID: id })
        return `http://127.0.0.1:${port}`
      },
      kill: (victim) => process.kill(pid(victim), 'SIGKILL'),
      async well(within = 30_000) {
        const until = Date.now() + within
        let last = ''
        for (;;) {
          try {
            const [hub, gateway] = await Promise.all([
              fetch(`${url}/readyz`, { signal: AbortSignal.timeout(2000) }),
              fetch(`${gatewayUrl}/healthz`, { signal: AbortSignal.timeout(2000) }),
            ])
            last = `hub ${hub.status} ${await hub.text()}, gateway ${gateway.status} ${await gateway.text()}`
            if (hub.ok && gateway.ok) return
          } catch (error) {
            last = String(error)
          }
          if (Date.now() > until)
            throw new Error(`the house is not well after ${within} ms: ${last}\n${said.slice(-10).join('\n')}`)
          await new Promise((resolve) => setTimeout(resolve, 100))
        }
      },
      async close() {
        await supervisor.stopAll()
        await cable.close()
        if (!process.env.WARDLINE_KEEP) rmSync(dataDir, { recursive: true, force: true })
      },
    }
  } catch (error) {
    await supervisor.stopAll()
    await uplink?.close()
    throw error
  }
}

/** Process ids below `pid`, from /proc. */
export function descendants(pid: number): number[] {
  let children: number[]
  try {
    children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number)
  } catch {
    return []
  }
  return children.flatMap((child) => [child, ...descendants(child)])
}
