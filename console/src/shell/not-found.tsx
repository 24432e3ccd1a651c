import { Link, useLocation } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { useOpenView } from '../live/hub.ts'

export function NotFound() {
  // The site's name in the head comes with a view.
  useOpenView('feeds')
  const { t } = useTranslation()
  const { pathname } = useLocation()
  return (
    <div className="space-y-3 p-6">
      <h1 className="text-2xl font-semibold">{t('error.notFound')}</h1>
      <p>{t('error.notFoundText', { path: pathname })}</p>
      <Link to="/critical-care" className="underline">
        {t('nav.criticalCare')}
      </Link>
    </div>
  )
}
