import Type from 'typebox'

/** A path or query value that is an instant: ms since 1970-01-01T00:00:00Z, or ISO 8601 with an offset. */
export const InstantInput = Type.String({
  pattern: '^(\\d{1,15}|\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}(:\\d{2}(\\.\\d{1,9})?)?(Z|[+-]\\d{2}:?\\d{2}))$',
  description: 'ms since 1970-01-01T00:00:00Z, or ISO 8601 with an offset (2026-01-15T10:15:30+09:00)',
  examples: ['1768439730000', '2026-01-15T10:15:30Z'],
})

/** The instant in ms, or undefined when the text is no date (February 30th). */
export function readInstant(text: string): number | undefined {
  if (/^\d{1,15}$/.test(text)) return Number(text)
  const ms = Date.parse(text)
  // Date.parse rolls nothing over in ISO form, but takes the 31st of a short month for the next one's first.
  if (Number.isNaN(ms) || !/^\d{4}-\d{2}-\d{2}T/.test(text)) return undefined
  const [year, month, day] = text.slice(0, 10).split('-').map(Number)
  return new Date(Date.UTC(year!, month! - 1, day!)).getUTCDate() === day ? ms : undefined
}
