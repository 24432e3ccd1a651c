/** What twenty walls cost the hub, beside one. Each is a process's worth of Socket.IO clients outside the hub. */
import { aHouse } from '../house/a-house.ts'
import { aWall } from '../house/a-wall.ts'
import type { Figure } from './bench.ts'
import { cpuSeconds } from './processes.ts'

export async function walls({ seconds, say }: { seconds: number; say: (line: string) => void }): Promise<Figure[]> {
  const house = await aHouse({ beds: 40 })
  try {
    await new Promise((resolve) => setTimeout(resolve, 8000))
    const cost = async (count: number): Promise<number> => {
      const open = await Promise.all(Array.from({ length: count }, () => aWall(house.url, 'critical-care', { waves: true })))
      await new Promise((resolve) => setTimeout(resolve, 2000))
      const before = cpuSeconds(house.pid('hub'))
      await new Promise((resolve) => setTimeout(resolve, seconds * 1000))
      const used = (cpuSeconds(house.pid('hub')) - before) / seconds
      for (const wall of open) wall.close()
      await new Promise((resolve) => setTimeout(resolve, 1000))
      return used * 100
    }
    const none = await cost(0)
    const one = await cost(1)
    const twenty = await cost(20)
    say(`hub without a wall ${none.toFixed(1)}% of a core, with one ${one.toFixed(1)}%, with twenty ${twenty.toFixed(1)}%`)
    return [
      {
        name: 'hub CPU with 20 walls of 40 beds and waveforms, % of a core',
        value: twenty,
        unit: '%',
        target: '< 2 × one wall',
        met: twenty < 2 * one,
        baseline: { name: 'one wall', value: one, unit: '%' },
        limit: 'one encoding for all; a write to each socket',
      },
    ]
  } finally {
    await house.close()
  }
}
