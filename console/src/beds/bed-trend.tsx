import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { BedItem } from '../live/contract.ts'
import { hub, useConnection } from '../live/hub.ts'
import { hubApi, type TrendSteps } from '../live/hub-api.ts'
import { Button } from '../parts/button.tsx'
import { Select } from '../parts/select.tsx'
import { unitText } from '../walls/critical-care/vitals.ts'
import { TrendChart } from './trend-chart.tsx'

const HOUR_MS = 3_600_000
/** What can be asked for: hours shown, and the step that gives some two hundred points. */
const spans = [
  { hours: 1, stepMs: 60_000 },
  { hours: 6, stepMs: 120_000 },
  { hours: 24, stepMs: 600_000 },
] as const

/**
 * The history of one measurement of a bed, from the hub's timeline. While that cannot be read, the last hour that the wall itself
 * holds is shown.
 */
export function BedTrend({ bed }: { bed: BedItem }) {
  const { t } = useTranslation()
  const { site } = useConnection()
  const slots = Object.keys(bed.metrics)
  const [chosen, setChosen] = useState<string>('hr')
  const [span, setSpan] = useState<number>(1)
  const slot = slots.includes(chosen) ? chosen : slots[0]
  const metric = slot === undefined ? undefined : bed.metrics[slot]
  const { hours, stepMs } = spans.find((each) => each.hours === span)!
  const device = bed.device?.id
  const path = metric?.path
  const query = useQuery({
    queryKey: ['trend', device, path, hours],
    enabled: device !== undefined && path !== undefined,
    refetchInterval: 30_000,
    retry: 1,
    queryFn: async () => {
      const to = hub.clock.now()
      const from = to - hours * HOUR_MS
      return {
        from,
        to,
        steps: await hubApi.trend({ device: device!, path: path!, from: Math.floor(from), to: Math.ceil(to), stepMs }),
      }
    },
  })
  if (slot === undefined || metric === undefined) return null
  const kept = hours === 1 && query.isError ? keptHour(bed, slot) : null
  const shown = query.data ?? kept
  return (
    <section aria-labelledby="bed-trend" className="space-y-3">
      <div className="flex flex-wrap items-end gap-4">
        <h2 id="bed-trend" className="mr-auto text-lg font-semibold">
          {t('bed.trend')}
        </h2>
        <Select
          label={t('bed.measure')}
          value={slot}
          onChange={setChosen}
          options={slots.map((each) => ({ value: each, label: t(`slot.${each}`, each) }))}
        />
        <Select
          label={t('bed.range')}
          value={String(span)}
          onChange={(value) => setSpan(Number(value))}
          options={spans.map((each) => ({ value: String(each.hours), label: t('bed.hours', { count: each.hours }) }))}
        />
      </div>
      {query.isError && (
        <p role="alert" className="flex items-center gap-3 text-muted">
          {t('bed.trendFailed')} {query.error.message}
          <Button onClick={() => void query.refetch()}>{t('app.retry')}</Button>
        </p>
      )}
      {shown && shown.steps.length > 0 ? (
        <TrendChart
          {...shown}
          stepMs={stepMs}
          label={t(`slot.${slot}`, slot)}
          unit={unitText(metric.unit)}
          timeZone={site?.timeZone}
        />
      ) : (
        <p className="grid h-[260px] place-items-center rounded-one border border-line text-muted">
          {query.isLoading ? t('app.loading') : t('bed.noTrend')}
        </p>
      )}
    </section>
  )
}

function keptHour(bed: BedItem, slot: string): { from: number; to: number; steps: TrendSteps } | null {
  const points = bed.trends[slot]
  if (!points) return null
  const to = hub.clock.now()
  return { from: to - HOUR_MS, to, steps: points.map(([at, mean]) => ({ at, mean, min: mean, max: mean, count: 1 })) }
}
