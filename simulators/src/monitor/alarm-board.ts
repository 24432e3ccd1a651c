import { Random } from '../physiology/random.ts'
import type { MetricName, Reading } from '../physiology/sensors.ts'
import { type ConditionRule, conditionRules, desaturation, type LimitRule, limitRules, type Priority } from './alarm-rules.ts'

/** One thing to say about one alarm: the content of a PCD-04 message. */
export interface AlarmEvent {
  /** Counted from 1 for each monitor: all events of one alarm share it. */
  alarm: number
  name: string
  text: string
  event: { code?: number; refid: string }
  kind: 'SP' | 'ST'
  phase: 'start' | 'continue' | 'update' | 'escalate' | 'de-escalate' | 'reset' | 'end'
  state: 'inactive' | 'active' | 'latched'
  inactivation: 'enabled' | 'audio-paused'
  priority: Priority
  metric?: MetricName
  value?: number
  limits?: [number | null, number | null]
  /** Simulated seconds since the model's start. */
  at: number
}

/** What the monitor sees in this second, beside its values. */
export type Conditions = Record<ConditionRule['condition'], boolean>

/** An active alarm says so again after this long, and a next word is due within {@link CONFIRM_TIMEOUT_S}. */
const HEARTBEAT_S = 20
export const CONFIRM_TIMEOUT_S = 30
/** A pause of the sound lasts two minutes, as on most monitors. */
const AUDIO_PAUSE_S = 120
/** Back inside the limit for this long ends the alarm. */
const CLEAR_S = 3
/** A nurse comes for about every second alarm, after this long. */
const NURSE_COMES_S: [number, number] = [12, 70]

interface Open {
  alarm: number
  rule: LimitRule | ConditionRule
  since: number
  priority: Priority
  latched: boolean
  clearSince: number | undefined
  audioPausedUntil: number | undefined
  nurseAt: number
  lastSaid: number
  event: { code?: number; refid: string }
}

const rules: readonly (LimitRule | ConditionRule)[] = [...conditionRules, ...limitRules]

/**
 * The alarm system of one monitor: limits and conditions in, alarm events out. An alarm starts after its delay, speaks
 * every twenty seconds while it lasts, escalates, is silenced by a nurse now and then, ends with hysteresis, and stays
 * latched until reset where the rule says so. A value with a quality (QUES, INV, NAV) starts and ends nothing: a limit
 * alarm whose value is gone ends when the sensor alarm that explains it starts.
 */
export class AlarmBoard {
  private readonly random: Random
  private readonly open = new Map<string, Open>()
  private readonly violatedSince = new Map<string, number>()
  private count = 0

  constructor(seed: number | string, name: number | string) {
    this.random = new Random(seed, 'alarms', name)
  }

  /** Names of the alarms that are active now, latched ones included. */
  active(): string[] {
    return [...this.open.keys()]
  }

  /** What is to be said in the second `now`. `readings` holds what was measured in it. */
  step(now: number, readings: readonly Reading[], conditions: Conditions): AlarmEvent[] {
    const events: AlarmEvent[] = []
    for (const rule of rules) {
      const reading = rule.metric && readings.find((one) => one.metric === rule.metric)
      // In asystole and ventricular tachycardia that alarm speaks for the heart; its rate adds nothing.
      const spokenFor = 'side' in rule && rule.metric === 'hr' && (conditions.asystole || conditions.ventricular)
      const value = reading && !reading.quality && !spokenFor ? reading.value : undefined
      const open = this.open.get(rule.name)
      // Nothing was measured (a cuff between its turns): nothing is known, so nothing changes but the clock.
      const violated =
        'condition' in rule ? conditions[rule.condition] : value === undefined ? undefined : outside(rule, value, open)
      if (open) this.goOn(open, now, violated, reading, value, events)
      else if (violated) this.mayStart(rule, now, value, events)
      else if (violated === false || reading?.quality) this.violatedSince.delete(rule.name)
    }
    return events
  }

  /** The patient has left or the monitor is put to standby: everything ends. */
  endAll(now: number): AlarmEvent[] {
    const events: AlarmEvent[] = []
    for (const open of this.open.values()) this.end(open, now, undefined, events)
    this.violatedSince.clear()
    return events
  }

  private mayStart(rule: LimitRule | ConditionRule, now: number, value: number | undefined, events: AlarmEvent[]): void {
    const since = this.violatedSince.get(rule.name) ?? now
    this.violatedSince.set(rule.name, since)
    if (now - since < rule.delayS) return
    this.violatedSince.delete(rule.name)
    const extreme = isExtreme(rule, value)
    const open: Open = {
      alarm: ++this.count,
      rule,
      since: now,
      priority: extreme ? 'PH' : rule.priority,
      latched: false,
      clearSince: undefined,
      audioPausedUntil: undefined,
      nurseAt: this.random.chance(0.5) ? now + this.random.between(...NURSE_COMES_S) : Number.POSITIVE_INFINITY,
      lastSaid: now,
      event: extreme && rule.name === 'spo2-low' ? desaturation : rule.event,
    }
    this.open.set(rule.name, open)
    this.say(open, now, 'start', value, events)
  }

