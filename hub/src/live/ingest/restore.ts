/** At its start, and whenever it takes over a gateway, a hub fills its live state from what is stored. */
import type { Metric } from '@wardline/devices/messages/records.ts'
import type pg from 'pg'
import { beds } from '../../modules/inpatient/service.ts'
import type { Reading, Timeline } from '../../platform/timeline/timeline.ts'
import { type OpenAlarm, openAlarms } from '../alarms/alarms.ts'
import type { Associations } from '../associations/associations.ts'
import type { Letters } from '../letters/letters.ts'
import type { Live } from '../live.ts'

export interface RestoreOptions {
  pool: pg.Pool
  timeline: Pick<Timeline, 'latest'>
  live: Live
  associations: Associations
  letters: Letters
  /** Readings since this instant; without it none: those who take over a gateway get its readings from itself. */
  since?: number
  /** Gateways whose alarms are left as they are. */
  isOurs(gateway: string): boolean
}

/** How many of the newest dead letters the feeds page starts with. */
const LETTERS = 100

/** Beds and who lies in them, devices and where they are, open alarms, the newest readings, dead letters. Returns the open alarms it showed. */
export async function restoreLive({
  pool,
  timeline,
  live,
  associations,
  letters,
  since,
  isOurs,
}: RestoreOptions): Promise<OpenAlarm[]> {
  for (const { id, place, occupant } of await beds(pool)) live.bed(id, place, occupant)
  const { rows } = await pool.query<{ id: string; gateway: string }>('select id, gateway from device')
  const gatewayOf = new Map(rows.map((row) => [row.id, row.gateway]))
  await associations.refresh([...gatewayOf.keys()])
  if (since !== undefined) {
    for (const said of framesByMessage(await timeline.latest(since)))
      live.readings({ gateway: gatewayOf.get(said.device) ?? '', ...said })
  }
  const open = (await openAlarms(pool)).filter(({ gateway }) => !isOurs(gateway))
  for (const alarm of open) live.alarm(alarm)
  for (const letter of (await letters.list({ limit: LETTERS })).reverse()) live.letter(letter)
  return open
}

/** Readings of one device, instant and arrival are one frame again, oldest first. */
function framesByMessage(
  readings: readonly Reading[],
): { device: string; receivedAt: number; frames: { at: number; metrics: Metric[] }[] }[] {
  const frames = new Map<string, { device: string; receivedAt: number; at: number; metrics: Metric[] }>()
  for (const { device, at, receivedAt, path, code, value, text, unit, quality, bound, correction } of readings) {
    const key = `${device}\n${at}\n${receivedAt}`
    const frame = frames.get(key) ?? { device, receivedAt, at, metrics: [] }
    frames.set(key, frame)
    frame.metrics.push({
      path,
      code,
      ...(value !== undefined && { value }),
      ...(text !== undefined && { text }),
      ...(unit !== undefined && { unit }),
      ...(quality !== undefined && { quality }),
      ...(bound !== undefined && { bound }),
      ...(correction !== undefined && { correction }),
    })
  }
  return [...frames.values()]
    .sort((a, b) => a.at - b.at)
    .map(({ device, receivedAt, at, metrics }) => ({ device, receivedAt, frames: [{ at, metrics }] }))
}
