import { Link, useParams } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { useConnection, useOpenView, useViewItem } from '../live/hub.ts'
import { BedDetail } from './bed-detail.tsx'

/** Desk: one bed, or one device that is at no bed. */
export function BedPage() {
  useOpenView('critical-care')
  const { id } = useParams({ strict: false }) as { id: string }
  const { t } = useTranslation()
  const { phase } = useConnection()
  const bed = useViewItem('critical-care', id)
  return (
    <div className="space-y-6 p-6" data-connection={phase}>
      <p>
        <Link to="/critical-care" className="text-muted underline">
          {t('nav.criticalCare')}
        </Link>
      </p>
      {bed ? (
        <>
          <h1 className="text-2xl font-semibold">{t(bed.assigned ? 'bed.label' : 'bed.device', { label: bed.label })}</h1>
          <BedDetail bed={bed} />
        </>
      ) : phase === 'connecting' ? (
        <p className="text-muted">{t('app.loading')}</p>
      ) : (
        <>
          <h1 className="text-2xl font-semibold">{t('bed.notFound', { id })}</h1>
          <p className="text-muted">{t('bed.notFoundText')}</p>
        </>
      )}
    </div>
  )
}
