/** Writes PCD-04 alarm messages, exactly in the shape of domain page "Bedside monitoring", section 7. */
import { ALARM_PROCEDURE, type AlarmFacet, alarmEventByCode, alarmFacets, priorityCode } from '../codes/alarm-events.ts'
import { metricByCode } from '../codes/metrics.ts'
import { profiles } from '../codes/profiles.ts'
import { mdcUnit } from '../codes/units.ts'
import type { DeviceAlarm } from '../messages/records.ts'
import { type Field, message, segment } from './build.ts'
import { writeDtm } from './dtm.ts'
import { type Envelope, nm, type Subject, writeMsh, writeSubject } from './write-header.ts'

export interface Pcd04 extends Envelope, Subject {
  /** `event` is the refid of `code`; `source.value` and its limits are in the canonical unit, or in `source.unit`. */
  alarm: DeviceAlarm
}

/** HL7 text, segments ended by CR, not framed. */
export function writePcd04(m: Pcd04): string {
  const { alarm } = m
  const sender = m.sender.eui ? [m.sender.name, m.sender.eui, 'EUI-64'] : [m.sender.name]
  // The first message of an alarm is its parent; those that follow name it in OBR-29.
  const begins = alarm.phase === 'start' || alarm.phase === 'tpoint'
  const order = segment('OBR', [
    1,
    null,
    [begins ? alarm.alarmId : `${alarm.alarmId}/${m.id}`, ...sender],
    [ALARM_PROCEDURE.code, ALARM_PROCEDURE.refid, 'MDC'],
    null,
    null,
    writeDtm(alarm.at, m.offsetMinutes),
    ...Array<null>(21).fill(null),
    begins ? null : [null, [alarm.alarmId, ...sender]],
  ])
  return message([
    writeMsh(m, ['ORU', 'R40', 'ORU_R40'], ['IHE_PCD_ACM_001', profiles.pcd04[0]]),
    ...writeSubject(m),
    order,
    ...rows(m),
  ])
}

function rows({ alarm, device, offsetMinutes }: Pcd04): string[] {
  const path = alarm.source?.path ?? '1.0.0.0'
  const at = writeDtm(alarm.at, offsetMinutes)
  let row = 0
  const obx = (
    facet: number,
    type: string,
    code: Field,
    value: Field,
    unit: Field = null,
    limits: Field = null,
    flags: Field = null,
  ) =>
    segment('OBX', [
      ++row,
      type,
      code,
      `${path}.${facet}`,
      value,
      unit,
      limits,
      flags,
      null,
      null,
      'R',
      null,
      null,
      at,
      null,
      null,
      null,
      facet === 1 ? [device, null, device, 'EUI-64'] : null,
    ])
  const attribute = (name: AlarmFacet, facet: number, value: string, type = 'ST', unit: Field = null) =>
    obx(facet, type, [alarmFacets[name].codes[0], alarmFacets[name].refid, 'MDC'], value, unit)
  const priority = priorityCode[alarm.priority]
  const event: Field = [alarm.code, alarmEventByCode(alarm.code ?? -1)?.refid ?? alarm.event, 'MDC']
  return [
    obx(1, 'ST', event, alarm.text, null, null, { repeat: [priority, alarm.kind] }),
    ...source(alarm, obx),
    attribute('phase', 3, alarm.phase),
    attribute('state', 4, alarm.state),
    attribute('inactivation', 5, alarm.inactivation),
    attribute('priority', 6, priority),
    attribute('kind', 7, alarm.kind),
    ...(alarm.confirmTimeoutS === undefined
      ? []
      : [attribute('confirmTimeout', 9, nm(alarm.confirmTimeoutS), 'NM', [264320, 'MDC_DIM_SEC', 'MDC'])]),
  ]
}

function source(
  { source: s }: DeviceAlarm,
  obx: (facet: number, type: string, code: Field, value: Field, unit?: Field, limits?: Field) => string,
): string[] {
  if (s?.code === undefined) return []
  const definition = metricByCode(s.code)
  if (s.value === undefined)
    return [obx(2, 'CWE', [alarmFacets.source.codes[0], alarmFacets.source.refid, 'MDC'], [s.code, definition?.refid, 'MDC'])]
  const ucum = s.unit ?? definition?.unit
  const unit = ucum === undefined ? undefined : mdcUnit(ucum)
  const limits = s.limits ? `${s.limits[0] === null ? '' : nm(s.limits[0])}-${s.limits[1] === null ? '' : nm(s.limits[1])}` : null
  return [
    obx(
      2,
      'NM',
      [s.code, definition?.refid, 'MDC'],
      nm(s.value),
      unit ? [unit.code, unit.refid, 'MDC'] : ucum ? [ucum, ucum, 'UCUM'] : null,
      limits,
    ),
  ]
}
