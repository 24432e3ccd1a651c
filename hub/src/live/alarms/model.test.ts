import type { DeviceAlarm } from '@wardline/devices/messages/records.ts'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type AlarmChange, type AlarmState, advance, believable } from './model.ts'

type Said = [phase: DeviceAlarm['phase'], state: DeviceAlarm['state'], at: number]
/** The changes one after the other, and where it ended. */
function tell(...said: Said[]): { changes: AlarmChange[]; state: AlarmState } {
  let state: AlarmState | undefined
  const changes = said.map(([phase, is, at]) => {
    const [next, change] = advance(state, { phase, state: is, at })
    state = next
    return change
  })
  return { changes, state: state! }
}

test('start, heartbeats, end', () => {
  expect(tell(['start', 'active', 1], ['continue', 'active', 2], ['escalate', 'active', 3], ['end', 'inactive', 4])).toEqual({
    changes: ['opened', 'updated', 'updated', 'ended'],
    state: { at: 4, startedAt: 1, endedAt: 4, repeatCount: 0 },
  })
})

test.each(['continue', 'update', 'escalate', 'de-escalate'] as const)('%s of an alarm that nobody knows opens it', (phase) => {
  expect(tell([phase, 'active', 5])).toEqual({ changes: ['opened'], state: { at: 5, startedAt: 5, repeatCount: 0 } })
})

test('latched outlives the end of its condition until it is reset or inactive', () => {
  expect(tell(['start', 'active', 1], ['end', 'latched', 2])).toMatchObject({
    changes: ['opened', 'updated'],
    state: { startedAt: 1 },
  })
  expect(tell(['start', 'active', 1], ['end', 'latched', 2]).state.endedAt).toBeUndefined()
  expect(tell(['start', 'active', 1], ['end', 'latched', 2], ['reset', 'latched', 3]).state).toMatchObject({
    startedAt: 1,
    endedAt: 3,
  })
  expect(tell(['start', 'active', 1], ['end', 'latched', 2], ['update', 'inactive', 3]).state).toMatchObject({
    startedAt: 1,
    endedAt: 3,
  })
})

test('end ends, whatever the state says beside it', () => {
  expect(tell(['start', 'active', 1], ['end', 'active', 2])).toMatchObject({
    changes: ['opened', 'ended'],
    state: { endedAt: 2 },
  })
})

test('a time point is over at once, and leaves an open alarm alone', () => {
  expect(tell(['tpoint', 'active', 1])).toEqual({
    changes: ['event'],
    state: { at: 1, startedAt: 1, endedAt: 1, repeatCount: 0 },
  })
  expect(tell(['start', 'active', 1], ['tpoint', 'active', 2])).toEqual({
    changes: ['opened', 'ignored'],
    state: { at: 1, startedAt: 1, repeatCount: 0 },
  })
})

test('a start after the end is the alarm again', () => {
  expect(tell(['start', 'active', 1], ['end', 'inactive', 2], ['start', 'active', 3])).toEqual({
    changes: ['opened', 'ended', 'opened'],
    state: { at: 3, startedAt: 3, repeatCount: 1 },
  })
})

test('an older message changes nothing', () => {
  expect(tell(['start', 'active', 5], ['end', 'inactive', 9], ['start', 'active', 5], ['continue', 'active', 9])).toMatchObject({
    changes: ['opened', 'ended', 'stale', 'stale'],
    state: { at: 9, endedAt: 9 },
  })
})

test('however messages are repeated, the outcome is that of each told once', () => {
  const said = fc.uniqueArray(
    fc.tuple(
      fc.constantFrom('start', 'continue', 'end', 'reset', 'update'),
      fc.constantFrom('active', 'latched', 'inactive'),
      fc.nat(1000),
    ),
    { minLength: 1, maxLength: 8, selector: ([, , at]) => at },
  ) as fc.Arbitrary<Said[]>
  fc.assert(
    fc.property(said, fc.array(fc.nat(7), { maxLength: 20 }), (messages, again) => {
      const inOrder = [...messages].sort((a, b) => a[2] - b[2])
      const repeated = [...inOrder]
      for (const i of again) if (inOrder[i]) repeated.push(inOrder[i])
      const newest = inOrder.at(-1)![2]
      // The newest message itself repeated is a message of the same instant: it may count as another start.
      expect(tell(...repeated.filter(([, , at], i) => i < inOrder.length || at !== newest)).state).toEqual(tell(...inOrder).state)
    }),
  )
})

test('a clock far ahead is not believed', () => {
  const alarm = { at: 1_000_000 } as DeviceAlarm
  expect(believable(alarm, 900_000).at).toBe(1_000_000)
  expect(believable(alarm, 600_000).at).toBe(600_000)
})
