import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { useConnection, useNow } from '../live/hub.ts'
import { clockText } from '../time/site-time.ts'
import './wall-frame.css'

/**
 * The frame of every wall: 16:9 exactly, with its title, the site's clock and the state of the wire across its top. Everything inside
 * is measured in px of a 1920 × 1080 screen (`--u`), so that it is the same picture at 4K and in a desk's page.
 *
 * Props: `title`; `status`, what stands in the middle of the head; `paging`, before the clock; `legend`, the line at the foot.
 */
export function WallFrame({
  title,
  status,
  paging,
  legend,
  children,
}: {
  title: string
  status?: ReactNode
  paging?: ReactNode
  legend: ReactNode
  children: ReactNode
}) {
  const connection = useConnection()
  const now = useNow()
  const { t } = useTranslation()
  const { phase, site, degraded } = connection
  return (
    <section
      className="wall-frame wall-theme"
      aria-label={title}
      data-wall-frame=""
      data-connection={phase === 'live' ? 'live' : phase === 'stale' ? 'stale' : 'connecting'}
    >
      <div className="wall-picture">
        <div className="wall-top">
          {phase === 'stale' ? (
            <div className="wall-banner" role="alert">
              {t('connection.lost', { time: clockText(connection.since ?? now, site?.timeZone) })}
            </div>
          ) : (
            <>
              <h1>
                <span className="wall-site">{site?.name ?? t('app.name')}</span> {title}
              </h1>
              <div className="wall-status">
                {degraded.length > 0 && (
                  <span className="wall-degraded" role="status">
                    {t('connection.degraded', { parts: degraded.map((part) => t(`connection.part.${part}`, part)).join(', ') })}
                  </span>
                )}
                {status}
              </div>
              {paging}
              <time className="wall-clock">{clockText(now, site?.timeZone)}</time>
            </>
          )}
        </div>
        <div className="wall-body">{children}</div>
        <div className="wall-foot">{legend}</div>
      </div>
    </section>
  )
}
