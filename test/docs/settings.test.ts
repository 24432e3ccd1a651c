/** What people are told to set is what the programs read, no more and no less. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { readConfig as readGateway } from '@wardline/edge-gateway/config.ts'
import { readConfig as readHub } from '@wardline/hub/platform/config.ts'
import { readConfig as readSimulators } from '@wardline/simulators/config.ts'
import { describe, expect, test } from 'vitest'
import { heap } from '../../deploy/local/heap.mjs'

const checkout = join(import.meta.dirname, '../..')
const text = (file: string): string => readFileSync(join(checkout, file), 'utf8')

/** Every variable that a program looks at when nothing is set. */
function readBy(read: (env: NodeJS.ProcessEnv) => unknown): string[] {
  const looked = new Set<string>()
  const env = new Proxy<NodeJS.ProcessEnv>({}, { get: (_, name) => void looked.add(String(name)) })
  read(env)
  return [...looked].sort()
}
const programs = {
  hub: readBy((env) => readHub(env)),
  gateway: readBy((env) => readGateway(env).mqttCredentials()),
  simulators: readBy((env) => readSimulators(env)),
}

/** The rows of the table in docs/architecture.md, "Settings". */
const rows = text('docs/architecture.md')
  .split('\n## Settings\n')[1]!
  .split('\n## ')[0]!
  .split('\n')
  .filter((line) => line.startsWith('| `'))
  .map((line) => {
    const [names, , who] = line.slice(2).split(' | ') as [string, string, string]
    return { names: names.match(/[A-Z][A-Z0-9_]+/g)!, who: who.replace(/ \|$/, '').split(', ') }
  })

describe('the table of settings', () => {
  for (const [program, read] of Object.entries(programs))
    test(`has all that the ${program} reads, and nothing else for it`, () => {
      const told = rows.filter(({ who }) => who.includes(program)).flatMap(({ names }) => names)
      expect(told.sort()).toEqual(read)
    })

  test('names no other program', () => {
    expect(new Set(rows.flatMap(({ who }) => who))).toEqual(new Set(Object.keys(programs)))
  })
})

describe('the files that a site copies', () => {
  /** Node's own, and glibc's. */
  const others = ['NODE_EXTRA_CA_CERTS', 'MALLOC_ARENA_MAX', 'MALLOC_TRIM_THRESHOLD_', 'MALLOC_MMAP_THRESHOLD_']
  const wardline =
    /\b(?:WARDLINE|HUB|GATEWAY|MLLP|MQTT|SPOOL|WAVE|DUPLICATES?|UPLINK|INFLUX|DATABASE|REDIS|LOG|READINGS|WAVES)_[A-Z_]+\b/g

  test.each(['hub', 'gateway'] as const)('systemd: %s.env sets what the program reads, and the program accepts it', (program) => {
    const lines = text(`deploy/systemd/${program}.env`).split('\n')
    const set = lines
      .filter((line) => /^(# )?[A-Z][A-Z_]+=/.test(line))
      .map((line) => line.replace(/^# /, '').split('=') as [string, string])
    expect(set.length).toBeGreaterThan(8)
    for (const [name] of set) expect([...programs[program], ...others]).toContain(name)
    const env = Object.fromEntries(set.filter(([name]) => !others.includes(name)))
    expect(() => (program === 'hub' ? readHub(env) : readGateway(env))).not.toThrow()
  })

  test.each(['hub', 'gateway'] as const)('the %s gets the heap that it was measured with', (program) => {
    const flags = heap[program]
    expect(text(`deploy/systemd/wardline-${program}.service`)).toContain(`node ${flags.join(' ')} `)
    expect(text('deploy/Dockerfile')).toContain(`CMD ["node", ${flags.map((flag) => `"${flag}"`).join(', ')}, `)
  })

  test('compose, Dockerfile and the pages name no setting that nobody reads', () => {
    const known = new Set([...Object.values(programs).flat(), ...others])
    // Passwords that compose.yaml asks for, and hands on as MQTT_PASSWORD.
    for (const own of ['HUB_MQTT_PASSWORD', 'GW1_MQTT_PASSWORD', 'MQTT_PASSWORD']) known.add(own)
    for (const file of ['deploy/compose.yaml', 'deploy/Dockerfile', 'deploy/README.md', 'docs/operating.md', 'README.md']) {
      const unknown = [...new Set(text(file).match(wardline))].filter((name) => !known.has(name))
      expect({ file, unknown }).toEqual({ file, unknown: [] })
    }
  })
})
