import { expect, test } from 'vitest'
import { WaveStore } from './wave-store.ts'

const block = (start: number, samples: (number | null)[], rateHz = 100) => ({ bed: 'a', code: 131330, start, rateHz, samples })

test('an invalid sample is a gap, never zero', () => {
  const waves = new WaveStore()
  waves.take(block(0, [1, null, 3]), 0, 0)
  expect([...waves.channel('a', 131330)!.stretches[0]!.samples]).toEqual([1, Number.NaN, 3])
})

test('where blocks overlap, the first is kept', () => {
  const waves = new WaveStore()
  waves.take(block(0, [1, 2, 3, 4]), 0, 0)
  waves.take(block(20, [9, 9, 5, 6]), 0, 0)
  waves.take(block(0, [7, 7]), 0, 0)
  expect(waves.channel('a', 131330)!.stretches.flatMap((stretch) => [...stretch.samples])).toEqual([1, 2, 3, 4, 5, 6])
})

test('a day of blocks holds half a minute', () => {
  const waves = new WaveStore()
  for (let second = 0; second < 86_400; second++) waves.take(block(second * 1000, [0, 1, 2, 3], 4), second * 1000, second * 1000)
  expect(waves.channel('a', 131330)!.stretches.length).toBeLessThanOrEqual(32)
})

test('a channel that nobody sends any more is forgotten', () => {
  const waves = new WaveStore()
  waves.take(block(0, [1]), 0, 0)
  waves.sweep(60_000)
  expect(waves.size).toBe(1)
  waves.sweep(121_000)
  expect(waves.size).toBe(0)
})

test('a device whose clock is set back starts anew', () => {
  const waves = new WaveStore()
  waves.take(block(10_000_000, [1]), 0, 0)
  waves.take(block(0, [2]), 0, 0)
  expect(waves.channel('a', 131330)!.stretches.map((stretch) => stretch.start)).toEqual([0])
})
