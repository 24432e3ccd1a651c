import { BellOff, Check, Hourglass } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import type { WallAlarm } from '../../live/contract.ts'
import { elapsedText } from '../../time/age-text.ts'
import { type AlarmLook, alarmLook, isAcknowledged } from './wall-order.ts'

/** The shape of each kind of alarm: it reads without colour. */
export const alarmShape: Record<AlarmLook, string> = { high: '▲', medium: '■', low: '●', tech: '◇' }

/** ▲ HIGH, and so on. Props: `short`, the word is only spoken: it stands in the legend. */
export function AlarmMark({ look, short = false }: { look: AlarmLook; short?: boolean }) {
  const { t } = useTranslation()
  return (
    <span className="alarm-mark" data-look={look} data-short={short}>
      <span aria-hidden="true">{alarmShape[look]}</span> <span className="alarm-word">{t(`alarm.${look}`)}</span>
    </span>
  )
}

/** The worst alarm of a bed in one line: shape and word, what it says, whether it ended, what was done about it, how long it stands. */
export function AlarmLine({ alarm, more, now }: { alarm: WallAlarm; more: number; now: number }) {
  const { t } = useTranslation()
  const look = alarmLook(alarm)
  return (
    <div className="alarm-line" data-look={look} data-flashing={!isAcknowledged(alarm)} data-alarm-state={alarm.state}>
      <AlarmMark look={look} />
      <span className="alarm-text">{alarm.text}</span>
      <AlarmSigns alarm={alarm} />
      {more > 0 && <span className="alarm-more">{t('alarm.more', { count: more })}</span>}
      <span className="alarm-age">{elapsedText(now - alarm.since)}</span>
    </div>
  )
}

/** What else is to know of an alarm: ended but latched, sound paused, acknowledged, late. */
export function AlarmSigns({ alarm }: { alarm: WallAlarm }) {
  const { t } = useTranslation()
  const silenced = alarm.inactivation !== 'enabled' && !isAcknowledged(alarm)
  return (
    <>
      {alarm.state === 'latched' && <span className="alarm-sign">{t('alarm.latched')}</span>}
      {alarm.late && (
        <span className="alarm-sign" role="img" aria-label={t('alarm.late')}>
          <Hourglass aria-hidden="true" />
        </span>
      )}
      {silenced && (
        <span className="alarm-sign" role="img" aria-label={t(`alarm.inactivation.${alarm.inactivation}`)}>
          <BellOff aria-hidden="true" />
        </span>
      )}
      {isAcknowledged(alarm) && (
        <span className="alarm-sign" role="img" aria-label={t('alarm.inactivation.alert-acknowledged')}>
          <Check aria-hidden="true" />
        </span>
      )}
    </>
  )
}
