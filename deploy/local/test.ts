/** `npm test`: checks, then every test. Arguments go to Vitest (`npm test -- hub/src/live`). */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { provideDebianEngines } from './debian-engines.ts'
import { checkout } from './supervisor.ts'

const began = performance.now()
const say = (line: string) => console.log(`· ${line}`)
const bin = (name: string) => join(checkout, 'node_modules/.bin', name)
const run = (command: string, args: string[]) => spawnSync(command, args, { cwd: checkout, stdio: 'inherit' }).status === 0

const missing = provideDebianEngines(say)
if (missing.length > 0) {
  say(`not on this machine, so the tests that need them are skipped: ${missing.join(', ')}`)
  if (process.env.CI === 'true') {
    console.error('CI=true: a skip is a failure')
    process.exit(1)
  }
}
const only = process.argv.slice(2)
const checked = only.length > 0 || run(bin('node'), [join(checkout, 'deploy/local/check.ts')])
const tested = run(bin('node'), [join(checkout, 'node_modules/vitest/vitest.mjs'), 'run', ...only])
say(
  `took ${((performance.now() - began) / 1000).toFixed(0)} s; checks ${checked ? 'passed' : 'FAILED'}, tests ${tested ? 'passed' : 'FAILED'}`,
)
process.exit(checked && tested ? 0 : 1)
