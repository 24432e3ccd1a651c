import type { BedItem, WallAlarm } from '../../live/contract.ts'
import { isGatewayAlarm } from './gateways-down.ts'

/**
 * How an alarm is drawn (UI.md, "Alarm language"): low and technical ones are cyan and steady, technical ones with a shape of their own.
 * A high technical alarm flashes red all the same: it wants a person as soon as any other.
 */
export type AlarmLook = 'high' | 'medium' | 'low' | 'tech'

/** The colour and urgency of an alarm. Priority `none` is a message, drawn as technical. */
export function alarmLook(alarm: Pick<WallAlarm, 'priority' | 'kind' | 'source'>): AlarmLook {
  if (alarm.priority === 'high') return 'high'
  if (alarm.kind === 'ST' || alarm.source === 'technical' || alarm.priority === 'none') return 'tech'
  return alarm.priority
}

/** Flashing ends when somebody has acknowledged it at the device; the alarm itself stays. */
export const isAcknowledged = (alarm: Pick<WallAlarm, 'inactivation'>): boolean => alarm.inactivation === 'alert-acknowledged'

/**
 * A bed that must stay on the screen: a high alarm that nobody has acknowledged. A gateway that is down is said once, for all its
 * beds: it makes none of them more urgent than the next.
 */
export const isUrgent = (bed: Pick<BedItem, 'alarms'>): boolean =>
  bed.alarms.some((alarm) => alarm.priority === 'high' && !isAcknowledged(alarm) && !isGatewayAlarm(alarm))

type Placed = Pick<BedItem, 'id' | 'attention' | 'unit' | 'room' | 'bed' | 'label' | 'assigned'>

/** Worst first, then by place: unit, room, bed, numbers by their value. Devices at no bed come after the beds of the same attention. */
export function byUrgency(a: Placed, b: Placed): number {
  return b.attention - a.attention || Number(b.assigned) - Number(a.assigned) || byPlace(a, b)
}

const place = new Intl.Collator('en', { numeric: true, sensitivity: 'base' })
export function byPlace(a: Placed, b: Placed): number {
  return (
    place.compare(a.unit, b.unit) ||
    place.compare(a.room, b.room) ||
    place.compare(a.bed, b.bed) ||
    place.compare(a.label, b.label) ||
    place.compare(a.id, b.id)
  )
}

/** What of a bed decides where it stands. */
export interface Rank {
  id: string
  urgent: boolean
}

export interface Standing {
  ranks: readonly Rank[]
  at: number
}

/** Calm changes of rank wait this long after the last one, so that tiles do not swap places at every reading. */
export const SETTLE_MS = 5000

/**
 * The order to show: anew at once when a bed becomes urgent, stops being so, comes or goes; otherwise at most every
 * {@link SETTLE_MS}. Returns `before` itself when nothing is to move.
 */
export function settle(before: Standing | undefined, beds: Iterable<Placed & Pick<BedItem, 'alarms'>>, now: number): Standing {
  const ranks = [...beds].sort(byUrgency).map((bed) => ({ id: bed.id, urgent: isUrgent(bed) }))
  if (!before) return { ranks, at: now }
  const was = new Map(before.ranks.map((rank) => [rank.id, rank.urgent]))
  const sameBeds = was.size === ranks.length && ranks.every((rank) => was.get(rank.id) === rank.urgent)
  if (sameBeds && (now - before.at < SETTLE_MS || ranks.every((rank, i) => before.ranks[i]!.id === rank.id))) return before
  return { ranks, at: now }
}
