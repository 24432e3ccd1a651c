/**
 * What is so right now: fed by ingest, seen by the views. One instance in each hub; Redis carries it to the others.
 *
 * Every method is synchronous and cheap: it changes memory, marks what changed, and returns. Older facts never replace newer ones
 * (newest measured instant wins, per device and path), so a backlog may be fed through it harmlessly.
 */

import type { GatewayHealth, GatewayStatus } from '@wardline/devices/messages/envelopes.ts'
import type { DeviceAlarm, Frame, Place, WaveBlock } from '@wardline/devices/messages/records.ts'

/** Who lies in a bed, as far as the wall may know. */
export interface Occupant {
  patient: string
  family?: string
  given?: string
  sex?: string
  birthDate?: string
}

export interface Live {
  /** Numerics of one device, from a batch or from `now`. `late`: measured more than 60 s before the hub had it. */
  readings(said: {
    gateway: string
    device: string
    receivedAt: number
    sentAt?: number
    location?: Place
    frames: readonly Frame[]
    unmapped?: number
    flags?: readonly string[]
  }): void
  wave(said: { gateway: string; device: string; receivedAt: number; blocks: readonly WaveBlock[] }): void
  /** One device alarm as it now stands; `key` is unique over devices. Goes to the walls at once. */
  alarm(said: {
    gateway: string
    device: string
    key: string
    alarm: DeviceAlarm
    since: number
    receivedAt: number
    late: boolean
  }): void
  /** Device alarms that are shown and not over: what came out of Redis may have ended since. */
  openAlarms(): { device: string; alarm: DeviceAlarm }[]
  /** A bed exists, and who lies in it; no occupant: nobody. */
  bed(id: string, place: Place, occupant?: Occupant): void
  /** Where a device is, by association or by PV1-3; undefined: nowhere known ("unassigned device"). */
  placed(device: string, bed: string | undefined): void
  /** Readings of this device claim another patient than it is on: charted to nobody until a nurse confirms. null: over. */
  conflict(device: string, claims: { patient: string; since: number } | null): void
  gatewayStatus(status: GatewayStatus): void
  gatewayHealth(health: GatewayHealth): void
  /** Something that is not enrolled speaks as this gateway. */
  gatewayUnknown(gateway: string, at: number): void
  /** A dead letter came or changed its state. */
  letter(letter: LetterSummary): void
  /** Parts of the hub that are not well: `history`, `redis`, `broker`. Shown on every wall. */
  degraded(part: 'history' | 'redis' | 'broker', is: boolean): void
}

export interface LetterSummary {
  id: string
  gateway: string
  door: 'mllp' | 'mqtt' | 'record'
  peer?: string
  code: string
  says: string
  answered?: string
  messageId?: string
  messageType?: string
  sender?: string
  bytes: number
  receivedAt: number
  state: 'waiting' | 'redriven' | 'resolved' | 'discarded'
}
