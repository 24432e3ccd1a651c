/** PCD-01 messages a second from MLLP to committed history, sustained, with everything on this machine. */
import { join } from 'node:path'
import { compare } from '../faults/ledger.ts'
import { runLoad } from '../faults/load.ts'
import { drained } from '../faults/nothing-lost.ts'
import { aHouse, type House, type Victim } from '../house/a-house.ts'
import { bareThroughput } from './bare-broker.ts'
import type { Figure } from './bench.ts'
import { brokerOf } from './broker-of.ts'
import { cpuSeconds, residentMb } from './processes.ts'

const MESSAGE_BYTES = 1660
/** What the load offers is a little more: starting, and draining the last batches, is in the time that is counted. */
const ASKED_PER_S = 5000

export async function throughput({
  seconds,
  ratePerS,
  say,
}: {
  seconds: number
  ratePerS: number
  say: (line: string) => void
}): Promise<Figure[]> {
  const house = await aHouse()
  try {
    const watched: Victim[] = ['gateway', 'hub', 'broker', 'redis']
    const cpu = () =>
      Object.fromEntries([
        ...watched.map((name) => [name, cpuSeconds(house.pid(name))] as const),
        ['postgres', postgresCpu(house)] as const,
      ])
    const load = runLoad({
      port: house.mllpPort,
      devices: 500,
      rate: ratePerS,
      alarms: 5,
      connections: 100,
      seconds,
      ledger: join(house.dataDir, 'acked.txt'),
      drain: 30,
    })
    // The clock runs from the first acknowledged message: what starting the load's process takes is not ours.
    while (load.acked() === 0) await new Promise((resolve) => setTimeout(resolve, 20))
    const already = load.acked()
    const before = cpu()
    const began = performance.now()
    const peak = { hub: 0, gateway: 0 }
    const sample = setInterval(() => {
      peak.hub = Math.max(peak.hub, residentMb(house.pid('hub')))
      peak.gateway = Math.max(peak.gateway, residentMb(house.pid('gateway')))
    }, 500)
    await load.done
    const { result, acked, cpuSeconds: loadCpu } = await load.end()
    await drained(house)
    const took = (performance.now() - began) / 1000
    clearInterval(sample)
    const after = cpu()
    const verdict = await compare(house, acked)
    const stored = verdict.readingsAcked - verdict.readingsMissing.length
    const share = Object.entries(after).map(([name, used]) => `${name} ${(((used - before[name]!) / took) * 100).toFixed(0)}%`)
    say(
      `cores used: ${share.join(', ')}, load ${((loadCpu / took) * 100).toFixed(0)}%; acknowledged p50 ${result.latencies.p50} ms, p99 ${result.latencies.p99} ms`,
    )
    const perSecond = (stored - already) / took
    const bare = await bareThroughput(brokerOf(house), MESSAGE_BYTES, Math.min(10, seconds))
    return [
      {
        name: `PCD-01 (8 metrics) a second, MLLP to committed history, ${seconds} s`,
        value: perSecond,
        unit: 'msg/s',
        target: `${ASKED_PER_S} for ${seconds} s`,
        met: perSecond >= ASKED_PER_S && stored === verdict.readingsAcked && result.unanswered === 0,
        baseline: { name: 'bare broker, one client to another', value: bare.perSecond, unit: 'msg/s' },
        limit: `CPU: ${share.join(', ')}`,
      },
      { name: 'resident at that load: hub', value: peak.hub, unit: 'MB', target: '< 400', met: peak.hub < 400 },
      { name: 'resident at that load: gateway', value: peak.gateway, unit: 'MB', target: '< 200', met: peak.gateway < 200 },
    ]
  } finally {
    await house.close()
  }
}

/** PostgreSQL's processes together: the postmaster's own figure leaves out its living children. */
function postgresCpu(house: House): number {
  return house.family('postgres').reduce((sum, pid) => sum + cpuSeconds(pid), 0)
}
