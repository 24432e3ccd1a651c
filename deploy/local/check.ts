/** `npm run check`: formatter, linter, types, import directions. Prints what is wrong and ends with 1 when anything is. */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { checkout } from './supervisor.ts'

const bin = (name: string) => join(checkout, 'node_modules/.bin', name)
const sources = ['devices/src', 'edge-gateway/src', 'hub/src', 'models', 'simulators/src', 'console/src', 'test', 'deploy/local']
/** Name, program, arguments, and what must stand in its words: a tool that cannot read TypeScript finds nothing wrong with it. */
const steps: [string, string, string[], RegExp?][] = [
  ['format and lint', bin('biome'), ['check', '--error-on-warnings', '.']],
  ['types', bin('tsc'), ['--noEmit', '-p', '.']],
  ['types of the console', bin('tsc'), ['--noEmit', '-p', 'console']],
  ['import directions', bin('depcruise'), ['--config', '.dependency-cruiser.cjs', ...sources], /\([1-9]\d{2,} modules/],
]

let failed = 0
for (const [name, command, args, says] of steps) {
  const began = performance.now()
  const { status, stdout, stderr } = spawnSync(command, args, { cwd: checkout, encoding: 'utf8', maxBuffer: 64 * 2 ** 20 })
  const passed = status === 0 && (!says || says.test(stdout))
  const took = `${((performance.now() - began) / 1000).toFixed(1)} s`
  console.log(`${passed ? 'ok  ' : 'FAIL'} ${name} (${took})`)
  if (!passed) {
    failed += 1
    console.log(`${stdout}${stderr}`)
  }
}
process.exit(failed === 0 ? 0 : 1)
