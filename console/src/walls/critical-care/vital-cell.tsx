import { useTranslation } from 'react-i18next'
import type { BedItem } from '../../live/contract.ts'
import { isCurrent } from '../../live/signal-state.ts'
import { ageText } from '../../time/age-text.ts'
import { Sparkline } from './sparkline.tsx'
import type { Cell } from './vitals.ts'

/** Below this age a continuous value's age says nothing that the tile's own does not. */
const SAY_AGE_MS = 60_000

/**
 * One measurement of a tile: label and unit, the last hour, the value and the monitor's limits. A value that is not current is not
 * shown: a dash stands there, and the word and the age say why.
 */
export function VitalCell({ cell, trends, now }: { cell: Cell; trends: BedItem['trends']; now: number }) {
  const { t } = useTranslation()
  const current = isCurrent(cell.signal)
  const known = cell.from.length > 0
  const age = cell.age ?? 0
  const sayAge = known && (cell.signal !== 'live' || age >= SAY_AGE_MS)
  const points = trends[cell.trend]
  const trend = current && points && (
    <Sparkline points={points} until={now - (now % 60_000)} limits={cell.from[0]?.metric.limits} />
  )
  // The longest label and unit leave no room in the head.
  const trendBelow = cell.name === 'etco2'
  return (
    <div className="vital" data-slot={cell.name} data-signal={cell.signal} data-known={known}>
      <div className="vital-head">
        <span className="vital-label">{t(`vital.${cell.label}`)}</span>
        {(current || !known) && <span className="vital-unit">{cell.unit}</span>}
        {current && cell.mean !== null && <span className="vital-mean">({cell.mean})</span>}
        {!sayAge && !trendBelow && trend}
        {sayAge && cell.signal !== 'absent' && <span className="vital-age">{ageText(age)}</span>}
      </div>
      <div className="vital-body">
        <span className="vital-value">
          {cell.name === 'bp' && cell.value !== null ? (
            <Pressure cell={cell} />
          ) : (
            <>
              {cell.value !== null && cell.bound}
              {cell.value ?? '—'}
            </>
          )}
        </span>
        {current && cell.doubtful && <span className="vital-doubt">?</span>}
        {!current && known && <span className="vital-state">{t(`signal.${cell.signal}`)}</span>}
        {current && (cell.high !== null || cell.low !== null) && (
          <span className="vital-limits">
            <span>{cell.high ?? '\u00a0'}</span>
            <span>{cell.low ?? '\u00a0'}</span>
          </span>
        )}
        {trendBelow && trend}
      </div>
    </div>
  )
}

function Pressure({ cell }: { cell: Cell }) {
  const [sys, dia] = cell.value!.split('/')
  return (
    <>
      <span data-slot={`${cell.label}Sys`} data-signal={cell.signal}>
        {sys}
      </span>
      <span className="vital-slash">/</span>
      <span data-slot={`${cell.label}Dia`} data-signal={cell.signal}>
        {dia}
      </span>
    </>
  )
}
