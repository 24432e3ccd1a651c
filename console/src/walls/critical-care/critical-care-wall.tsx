import { useNavigate, useSearch } from '@tanstack/react-router'
import { BellOff, ChevronLeft, ChevronRight } from 'lucide-react'
import { useCallback, useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { BedItem } from '../../live/contract.ts'
import { useConnection, useNow, useOpenView, useViewOf } from '../../live/hub.ts'
import { elapsedText } from '../../time/age-text.ts'
import { WallFrame } from '../wall-frame.tsx'
import { AlarmMark, alarmShape } from './alarm-mark.tsx'
import { BedDialog } from './bed-dialog.tsx'
import { BedTile } from './bed-tile.tsx'
import { type GatewayDown, gatewaysDown, isGatewayAlarm } from './gateways-down.ts'
import { choose, layoutFor, type Pages, type Paging, pagesOf, turn } from './paging.ts'
import { useMoves } from './use-moves.ts'
import { type AlarmLook, alarmLook, type Standing, settle } from './wall-order.ts'
import './critical-care.css'

/** What the wall as a whole shows; it wakes only when one of these changes. */
interface Overview {
  beds: number
  unassigned: number
  alarms: Record<AlarmLook, number>
  down: GatewayDown[]
}

const noAlarms: Record<AlarmLook, number> = { high: 0, medium: 0, low: 0, tech: 0 }

function overview(items: ReadonlyMap<string, BedItem>): Overview {
  const alarms = { ...noAlarms }
  const counted = new Set<string>()
  let unassigned = 0
  for (const bed of items.values()) {
    if (!bed.assigned) unassigned++
    // What one cause says on many beds is one alarm; a gateway's is said in the head.
    for (const alarm of bed.alarms)
      if (!isGatewayAlarm(alarm) && !counted.has(alarm.id)) {
        counted.add(alarm.id)
        alarms[alarmLook(alarm)]++
      }
  }
  return { beds: items.size - unassigned, unassigned, alarms, down: gatewaysDown(items.values()) }
}
const sameOverview = (a: Overview, b: Overview) => JSON.stringify(a) === JSON.stringify(b)

/** The order of the tiles, with its memory: calm changes settle before tiles move. */
function useStanding(): Standing {
  const held = useRef<Standing | undefined>(undefined)
  const now = useNow()
  const reckon = useCallback(
    (items: ReadonlyMap<string, BedItem>) => {
      held.current = settle(held.current, items.values(), now)
      return held.current
    },
    [now],
  )
  return useViewOf('critical-care', reckon)
}

/** The Critical care wall: every bed of the site, worst top left, paged when they do not fit. */
export function CriticalCareWall() {
  useOpenView('critical-care', true)
  const { t } = useTranslation()
  const { phase } = useConnection()
  const standing = useStanding()
  const whole = useViewOf('critical-care', overview, sameOverview)
  const layout = layoutFor(standing.ranks.length)
  const size = layout.columns * layout.rows
  const pages = pagesOf(standing.ranks.length, standing.ranks.findLastIndex((rank) => rank.urgent) + 1, size)
  const [paging, turnBy] = usePaging(pages)
  const shown = standing.ranks.slice(paging.page * size, (paging.page + 1) * size)
  const foldedGateways = whole.down.map((down) => down.gateway).join(' ')

  const { bed: opened } = useSearch({ strict: false }) as { bed?: string }
  const navigate = useNavigate()
  const open = useCallback(
    (bed: string | undefined) =>
      void navigate({ to: '.', search: (before: Record<string, unknown>) => ({ ...before, bed }) } as never),
    [navigate],
  )

  const close = useCallback(() => open(undefined), [open])

  return (
    <WallFrame
      title={t('wall.criticalCare')}
      status={<Counts whole={whole} />}
      paging={pages.count > 1 && <Pager paging={paging} pages={pages} turnBy={turnBy} />}
      legend={<Legend />}
    >
      <div className="care-body">
        {standing.ranks.length === 0 ? (
          <div className="wall-empty" role="status">
            <strong>{t(phase === 'live' ? 'wall.empty' : 'wall.waiting')}</strong>
            {phase === 'live' && <span>{t('wall.emptyText')}</span>}
          </div>
        ) : (
          <Tiles
            ids={shown.map((rank) => rank.id)}
            columns={layout.columns}
            rows={layout.rows}
            tall={layout.tall}
            scale={layout.scale}
            page={paging.page}
            folded={foldedGateways}
            onOpen={open}
          />
        )}
      </div>
      {opened !== undefined && <BedDialog id={opened} onClose={close} />}
    </WallFrame>
  )
}

function usePaging(pages: Pages): [Paging, (by: number) => void] {
  const now = useNow()
  const [paging, setPaging] = useState<Paging>({ page: 0, since: now, chosen: false })
  const next = turn(paging, pages, now)
  useEffect(() => {
    if (next !== paging) setPaging(next)
  }, [next, paging])
  const { count, urgent } = pages
  const turnBy = useCallback(
    (by: number) => setPaging((before) => choose(before, { count, urgent }, by, now)),
    [count, urgent, now],
  )
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.target instanceof HTMLElement && event.target.closest('input, textarea, dialog')) return
      if (event.key === 'PageDown' || event.key === 'ArrowRight') turnBy(1)
      if (event.key === 'PageUp' || event.key === 'ArrowLeft') turnBy(-1)
    }
    addEventListener('keydown', onKey)
    return () => removeEventListener('keydown', onKey)
  }, [turnBy])
  return [next, turnBy]
}

