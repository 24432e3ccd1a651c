import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import type { BedItem, LiveMetric } from '../live/contract.ts'
import { hub, useConnection, useNow } from '../live/hub.ts'
import { ageOf, isCurrent, isDoubtful, signalState } from '../live/signal-state.ts'
import { ageText, elapsedText } from '../time/age-text.ts'
import { clockText, exactText } from '../time/site-time.ts'
import { AlarmMark, AlarmSigns } from '../walls/critical-care/alarm-mark.tsx'
import { whoText } from '../walls/critical-care/bed-tile.tsx'
import { numberText, unitText } from '../walls/critical-care/vitals.ts'
import { alarmLook } from '../walls/critical-care/wall-order.ts'
import { BedTrend } from './bed-trend.tsx'

/** Everything about one bed: its alarms, every value with its three times and where it came from, its history, its monitor. */
export function BedDetail({ bed }: { bed: BedItem }) {
  const { t } = useTranslation()
  const slots = Object.entries(bed.metrics)
  return (
    <div className="space-y-8" data-bed={bed.id}>
      <Facts bed={bed} />
      <section aria-labelledby="bed-alarms" className="space-y-3">
        <h2 id="bed-alarms" className="text-lg font-semibold">
          {t('bed.alarms')}
        </h2>
        <Alarms bed={bed} />
      </section>
      <section aria-labelledby="bed-values" className="space-y-3">
        <h2 id="bed-values" className="text-lg font-semibold">
          {t('bed.values')}
        </h2>
        {slots.length === 0 ? (
          <p className="text-muted">{t('bed.noValues')}</p>
        ) : (
          <div className="overflow-x-auto">
            <table className="desk-table">
              <thead>
                <tr>
                  {['measure', 'value', 'limits', 'state', 'measured', 'received', 'shown', 'path'].map((column) => (
                    <th key={column} scope="col">
                      {t(`bed.${column}`)}
                    </th>
                  ))}
                </tr>
              </thead>
              <tbody>
                {slots.map(([slot, metric]) => (
                  <ValueRow key={slot} slot={slot} metric={metric} />
                ))}
              </tbody>
            </table>
          </div>
        )}
      </section>
      <BedTrend bed={bed} />
    </div>
  )
}

function Facts({ bed }: { bed: BedItem }) {
  const { t } = useTranslation()
  const { site } = useConnection()
  const now = useNow()
  const { device } = bed
  const offset = device?.clockOffsetMs
  const clock =
    offset === undefined
      ? undefined
      : Math.abs(offset) < 2000
        ? t('bed.inTime')
        : t(offset > 0 ? 'bed.aheadBy' : 'bed.behindBy', { by: ageText(Math.abs(offset)) })
  const facts: [string, string | undefined][] = [
    [t('bed.patient'), whoText(bed, t)],
    [t('bed.room'), bed.assigned ? [bed.unit, bed.room, bed.bed].filter(Boolean).join(' · ') : t('bed.atNoBed')],
    [t('bed.deviceId'), device?.id ?? t('bed.noDevice')],
    [t('bed.state'), device && t(`bed.${device.connectivity}`, { age: ageText(now - device.lastSeenAt) })],
    [t('bed.lastSeen'), device && clockText(device.lastSeenAt, site?.timeZone)],
    [t('bed.clock'), clock],
    [t('bed.gateway'), device?.gateway],
  ]
  return (
    <dl className="flex flex-wrap gap-x-10 gap-y-3">
      {facts.map(
        ([name, value]) =>
          value !== undefined && (
            <div key={name}>
              <dt className="text-muted">{name}</dt>
              <dd className="font-medium">{value}</dd>
            </div>
          ),
      )}
    </dl>
  )
}

function Alarms({ bed }: { bed: BedItem }) {
  const { t } = useTranslation()
  const { site } = useConnection()
  const now = useNow()
  if (bed.alarms.length === 0) return <p className="text-muted">{t('alarm.none')}</p>
  return (
    <ul className="divide-y divide-line border-y border-line">
      {bed.alarms.map((alarm) => (
        <li key={alarm.id} className="desk-alarm flex items-center gap-4 py-2">
          <span className="w-20 font-semibold">
            <AlarmMark look={alarmLook(alarm)} />
          </span>
          <span className="flex-1">{alarm.text}</span>
          <AlarmSigns alarm={alarm} />
          <span className="text-muted">{clockText(alarm.since, site?.timeZone)}</span>
          <span className="w-16 text-right">{elapsedText(now - alarm.since)}</span>
        </li>
      ))}
    </ul>
  )
}

/** The limits in force at the monitor: `50–120`, `≥ 90`, `≤ 38.5`. */
function limitsText(low: number | null, high: number | null): string {
  if (low === null) return high === null ? '—' : `≤ ${high}`
  return high === null ? `≥ ${low}` : `${low}–${high}`
}

/** One value. The third of its times is the instant at which this screen had it, by the hub's clock. */
function ValueRow({ slot, metric }: { slot: string; metric: LiveMetric }) {
  const { t } = useTranslation()
  const { site } = useConnection()
  const now = useNow()
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new metric is a new value, shown now
  const shownAt = useMemo(() => hub.clock.now(), [metric])
  const signal = signalState(metric, now)
  const [low, high] = metric.limits ?? [null, null]
  const number =
    typeof metric.value === 'number' ? `${metric.bound ?? ''}${numberText(metric.value, slot === 'temp' ? 1 : 0)}` : null
  const time = (at: number) => exactText(at, site?.timeZone)
  return (
    <tr data-slot={slot} data-signal={signal}>
      <th scope="row">{t(`slot.${slot}`, slot)}</th>
      <td className="whitespace-nowrap">
        {number !== null && isCurrent(signal) ? (
          <>
            <strong>{number}</strong> {unitText(metric.unit)}
            {isDoubtful(metric) && ' ?'}
          </>
        ) : (
          <>
            — <span className="text-muted">{number !== null && t('bed.lastValue', { value: number })}</span>
          </>
        )}
      </td>
      <td className="whitespace-nowrap">{limitsText(low, high)}</td>
      <td className="whitespace-nowrap">
        {t(`signal.${signal}`)} <span className="text-muted">{ageText(ageOf(metric, now))}</span>
        {metric.quality && <span className="text-muted"> {metric.quality}</span>}
      </td>
      <td className="whitespace-nowrap">{time(metric.at)}</td>
      <td className="whitespace-nowrap">{time(metric.receivedAt)}</td>
      <td className="whitespace-nowrap">{time(shownAt)}</td>
      <td className="whitespace-nowrap text-muted">
        {metric.path} · MDC {metric.code}
      </td>
    </tr>
  )
}
