import type { DeviceAlarm, Metric } from '@wardline/devices/messages/records.ts'
import { createLive, type LiveMemory } from '../state/live-state.ts'
import type { LiveSettings } from '../state/settings.ts'
import type { BedItem } from './contract.ts'
import { buildBed } from './critical-care.ts'

/** What a bed shows of these, by the name a nurse gives them. */
export const codes = {
  hr: 147842,
  pulse: 149530,
  nibpPulse: 149546,
  spo2: 150456,
  rr: 151562,
  nibpSys: 150021,
  etco2: 151708,
  temp: 150344,
} as const
export type Measured = keyof typeof codes
/** ECG, oximeter and cuff are channels of their own. */
const paths: Record<Measured, string> = {
  hr: '1.2.1.1',
  rr: '1.2.2.1',
  pulse: '1.3.1.2',
  spo2: '1.3.1.1',
  nibpPulse: '1.4.1.4',
  nibpSys: '1.4.1.1',
  etco2: '1.5.1.1',
  temp: '1.6.1.1',
}

const quiet = { info() {}, warn() {}, error() {} }

/** Ten in the morning, in Berlin. */
export const TEN = Date.UTC(2026, 0, 15, 9, 0, 0)
export const BED = 'ICU2^204^1^HOSP'
export const MONITOR = '0012210000BB0007'

/** A ward with one bed, a patient in it and its monitor, and a clock that the test turns. For tests. */
export class Ward {
  readonly clock = { at: TEN, now: () => this.clock.at }
  readonly live: LiveMemory
  #alarms = 0

  constructor(settings: Partial<LiveSettings> = {}) {
    // The hub has been listening for an hour.
    this.clock.at = TEN - 3_600_000
    this.live = createLive({
      settings: { site: { name: 'Wardline General', timeZone: 'Europe/Berlin' }, ...settings },
      clock: this.clock,
      log: quiet,
    })
    this.clock.at = TEN
    this.occupy('P-1')
    this.live.placed(MONITOR, BED)
  }

  /** Who lies in the bed; nobody without a patient. */
  occupy(patient?: string): this {
    this.live.bed(
      BED,
      { pointOfCare: 'ICU2', room: '204', bed: '1', facility: 'HOSP' },
      patient === undefined ? undefined : { patient },
    )
    return this
  }

  /** Turns the clock to `10:00:11`; to the millisecond with a fraction. */
  at(time: string): this {
    const [hours, minutes, seconds = '0'] = time.split(':')
    this.clock.at = TEN + (Number(hours) - 10) * 3_600_000 + Number(minutes) * 60_000 + Number(seconds) * 1000
    return this
  }

  after(ms: number): this {
    this.clock.at += ms
    return this
  }

  /** The monitor says these, measured now and here at once. */
  says(
    values: Partial<Record<Measured, number | Partial<Metric>>>,
    how: { device?: string; gateway?: string; at?: number; clockOffsetMs?: number; flags?: string[] } = {},
  ): this {
    const { device = MONITOR, gateway = 'gw1', at = this.clock.at, clockOffsetMs = 0, flags = [] } = how
    const metrics = (Object.entries(values) as [Measured, number | Partial<Metric>][]).map(([name, said]) => ({
      path: paths[name],
      code: codes[name],
      ...(typeof said === 'number' ? { value: said } : said),
    }))
    const now = this.clock.at
    this.live.readings({ gateway, device, receivedAt: now, sentAt: now + clockOffsetMs, frames: [{ at, metrics }], flags })
    return this
  }

  alarms(said: Partial<DeviceAlarm> & { key?: string; device?: string; late?: boolean; since?: number }): string {
    const { key = `alarm-${++this.#alarms}`, device = MONITOR, late = false, since = this.clock.at, ...alarm } = said
    this.live.alarm({
      gateway: 'gw1',
      device,
      key,
      since,
      receivedAt: this.clock.at,
      late,
      alarm: {
        alarmId: key,
        event: 'MDC_EVT_HI',
        text: 'HR high',
        phase: 'start',
        state: 'active',
        inactivation: 'enabled',
        priority: 'high',
        kind: 'SP',
        at: this.clock.at,
        ...alarm,
      },
    })
    return key
  }

  shows(id = BED): BedItem {
    const item = buildBed(this.live, id, this.clock.at)
    if (!item) throw new Error(`the wall shows no ${id}`)
    return item
  }

  /** The technical conditions that a bed shows, as `off:1.2.1 low`. */
  technical(id = BED): string[] {
    return this.shows(id)
      .alarms.filter(({ source }) => source === 'technical')
      .map(
        ({ id: alarm, priority }) =>
          `${alarm.replace('technical:', '').replace(`${MONITOR}`, '').replace('::', ':').replace(/:$/, '')} ${priority}`,
      )
  }
}
