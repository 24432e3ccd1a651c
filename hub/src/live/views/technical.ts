/**
 * Technical conditions (domain page "Bedside monitoring", section 12), as what is so at an instant: pure functions of the state and the clock.
 * They have no life of their own yet (nobody accepts or escalates them); they are there while their condition is.
 */
import type { DeviceState, MetricState } from '../state/device-state.ts'
import type { GatewayState } from '../state/gateway-state.ts'
import type { LiveSettings } from '../state/settings.ts'
import type { WallAlarm } from './contract.ts'
import { freshnessOf } from './signal.ts'

/** Everything a condition may look at besides the device itself. */
export interface Circumstances {
  now: number
  /** When this hub began to listen. */
  startedAt: number
  settings: LiveSettings
  gateway: GatewayState | undefined
  /** The device stands at a bed in which nobody lies, as far as ADT has said. */
  vacant?: boolean
}

/** Since when a gateway is down: it said so or its broker did, or nothing of it was heard for 30 s. Undefined: it is not. */
export function gatewayDownSince(
  gateway: GatewayState,
  now: number,
  startedAt: number,
  settings: LiveSettings,
): number | undefined {
  if (gateway.state === 'offline') return gateway.since
  const settled = now - startedAt > settings.settleMs
  return settled && now - gateway.heardAt > settings.gatewaySilentMs ? gateway.heardAt || gateway.since : undefined
}

/** After how much silence this device is disconnected: two missed heartbeats, at most a minute. */
export const silenceAllowed = (device: DeviceState, settings: LiveSettings): number =>
  Math.min(2 * (device.confirmTimeoutMs ?? Number.POSITIVE_INFINITY), settings.deviceSilentMs)

export function connectivityOf(
  device: DeviceState,
  { now, startedAt, settings, gateway }: Circumstances,
): 'online' | 'silent' | 'offline' {
  const silence = now - device.heardAt
  if (gateway && gatewayDownSince(gateway, now, startedAt, settings) !== undefined) return 'offline'
  if (silence > settings.deviceOfflineMs) return 'offline'
  return silence > silenceAllowed(device, settings) ? 'silent' : 'online'
}

/** All conditions of one device. Those that follow from a bigger one (its gateway is down, it is disconnected) are folded into that. */
export function technicalAlarms(device: DeviceState, circumstances: Circumstances): WallAlarm[] {
  const { now, startedAt, settings, gateway, vacant } = circumstances
  const found: WallAlarm[] = []
  if (device.conflict)
    found.push(
      condition(
        `conflict:${device.id}`,
        'medium',
        'Association conflict: another patient; nothing is charted',
        device.conflict.since,
      ),
    )
  if (device.skewedSince !== undefined && device.clockOffsetMs !== undefined)
    found.push(condition(`clock:${device.id}`, 'low', `Device clock is ${inWords(device.clockOffsetMs)}`, device.skewedSince))
  const down = gateway && gatewayDownSince(gateway, now, startedAt, settings)
  if (gateway && down !== undefined) {
    found.push(condition(`gateway-down:${gateway.id}`, 'high', `Feed down: gateway ${gateway.id} is not heard`, down))
    return found
  }
  const settled = now - startedAt > settings.settleMs
  if (settled && now - device.heardAt > silenceAllowed(device, settings)) {
    // Switched off after a discharge is what it should be; low, not nothing, because ADT may be behind.
    const priority = vacant ? 'low' : 'medium'
    found.push(condition(`disconnected:${device.id}`, priority, 'Device disconnected', device.heardAt || startedAt))
    return found
  }
  if (device.mismatchSince !== undefined && now - device.mismatchSince > settings.pulseMismatch.forMs)
    found.push({ ...condition(`pulse-mismatch:${device.id}`, 'low', 'HR/pulse mismatch', device.mismatchSince), kind: 'SA' })
  signalConditions(device, now, settled, settings, found)
  return found
}

/** What is wrong with single signals. The metrics of one channel (three pressures of one cuff) share their condition. */
function signalConditions(device: DeviceState, now: number, settled: boolean, settings: LiveSettings, found: WallAlarm[]): void {
  let off: Map<string, MetricState> | undefined
  let stale: Map<string, MetricState> | undefined
  for (const metric of device.metrics.values()) {
    if (!metric.trend) continue // it fills no place of the tile
    if (metric.implausibleRun >= settings.implausibleRun)
      found.push(
        condition(
          `implausible:${device.id}:${metric.path}`,
          'low',
          `${labelOf(metric)} implausible, check the sensor`,
          metric.at,
        ),
      )
    const fresh = freshnessOf(metric)
    if (settled && now - metric.at > fresh.staleMs) stale = earliest(stale, metric, metric.at, 'at')
    else if (metric.offSince !== undefined) off = earliest(off, metric, metric.offSince, 'offSince')
  }
  for (const [channel, metric] of off ?? []) {
    if (saidByDevice(device, channel)) continue
    const since = metric.offSince!
    const priority = now - since > settings.sensorOffMediumMs ? 'medium' : 'low'
    found.push(condition(`off:${device.id}:${channel}`, priority, `${labelOf(metric)}: leads or sensor off`, since))
  }
  for (const [channel, metric] of stale ?? []) {
    const priority = now - metric.at > freshnessOf(metric).lostMs ? 'medium' : 'low'
    found.push(condition(`stale:${device.id}:${channel}`, priority, `${labelOf(metric)}: no values`, metric.at))
  }
}

/** Keeps for each channel the metric whose condition began first. */
function earliest(
  by: Map<string, MetricState> | undefined,
  metric: MetricState,
  since: number,
  key: 'at' | 'offSince',
): Map<string, MetricState> {
  const channel = channelOf(metric.path)
  const held = by?.get(channel)
  if (held && held[key]! <= since) return by!
  return (by ?? new Map<string, MetricState>()).set(channel, metric)
}

/** MDS.VMD.CHAN of a containment path MDS.VMD.CHAN.METRIC. */
function channelOf(path: string): string {
  const end = path.lastIndexOf('.')
  return end > 0 ? path.slice(0, end) : path
}

/** MDC_EVT_LEAD_OFF and MDC_EVT_LEADS_OFF: said of the whole device when they name no measurement. */
const LEADS_OFF: ReadonlySet<number | undefined> = new Set([196680, 196882])

/** The device has raised an alarm about it itself: once is enough. */
function saidByDevice(device: DeviceState, channel: string): boolean {
  for (const { ended, alarm } of device.alarms.values()) {
    if (ended || alarm.kind !== 'ST') continue
    if (alarm.source?.path === undefined ? LEADS_OFF.has(alarm.code) : channelOf(alarm.source.path) === channel) return true
  }
  return false
}

const labelOf = (metric: MetricState): string => metric.definition?.label ?? String(metric.code)

const condition = (id: string, priority: WallAlarm['priority'], text: string, since: number): WallAlarm => ({
  id: `technical:${id}`,
  priority,
  kind: 'ST',
  text,
  state: 'active',
  inactivation: 'enabled',
  source: 'technical',
  since,
  receivedAt: since,
})

function inWords(offsetMs: number): string {
  const minutes = Math.abs(offsetMs) / 60_000
  const size =
    minutes < 120
      ? `${Math.round(minutes)} min`
      : minutes < 48 * 60
        ? `${Math.round(minutes / 60)} h`
        : `${Math.round(minutes / 1440)} days`
  return `${size} ${offsetMs < 0 ? 'behind' : 'ahead'}`
}
