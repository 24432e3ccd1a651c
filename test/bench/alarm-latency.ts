/** A device alarm from its MLLP bytes to the wall's socket, with numerics in the background. */
import { join } from 'node:path'
import type { BedItem } from '@wardline/hub/live/views/contract.ts'
import { runLoad } from '../faults/load.ts'
import { aHouse } from '../house/a-house.ts'
import { aMonitor } from '../house/a-monitor.ts'
import { aWall } from '../house/a-wall.ts'
import { bareLatency } from './bare-broker.ts'
import type { Figure } from './bench.ts'
import { brokerOf } from './broker-of.ts'
import { quantile } from './processes.ts'

export async function alarmLatency({
  probes,
  ratePerS,
  say,
}: {
  probes: number
  ratePerS: number
  say: (line: string) => void
}): Promise<Figure[]> {
  const house = await aHouse()
  try {
    const load = runLoad({
      port: house.mllpPort,
      devices: 200,
      rate: ratePerS,
      seconds: 3600,
      ledger: join(house.dataDir, 'acked.txt'),
    })
    const wall = await aWall<BedItem>(house.url, 'critical-care')
    const monitor = await aMonitor({
      port: house.mllpPort,
      device: '0012210000BB9100',
      bed: 'ICU9^R910^B1',
      patient: 'P-9100',
      name: 'Bench^One',
    })
    await monitor.admit()
    await monitor.says({ hr: 70 })
    await new Promise((resolve) => setTimeout(resolve, 4000))
    const took: number[] = []
    for (let i = 0; i < probes; i++) {
      const id = `B-${i}`
      const sent = performance.now()
      const seen = wall.shows((item) => item.alarms.some((alarm) => alarm.id.includes(id)), 10_000)
      void monitor.alarms({ id, phase: 'start', state: 'active', priority: 'high', text: `Bench ${i}` })
      await seen
      took.push(performance.now() - sent)
      await monitor.alarms({ id, phase: 'end', state: 'inactive', priority: 'high', text: `Bench ${i}` })
      await new Promise((resolve) => setTimeout(resolve, 30 + Math.random() * 40))
    }
    monitor.close()
    wall.close()
    const { result } = await load.end()
    say(`background: ${(result.acked / result.seconds).toFixed(0)} msg/s acknowledged`)
    const bare = await bareLatency(brokerOf(house), 1660, ratePerS, Math.min(probes, 200))
    const p50 = quantile(took, 0.5)
    const p99 = quantile(took, 0.99)
    return [
      {
        name: `device alarm, MLLP bytes to wall socket, median at ${ratePerS} msg/s`,
        value: p50,
        unit: 'ms',
        target: '10',
        met: p50 <= 10,
        baseline: { name: 'bare broker, publish to receipt', value: quantile(bare, 0.5), unit: 'ms' },
        limit: 'one fdatasync, and waiting for the CPU',
      },
      {
        name: 'the same, p99',
        value: p99,
        unit: 'ms',
        target: '50',
        met: p99 <= 50,
        baseline: { name: 'bare broker, publish to receipt', value: quantile(bare, 0.99), unit: 'ms' },
        limit: 'event loops busy with batches',
      },
    ]
  } finally {
    await house.close()
  }
}
