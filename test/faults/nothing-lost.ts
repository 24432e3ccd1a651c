/**
 * Nothing lost, nothing twice: a house under load, in which everything is killed in turn and at random moments, the uplink is cut, the spool is filled; then every
 * message that was acknowledged to a device is looked for in the stores.
 */
import { join } from 'node:path'
import type { BedItem } from '@wardline/hub/live/views/contract.ts'
import { aHouse, type House, type HouseOptions, type Victim } from '../house/a-house.ts'
import { aWall } from '../house/a-wall.ts'
import { compare, type Verdict } from './ledger.ts'
import { type RunningLoad, runLoad } from './load.ts'

export interface Plan extends HouseOptions {
  /** Messages a second. */
  rate: number
  devices: number
  /** Rounds in which each victim is killed once, in an order of chance. */
  rounds: number
  /** Seconds that the uplink is cut; 0 for not at all. */
  cutS: number
  seed?: number
  say?: (line: string) => void
}

export interface Report extends Verdict {
  kills: string[]
  /** Milliseconds from the uplink's return to a wall that shows what was measured after it; null when it was not cut. */
  wallCurrentMs: number | null
  sent: number
  resent: number
  unanswered: number
  nacks: Record<string, number>
  /** Fresh snapshots the wall asked for after a gap. */
  wallGaps: number
}

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

/** A run of chance that can be had again: mulberry32. */
function dice(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

export async function nothingLost(plan: Plan): Promise<Report> {
  const { rate, devices, rounds, cutS, seed = Date.now() % 1_000_000, say = () => {} } = plan
  const chance = dice(seed)
  say(`seed ${seed}`)
  const house = await aHouse(plan)
  const wall = await aWall<BedItem>(house.url, 'critical-care')
  let running: RunningLoad | undefined
  try {
    const load = runLoad({
      port: house.mllpPort,
      devices,
      rate,
      alarms: Math.max(1, rate / 100),
      seconds: 3600,
      ledger: join(house.dataDir, 'acked.txt'),
    })
    running = load
    await wait(2000)
    const kills: string[] = []
    for (let round = 0; round < rounds; round++) {
      for (const victim of shuffled(house.victims, chance)) {
        await wait(500 + chance() * 2000)
        say(`SIGKILL ${victim} (${load.acked()} acknowledged)`)
        kill(house, victim)
        kills.push(victim)
        if (chance() < 0.3) {
          // Sometimes the next one dies before this one is back.
          const second = house.victims[Math.floor(chance() * house.victims.length)]!
          if (second !== victim) {
            await wait(chance() * 300)
            say(`SIGKILL ${second} beside it`)
            kill(house, second)
            kills.push(second)
          }
        }
        await house.well(60_000)
      }
    }
    let wallCurrentMs: number | null = null
    if (cutS > 0) {
      say(`uplink cut for ${cutS} s`)
      house.uplink.cut()
      await wait(cutS * 1000)
      house.uplink.mend()
      const mended = Date.now()
      await wall.shows((item) => Object.values(item.metrics).some((metric) => metric.at > mended - 500), 30_000)
      wallCurrentMs = Date.now() - mended
      say(`wall current ${wallCurrentMs} ms after the uplink came back`)
    }
    await wait(1000)
    const { result, acked } = await load.end()
    say(`${acked.length} acknowledged of ${result.sent} sent; waiting until history has them`)
    await drained(house)
    const verdict = await compare(house, acked)
    return {
      ...verdict,
      kills,
      wallCurrentMs,
      sent: result.sent,
      resent: result.resent,
      unanswered: result.unanswered,
      nacks: result.nacks,
      wallGaps: wall.gaps,
    }
  } finally {
    running?.kill()
    wall.close()
    await house.close()
  }
}

/** Until the gateway has nothing that waits for a commit. */
export async function drained(house: House, within = 300_000): Promise<void> {
  const until = Date.now() + within
  for (;;) {
    const text = await fetch(`${house.gatewayUrl}/metrics`).then(
      (answer) => answer.text(),
      () => '',
    )
    const waiting = [...text.matchAll(/^gateway_backlog_records\{[^}]*\} (\d+)/gm)].map((each) => Number(each[1]))
    if (waiting.length > 0 && waiting.every((each) => each === 0)) return
    if (Date.now() > until)
      throw new Error(
        `the spool did not drain: ${text
          .split('\n')
          .filter((line) => line.includes('backlog'))
          .join('\n')}`,
      )
    await wait(200)
  }
}

function kill(house: House, victim: Victim): void {
  try {
    house.kill(victim)
  } catch {
    // between death and rebirth there is nothing to kill
  }
}

function shuffled<T>(list: readonly T[], chance: () => number): T[] {
  const left = [...list]
  const out: T[] = []
  while (left.length > 0) out.push(...left.splice(Math.floor(chance() * left.length), 1))
  return out
}
