/**
 * What walls cost the hub: none, one and twenty, in turn, several times over, so that what else changes meanwhile changes them alike. A wall is a
 * Socket.IO client outside the hub that has everything open, waveforms too; one that is not sent them fails the measurement.
 */
import type { BedItem } from '@wardline/hub/live/views/contract.ts'
import { aHouse, type House } from '../house/a-house.ts'
import { aWall } from '../house/a-wall.ts'
import type { Figure } from './bench.ts'
import { cpuSeconds, quantile } from './processes.ts'

const BEDS = 40
const COUNTS = [0, 1, 20] as const
const ROUNDS = 3
const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

interface Cost {
  /** Of one core. */
  percent: number
  /** Each second, at each wall. */
  patches: number
  waves: number
}

export async function walls({ seconds, say }: { seconds: number; say: (line: string) => void }): Promise<Figure[]> {
  const house = await aHouse({ beds: BEDS })
  try {
    await wait(8000)
    const costs = new Map<number, Cost[]>(COUNTS.map((count) => [count, []]))
    for (let round = 0; round < ROUNDS; round++)
      for (const count of COUNTS) costs.get(count)!.push(await costOf(house, count, seconds / ROUNDS))
    const median = (count: number) =>
      quantile(
        costs.get(count)!.map(({ percent }) => percent),
        0.5,
      )
    const [none, one, twenty] = COUNTS.map(median) as [number, number, number]
    const each = (twenty - none) / 20
    const { patches, waves } = costs.get(20)![0]!
    say(
      `hub without a wall ${none.toFixed(1)}% of a core, with one ${one.toFixed(1)}%, with twenty ${twenty.toFixed(1)}%: ` +
        `${each.toFixed(2)}% for each of twenty, which gets ${patches.toFixed(1)} patches and ${waves.toFixed(0)} waveforms a second`,
    )
    return [
      {
        name: `hub CPU with 20 walls of ${BEDS} beds and waveforms, % of a core`,
        value: twenty,
        unit: '%',
        target: '< 2 × one wall',
        met: twenty < 2 * one,
        baseline: { name: 'one wall', value: one, unit: '%' },
        limit: 'taking in what the monitors send, which no wall changes',
      },
      {
        name: 'of which the walls, each',
        value: each,
        unit: '%',
        baseline: { name: 'hub without a wall', value: none, unit: '%' },
        limit: 'one encoding for all; a write to each socket',
      },
    ]
  } finally {
    await house.close()
  }
}

async function costOf(house: House, count: number, seconds: number): Promise<Cost> {
  const open = await Promise.all(Array.from({ length: count }, () => aWall<BedItem>(house.url, 'critical-care', { waves: true })))
  try {
    let waves = 0
    for (const { socket } of open) socket.on('wave', () => waves++)
    await wait(1500)
    waves = 0
    const patchesBefore = open.map(({ patches }) => patches)
    const before = cpuSeconds(house.pid('hub'))
    const began = performance.now()
    await wait(seconds * 1000)
    const took = (performance.now() - began) / 1000
    const percent = ((cpuSeconds(house.pid('hub')) - before) / took) * 100
    const patches = open.map((wall, i) => (wall.patches - patchesBefore[i]!) / took)
    if (count && (Math.min(...patches) < 1 || waves < count * took))
      throw new Error(`walls are not sent what they opened: ${Math.min(...patches)} patches/s, ${waves / count / took} waves/s`)
    return count ? { percent, patches: quantile(patches, 0.5), waves: waves / count / took } : { percent, patches: 0, waves: 0 }
  } finally {
    for (const wall of open) wall.close()
    await wait(300)
  }
}
