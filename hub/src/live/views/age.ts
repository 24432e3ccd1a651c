/** Today in the site's time zone, as YYYY-MM-DD. */
export function siteDay(now: number, timeZone: string): string {
  let format = formats.get(timeZone)
  if (!format) {
    format = new Intl.DateTimeFormat('en-CA', { timeZone, year: 'numeric', month: '2-digit', day: '2-digit' })
    formats.set(timeZone, format)
  }
  return format.format(now)
}
const formats = new Map<string, Intl.DateTimeFormat>()

/**
 * Completed years on a day. Of a birth date without a month or day the earliest possible birthday counts, so that the age is at most one year too high.
 * @param birthDate YYYY, YYYY-MM or YYYY-MM-DD
 * @returns undefined for a birth in the future or a date that is none
 */
export function ageYears(birthDate: string, today: string): number | undefined {
  if (!/^\d{4}(-\d{2}(-\d{2})?)?$/.test(birthDate)) return undefined
  const years = Number(today.slice(0, 4)) - Number(birthDate.slice(0, 4))
  const age = today.slice(5) < birthDate.slice(5) ? years - 1 : years
  return age >= 0 ? age : undefined
}
