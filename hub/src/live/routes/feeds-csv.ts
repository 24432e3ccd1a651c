import type { FeedItem } from '../views/contract.ts'

const columns = [
  'kind',
  'id',
  'gateway',
  'device',
  'sender',
  'peer',
  'model',
  'bed',
  'state',
  'asOf',
  'accepted',
  'refused',
  'duplicates',
  'messages',
  'ratePerS',
  'metrics',
  'unmapped',
  'clockOffsetMs',
  'connections',
  'spoolBytes',
  'spoolLimitBytes',
  'stream',
  'first',
  'last',
  'committed',
  'waiting',
  'bytes',
  'oldestAt',
  'dropped',
  'door',
  'code',
  'says',
  'answered',
  'messageType',
  'messageId',
] as const
type Row = Partial<Record<(typeof columns)[number], string | number | undefined>>

const iso = (ms: number | undefined) => (ms === undefined ? undefined : new Date(ms).toISOString())

/**
 * The feeds view as CSV [STD RFC 4180]: a line for each gateway, stream, device, sender and refusal; instants as ISO 8601 in UTC.
 * A text that a spreadsheet would take for a formula gets an apostrophe in front: senders choose these texts.
 */
export function feedsCsv(items: readonly FeedItem[]): string {
  const rows = items.flatMap((item): Row[] => {
    const asOf = iso(item.asOf)
    if (item.kind === 'gateway') {
      const { streams, since: _since, enrolled: _enrolled, ...gateway } = item
      return [
        { ...gateway, asOf },
        ...streams.map(
          (stream): Row => ({
            kind: 'stream',
            id: `${item.id}:${stream.stream}`,
            gateway: item.gateway,
            ...stream,
            asOf,
            oldestAt: iso(stream.oldestAt),
          }),
        ),
      ]
    }
    if (item.kind === 'device') {
      const { connectivity: state, ...device } = item
      return [{ ...device, state, asOf }]
    }
    return [{ ...item, asOf }]
  })
  return [columns.join(','), ...rows.map((row) => columns.map((column) => cell(row[column])).join(','))]
    .join('\r\n')
    .concat('\r\n')
}

function cell(value: string | number | undefined): string {
  if (value === undefined) return ''
  if (typeof value === 'number') return String(value)
  const safe = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}
