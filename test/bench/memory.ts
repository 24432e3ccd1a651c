/** Resident memory under a steady load: must be under its limit, and flat. */
import { join } from 'node:path'
import { runLoad } from '../faults/load.ts'
import { aHouse } from '../house/a-house.ts'
import type { Figure } from './bench.ts'
import { residentMb } from './processes.ts'

export async function memory({
  minutes,
  ratePerS,
  say,
}: {
  minutes: number
  ratePerS: number
  say: (line: string) => void
}): Promise<Figure[]> {
  const house = await aHouse({ beds: 20 })
  try {
    const load = runLoad({
      port: house.mllpPort,
      devices: 200,
      rate: ratePerS,
      alarms: 2,
      seconds: minutes * 60 + 10,
      ledger: join(house.dataDir, 'acked.txt'),
    })
    const samples: Record<'hub' | 'gateway', number[]> = { hub: [], gateway: [] }
    const until = Date.now() + minutes * 60_000
    while (Date.now() < until) {
      await new Promise((resolve) => setTimeout(resolve, 2000))
      for (const name of ['hub', 'gateway'] as const) samples[name].push(residentMb(house.pid(name)))
    }
    await load.end()
    return (['hub', 'gateway'] as const).flatMap((name) => {
      const all = samples[name]
      const limit = name === 'hub' ? 400 : 200
      const peak = Math.max(...all)
      // Flat: the mean of the last fifth against that of the second fifth; the first is warming up.
      const fifth = Math.max(1, Math.floor(all.length / 5))
      const mean = (list: number[]) => list.reduce((sum, each) => sum + each, 0) / list.length
      const growth = mean(all.slice(-fifth)) - mean(all.slice(fifth, 2 * fifth))
      say(`${name}: peak ${peak.toFixed(0)} MB, ${growth.toFixed(1)} MB from the second fifth of the time to the last`)
      return [
        {
          name: `resident, peak over ${minutes} min at ${ratePerS} msg/s: ${name}`,
          value: peak,
          unit: 'MB',
          target: `< ${limit}`,
          met: peak < limit,
        },
        {
          name: `growth over that time: ${name}`,
          value: growth,
          unit: 'MB',
          target: `< ${limit / 10}`,
          met: growth < limit / 10,
        },
      ]
    })
  } finally {
    await house.close()
  }
}
