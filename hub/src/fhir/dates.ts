import { FhirError } from './outcome.ts'

/** [STD FHIR R4 search, 3.1.1.4.5] without `ap`, whose meaning each server makes up. */
export const datePrefixes = ['eq', 'ne', 'gt', 'lt', 'ge', 'le', 'sa', 'eb'] as const
export type DatePrefix = (typeof datePrefixes)[number]

export interface DateValue {
  prefix: DatePrefix
  /** As given, without the prefix: `2026`, `2026-01`, `2026-01-15`, or with a time. */
  text: string
  /** The stretch that it names: ms, from inclusive, to exclusive. */
  from: number
  to: number
}

const FORM =
  /^(?<prefix>[a-z]{2})?(?<year>\d{4})(?:-(?<month>\d\d)(?:-(?<day>\d\d)(?:T(?<hour>\d\d):(?<minute>\d\d)(?::(?<second>\d\d)(?<fraction>\.\d{1,9})?)?(?<zone>Z|[+-]\d\d:\d\d)?)?)?)?$/

/**
 * A date parameter. A date without a zone is meant in the site's [STD FHIR R4 search: "the local time of the server"].
 * @throws FhirError 400 when it is no date, or its prefix is not supported
 */
export function readDate(value: string, parameter: string, timeZone: string): DateValue {
  // A plus in a query that was not escaped arrives as a space.
  const parts = FORM.exec(value.replace(/ (?=\d\d:\d\d$)/, '+'))?.groups
  const prefix = (parts?.prefix ?? 'eq') as DatePrefix
  if (!parts || !datePrefixes.includes(prefix))
    throw new FhirError(
      400,
      parts ? 'not-supported' : 'invalid',
      `${parameter}: not a date with one of the prefixes ${datePrefixes.join(', ')}`,
      parameter,
    )
  const { year, month, day, hour, minute, second, fraction, zone } = parts
  const fields = [
    Number(year),
    Number(month ?? 1),
    Number(day ?? 1),
    Number(hour ?? 0),
    Number(minute ?? 0),
    Number(second ?? 0),
  ] as const
  const at = (...[y, mo, d, h, mi, s]: [number, number, number, number, number, number]) => {
    const wall = Date.UTC(y, mo - 1, d, h, mi, s)
    return zone === undefined ? atZone(wall, timeZone) : zone === 'Z' ? wall : wall - offsetMs(zone)
  }
  const wall = new Date(Date.UTC(...([fields[0], fields[1] - 1, fields[2], fields[3], fields[4], fields[5]] as const)))
  const real =
    wall.getUTCMonth() === fields[1] - 1 && wall.getUTCDate() === fields[2] && fields[3] < 24 && fields[4] < 60 && fields[5] < 60
  if (!real) throw new FhirError(400, 'invalid', `${parameter}: there is no such date`, parameter)
  const [y, mo, d, h, mi, s] = fields
  const ms = fraction === undefined ? 0 : Math.floor(Number(`0${fraction}`) * 1000)
  const from = at(...fields) + ms
  const to =
    month === undefined
      ? at(y + 1, 1, 1, 0, 0, 0)
      : day === undefined
        ? at(y, mo + 1, 1, 0, 0, 0)
        : hour === undefined
          ? at(y, mo, d + 1, 0, 0, 0)
          : second === undefined
            ? at(y, mo, d, h, mi + 1, 0)
            : fraction === undefined
              ? at(y, mo, d, h, mi, s + 1)
              : from + 1
  return { prefix, text: value.slice(parts.prefix?.length ?? 0), from, to }
}

const offsetMs = (zone: string) =>
  (zone.startsWith('-') ? -1 : 1) * (Number(zone.slice(1, 3)) * 60 + Number(zone.slice(4, 6))) * 60_000

/** The instant at which the clocks of a zone show `wall` (ms as if it were UTC); in the hour that is shown twice the first. */
function atZone(wall: number, timeZone: string): number {
  const shown = (instant: number) => {
    const parts = new Intl.DateTimeFormat('en-US', {
      timeZone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    }).formatToParts(instant)
    const part = (type: string) => Number(parts.find((each) => each.type === type)!.value)
    return Date.UTC(part('year'), part('month') - 1, part('day'), part('hour'), part('minute'), part('second'))
  }
  // A zone's offset changes at most once within a day: that of the day before or that of the day after is right.
  const candidates = [wall - 86_400_000, wall + 86_400_000].map((near) => wall - (shown(near) - near)).sort((a, b) => a - b)
  return candidates.find((instant) => shown(instant) === wall) ?? candidates[0]!
}

/**
 * Several date parameters on points in time, all of which must hold: the stretch they leave. `ne` is not supported here.
 * @throws FhirError 400
 */
export function stretchOf(dates: readonly DateValue[], parameter: string): { from?: number; to?: number } {
  const stretch: { from?: number; to?: number } = {}
  const after = (ms: number) => {
    stretch.from = Math.max(stretch.from ?? ms, ms)
  }
  const before = (ms: number) => {
    stretch.to = Math.min(stretch.to ?? ms, ms)
  }
  for (const { prefix, from, to } of dates) {
    if (prefix === 'ne') throw new FhirError(400, 'not-supported', `${parameter}: the prefix ne is not supported`, parameter)
    if (prefix === 'eq' || prefix === 'ge') after(from)
    if (prefix === 'gt' || prefix === 'sa') after(to)
    if (prefix === 'eq' || prefix === 'le') before(to)
    if (prefix === 'lt' || prefix === 'eb') before(from)
  }
  return stretch
}
