import { frame } from '@wardline/devices/hl7/mllp.ts'
import { type Observation, writePcd01 } from '@wardline/devices/hl7/pcd01-write.ts'
import { writePcd04 } from '@wardline/devices/hl7/pcd04-write.ts'
import type { DeviceAlarm } from '@wardline/devices/messages/records.ts'
import { type Place, placesOf, type Template } from './template.ts'

/** Digits of a message's number at the end of MSH-10. */
export const ID_DIGITS = 9

/**
 * What a load measures: paths of the bedside monitor, and the range of values. A range keeps to one number of digits, and
 * arterial pressures keep systole > mean > diastole.
 */
const rows: { code: number; path: string; low: number; high: number }[] = [
  { code: 147842, path: '1.2.1.1', low: 100, high: 139 },
  { code: 151570, path: '1.2.2.1', low: 12, high: 28 },
  { code: 150456, path: '1.3.1.1', low: 91, high: 99 },
  { code: 149530, path: '1.3.1.2', low: 100, high: 139 },
  { code: 150037, path: '1.4.1.1', low: 110, high: 155 },
  { code: 150038, path: '1.4.1.2', low: 55, high: 74 },
  { code: 150039, path: '1.4.1.3', low: 76, high: 98 },
  { code: 151708, path: '1.6.1.1', low: 30, high: 44 },
  { code: 150344, path: '1.5.1.1', low: 35, high: 38 },
  { code: 150021, path: '1.1.1.1', low: 110, high: 155 },
  { code: 150022, path: '1.1.1.2', low: 55, high: 74 },
  { code: 150023, path: '1.1.1.3', low: 76, high: 98 },
]

// What stands for the changing parts while a template is rendered; none of it occurs otherwise in the message.
const NUMBER = '987654321'
const ALARM_NUMBER = '876543210'
const TIME = Date.UTC(2001, 1, 3, 4, 5, 6, 789)
const TIME_TEXT = '20010203040506.789'

export interface TemplateOptions {
  /** EUI-64. */
  device: string
  /** MSH-10 is this and {@link ID_DIGITS} digits. */
  run: string
  /** MSH-3, components joined by `^`. */
  sender: string
  metrics?: number
}

/** A PCD-01 message with `metrics` values, all measured at one instant. */
export function readingTemplate({ device, run, sender, metrics = 8 }: TemplateOptions): Template {
  if (!Number.isInteger(metrics) || metrics < 1 || metrics > rows.length)
    throw new RangeError(`a message of the load has 1 to ${rows.length} metrics`)
  const used = rows.slice(0, metrics)
  const bytes = frame(
    writePcd01({
      ...envelope(run, sender),
      device,
      at: TIME,
      observations: used.map(({ code, path, low }): Observation => ({ code, path, value: low })),
    }),
  )
  // A value is found behind its path, which occurs once.
  const values = used.map(({ path, low, high }) => {
    const [place] = placesOf(bytes, `|${path}|${low}|`)
    return { place: { offset: place!.offset + path.length + 2, width: String(low).length }, low, high }
  })
  return { bytes, id: placesOf(bytes, NUMBER), time: placesOf(bytes, TIME_TEXT), values }
}

/** The start and the end of a high heart rate alarm. `alarm`: where the number of the alarm stands. */
export function alarmTemplates(options: TemplateOptions): Record<'start' | 'end', Template & { alarm: Place[] }> {
  const of = (phase: 'start' | 'end') => {
    const alarm: DeviceAlarm = {
      alarmId: `${options.run}A${ALARM_NUMBER}`,
      code: 196648,
      event: 'MDC_EVT_HI',
      text: 'HR high',
      source: { code: 147842, path: '1.2.1.1', value: 151, limits: [50, 120] },
      phase,
      state: phase === 'start' ? 'active' : 'inactive',
      inactivation: 'enabled',
      priority: 'high',
      kind: 'SP',
      at: TIME,
    }
    const bytes = frame(writePcd04({ ...envelope(options.run, options.sender), device: options.device, alarm }))
    return {
      bytes,
      id: placesOf(bytes, NUMBER),
      time: placesOf(bytes, TIME_TEXT),
      values: [],
      alarm: placesOf(bytes, ALARM_NUMBER),
    }
  }
  return { start: of('start'), end: of('end') }
}

function envelope(run: string, sender: string) {
  const [name, eui] = sender.split('^')
  return { id: run + NUMBER, sentAt: TIME, sender: { name: name!, ...(eui ? { eui } : {}), facility: 'HOSP' } }
}
