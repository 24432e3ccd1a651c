import { describe, expect, test } from 'vitest'
import type { WallAlarm } from '../../live/contract.ts'
import { alarmLook, byUrgency, isUrgent, SETTLE_MS, settle } from './wall-order.ts'

const alarm = (change: Partial<WallAlarm> = {}): WallAlarm => ({
  id: 'x',
  priority: 'high',
  kind: 'SP',
  text: 'Asystole',
  state: 'active',
  inactivation: 'enabled',
  source: 'device',
  since: 0,
  receivedAt: 0,
  ...change,
})
const bed = (id: string, attention = 0, alarms: WallAlarm[] = []) => {
  const [unit = '', room = '', place = ''] = id.split(' ')
  return { id, attention, unit, room, bed: place, label: id, assigned: unit !== '', alarms }
}
const order = (standing: { ranks: readonly { id: string }[] }) => standing.ranks.map((rank) => rank.id)

test('worst first, then unit, room and bed by their numbers', () => {
  const beds = [bed('ICU2 10 1'), bed('ICU2 9 2'), bed('ICU2 9 1'), bed('ICU1 20 1', 5), bed('CCU 1 1')]
  expect(beds.sort(byUrgency).map((each) => each.id)).toEqual(['ICU1 20 1', 'CCU 1 1', 'ICU2 9 1', 'ICU2 9 2', 'ICU2 10 1'])
})

test('a device at no bed stands after the beds of the same attention', () => {
  const device = { ...bed('device:1'), assigned: false, unit: '', room: '', bed: '' }
  expect([device, bed('ICU2 1 1')].sort(byUrgency).map((each) => each.id)).toEqual(['ICU2 1 1', 'device:1'])
})

describe('what must stay on the screen', () => {
  test('a high alarm, also latched and with its sound paused, until it is acknowledged', () => {
    expect(isUrgent(bed('a', 1, [alarm()]))).toBe(true)
    expect(isUrgent(bed('a', 1, [alarm({ state: 'latched', inactivation: 'audio-paused' })]))).toBe(true)
    expect(isUrgent(bed('a', 1, [alarm({ inactivation: 'alert-acknowledged' })]))).toBe(false)
    expect(isUrgent(bed('a', 1, [alarm({ priority: 'medium' })]))).toBe(false)
  })
  test('not a gateway that is down: the wall says that once', () => {
    expect(isUrgent(bed('a', 1, [alarm({ id: 'technical:gateway-down:gw1', kind: 'ST', source: 'technical' })]))).toBe(false)
  })
})

test('shape and colour follow priority; technical alarms below high have their own shape', () => {
  expect(alarmLook(alarm())).toBe('high')
  expect(alarmLook(alarm({ kind: 'ST' }))).toBe('high')
  expect(alarmLook(alarm({ priority: 'medium' }))).toBe('medium')
  expect(alarmLook(alarm({ priority: 'medium', source: 'technical' }))).toBe('tech')
  expect(alarmLook(alarm({ priority: 'medium', kind: 'ST' }))).toBe('tech')
  expect(alarmLook(alarm({ priority: 'low' }))).toBe('low')
  expect(alarmLook(alarm({ priority: 'low', kind: 'ST' }))).toBe('tech')
  expect(alarmLook(alarm({ priority: 'none' }))).toBe('tech')
})

describe('things do not jump', () => {
  const calm = [bed('ICU 1 1', 1), bed('ICU 1 2', 2)]
  const swapped = [bed('ICU 1 1', 3), bed('ICU 1 2', 2)]

  test('a calm change of rank waits until the order has stood for a while', () => {
    const first = settle(undefined, calm, 0)
    expect(order(first)).toEqual(['ICU 1 2', 'ICU 1 1'])
    expect(settle(first, swapped, SETTLE_MS - 1)).toBe(first)
    expect(order(settle(first, swapped, SETTLE_MS))).toEqual(['ICU 1 1', 'ICU 1 2'])
  })
  test('a bed that becomes urgent moves at once', () => {
    const first = settle(undefined, calm, 0)
    const next = settle(first, [bed('ICU 1 1', 900, [alarm()]), bed('ICU 1 2', 2)], 10)
    expect(next.ranks).toEqual([
      { id: 'ICU 1 1', urgent: true },
      { id: 'ICU 1 2', urgent: false },
    ])
  })
  test('a bed that comes or goes shows at once', () => {
    const first = settle(undefined, calm, 0)
    expect(order(settle(first, [...calm, bed('ICU 1 3')], 10))).toHaveLength(3)
    expect(order(settle(first, calm.slice(1), 10))).toEqual(['ICU 1 2'])
  })
  test('nothing to move: the same order', () => {
    const first = settle(undefined, calm, 0)
    expect(settle(first, calm, 60_000)).toBe(first)
  })
})
