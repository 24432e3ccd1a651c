/**
 * Prints the OpenAPI document of the hub. No engine runs: `node hub/src/commands/print-openapi.ts > openapi.json`
 * The console's types are generated from it.
 */
import { buildApp, openApiOf, refusals } from '../platform/http/app.ts'
import { version } from '../version.ts'

const app = await buildApp({
  health: {
    site: { id: 'hosp', name: 'Wardline General', timeZone: 'Europe/Berlin', version },
    upstream: async () => ({ database: false, redis: false, broker: false, history: false }),
    started: () => false,
    gateways: () => ({ online: 0, offline: 0 }),
  },
  services: () => {
    throw refusals.STARTING()
  },
})
await app.ready()
process.stdout.write(`${JSON.stringify(openApiOf(app), null, 2)}\n`)
await app.close()
