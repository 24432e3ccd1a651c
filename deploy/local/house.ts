/** `npm start`: the whole hospital on this machine. Embedded engines, hub, one gateway, simulated feeds; Ctrl-C ends everything. */
import { execFileSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { heap } from './heap.mjs'
import { checkout, Supervisor } from './supervisor.ts'
import './leash.ts'

const { values: options } = parseArgs({
  options: {
    'no-simulators': { type: 'boolean', default: false },
    beds: { type: 'string' },
    seed: { type: 'string' },
    help: { type: 'boolean', short: 'h', default: false },
  },
})
if (options.help) {
  console.log(
    'npm start -- [--no-simulators] [--beds N] [--seed N]\nSettings are environment variables: docs/architecture.md, "Settings".',
  )
  process.exit(0)
}

const env = process.env
const dataDir = env.WARDLINE_DATA_DIR ?? join(checkout, '.data')
const gateway = env.GATEWAY_ID ?? 'gw1'
mkdirSync(dataDir, { recursive: true })

const began = performance.now()
const seconds = () => `${((performance.now() - began) / 1000).toFixed(1).padStart(5)} s`
const say = (line: string) => console.log(`${seconds()}  ${line}`)
const house = new Supervisor({ logs: join(dataDir, 'logs'), say })

let stopping = false
async function stop(code: number): Promise<void> {
  if (stopping) return
  stopping = true
  say('stopping …')
  await house.stopAll()
  say('stopped; nothing is left running')
  process.exit(code)
}
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => void stop(0))

try {
  say('Wardline is starting (logs: .data/logs)')
  const shared: Record<string, string | undefined> = { WARDLINE_DATA_DIR: dataDir }
  const wanted = [!env.DATABASE_URL && '--postgres', !env.REDIS_URL && '--valkey', !env.MQTT_URL && '--broker'].filter(
    (x) => x !== false,
  )
  if (wanted.length > 0) {
    const line = await house.start({
      name: 'keeper',
      file: 'hub/src/platform/embedded/keeper.ts',
      args: [...wanted, '--enrol', gateway],
      env: shared,
      ready: /^\{"(databaseUrl|redisUrl|mqttUrl)":/,
      readyIsSecret: true,
    })
    const engines = JSON.parse(line) as Record<string, string>
    shared.DATABASE_URL = env.DATABASE_URL ?? engines.databaseUrl
    shared.REDIS_URL = env.REDIS_URL ?? engines.redisUrl
    shared.MQTT_URL = env.MQTT_URL ?? engines.mqttUrl
    say(`engines ready: ${wanted.map((x) => x.slice(2)).join(', ')}`)
    if (!env.MQTT_URL) {
      shared.MQTT_USERNAME = engines.mqttUsername
      shared.MQTT_PASSWORD = engines.mqttPassword
    }
  }
  // The embedded broker's accounts tell the hub who is enrolled; with a broker of the site's own it has to be said.
  if (env.MQTT_URL)
    execFileSync(join(checkout, 'node_modules/.bin/node'), [join(checkout, 'hub/src/commands/enrol-gateway.ts'), gateway], {
      env: { ...env, ...shared },
      stdio: 'ignore',
    })
  const [hub] = await Promise.all([
    house.start({ name: 'hub', file: 'hub/src/main.ts', nodeArgs: heap.hub, env: shared, ready: /^hub: / }),
    house.start({
      name: 'gateway',
      file: 'edge-gateway/src/main.ts',
      nodeArgs: heap.gateway,
      env: {
        MLLP_SENDERS: 'any',
        ...shared,
        GATEWAY_ID: gateway,
        // Without a name it looks up its own account beside the embedded broker, at every connect: enrolled anew, it needs no restart.
        ...(env.MQTT_URL ? {} : { MQTT_USERNAME: '', MQTT_PASSWORD: '' }),
      },
      ready: /^gateway /,
    }),
  ])
  say(hub)
  say(await house.ready('gateway'))
  if (!options['no-simulators']) {
    await house.start({
      name: 'simulators',
      file: 'simulators/src/main.ts',
      env: { ...shared, SIM_BEDS: options.beds ?? env.SIM_BEDS, SIM_SEED: options.seed ?? env.SIM_SEED },
      ready: /./,
    })
    say('simulated bedside monitors are sending')
  }
  const url = hub.replace(/^hub: /, '').trim()
  console.log(
    `\n  Critical care wall   ${url}/walls/critical-care\n  Feeds                ${url}/feeds\n  API                  ${url}/docs\n\n  Ctrl-C ends everything.\n`,
  )
} catch (error) {
  say(error instanceof Error ? error.message : String(error))
  await stop(1)
}
