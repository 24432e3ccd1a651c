import type { WaveBlock } from '@wardline/devices/messages/records.ts'
import { expect, test } from 'vitest'
import { WaveLane } from './wave-lane.ts'

const ECG = 131330
const block = (start: number, samples: (number | null)[], rateHz = 250, more: Partial<WaveBlock> = {}): WaveBlock => ({
  path: '1.2.1.9',
  code: ECG,
  start,
  rateHz,
  samples,
  ...more,
})
const ramp = (n: number, from = 0) => Array.from({ length: n }, (_, i) => from + i)

test('samples are scaled into their unit', () => {
  const lane = new WaveLane(125)
  lane.add('bed', block(0, [0, 100, null], 100, { resolution: 0.005, offset: -0.1 }), 0)
  expect(lane.flush()).toEqual([{ bed: 'bed', code: ECG, start: 0, rateHz: 100, unit: 'mV', samples: [-0.1, 0.4, null] }])
})

test.each([
  [500, 125],
  [250, 125],
  [300, 100],
  [125, 125],
  [62.5, 62.5],
])('%i Hz is drawn at %i Hz', (rateHz, drawn) => {
  const lane = new WaveLane(125)
  for (let second = 0; second < 4; second++) lane.add('bed', block(second * 1000, ramp(rateHz), rateHz), second * 1000)
  const [wave, ...others] = lane.flush()
  expect(others).toEqual([])
  expect(wave!.rateHz).toBe(drawn)
  expect(wave!.samples.length).toBeCloseTo(4 * drawn, -1)
})

test('an R peak of one sample keeps its height, wherever it falls', () => {
  for (let at = 0; at < 8; at++) {
    const lane = new WaveLane(125)
    const samples = ramp(40).map(() => 0)
    samples[16 + at] = 1.2
    lane.add('bed', block(0, samples, 500), 0)
    expect(Math.max(...(lane.flush()[0]!.samples as number[]))).toBe(1.2)
  }
})

test('blocks that follow each other are one stretch, whatever the jitter; a gap is never drawn over', () => {
  const lane = new WaveLane(125)
  lane.add('bed', block(0, ramp(100), 100), 0)
  lane.add('bed', block(1005, ramp(100), 100), 1005)
  expect(lane.flush()).toMatchObject([{ start: 0, samples: { length: 200 } }])
  lane.add('bed', block(2000, ramp(100), 100), 2000)
  lane.add('bed', block(3016, ramp(100), 100), 3016)
  expect(lane.flush()).toMatchObject([
    { start: 2000, samples: { length: 100 } },
    { start: 3016, samples: { length: 100 } },
  ])
})

test('of an overlap the first is kept, and the rest is counted', () => {
  const lane = new WaveLane(125)
  lane.add('bed', block(0, ramp(100), 100), 0)
  lane.add('bed', block(500, ramp(100, 1000), 100), 500)
  expect(lane.flush()).toMatchObject([{ start: 0, samples: [...ramp(100), ...ramp(50, 1050)] }])
  expect(lane.dropped).toBe(50)
})

test('what waits is bounded, the oldest goes', () => {
  const lane = new WaveLane(125)
  for (let s = 0; s < 3600; s++) lane.add('bed', block(s * 1000, ramp(100), 100), s * 1000)
  const [wave] = lane.flush()
  expect(wave!.samples.length).toBe(2500)
  expect(wave!.start).toBe(3_600_000 - 25_000)
  expect(lane.dropped).toBe(360_000 - 2500)
})