function Tiles(props: {
  ids: string[]
  columns: number
  rows: number
  tall: boolean
  scale: number
  page: number
  folded: string
  onOpen: (id: string) => void
}) {
  const { ids, columns, rows, tall, scale, page, folded, onOpen } = props
  const { t } = useTranslation()
  const list = useRef<HTMLUListElement>(null)
  useMoves(list, ids.join(' '), `${columns} ${rows} ${page}`)
  return (
    <ul className="care-tiles" ref={list} aria-label={t('wall.beds')} data-columns={columns} data-rows={rows} data-tall={tall}>
      {ids.map((id) => (
        <li key={id} data-key={id}>
          <FoldableTile id={id} scale={scale} folded={folded} onOpen={onOpen} />
        </li>
      ))}
    </ul>
  )
}

function FoldableTile({
  id,
  scale,
  folded,
  onOpen,
}: {
  id: string
  scale: number
  folded: string
  onOpen: (id: string) => void
}) {
  const gateway = useViewOf(
    'critical-care',
    useCallback((items: ReadonlyMap<string, BedItem>) => items.get(id)?.device?.gateway, [id]),
  )
  return <BedTile id={id} scale={scale} folded={gateway !== undefined && folded.split(' ').includes(gateway)} onOpen={onOpen} />
}

function Counts({ whole }: { whole: Overview }) {
  const { t } = useTranslation()
  const looks = (Object.keys(alarmShape) as AlarmLook[]).filter((look) => whole.alarms[look] > 0)
  return (
    <>
      {whole.down.map((down) => (
        <DownLine key={down.gateway} down={down} />
      ))}
      {whole.down.length === 0 && <span className="care-count">{t('wall.bedCount', { count: whole.beds })}</span>}
      <ul className="care-alarms" aria-label={t('wall.alarmCounts')}>
        {looks.map((look) => (
          <li key={look}>
            <AlarmMark look={look} short={whole.down.length > 0} /> {whole.alarms[look]}
          </li>
        ))}
      </ul>
    </>
  )
}

function Pager({ paging, pages, turnBy }: { paging: Paging; pages: Pages; turnBy: (by: number) => void }) {
  const { t } = useTranslation()
  const held = paging.chosen ? t('wall.chosen') : pages.urgent === 1 ? t('wall.held') : ''
  return (
    <div className="care-pager" data-held={held !== ''}>
      <button type="button" onClick={() => turnBy(-1)} aria-label={t('wall.previous')}>
        <ChevronLeft aria-hidden="true" />
      </button>
      <span data-page={paging.page + 1} data-pages={pages.count}>
        {t('wall.page', { page: paging.page + 1, count: pages.count })}
      </span>
      {held !== '' && <span className="care-held">{held}</span>}
      <button type="button" onClick={() => turnBy(1)} aria-label={t('wall.next')}>
        <ChevronRight aria-hidden="true" />
      </button>
    </div>
  )
}

function DownLine({ down }: { down: GatewayDown }) {
  const { t } = useTranslation()
  const now = useNow()
  return (
    <div className="alarm-line care-down" role="status" data-look="high" data-flashing="true" data-gateway={down.gateway}>
      <AlarmMark look="high" />
      <span className="alarm-text">{t('wall.gatewayDown', { gateway: down.gateway, count: down.beds })}</span>
      <span className="alarm-age">{elapsedText(now - down.since)}</span>
    </div>
  )
}

function Legend() {
  const { t } = useTranslation()
  return (
    <ul className="care-legend" aria-label={t('legend.title')}>
      {(Object.keys(alarmShape) as AlarmLook[]).map((look) => (
        <li key={look}>
          <AlarmMark look={look} />
        </li>
      ))}
      <li>{t('legend.delayed')}</li>
      <li>{t('legend.stale')}</li>
      <li>{t('legend.doubtful')}</li>
      <li>
        <BellOff aria-hidden="true" /> {t('legend.paused')}
      </li>
      <li>{t('legend.limits')}</li>
      <li>
        <svg className="legend-line" viewBox="0 0 60 20" aria-hidden="true">
          <path d="M1 14 L14 10 L26 13 L38 5 L50 9 L59 6" />
        </svg>
        {t('legend.hour')}
      </li>
      <li>{t('legend.speed')}</li>
    </ul>
  )
}