  private goOn(
    open: Open,
    now: number,
    violated: boolean | undefined,
    reading: Reading | undefined,
    value: number | undefined,
    events: AlarmEvent[],
  ): void {
    const { rule } = open
    if (open.latched) {
      if (now >= open.nurseAt) {
        this.open.delete(rule.name)
        this.say(open, now, 'reset', value, events)
      } else if (now - open.lastSaid >= HEARTBEAT_S) this.say(open, now, 'continue', value, events)
      return
    }
    // A sensor that is off cannot hold a limit alarm up: its own technical alarm takes over.
    const gone = violated === false || (violated === undefined && reading !== undefined && reading.value === undefined)
    if (gone) {
      open.clearSince ??= now
      if (now - open.clearSince >= ('condition' in rule ? 0 : CLEAR_S)) {
        if (rule.latching) this.latch(open, now, value, events)
        else this.end(open, now, value, events)
        return
      }
    } else if (violated) open.clearSince = undefined
    if (violated && this.changesPriority(open, now, value, events)) return
    if (open.audioPausedUntil !== undefined && now >= open.audioPausedUntil) {
      open.audioPausedUntil = undefined
      this.say(open, now, 'update', value, events)
    } else if (now >= open.nurseAt) {
      open.nurseAt = Number.POSITIVE_INFINITY
      open.audioPausedUntil = now + AUDIO_PAUSE_S
      this.say(open, now, 'update', value, events)
    } else if (now - open.lastSaid >= HEARTBEAT_S) this.say(open, now, 'continue', value, events)
  }

  private changesPriority(open: Open, now: number, value: number | undefined, events: AlarmEvent[]): boolean {
    const { rule } = open
    const wanted = isExtreme(rule, value)
      ? 'PH'
      : 'mediumAfterS' in rule && now - open.since >= rule.mediumAfterS!
        ? 'PM'
        : rule.priority
    if (wanted === open.priority) return false
    // Up at once. Down only when the value is well inside, so that 85 and 86 do not take turns.
    if (rank[wanted] < rank[open.priority]) {
      if (!('extreme' in rule) || value === undefined || Math.abs(value - rule.extreme!) < 3) return false
      open.priority = wanted
      this.say(open, now, 'de-escalate', value, events)
      return true
    }
    open.priority = wanted
    // Worse is new: the sound is on again.
    open.audioPausedUntil = undefined
    this.say(open, now, 'escalate', value, events)
    return true
  }

  private latch(open: Open, now: number, value: number | undefined, events: AlarmEvent[]): void {
    open.latched = true
    open.audioPausedUntil = undefined
    open.nurseAt = now + this.random.between(...NURSE_COMES_S)
    this.say(open, now, 'end', value, events)
  }

  private end(open: Open, now: number, value: number | undefined, events: AlarmEvent[]): void {
    this.open.delete(open.rule.name)
    const latched = open.latched
    open.latched = false
    open.audioPausedUntil = undefined
    this.say(open, now, latched ? 'reset' : 'end', value, events)
  }

  private say(open: Open, now: number, phase: AlarmEvent['phase'], value: number | undefined, events: AlarmEvent[]): void {
    const { rule } = open
    open.lastSaid = now
    const over = (phase === 'end' && !open.latched) || phase === 'reset'
    const event: AlarmEvent = {
      alarm: open.alarm,
      name: rule.name,
      text: rule.text,
      event: open.event,
      kind: rule.kind,
      phase,
      state: over ? 'inactive' : open.latched ? 'latched' : 'active',
      inactivation: open.audioPausedUntil === undefined ? 'enabled' : 'audio-paused',
      priority: open.priority,
      at: now,
    }
    if (rule.metric) event.metric = rule.metric
    if (value !== undefined) event.value = value
    if ('side' in rule) event.limits = rule.side === 'high' ? [null, rule.limit] : [rule.limit, null]
    events.push(event)
  }
}

const rank: Record<Priority, number> = { PL: 0, PM: 1, PH: 2 }

/** While the alarm is open the value must come back inside by the hysteresis. */
function outside(rule: LimitRule, value: number, open: Open | undefined): boolean {
  const margin = open ? rule.hysteresis : 0
  return rule.side === 'high' ? value > rule.limit - margin : value < rule.limit + margin
}

function isExtreme(rule: LimitRule | ConditionRule, value: number | undefined): boolean {
  if (!('extreme' in rule) || rule.extreme === undefined || value === undefined) return false
  return rule.side === 'high' ? value > rule.extreme : value < rule.extreme
}
