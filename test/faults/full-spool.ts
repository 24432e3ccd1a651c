/**
 * The disk allowance runs out while the hub is away: the oldest telemetry gives way first and is counted; alarms stay. After the hub's return what is missing from history is exactly
 * what the gateway said it dropped, and no alarm is.
 */
import { join } from 'node:path'
import { aHouse } from '../house/a-house.ts'
import { compare } from './ledger.ts'
import { runLoad } from './load.ts'
import { drained } from './nothing-lost.ts'

export interface FullSpool {
  acked: number
  missing: number
  /** What the gateway reported as dropped, and the hub wrote down as lost. */
  droppedReadings: number
  alarmsAcked: number
  alarmsMissing: number
  ok: boolean
}

export async function fullSpool({
  say = () => {},
  seconds = 25,
}: {
  say?: (line: string) => void
  seconds?: number
} = {}): Promise<FullSpool> {
  // 8 MiB hold a few thousand readings; the load below writes several times that.
  const house = await aHouse({ gateway: { SPOOL_LIMIT_BYTES: String(8 * 2 ** 20) } })
  try {
    const load = runLoad({
      port: house.mllpPort,
      devices: 50,
      rate: 1500,
      alarms: 10,
      seconds: 3600,
      ledger: join(house.dataDir, 'acked.txt'),
    })
    await new Promise((resolve) => setTimeout(resolve, 2000))
    house.uplink.cut()
    await new Promise((resolve) => setTimeout(resolve, seconds * 1000))
    house.uplink.mend()
    await new Promise((resolve) => setTimeout(resolve, 2000))
    const { acked } = await load.end()
    await drained(house)
    const verdict = await compare(house, acked)
    const droppedReadings = verdict.lost.readings ?? 0
    const missing = verdict.readingsMissing.length
    say(
      `${verdict.readingsAcked} readings acknowledged, ${droppedReadings} dropped by the gateway's own count, ${missing} not in history`,
    )
    return {
      acked: verdict.readingsAcked,
      missing,
      droppedReadings,
      alarmsAcked: verdict.alarmsAcked,
      alarmsMissing: verdict.alarmsMissing.length,
      ok:
        missing > 0 &&
        missing === droppedReadings &&
        verdict.alarmsMissing.length === 0 &&
        verdict.alarmsAcked > 0 &&
        verdict.readingsDoubled.length === 0,
    }
  } finally {
    await house.close()
  }
}
