import type { TFunction } from 'i18next'
import type { Column } from '../../parts/data-table/data-table.tsx'
import { instantText } from '../../time/site-time.ts'
import { bedText, bytesText, type Of, offsetText } from './feed-text.ts'

/** The columns of the three lists. Ages are instants here, so that a sorted list does not move under the reader each second. */
export function feedColumns(t: TFunction, timeZone: string | undefined) {
  const heard = <Row extends { asOf: number }>(header = t('feeds.asOf')): Column<Row> => ({
    id: 'asOf',
    header,
    value: (row) => new Date(row.asOf).toISOString(),
    show: (row) => <span className="whitespace-nowrap">{instantText(row.asOf, timeZone)}</span>,
  })
  const clock = <Row extends { clockOffsetMs?: number }>(): Column<Row> => ({
    id: 'clock',
    figure: true,
    header: t('feeds.clock'),
    value: (row) => row.clockOffsetMs,
    show: (row) => <span className="whitespace-nowrap">{offsetText(row.clockOffsetMs) ?? '—'}</span>,
  })
  const devices: Column<Of<'device'>>[] = [
    { id: 'device', header: t('feeds.device'), value: (row) => row.device },
    { id: 'bed', header: t('feeds.bed'), value: (row) => (row.bed ? bedText(row.bed) : t('bed.atNoBed')) },
    { id: 'state', header: t('feeds.state'), value: (row) => t(`feeds.stateName.${row.connectivity}`) },
    { id: 'model', header: t('feeds.model'), value: (row) => row.model ?? '—' },
    { id: 'gateway', header: t('feeds.gateway'), value: (row) => row.gateway },
    { id: 'rate', header: t('feeds.rate'), value: (row) => Math.round(row.ratePerS * 10) / 10 },
    { id: 'messages', header: t('feeds.messages'), value: (row) => row.messages },
    { id: 'metrics', header: t('feeds.metrics'), value: (row) => row.metrics },
    { id: 'unmapped', header: t('feeds.unmapped'), value: (row) => row.unmapped },
    clock(),
    heard(),
  ]
  const senders: Column<Of<'sender'>>[] = [
    { id: 'sender', header: t('feeds.sender'), value: (row) => row.sender },
    { id: 'peer', header: t('feeds.peer'), value: (row) => row.peer },
    { id: 'gateway', header: t('feeds.gateway'), value: (row) => row.gateway },
    { id: 'accepted', header: t('feeds.accepted'), value: (row) => row.accepted },
    { id: 'refused', header: t('feeds.refused'), value: (row) => row.refused },
    clock(),
    heard(),
  ]
  const refusals: Column<Of<'refusal'>>[] = [
    heard(t('feeds.received')),
    {
      id: 'code',
      header: t('feeds.code'),
      value: (row) => row.code,
      show: (row) => <strong className="font-medium">{row.code}</strong>,
    },
    {
      id: 'says',
      header: t('feeds.says'),
      value: (row) => row.says,
      show: (row) => <span className="line-clamp-2 max-w-[64ch] min-w-[24ch]">{row.says}</span>,
    },
    { id: 'answered', header: t('feeds.answered'), value: (row) => row.answered ?? t('feeds.nothing') },
    { id: 'state', header: t('feeds.state'), value: (row) => t(`feeds.stateName.${row.state}`) },
    { id: 'sender', header: t('feeds.sender'), value: (row) => row.sender },
    { id: 'messageType', header: t('feeds.messageType'), value: (row) => row.messageType },
    { id: 'messageId', header: t('feeds.messageId'), value: (row) => row.messageId, hidden: true },
    { id: 'gateway', header: t('feeds.gateway'), value: (row) => row.gateway, hidden: true },
    { id: 'door', header: t('feeds.door'), value: (row) => row.door, hidden: true },
    { id: 'peer', header: t('feeds.peer'), value: (row) => row.peer, hidden: true },
    {
      id: 'bytes',
      header: t('feeds.bytes'),
      value: (row) => row.bytes,
      show: (row) => bytesText(row.bytes),
      figure: true,
      hidden: true,
    },
  ]
  return { devices, senders, refusals }
}
