/**
 * A device's alarm from its PCD-04 messages (domain page "Bedside monitoring", sections 7 and 10, the device's part). Pure.
 *
 * The device is the authority: its priority and its words are mirrored, never lowered, never raised. What the platform adds is when it
 * began, whether it is over, and that an older message changes nothing.
 */
import type { DeviceAlarm } from '@wardline/devices/messages/records.ts'

/** How far an alarm has come; its words are those of the newest message. */
export interface AlarmState {
  /** When the newest message was, at the device. */
  at: number
  startedAt: number
  /** Set when it is over: ended, reset, or a single event. */
  endedAt?: number
  /** How often it began again under the same id. */
  repeatCount: number
}

/** `stale` and `ignored` leave everything as it was. */
export type AlarmChange = 'opened' | 'updated' | 'ended' | 'event' | 'stale' | 'ignored'

/** Over when the device says so in either of its two ways. `latched` outlives the condition's end until a reset. */
export function isOver({ phase, state }: Pick<DeviceAlarm, 'phase' | 'state'>): boolean {
  if (state === 'inactive' || phase === 'reset') return true
  return phase === 'end' && state !== 'latched'
}

/**
 * The alarm after one more message. A message older than the newest known (`stale`) changes nothing; one of the same instant does, since
 * devices send start and escalate in one second. `continue`, `update` and the like of an alarm nobody knows open it: its start was lost.
 */
export function advance(
  known: AlarmState | undefined,
  heard: Pick<DeviceAlarm, 'at' | 'phase' | 'state'>,
): [AlarmState, AlarmChange] {
  const { at } = heard
  if (known && at < known.at) return [known, 'stale']
  const isOpen = known !== undefined && known.endedAt === undefined
  // A time point is over as soon as it is said; an open alarm of that id it leaves as it was.
  if (heard.phase === 'tpoint') {
    if (isOpen) return [known, 'ignored']
    return [{ at, startedAt: at, endedAt: at, repeatCount: known ? known.repeatCount + 1 : 0 }, 'event']
  }
  if (isOver(heard)) {
    if (known && !isOpen) return [{ ...known, at }, 'updated']
    return [{ at, startedAt: known?.startedAt ?? at, endedAt: at, repeatCount: known?.repeatCount ?? 0 }, 'ended']
  }
  if (isOpen) return [{ ...known, at }, 'updated']
  // The condition ended at this very instant: a heartbeat that the device sent with its end does not raise it again.
  if (known && at === known.endedAt && heard.phase !== 'start') return [known, 'stale']
  return [{ at, startedAt: at, repeatCount: known ? known.repeatCount + 1 : 0 }, 'opened']
}

/** Ahead of the gateway's clock by more than five minutes [DEF, domain page section 12]: not believed, else all that follows were stale. */
const FUTURE_MS = 5 * 60_000

/** The alarm with an instant that can be ordered: a device clock far ahead is replaced by the gateway's. */
export function believable(alarm: DeviceAlarm, receivedAt: number): DeviceAlarm {
  return alarm.at > receivedAt + FUTURE_MS ? { ...alarm, at: receivedAt } : alarm
}

/** Unique over all devices; what the wall and `device_alarm` know it by. */
export const alarmKey = (device: string, alarmId: string): string => `${device}|${alarmId}`
