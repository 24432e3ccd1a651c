/** HL7 DTM `YYYY[MM[DD[HH[MM[SS[.S[S[S[S]]]]]]]]][+/-ZZZZ]` [STD HL7 v2.6, 2A.22]. */
export interface Dtm {
  /** Milliseconds since 1970; parts that were not given are their first (month 1, day 1, 00:00). */
  at: number
  /** How far it was given. */
  precision: 'year' | 'month' | 'day' | 'hour' | 'minute' | 'second'
  /** There was no offset: the site's zone was used. */
  zoneAssumed: boolean
}

const DTM = /^(\d{4})(?:(\d{2})(?:(\d{2})(?:(\d{2})(?:(\d{2})(?:(\d{2})(?:\.(\d{1,9}))?)?)?)?)?)?([+-]\d{4})?$/

/**
 * An instant.
 * @param zone IANA name of the site's zone, for a text without offset (domain page "Bedside monitoring", section 3). A local time that
 *   the clocks skip is read as the one after, a time that comes twice as the first of them.
 * @returns undefined when it is no date (20260230, letters, 25 o'clock).
 */
export function readDtm(text: string, zone: string): Dtm | undefined {
  const m = DTM.exec(text)
  if (!m) return undefined
  const [, year, month, day, hour, minute, second, fraction, offset] = m
  const fields = [
    Number(year),
    Number(month ?? 1),
    Number(day ?? 1),
    Number(hour ?? 0),
    Number(minute ?? 0),
    Number(second ?? 0),
  ] as const
  const local = utc(fields)
  if (local === undefined) return undefined
  const ms = fraction === undefined ? 0 : Math.floor(Number(`0.${fraction}`) * 1000 + 1e-6)
  const precision = second ? 'second' : minute ? 'minute' : hour ? 'hour' : day ? 'day' : month ? 'month' : 'year'
  if (offset !== undefined) {
    const minutes = Number(offset.slice(1, 3)) * 60 + Number(offset.slice(3))
    // No zone is further than 14 h from UTC; recordings with +0930 and the like are ordinary.
    if (minutes > 14 * 60 || Number(offset.slice(3)) > 59) return undefined
    return { at: local + ms - (offset[0] === '-' ? -minutes : minutes) * 60_000, precision, zoneAssumed: false }
  }
  return { at: local + ms - zoneOffset(local, zone), precision, zoneAssumed: true }
}

/** As an HL7 DTM to the millisecond with the given offset (minutes east of UTC). */
export function writeDtm(at: number, offsetMinutes = 0): string {
  const local = new Date(at + offsetMinutes * 60_000).toISOString()
  const minutes = Math.abs(offsetMinutes)
  const offset = `${offsetMinutes < 0 ? '-' : '+'}${String(Math.floor(minutes / 60)).padStart(2, '0')}${String(minutes % 60).padStart(2, '0')}`
  return (
    local.slice(0, 4) +
    local.slice(5, 7) +
    local.slice(8, 10) +
    local.slice(11, 13) +
    local.slice(14, 16) +
    local.slice(17, 23) +
    offset
  )
}

/** Minutes by which a zone is ahead of UTC at an instant. */
export function offsetMinutesAt(at: number, zone: string): number {
  return Math.round((wallClock(at, zone) - Math.floor(at / 1000) * 1000) / 60_000)
}

function utc([year, month, day, hour, minute, second]: readonly [number, number, number, number, number, number]):
  | number
  | undefined {
  // Seconds may be 60 in a leap second; it is read as the next minute.
  if (month < 1 || month > 12 || day < 1 || day > 31 || hour > 23 || minute > 59 || second > 60) return undefined
  const date = new Date(0)
  date.setUTCFullYear(year, month - 1, day)
  if (date.getUTCDate() !== day) return undefined
  return date.getTime() + ((hour * 60 + minute) * 60 + second) * 1000
}

const formatters = new Map<string, Intl.DateTimeFormat>()
/** Offsets by zone and quarter of an hour, in which no zone changes: asking Intl costs more than reading a whole message. */
const offsets = new Map<string, number>()
const QUARTER_MS = 15 * 60_000

function zoneOffset(local: number, zone: string): number {
  const key = `${zone}/${Math.floor(local / QUARTER_MS)}`
  const known = offsets.get(key)
  if (known !== undefined) return known
  // The offset before and after any change near this local time. The earlier instant has the larger offset: try it first.
  const candidates = [offsetAt(local - 86_400_000, zone), offsetAt(local + 86_400_000, zone)].sort((a, b) => b - a)
  const offset = candidates.find((o) => offsetAt(local - o, zone) === o) ?? candidates[1]!
  if (offsets.size > 1000) offsets.clear()
  offsets.set(key, offset)
  return offset
}

const offsetAt = (at: number, zone: string) => wallClock(at, zone) - Math.floor(at / 1000) * 1000

function wallClock(at: number, zone: string): number {
  let format = formatters.get(zone)
  if (!format) {
    format = new Intl.DateTimeFormat('en-US-u-ca-iso8601', {
      timeZone: zone,
      hourCycle: 'h23',
      era: 'short',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    })
    formatters.set(zone, format)
  }
  const parts: Record<string, string> = {}
  for (const { type, value } of format.formatToParts(at)) parts[type] = value
  const date = new Date(0)
  date.setUTCFullYear(Number(parts.year), Number(parts.month) - 1, Number(parts.day))
  return date.getTime() + ((Number(parts.hour) * 60 + Number(parts.minute)) * 60 + Number(parts.second)) * 1000
}
