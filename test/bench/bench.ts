/**
 * `npm run bench`: the house's figures, each beside a baseline taken in the same run. Prints a table, writes `test/.out/bench.json`.
 *
 *   npm run bench -- [--seconds 60] [--minutes 10] [--only throughput,alarms,memory,walls]
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { checkout } from '../../deploy/local/supervisor.ts'
import { alarmLatency } from './alarm-latency.ts'
import { memory } from './memory.ts'
import { throughput } from './throughput.ts'
import { walls } from './walls.ts'

export interface Figure {
  name: string
  value: number
  unit: string
  /** What the issue asks for. */
  target?: string
  met?: boolean
  baseline?: { name: string; value: number; unit: string }
  /** What limits it, as seen in this run. */
  limit?: string
}

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    minutes: { type: 'string', default: '10' },
    only: { type: 'string' },
    rate: { type: 'string', default: '5100' },
  },
})
const only = values.only?.split(',')
const say = (line: string) => console.log(`· ${line}`)
const parts: [string, () => Promise<Figure[]>][] = [
  ['throughput', () => throughput({ seconds: Number(values.seconds), ratePerS: Number(values.rate), say })],
  ['alarms', () => alarmLatency({ probes: 400, ratePerS: 2000, say })],
  ['walls', () => walls({ seconds: 20, say })],
  ['memory', () => memory({ minutes: Number(values.minutes), ratePerS: 2000, say })],
]
const figures: Figure[] = []
for (const [name, run] of parts) {
  if (only && !only.includes(name)) continue
  say(`${name} …`)
  figures.push(...(await run()))
}
const machine = { cores: cpus().length, model: cpus()[0]?.model ?? '', node: process.version, at: new Date().toISOString() }
console.log(`\n${machine.cores} cores, ${machine.model}, Node ${machine.node}\n`)
console.table(
  Object.fromEntries(
    figures.map(({ name, value, unit, target, met, baseline, limit }) => [
      name,
      {
        figure: `${round(value)} ${unit}`,
        target: target ?? '',
        met: met === undefined ? '' : met ? 'yes' : 'NO',
        baseline: baseline ? `${round(baseline.value)} ${baseline.unit} (${baseline.name})` : '',
        'limited by': limit ?? '',
      },
    ]),
  ),
)
const out = join(checkout, 'test', '.out')
mkdirSync(out, { recursive: true })
writeFileSync(join(out, 'bench.json'), `${JSON.stringify({ machine, figures }, null, 2)}\n`)
say(`written: test/.out/bench.json`)
process.exit(figures.some((figure) => figure.met === false) ? 1 : 0)

function round(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toFixed(value >= 10 ? 1 : 2)
}
