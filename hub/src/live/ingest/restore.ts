/**
 * At its start, and whenever it takes over a gateway, a hub fills its live state from what is stored. The newest readings and the
 * sparklines come from history beside this (`state/restore-history.ts`): the wall does not wait for them.
 */
import type pg from 'pg'
import { beds } from '../../modules/inpatient/service.ts'
import { endedAlarms, type OpenAlarm, openAlarms } from '../alarms/alarms.ts'
import type { Associations } from '../associations/associations.ts'
import type { Letters } from '../letters/letters.ts'
import type { Live } from '../live.ts'

export interface RestoreOptions {
  pool: pg.Pool
  live: Live
  associations: Associations
  letters: Letters
  /** Gateways whose alarms are left as they are. */
  isOurs(gateway: string): boolean
}

/** How many of the newest dead letters the feeds page starts with. */
const LETTERS = 100

/** Beds and who lies in them, devices and where they are, open alarms, dead letters. Returns the open alarms it showed. */
export async function restoreLive({ pool, live, associations, letters, isOurs }: RestoreOptions): Promise<OpenAlarm[]> {
  for (const { id, place, occupant } of await beds(pool)) live.bed(id, place, occupant)
  const { rows } = await pool.query<{ id: string }>('select id from device')
  await associations.refresh(rows.map((row) => row.id))
  const open = (await openAlarms(pool)).filter(({ gateway }) => !isOurs(gateway))
  for (const { location, ...alarm } of open) {
    if (location) associations.heardAt(alarm.device, location, alarm.receivedAt)
    live.alarm(alarm)
  }
  // A hub that died had told Redis of the alarm and not yet of its end.
  for (const { location, ...alarm } of await endedAlarms(pool, live.openAlarms())) if (!isOurs(alarm.gateway)) live.alarm(alarm)
  for (const letter of (await letters.list({ limit: LETTERS })).reverse()) live.letter(letter)
  return open
}
