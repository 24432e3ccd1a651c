import { expect, test } from 'vitest'
import { HubClock } from './hub-clock.ts'

test('the shortest way of the last beats tells the difference of the clocks', () => {
  let own = 1_000_000
  const clock = new HubClock(() => own)
  expect(clock.now()).toBe(own)
  // The hub is 5 s ahead; the way takes 40, 3 and 200 ms.
  for (const way of [40, 3, 200]) {
    own += 1000
    clock.beat(own + 5000 - way)
  }
  expect(clock.now() - own).toBe(4997)
})

test('when a clock is set, what was learnt before is void', () => {
  let own = 0
  const clock = new HubClock(() => own)
  clock.beat(60_000)
  own += 1000
  clock.beat(1000)
  expect(clock.now() - own).toBe(0)
})
