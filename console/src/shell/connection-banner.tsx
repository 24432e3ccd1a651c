import { useTranslation } from 'react-i18next'
import { useConnection, useNow } from '../live/hub.ts'
import { clockText } from '../time/site-time.ts'

/** Across the top of a desk: that what is below is not current, or what the hub knows to be wrong upstream. */
export function ConnectionBanner() {
  const { t } = useTranslation()
  const { phase, since, site, degraded } = useConnection()
  if (phase === 'stale') return <Lost since={since} timeZone={site?.timeZone} />
  if (degraded.length === 0) return null
  return (
    <div role="status" className="bg-raised px-6 py-2 font-medium">
      {t('connection.degraded', { parts: degraded.map((part) => t(`connection.part.${part}`, part)).join(', ') })}
    </div>
  )
}

function Lost({ since, timeZone }: { since: number | undefined; timeZone: string | undefined }) {
  const { t } = useTranslation()
  const now = useNow()
  return (
    <div role="alert" className="bg-ink px-6 py-2 font-semibold text-ground">
      {t('connection.lost', { time: clockText(since ?? now, timeZone) })}
    </div>
  )
}
