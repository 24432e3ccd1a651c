/**
 * `npm run faults`: the long form of "nothing lost, nothing twice". 500 messages a second; everything killed in turn and at random moments; the uplink cut for five
 * minutes; the spool filled. Over every pair of engines. Prints what it did and what it counted; ends with 1 when anything was lost or doubled.
 *
 *   npm run faults -- [--cut 300] [--rounds 3] [--only aedes|debian] [--seed N]
 */
import { parseArgs } from 'node:util'
import { has } from '../house/a-house.ts'
import { fullSpool } from './full-spool.ts'
import { nothingLost, type Report } from './nothing-lost.ts'

const { values } = parseArgs({
  options: {
    cut: { type: 'string', default: '300' },
    rounds: { type: 'string', default: '3' },
    rate: { type: 'string', default: '500' },
    only: { type: 'string' },
    seed: { type: 'string' },
  },
})
const began = performance.now()
const say = (line: string) => console.log(`${((performance.now() - began) / 1000).toFixed(1).padStart(7)} s  ${line}`)
const plans = [
  { name: 'aedes, Valkey, PostgreSQL', which: 'aedes', engines: {} },
  { name: 'Mosquitto, Redis, InfluxDB', which: 'debian', engines: { broker: 'mosquitto', redis: 'redis', history: 'influx' } },
] as const

let bad = 0
for (const plan of plans) {
  if (values.only && values.only !== plan.which) continue
  if (plan.which === 'debian' && !(has('mosquitto') && has('redis') && has('influx'))) {
    say(`skipped: ${plan.name} (their Debian packages are not installed)`)
    continue
  }
  say(`— ${plan.name}`)
  const report = await nothingLost({
    ...plan.engines,
    rate: Number(values.rate),
    devices: 100,
    rounds: Number(values.rounds),
    cutS: Number(values.cut),
    ...(values.seed ? { seed: Number(values.seed) } : {}),
    say,
  })
  print(report)
  const lost = report.readingsMissing.length + report.alarmsMissing.length
  const twice = report.readingsDoubled.length + report.alarmsDoubled.length
  if (lost || twice || report.unanswered || (report.wallCurrentMs ?? 0) > 2000) bad += 1
}
say('— a full spool')
const full = await fullSpool({ say })
console.table(full)
if (!full.ok) bad += 1
say(bad === 0 ? 'nothing lost, nothing twice' : `${bad} of the runs above fell short`)
process.exit(bad === 0 ? 0 : 1)

function print(report: Report): void {
  console.table({
    killed: report.kills.length,
    sent: report.sent,
    'sent again by devices': report.resent,
    'readings acknowledged': report.readingsAcked,
    'of these missing': report.readingsMissing.length,
    'of these twice': report.readingsDoubled.length,
    'alarms acknowledged': report.alarmsAcked,
    'alarms missing': report.alarmsMissing.length,
    'alarms twice': report.alarmsDoubled.length,
    'never answered': report.unanswered,
    'wall current after the uplink came back, ms': report.wallCurrentMs,
  })
}
