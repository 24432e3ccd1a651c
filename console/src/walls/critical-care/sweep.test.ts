import { expect, test } from 'vitest'
import { WaveStore } from '../../live/wave-store.ts'
import { Gain, Playhead, rangeOf, runsBetween } from './sweep.ts'

const store = (...blocks: [start: number, samples: (number | null)[]][]) => {
  const waves = new WaveStore()
  for (const [start, samples] of blocks) waves.take({ bed: 'a', code: 1, start, rateHz: 100, samples }, start + 50, 0)
  return waves.channel('a', 1)!
}

test('blocks that follow one another are one line', () => {
  const { stretches } = store([0, [1, 2]], [20, [3, 4]])
  expect(runsBetween(stretches, 0, 100)).toEqual([
    [
      [0, 1],
      [10, 2],
      [20, 3],
      [30, 4],
    ],
  ])
})

test('more than 1.5 sample periods between blocks is a gap, and so is an invalid sample', () => {
  const { stretches } = store([0, [1, 2]], [26, [3, null, 5]])
  expect(runsBetween(stretches, 0, 100)).toEqual([
    [
      [0, 1],
      [10, 2],
    ],
    [[26, 3]],
    [[46, 5]],
  ])
})

test('up to 1.5 sample periods it is a line: instants are rounded to ms', () => {
  const { stretches } = store([0, [1, 2]], [24, [3]])
  expect(runsBetween(stretches, 0, 100)).toHaveLength(1)
})

test('only what lies between the two instants is drawn', () => {
  const { stretches } = store([0, [1, 2, 3, 4]])
  expect(runsBetween(stretches, 10, 20)).toEqual([
    [
      [10, 2],
      [20, 3],
    ],
  ])
  expect(runsBetween(stretches, 41, 90)).toEqual([])
})

test('the sweep runs behind by what the blocks take to come, whatever the device says the time is', () => {
  const waves = new WaveStore()
  const hourAhead = 3_600_000
  waves.take({ bed: 'a', code: 1, start: hourAhead, rateHz: 100, samples: [1] }, 1000, 0)
  const playhead = new Playhead()
  expect(playhead.at([waves.channel('a', 1)], 1000, 16)).toBe(hourAhead - 100)
  expect(playhead.at([waves.channel('a', 1)], 1016, 16)).toBe(hourAhead - 84)
})

test('a later block slows the sweep by a tenth and does not make it jump', () => {
  const waves = new WaveStore()
  waves.take({ bed: 'a', code: 1, start: 0, rateHz: 100, samples: [1] }, 1000, 0)
  const playhead = new Playhead()
  const first = playhead.at([waves.channel('a', 1)], 1000, 16)!
  waves.take({ bed: 'a', code: 1, start: 10, rateHz: 100, samples: [1] }, 1510, 0)
  expect(playhead.at([waves.channel('a', 1)], 1100, 100)! - first).toBeCloseTo(90)
})

test('nothing came: nothing is drawn', () => {
  expect(new Playhead().at([undefined], 1000, 16)).toBeNull()
  expect(rangeOf([])).toBeNull()
})

test('the scale grows at once, shrinks slowly, and never below what is asked', () => {
  const gain = new Gain()
  expect(gain.follow([0, 2], 1)).toEqual([0, 2])
  expect(gain.follow([0, 4], 1)).toEqual([0, 4])
  expect(gain.follow([0, 2], 1)[1]).toBeCloseTo(3.96)
  expect(new Gain().follow([0, 0.1], 1)).toEqual([-0.45, 0.55])
})
