import { Link, Outlet, useNavigate } from '@tanstack/react-router'
import { CircleHelp, Search } from 'lucide-react'
import { type ReactNode, useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useConnection } from '../live/hub.ts'
import { chooseLanguage, type Language, languages } from '../messages/i18n.ts'
import { ConnectionBanner } from './connection-banner.tsx'
import { SearchDialog } from './search-dialog.tsx'

const link =
  'flex min-h-8 items-center border-b-2 border-transparent px-1 text-muted hover:text-ink data-[status=active]:border-accent data-[status=active]:font-semibold data-[status=active]:text-ink'

/** The frame of every desk: the site at the left top, where one can go, search and help. */
export function Shell({ children = <Outlet /> }: { children?: ReactNode }) {
  const { t, i18n } = useTranslation()
  const { site, phase } = useConnection()
  const [searching, setSearching] = useState(false)
  const navigate = useNavigate()
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const typing = event.target instanceof HTMLElement && event.target.closest('input, textarea, select, dialog')
      if ((event.key === 'k' && (event.ctrlKey || event.metaKey)) || (event.key === '/' && !typing)) {
        event.preventDefault()
        setSearching(true)
      } else if (event.key === '?' && !typing) void navigate({ to: '/help' })
    }
    addEventListener('keydown', onKey)
    return () => removeEventListener('keydown', onKey)
  }, [navigate])
  return (
    <div className="flex min-h-dvh flex-col">
      <a href="#content" className="sr-only focus:not-sr-only focus:absolute focus:z-20 focus:bg-surface focus:p-2">
        {t('app.skip')}
      </a>
      <header className="flex flex-wrap items-center gap-x-6 border-b border-line bg-surface px-6 py-2">
        <p className="font-semibold">{site?.name ?? t('app.name')}</p>
        <nav aria-label={t('nav.main')} className="flex gap-4">
          <Link to="/critical-care" className={link}>
            {t('nav.criticalCare')}
          </Link>
          <Link to="/feeds" className={link}>
            {t('nav.feeds')}
          </Link>
        </nav>
        <button
          type="button"
          onClick={() => setSearching(true)}
          className="ml-auto flex min-h-8 w-64 items-center gap-2 rounded-one border border-line px-2 text-muted hover:text-ink"
        >
          <Search aria-hidden="true" className="size-4" /> {t('nav.search')}
          <kbd className="ml-auto font-sans">/</kbd>
        </button>
        <span role="status" className={phase === 'live' ? 'text-muted' : 'font-semibold'}>
          {t(phase === 'connecting' ? 'connection.connecting' : `connection.${phase}`)}
        </span>
        <select
          aria-label={t('app.language')}
          value={i18n.language.slice(0, 2)}
          onChange={(event) => chooseLanguage(event.target.value as Language)}
          className="min-h-8 rounded-one border border-line bg-surface px-1"
        >
          {languages.map((language) => (
            <option key={language} value={language} lang={language}>
              {t('app.languageName', { lng: language })}
            </option>
          ))}
        </select>
        <Link to="/help" className="icon-button" aria-label={t('nav.help')}>
          <CircleHelp aria-hidden="true" className="size-5" />
        </Link>
      </header>
      <ConnectionBanner />
      <main id="content" tabIndex={-1} className={`flex-1 outline-none ${phase === 'stale' ? 'opacity-60' : ''}`}>
        {children}
      </main>
      {searching && <SearchDialog onClose={() => setSearching(false)} />}
    </div>
  )
}
