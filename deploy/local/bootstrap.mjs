/**
 * The first step of every `npm run …`: plain JavaScript for whatever Node is on the machine (20 or newer). It installs what
 * the lockfile names (once, until it changes), then hands over to the program of that name under Node 24 from node_modules.
 */
import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { heap, memoryEnv } from './heap.mjs'

const PNPM = 'pnpm@12.21.0'
const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..')
const node = join(root, 'node_modules', '.bin', 'node')

/** What each word runs, with which flags of Node, and whether it needs the built console. */
const programs = {
  start: { file: 'deploy/local/house.ts', console: true },
  test: { file: 'deploy/local/test.ts', console: true },
  check: { file: 'deploy/local/check.ts', console: false },
  replay: { file: 'simulators/src/replay/replay.ts', console: false },
  bench: { file: 'test/bench/bench.ts', console: true },
  faults: { file: 'test/faults/faults.ts', console: true },
  hub: { file: 'hub/src/main.ts', console: true, flags: heap.hub },
  gateway: { file: 'edge-gateway/src/main.ts', console: false, flags: heap.gateway },
  enrol: { file: 'hub/src/commands/enrol-gateway.ts', console: false },
}

const [word, ...rest] = process.argv.slice(2)
const program = programs[word ?? '']
if (!program) {
  console.error(`usage: node deploy/local/bootstrap.mjs ${Object.keys(programs).join('|')} [arguments]`)
  process.exit(2)
}
if (Number(process.versions.node.split('.')[0]) < 20) {
  console.error(`Wardline needs Node 20 or newer to install itself; this is ${process.version}.`)
  process.exit(1)
}

/** A hash over the named files and folders, so that work is done again only when something changed. */
function digest(...paths) {
  const hash = createHash('sha256')
  const add = (path) => {
    if (!existsSync(path)) return
    if (statSync(path).isDirectory()) {
      for (const name of readdirSync(path).sort()) if (name !== 'node_modules' && name !== 'dist') add(join(path, name))
    } else hash.update(path.slice(root.length)).update(readFileSync(path))
  }
  for (const path of paths) add(join(root, path))
  return hash.digest('hex')
}

function once(what, stamp, wanted, work) {
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return
  const began = Date.now()
  console.log(`· ${what} …`)
  work()
  mkdirSync(dirname(stamp), { recursive: true })
  writeFileSync(stamp, wanted)
  console.log(`· ${what}: done in ${((Date.now() - began) / 1000).toFixed(1)} s`)
}

function run(command, args, options = {}) {
  const done = spawnSync(command, args, { cwd: root, stdio: 'inherit', ...options })
  if (done.error || done.status !== 0) {
    console.error(`${command} ${args.join(' ')} failed${done.error ? `: ${done.error.message}` : ` with code ${done.status}`}`)
    process.exit(done.status || 1)
  }
}

once(
  'Installing from the npm registry',
  join(root, 'node_modules', '.wardline-installed'),
  digest('pnpm-lock.yaml', 'pnpm-workspace.yaml'),
  () =>
    run('npx', ['--yes', PNPM, 'install', '--frozen-lockfile', '--reporter=append-only'], {
      env: { ...process.env, COREPACK_ENABLE_STRICT: '0', npm_config_verify_deps_before_run: 'false' },
    }),
)
if (program.console)
  once('Building the console', join(root, 'console', 'dist', '.built'), digest('console', 'pnpm-lock.yaml'), () =>
    run(node, [join(root, 'console', 'node_modules', 'vite', 'bin', 'vite.js'), 'build', '--logLevel', 'warn'], {
      cwd: join(root, 'console'),
    }),
  )

// The fourth stream is a leash: when this process is gone, however it went, the program sees it close and ends itself.
const child = spawn(node, [...(program.flags ?? []), join(root, program.file), ...rest], {
  stdio: ['inherit', 'inherit', 'inherit', 'pipe'],
  env: { ...process.env, ...memoryEnv, WARDLINE_LEASH: '3' },
})
child.on('error', (error) => {
  console.error(error.message)
  process.exit(1)
})
child.on('exit', (code, signal) => process.exit(code ?? (signal === 'SIGINT' ? 130 : 1)))
// Ctrl-C reaches the program by itself (same terminal); a signal sent only to this process is passed on.
process.on('SIGINT', () => {})
for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill('SIGTERM'))
// Killed outright, npm passes nothing on: its shell and this process are left, with another ancestor than they began with.
const ancestors = () => {
  try {
    return `${process.ppid} ${
      readFileSync(`/proc/${process.ppid}/stat`, 'utf8')
        .replace(/^.*\) /, '')
        .split(' ')[1]
    }`
  } catch {
    return `${process.ppid}`
  }
}
const began = ancestors()
setInterval(() => {
  if (ancestors() !== began) child.kill('SIGTERM')
}, 500).unref()
