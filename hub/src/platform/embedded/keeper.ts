/**
 * The keeper: embedded PostgreSQL, Valkey and broker as its children.
 *
 *   node keeper.ts [--postgres] [--valkey] [--broker] [--enrol <gateway>]...
 *
 * Prints one line on standard output when all are ready: a KeeperAddresses as JSON. Starts again what dies. Ends everything when its
 * standard input closes, or by SIGTERM, SIGINT or SIGHUP. What cannot be started ends it with one line on standard error and exit code 1.
 */
import { parseArgs } from 'node:util'
import pino from 'pino'
import { readConfig } from '../config.ts'
import { startEngines } from './engines.ts'
import { lockDataFolder } from './keeper-lock.ts'

// A reader that is gone is no reason to leave engines behind.
process.stdout.on('error', () => {})
process.stderr.on('error', () => {})

try {
  const { values } = parseArgs({
    options: {
      postgres: { type: 'boolean', default: false },
      valkey: { type: 'boolean', default: false },
      broker: { type: 'boolean', default: false },
      enrol: { type: 'string', multiple: true, default: [] },
    },
  })
  const config = readConfig()
  const log = pino({ name: 'keeper', level: config.logLevel }, pino.destination({ dest: 2, sync: true }))
  const told = new Promise<string>((resolve) => {
    for (const name of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(name, () => resolve(name))
    process.stdin.on('end', () => resolve('standard input closed'))
    process.stdin.on('error', () => resolve('standard input closed'))
    process.stdin.resume()
  })
  await lockDataFolder(config.dataDir)
  const wanted = { ...values, dataDir: config.dataDir, site: config.site.id, host: config.host, ports: config.ports }
  // Told to end while they start: the engines end by themselves when this process is gone.
  const engines = await Promise.race([
    startEngines(wanted, log),
    told.then((reason) => {
      throw new Error(`${reason} before the engines were ready`)
    }),
  ])
  process.stdout.write(`${JSON.stringify(engines.addresses)}\n`)
  log.info({ reason: await told }, 'ending the engines')
  await engines.stop()
  process.exit(0)
} catch (error) {
  process.stderr.write(`keeper: ${(error as Error).message}\n`)
  process.exit(1)
}
