import { useTranslation } from 'react-i18next'
import type { BedItem } from '../../live/contract.ts'
import { useConnection, useNow, useViewItem } from '../../live/hub.ts'
import { ageText } from '../../time/age-text.ts'
import { AlarmLine } from './alarm-mark.tsx'
import { isGatewayAlarm } from './gateways-down.ts'
import { VitalCell } from './vital-cell.tsx'
import { asHeard, cellOf, cells, freshest } from './vitals.ts'
import { alarmLook } from './wall-order.ts'
import { WaveStrip } from './wave-strip.tsx'

/** The waveforms a tile has room for, in this order [STD MDC: ECG lead II, ECG lead I, plethysmogram, arterial pressure]. */
const WAVES = [131330, 131329, 150452, 150036]

/** A monitor's clock this far off is said on its tile (domain page, section 12). */
const CLOCK_OFF_MS = 60_000

/**
 * One bed of the wall. Props: `id` of the item in view `critical-care`; `scale` of the layout; `folded`: its gateway is down, which
 * the wall says once; `onOpen`: somebody wants to see the bed.
 *
 * A patch to this bed wakes this tile and no other.
 */
export function BedTile({
  id,
  scale,
  folded,
  onOpen,
}: {
  id: string
  scale: number
  folded: boolean
  onOpen: (id: string) => void
}) {
  const bed = useViewItem('critical-care', id)
  const now = useNow()
  const { phase } = useConnection()
  const { t } = useTranslation()
  if (!bed) return null
  const alarms = folded ? bed.alarms.filter((alarm) => !isGatewayAlarm(alarm)) : bed.alarms
  const [worst] = alarms
  const name = bed.assigned ? t('bed.label', { label: bed.label }) : t('bed.device', { label: bed.label })
  const spoken = [name, whoText(bed, t), worst && `${t(`alarm.${alarmLook(worst)}`)} ${worst.text}`].filter(Boolean).join(', ')
  const waves = wavesOf(bed)
  return (
    <article
      className="bed-tile"
      aria-label={spoken}
      data-bed={id}
      data-look={worst ? alarmLook(worst) : 'calm'}
      data-signal={freshest(bed, now)}
      data-connectivity={bed.device?.connectivity ?? 'none'}
      data-assigned={bed.assigned}
    >
      <header className="tile-head">
        <button type="button" className="tile-open" onClick={() => onOpen(id)} aria-label={t('bed.open', { label: name })}>
          {bed.label}
        </button>
        {bed.patient && bed.assigned && <span className="tile-who">{bed.patient.name ?? bed.patient.initials}</span>}
        <span className="tile-more">
          <span>{bed.patient && bed.assigned ? ageOfPatient(bed.patient, t) : whoText(bed, t)}</span>
        </span>
        {worst ? <AlarmLine alarm={worst} more={alarms.length - 1} now={now} /> : <span className="tile-calm" />}
        <Freshness bed={bed} now={now} folded={folded} />
      </header>
      {waves.length > 0 ? <WaveStrip bed={id} waves={waves} scale={scale} /> : <div className="wave-strip" />}
      <div className="vitals">
        {cells.map((name) => (
          <VitalCell key={name} cell={asHeard(cellOf(bed, name, now), phase === 'live')} trends={bed.trends} now={now} />
        ))}
      </div>
    </article>
  )
}

/** The tile's own freshness: the monitor's state and how long ago it was heard. */
function Freshness({ bed, now, folded }: { bed: BedItem; now: number; folded: boolean }) {
  const { t } = useTranslation()
  const { device } = bed
  const { phase } = useConnection()
  if (!device) return <span className="tile-fresh">{t('bed.noDevice')}</span>
  if (folded) return <span className="tile-fresh">{t('bed.gatewayDown')}</span>
  const age = ageText(now - device.lastSeenAt)
  // Without the hub nobody knows whether the monitor still speaks.
  if (phase !== 'live') return <span className="tile-fresh">{t('bed.old', { age })}</span>
  if (Math.abs(device.clockOffsetMs ?? 0) > CLOCK_OFF_MS && device.connectivity === 'online')
    return <span className="tile-fresh">{t('bed.clockOff', { by: ageText(Math.abs(device.clockOffsetMs!)) })}</span>
  return <span className="tile-fresh">{t(`bed.${device.connectivity}`, { age })}</span>
}

type Translate = ReturnType<typeof useTranslation>['t']

/** Initials and age; for a bed without a patient, and a device without a bed, that. */
export function whoText(bed: BedItem, t: Translate): string {
  if (!bed.assigned) return t('bed.atNoBed')
  if (!bed.patient) return t('bed.empty')
  const { initials, name } = bed.patient
  return [name ?? initials, ageOfPatient(bed.patient, t)].filter(Boolean).join(' ')
}
const ageOfPatient = ({ ageYears }: NonNullable<BedItem['patient']>, t: Translate): string =>
  ageYears === undefined ? '' : t('bed.years', { count: ageYears })

/** Two waveforms: the best ECG lead, and the pulse. */
export function wavesOf(bed: BedItem): { code: number; label: string }[] {
  const ranked = [...bed.waves].sort((a, b) => rank(a.code) - rank(b.code))
  const ecg = ranked.filter((wave) => wave.code >= 131328 && wave.code < 131840)
  const other = ranked.filter((wave) => !ecg.includes(wave))
  return [...ecg.slice(0, 1), ...other.slice(0, ecg.length > 0 ? 1 : 2), ...ecg.slice(1)].slice(0, 2)
}
const rank = (code: number) => (WAVES.indexOf(code) + WAVES.length + 1) % (WAVES.length + 1)
