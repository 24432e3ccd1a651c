import type { GatewayHealth, GatewayStatus } from '@wardline/devices/messages/envelopes.ts'

/** One gateway as it was last heard. Instants are ms by the hub's clock. */
export interface GatewayState {
  readonly id: string
  enrolled: boolean
  state: 'online' | 'offline' | 'unknown'
  /** When `state` last changed. */
  since: number
  /** When anything of it was last heard: health, or any of its devices. */
  heardAt: number
  session: string | undefined
  version: string
  health: GatewayHealth | undefined
  /** The gateway's clock minus the hub's; 0 while they agree to within {@link CLOCKS_AGREE_MS}. */
  clockOffsetMs: number
  /** How many messages it had taken in, and when it said so: the newest last, a little more than ten seconds of them. */
  readonly taken: { at: number; accepted: number }[]
  ratePerS: number
  revision: number
}

/** Differences below this are the time a message takes, or nothing that matters on a wall. */
export const CLOCKS_AGREE_MS = 5000
const RATE_OVER_MS = 10_000

export const newGateway = (id: string, now: number): GatewayState => ({
  id,
  enrolled: true,
  state: 'unknown',
  since: now,
  heardAt: 0,
  session: undefined,
  version: '',
  health: undefined,
  clockOffsetMs: 0,
  taken: [],
  ratePerS: 0,
  revision: 0,
})

/** Birth or last will. Retained ones are old news: they say the state, and are no sign of life. */
export function takeStatus(gateway: GatewayState, status: GatewayStatus, now: number): void {
  // The will of an earlier run that arrives after the birth of the next says nothing about the next.
  if (
    status.state === 'offline' &&
    gateway.state === 'online' &&
    gateway.session !== undefined &&
    gateway.session !== status.session
  )
    return
  if (gateway.state !== status.state) {
    // A will carries the instant at which it was left with the broker, not that of the death.
    gateway.since = status.state === 'offline' ? Math.max(gateway.heardAt, Math.min(status.at, now)) : Math.min(status.at, now)
    gateway.state = status.state
  }
  gateway.enrolled = true
  gateway.session = status.session
  gateway.version = status.version
}

export function takeHealth(gateway: GatewayState, health: GatewayHealth, now: number): void {
  const offset = health.at - now
  if (Math.abs(offset - gateway.clockOffsetMs) > CLOCKS_AGREE_MS)
    gateway.clockOffsetMs = Math.abs(offset) > CLOCKS_AGREE_MS ? offset : 0
  if (gateway.state !== 'online') {
    gateway.state = 'online'
    gateway.since = now
  }
  const restarted = gateway.session !== health.session || health.accepted < (gateway.taken.at(-1)?.accepted ?? 0)
  if (restarted) gateway.taken.length = 0
  gateway.enrolled = true
  gateway.session = health.session
  gateway.health = health
  gateway.heardAt = Math.max(gateway.heardAt, now)
  gateway.taken.push({ at: now, accepted: health.accepted })
  while (gateway.taken.length > 2 && now - gateway.taken[1]!.at >= RATE_OVER_MS) gateway.taken.shift()
  const first = gateway.taken[0]!
  gateway.ratePerS = now - first.at < 1000 ? 0 : Math.round(((health.accepted - first.accepted) / (now - first.at)) * 10_000) / 10
}
