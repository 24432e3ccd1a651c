/**
 * Writes what the hub publishes about itself into `src/contract/hub.d.ts`.
 *
 *   node contract.mjs            write the file
 *   node contract.mjs --check    exit 1 when the file is not what the hub publishes now
 */
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import openapiTS, { astToString } from 'openapi-typescript'

const here = import.meta.dirname
const target = join(here, 'src/contract/hub.d.ts')
const node24 = join(here, '../node_modules/.bin/node')
const printed = spawnSync(existsSync(node24) ? node24 : process.execPath, [join(here, '../hub/src/commands/print-openapi.ts')], {
  encoding: 'utf8',
  maxBuffer: 64 * 1024 * 1024,
})
if (printed.status !== 0) {
  console.error(`The hub could not print its OpenAPI document:\n${printed.stderr}`)
  process.exit(1)
}
const text = `// Generated from the hub's /openapi.json by console/contract.mjs. Do not edit.\n${astToString(await openapiTS(JSON.parse(printed.stdout)))}`
if (process.argv.includes('--check')) {
  if (!existsSync(target) || readFileSync(target, 'utf8') !== text) {
    console.error('console/src/contract/hub.d.ts is behind the hub: run "node console/contract.mjs"')
    process.exit(1)
  }
  console.log('console/src/contract/hub.d.ts is current')
} else {
  writeFileSync(target, text)
  console.log(`wrote ${target}`)
}
