import type { BedItem } from '../../live/contract.ts'

export interface GatewayDown {
  gateway: string
  /** The tiles that are folded into it. */
  beds: number
  /** Since when, ms by the hub's clock. */
  since: number
}

/**
 * Gateways of which nothing comes any more: every one of their devices is silent, or the hub says so by a technical alarm of its own.
 * The wall says it once, and their tiles do not each repeat it (domain page "Bedside monitoring", section 12: one high alarm for each
 * gateway, children folded). A single silent device may as well be its own fault, so it is not taken for its gateway's.
 */
export function gatewaysDown(beds: Iterable<BedItem>): GatewayDown[] {
  const gateways = new Map<string, { beds: number; silent: number; said: boolean; since: number }>()
  for (const { device, alarms } of beds) {
    if (!device) continue
    const known = gateways.get(device.gateway) ?? { beds: 0, silent: 0, said: false, since: Number.POSITIVE_INFINITY }
    known.beds++
    if (device.connectivity !== 'online') known.silent++
    const said = alarms.find(isGatewayAlarm)
    known.said ||= said !== undefined
    known.since = Math.min(
      known.since,
      said?.since ?? Number.POSITIVE_INFINITY,
      device.connectivity === 'online' ? Number.POSITIVE_INFINITY : device.lastSeenAt,
    )
    gateways.set(device.gateway, known)
  }
  return [...gateways]
    .filter(([, { beds, silent, said }]) => said || (beds > 1 && silent === beds))
    .map(([gateway, { beds, since }]) => ({ gateway, beds, since }))
}

/** The hub's own alarm about a gateway, which it shows at each of the gateway's beds. */
export const isGatewayAlarm = (alarm: { id: string; source: string }): boolean =>
  alarm.source === 'technical' && /^technical:gateway-down:/.test(alarm.id)
