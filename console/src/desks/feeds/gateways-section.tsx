import { useTranslation } from 'react-i18next'
import { useConnection, useNow } from '../../live/hub.ts'
import { ageText } from '../../time/age-text.ts'
import { instantText } from '../../time/site-time.ts'
import { bytesText, type Of } from './feed-text.ts'

/** Every gateway with the state of its spool, and its streams: what waits, how old it is, what was dropped. */
export function GatewaysSection({ gateways }: { gateways: readonly Of<'gateway'>[] }) {
  const { t } = useTranslation()
  if (gateways.length === 0) return <p className="py-8 text-center text-muted">{t('feeds.emptyGateways')}</p>
  return (
    <div className="space-y-10">
      {gateways.map((gateway) => (
        <Gateway key={gateway.id} gateway={gateway} />
      ))}
    </div>
  )
}

function Gateway({ gateway }: { gateway: Of<'gateway'> }) {
  const { t, i18n } = useTranslation()
  const { site } = useConnection()
  const now = useNow()
  const count = (value: number) => value.toLocaleString(i18n.language)
  const facts: [string, string][] = [
    [t('feeds.since'), instantText(gateway.since, site?.timeZone)],
    [t('feeds.asOf'), t('feeds.ago', { age: ageText(now - gateway.asOf) })],
    [t('feeds.rate'), gateway.ratePerS.toLocaleString(i18n.language, { maximumFractionDigits: 1 })],
    [t('feeds.connections'), count(gateway.connections)],
    [t('feeds.accepted'), count(gateway.accepted)],
    [t('feeds.refused'), count(gateway.refused)],
    [t('feeds.duplicates'), count(gateway.duplicates)],
    [t('feeds.version'), gateway.version],
  ]
  return (
    <section aria-labelledby={gateway.id} data-gateway={gateway.gateway} data-state={gateway.state} className="space-y-3">
      <div className="flex flex-wrap items-baseline gap-x-4">
        <h2 id={gateway.id} className="text-lg font-semibold">
          {gateway.gateway}
        </h2>
        <span className={gateway.state === 'online' ? 'text-muted' : 'font-semibold'}>
          {t(`feeds.stateName.${gateway.state}`)}
        </span>
        {!gateway.enrolled && <strong>{t('feeds.notEnrolled')}</strong>}
      </div>
      <dl className="flex flex-wrap gap-x-8 gap-y-2">
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt className="text-muted">{name}</dt>
            <dd className="font-medium">{value || '—'}</dd>
          </div>
        ))}
        <div>
          <dt className="text-muted">{t('feeds.spool')}</dt>
          <dd className="flex items-center gap-2 font-medium">
            <meter
              className="w-24"
              min={0}
              max={Math.max(1, gateway.spoolLimitBytes)}
              value={gateway.spoolBytes}
              aria-label={t('feeds.spool')}
            />
            {t('feeds.spoolFill', { used: bytesText(gateway.spoolBytes), limit: bytesText(gateway.spoolLimitBytes) })}
          </dd>
        </div>
      </dl>
      <div className="overflow-x-auto">
        <table className="desk-table">
          <caption className="sr-only">{gateway.gateway}</caption>
          <thead>
            <tr>
              <th scope="col">{t('feeds.stream')}</th>
              {['committed', 'last', 'waiting', 'bytes', 'oldest', 'dropped'].map((column) => (
                <th key={column} scope="col" className="figure">
                  {t(`feeds.${column}`)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {gateway.streams.map((stream) => (
              <tr key={stream.stream} data-stream={stream.stream}>
                <th scope="row">{t(`feeds.streamName.${stream.stream}`, stream.stream)}</th>
                <td className="figure">{count(stream.committed)}</td>
                <td className="figure">{count(stream.last)}</td>
                <td className="figure">{count(stream.waiting)}</td>
                <td className="figure">{bytesText(stream.bytes)}</td>
                <td className="figure">{stream.oldestAt === undefined ? '—' : ageText(now - stream.oldestAt)}</td>
                <td className={`figure ${stream.dropped > 0 ? 'font-semibold' : ''}`}>{count(stream.dropped)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  )
}
