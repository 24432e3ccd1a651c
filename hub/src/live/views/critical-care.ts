/**
 * View `critical-care`: one item for each bed, and for each device that is at no bed. Pure: the live state and an instant give the item.
 */
import { slots } from '@wardline/devices/codes/metrics.ts'
import { waveformByCode } from '@wardline/devices/codes/waveforms.ts'
import type { Place } from '@wardline/devices/messages/records.ts'
import type { Occupant } from '../live.ts'
import type { AlarmState, DeviceState, MetricState } from '../state/device-state.ts'
import type { LiveState } from '../state/live-state.ts'
import { ageYears, siteDay } from './age.ts'
import { attentionOf, worstFirst } from './attention.ts'
import type { BedItem, LiveMetric, WallAlarm } from './contract.ts'
import { fillerOf, freshnessOf, sparkline } from './signal.ts'
import { connectivityOf, technicalAlarms } from './technical.ts'

const AT_NO_BED = 'device:'

/** The item in which a device shows. */
export const itemOfDevice = (device: DeviceState): string => device.bed ?? AT_NO_BED + device.id

/** Every item there is now. */
export function* bedItemIds(live: LiveState): Iterable<string> {
  yield* live.beds.keys()
  for (const device of live.devices.values()) if (device.bed === undefined && device.heardAt > 0) yield AT_NO_BED + device.id
}

/** The item of this id at this instant; undefined when there is none (any more). */
export function buildBed(live: LiveState, id: string, now: number): BedItem | undefined {
  const bed = live.beds.get(id)
  if (bed) {
    const devices = [...live.devicesAt(id)].sort((a, b) => b.slots.size - a.slots.size || (a.id < b.id ? -1 : 1))
    const { pointOfCare = '', room = '' } = bed.place
    const item = itemOf(
      live,
      devices,
      now,
      {
        id,
        unit: pointOfCare,
        room,
        bed: bed.place.bed ?? '',
        label: labelOf(bed.place, id),
        assigned: true,
      },
      bed.occupant === undefined,
    )
    if (bed.occupant) item.patient = patientOf(bed.occupant, live, now)
    item.asOf = Math.max(item.asOf, bed.changedAt)
    return item
  }
  if (!id.startsWith(AT_NO_BED)) return undefined
  const device = live.devices.get(id.slice(AT_NO_BED.length))
  if (!device || device.bed !== undefined || device.heardAt === 0) return undefined
  return itemOf(live, [device], now, { id, unit: '', room: '', bed: '', label: device.id, assigned: false })
}

type Where = Pick<BedItem, 'id' | 'unit' | 'room' | 'bed' | 'label' | 'assigned'>

function itemOf(live: LiveState, devices: readonly DeviceState[], now: number, where: Where, vacant = false): BedItem {
  const { settings, startedAt } = live
  const item: BedItem = { ...where, metrics: {}, alarms: [], trends: {}, waves: [], attention: 0, asOf: 0 }
  for (const device of devices) {
    const circumstances = { now, startedAt, settings, gateway: live.gateways.get(device.gateway), vacant }
    item.asOf = Math.max(item.asOf, device.heardAt)
    // The first is the one that fills most of the tile.
    item.device ??= deviceOf(device, connectivityOf(device, circumstances))
    for (const alarm of device.alarms.values()) if (isShown(alarm, now, settings.pointAlarmMs)) item.alarms.push(wallAlarm(alarm))
    for (const alarm of technicalAlarms(device, circumstances))
      if (!item.alarms.some((known) => known.id === alarm.id)) item.alarms.push(alarm)
    for (const wave of device.waves.values()) {
      if (now - wave.heardAt > settings.waveForgottenMs) continue
      const known = waveformByCode(wave.code)
      const unit = wave.unit ?? known?.unit
      item.waves.push({
        code: wave.code,
        label: known?.label ?? String(wave.code),
        ...(unit !== undefined && { unit }),
        rateHz: wave.rateHz,
      })
    }
  }
  fillSlots(item, devices, now)
  if (item.waves.length > 1) item.waves.sort((a, b) => a.code - b.code)
  if (item.alarms.length > 1) item.alarms.sort(worstFirst)
  item.attention = attentionOf(item.alarms)
  return item
}

function fillSlots(item: BedItem, devices: readonly DeviceState[], now: number): void {
  for (const slot of slots) {
    let filler: MetricState | undefined
    let from: DeviceState | undefined
    for (const device of devices) {
      const candidates = device.slots.get(slot)
      const candidate = candidates && fillerOf(candidates, now)
      const best = candidate && filler ? fillerOf([filler, candidate], now) : candidate
      if (!best || best === filler) continue
      filler = best
      from = device
    }
    if (!filler || !from) continue
    item.metrics[slot] = liveMetric(filler)
    const trend = sparkline(from, slot, from.slots.get(slot)!, now)
    if (trend.length) item.trends[slot] = trend
  }
}

function liveMetric(metric: MetricState): LiveMetric {
  const built: LiveMetric = {
    unit: metric.unit,
    code: metric.definition?.code ?? metric.code,
    path: metric.path,
    at: metric.at,
    receivedAt: metric.receivedAt,
    fresh: freshnessOf(metric),
  }
  if (metric.value !== undefined) built.value = metric.value
  if (metric.quality !== undefined) built.quality = metric.quality
  if (metric.bound !== undefined) built.bound = metric.bound
  if (metric.limits !== undefined) built.limits = metric.limits
  return built
}

const deviceOf = (device: DeviceState, connectivity: 'online' | 'silent' | 'offline'): NonNullable<BedItem['device']> => ({
  id: device.id,
  connectivity,
  lastSeenAt: device.heardAt,
  ...(device.clockOffsetMs !== undefined && { clockOffsetMs: device.clockOffsetMs }),
  gateway: device.gateway,
})

const isShown = ({ ended, alarm, receivedAt }: AlarmState, now: number, pointAlarmMs: number): boolean =>
  !ended && (alarm.phase !== 'tpoint' || now - receivedAt <= pointAlarmMs)

const wallAlarm = ({ key, alarm, since, receivedAt, late }: AlarmState): WallAlarm => ({
  id: key,
  priority: alarm.priority,
  kind: alarm.kind,
  text: alarm.text,
  state: alarm.state === 'latched' ? 'latched' : 'active',
  inactivation: alarm.inactivation,
  source: 'device',
  since,
  receivedAt,
  ...(late && { late }),
})

/** `ICU2 204-1`. */
function labelOf({ pointOfCare, room, bed }: Place, id: string): string {
  const inside = [room, bed].filter(Boolean).join('-')
  return [pointOfCare, inside].filter(Boolean).join(' ') || id
}

function patientOf(occupant: Occupant, live: LiveState, now: number): NonNullable<BedItem['patient']> {
  const { given = '', family = '', sex, birthDate } = occupant
  const { site } = live.settings
  const age = birthDate === undefined ? undefined : ageYears(birthDate, siteDay(now, site.timeZone))
  const name = site.showNames ? [given, family].filter(Boolean).join(' ') : ''
  return {
    initials: initial(given) + initial(family) || '–',
    ...(name && { name }),
    ...(sex !== undefined && { sex }),
    ...(age !== undefined && { ageYears: age }),
  }
}

const initial = (name: string): string => [...name.trim()][0]?.toLocaleUpperCase() ?? ''
