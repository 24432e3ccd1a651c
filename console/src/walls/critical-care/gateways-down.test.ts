import { expect, test } from 'vitest'
import type { BedItem } from '../../live/contract.ts'
import { gatewaysDown } from './gateways-down.ts'

const bed = (gateway: string, connectivity: 'online' | 'silent' | 'offline', alarms: BedItem['alarms'] = []): BedItem => ({
  id: Math.random().toString(),
  unit: 'ICU',
  room: '1',
  bed: '1',
  label: 'ICU 1-1',
  assigned: true,
  device: { id: 'd', connectivity, lastSeenAt: 1000, gateway },
  metrics: {},
  alarms,
  trends: {},
  waves: [],
  attention: 0,
  asOf: 1000,
})

test('a gateway of which nothing comes is said once, with the number of its beds', () => {
  const beds = [bed('gw1', 'silent'), bed('gw1', 'offline'), bed('gw2', 'silent'), bed('gw2', 'online')]
  expect(gatewaysDown(beds)).toEqual([{ gateway: 'gw1', beds: 2, since: 1000 }])
})

test('one silent device may be its own fault, unless the hub says that it is the gateway', () => {
  expect(gatewaysDown([bed('gw1', 'silent')])).toEqual([])
  const alarm = {
    id: 'technical:gateway-down:gw1',
    priority: 'high',
    kind: 'ST',
    text: 'Gateway gw1 down',
    state: 'active',
    inactivation: 'enabled',
    source: 'technical',
    since: 500,
    receivedAt: 500,
  } as const
  expect(gatewaysDown([bed('gw1', 'silent', [alarm])])).toEqual([{ gateway: 'gw1', beds: 1, since: 500 }])
})
