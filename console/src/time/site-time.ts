const formats = new Map<string, Intl.DateTimeFormat>()

function format(timeZone: string | undefined, locale: string, what: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `${timeZone}|${locale}|${JSON.stringify(what)}`
  let known = formats.get(key)
  if (!known) {
    known = new Intl.DateTimeFormat(locale, { ...what, hourCycle: 'h23', ...(timeZone && { timeZone }) })
    formats.set(key, known)
  }
  return known
}

/** How the interface's language writes dates; English as most hospitals read it, day first and 24 hours. */
const written = (): string => (globalThis.document?.documentElement.lang === 'de' ? 'de' : 'en-GB')

/** The time of day at the site, `14:03:12`. */
export function clockText(at: number, timeZone?: string, locale = written()): string {
  return format(timeZone, locale, { hour: '2-digit', minute: '2-digit', second: '2-digit' }).format(at)
}

/** An instant for a desk: date and time at the site. */
export function instantText(at: number, timeZone?: string, locale = written()): string {
  return format(timeZone, locale, {
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
  }).format(at)
}

/** Like {@link instantText} with milliseconds, for tracing where a value came from. */
export function exactText(at: number, timeZone?: string, locale = written()): string {
  return format(timeZone, locale, {
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    fractionalSecondDigits: 3,
  }).format(at)
}
