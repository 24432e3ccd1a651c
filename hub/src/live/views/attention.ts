import type { WallAlarm } from './contract.ts'

const byPriority = { high: 0, medium: 1, low: 2, none: 3 } as const

/** A technical alarm is about the equipment, whoever says so: the monitor (`ST`) or Wardline. */
const isTechnical = ({ kind, source }: Pick<WallAlarm, 'kind' | 'source'>): boolean => kind === 'ST' || source === 'technical'

/** Worst first: priority, then active before latched, the patient's before the equipment's, then the longest waiting. */
export function worstFirst(a: WallAlarm, b: WallAlarm): number {
  return (
    byPriority[a.priority] - byPriority[b.priority] ||
    Number(a.state === 'latched') - Number(b.state === 'latched') ||
    Number(isTechnical(a)) - Number(isTechnical(b)) ||
    Number(a.source === 'technical') - Number(b.source === 'technical') ||
    a.since - b.since ||
    (a.id < b.id ? -1 : 1)
  )
}

/**
 * How much a bed wants a person; 0: not at all. Beds are ordered by it, and only what changes a nurse's next step changes it, so that tiles do
 * not jump: an active high alarm, medium, one that ended and still shows, technical ones, a lost signal. Within one step, an alarm that nobody has
 * silenced or acknowledged stands before one that somebody has.
 */
export function attentionOf(alarms: readonly WallAlarm[]): number {
  let most = 0
  for (const alarm of alarms) {
    const attention = stepOf(alarm) + (alarm.inactivation === 'enabled' && stepOf(alarm) > 0 ? 5 : 0)
    if (attention > most) most = attention
  }
  return most
}

function stepOf({ priority, state, kind, source, id }: WallAlarm): number {
  if (priority === 'none') return 0
  if (source === 'technical') {
    if (priority === 'high') return 50
    // A signal that is gone wants a look, after every alarm that is about the patient.
    if (id.startsWith('technical:stale:')) return 20
    return priority === 'medium' ? 40 : 30
  }
  if (state === 'latched') return 60
  if (kind === 'ST' && priority !== 'high') return priority === 'medium' ? 40 : 30
  return { high: 80, medium: 70, low: 30 }[priority]
}
