import { readInstant } from './instants.ts'
import { refusals } from './refusals.ts'

/**
 * The instants of a query, `from` inclusive and `to` exclusive, ms.
 * @throws NOT_AN_INSTANT, RANGE_EMPTY
 */
export function readRange(query: { from?: string; to?: string }): { from?: number; to?: number } {
  const range: { from?: number; to?: number } = {}
  for (const field of ['from', 'to'] as const) {
    const text = query[field]
    if (text === undefined) continue
    const at = readInstant(text)
    if (at === undefined) throw refusals.NOT_AN_INSTANT({ field })
    range[field] = at
  }
  if (range.from !== undefined && range.to !== undefined && range.from >= range.to) throw refusals.RANGE_EMPTY()
  return range
}
