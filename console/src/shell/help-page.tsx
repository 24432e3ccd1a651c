import { useTranslation } from 'react-i18next'
import { useOpenView } from '../live/hub.ts'
import { AlarmMark, alarmShape } from '../walls/critical-care/alarm-mark.tsx'
import type { AlarmLook } from '../walls/critical-care/wall-order.ts'

const keys = { search: '/  Ctrl K', help: '?', page: '←  →', rows: '↑  ↓  Enter', close: 'Esc' } as const
const states = ['live', 'delayed', 'stale', 'lost', 'absent', 'doubtful'] as const

/** What the screens mean, in their own words. */
export function HelpPage() {
  // The site's name in the head comes with a view.
  useOpenView('feeds')
  const { t } = useTranslation()
  return (
    <div className="max-w-3xl space-y-8 p-6">
      <h1 className="text-2xl font-semibold">{t('help.title')}</h1>
      <section className="space-y-3">
        <h2 className="text-lg font-semibold">{t('help.keys')}</h2>
        <dl className="grid grid-cols-[8rem_1fr] gap-y-1">
          {Object.entries(keys).map(([what, key]) => (
            <div key={what} className="contents">
              <dt>
                <kbd className="font-sans font-medium">{key}</kbd>
              </dt>
              <dd>{t(`help.key.${what}`)}</dd>
            </div>
          ))}
        </dl>
      </section>
      <section className="space-y-3">
        <h2 className="text-lg font-semibold">{t('help.alarms')}</h2>
        <p>{t('help.alarmsText')}</p>
        <ul className="flex gap-6 font-semibold">
          {(Object.keys(alarmShape) as AlarmLook[]).map((look) => (
            <li key={look}>
              <AlarmMark look={look} />
            </li>
          ))}
        </ul>
      </section>
      <section className="space-y-3">
        <h2 className="text-lg font-semibold">{t('help.freshness')}</h2>
        <dl className="grid grid-cols-[8rem_1fr] gap-y-1">
          {states.map((state) => (
            <div key={state} className="contents">
              <dt className="font-medium">{state === 'doubtful' ? '?' : t(`signal.${state}`)}</dt>
              <dd>{t(`help.state.${state}`)}</dd>
            </div>
          ))}
        </dl>
      </section>
      <section className="space-y-3">
        <h2 className="text-lg font-semibold">{t('help.wall')}</h2>
        <p>{t('help.wallText')}</p>
      </section>
    </div>
  )
}
