import { useNavigate } from '@tanstack/react-router'
import { type KeyboardEvent, useId, useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { hub, useOpenView } from '../live/hub.ts'
import { Dialog } from '../parts/dialog.tsx'
import { byPlace } from '../walls/critical-care/wall-order.ts'

/** Something that can be found, and where it leads. */
interface Found {
  key: string
  kind: string
  label: string
  /** What else it is found by. */
  detail: string
  go: () => void
}

const MOST = 12

/** Global search: beds, devices and pages. Every word that is typed must occur. */
export function SearchDialog({ onClose }: { onClose: () => void }) {
  useOpenView('critical-care')
  useOpenView('feeds')
  const { t } = useTranslation()
  const navigate = useNavigate()
  const [query, setQuery] = useState('')
  const [place, setPlace] = useState(0)
  const list = useId()
  const found = useMemo(() => {
    const words = query.toLowerCase().split(/\s+/).filter(Boolean)
    return everything().filter(({ label, detail, kind }) => {
      const text = `${kind} ${label} ${detail}`.toLowerCase()
      return words.every((word) => text.includes(word))
    })

    function everything(): Found[] {
      const pages: Found[] = (['/critical-care', '/feeds', '/help'] as const).map((to, i) => ({
        key: to,
        kind: t('search.page'),
        label: t(['nav.criticalCare', 'nav.feeds', 'nav.help'][i]!),
        detail: to,
        go: () => void navigate({ to }),
      }))
      const beds = [...hub.view('critical-care').items.values()].sort(byPlace).map(
        (bed): Found => ({
          key: bed.id,
          kind: t(bed.assigned ? 'search.bed' : 'search.device'),
          label: bed.label,
          detail: [bed.patient?.initials, bed.device?.id].filter(Boolean).join(' · '),
          go: () => void navigate({ to: '/beds/$id', params: { id: bed.id } }),
        }),
      )
      const gateways = [...hub.view('feeds').items.values()].flatMap((item): Found[] =>
        item.kind === 'gateway'
          ? [
              {
                key: item.id,
                kind: t('search.gateway'),
                label: item.gateway,
                detail: item.state,
                go: () => void navigate({ to: '/feeds', search: { tab: 'gateways' } }),
              },
            ]
          : [],
      )
      return [...pages, ...beds, ...gateways]
    }
  }, [query, t, navigate])
  const shown = found.slice(0, MOST)
  const at = Math.min(place, Math.max(0, shown.length - 1))
  const choose = (one: Found | undefined) => {
    if (!one) return
    onClose()
    one.go()
  }
  const onKey = (event: KeyboardEvent) => {
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      event.preventDefault()
      setPlace((at + (event.key === 'ArrowDown' ? 1 : shown.length - 1)) % Math.max(1, shown.length))
    } else if (event.key === 'Enter') choose(shown[at])
  }
  return (
    <Dialog title={t('search.title')} onClose={onClose} place="top">
      <input
        data-first-focus
        type="search"
        role="combobox"
        aria-expanded="true"
        aria-controls={list}
        aria-activedescendant={shown[at] && `${list}-${at}`}
        aria-label={t('search.title')}
        placeholder={t('search.placeholder')}
        value={query}
        onChange={(event) => {
          setQuery(event.target.value)
          setPlace(0)
        }}
        onKeyDown={onKey}
        className="min-h-10 w-full rounded-one border border-line bg-ground px-3"
      />
      <p className="sr-only" role="status">
        {t('search.count', { count: found.length })}
      </p>
      <div id={list} role="listbox" aria-label={t('search.title')} className="mt-3 min-h-24">
        {shown.map((one, i) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: keys are taken by the combobox
          // biome-ignore lint/a11y/useFocusableInteractive: the focus stays in the combobox
          <div
            key={one.key}
            id={`${list}-${i}`}
            role="option"
            aria-selected={i === at}
            onClick={() => choose(one)}
            className="flex min-h-9 cursor-pointer items-center gap-3 rounded-one px-3 aria-selected:bg-raised"
          >
            <span className="w-20 text-muted">{one.kind}</span>
            <span className="font-medium">{one.label}</span>
            <span className="ml-auto text-muted">{one.detail}</span>
          </div>
        ))}
      </div>
      {found.length > MOST && <p className="mt-2 px-3 text-muted">{t('search.more', { count: found.length - MOST })}</p>}
      {shown.length === 0 && <p className="px-3 text-muted">{t('search.none', { query })}</p>}
    </Dialog>
  )
}
