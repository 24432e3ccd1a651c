import { expect, test } from 'vitest'
import { ageText, elapsedText } from './age-text.ts'

const S = 1000
const MIN = 60 * S
const H = 60 * MIN

test('ages are said in the unit that fits', () => {
  expect([-5, 0, 999, 4 * S, 99 * S, 100 * S, 12 * MIN, 99 * MIN, 100 * MIN, 30 * H, 72 * H].map(ageText)).toEqual([
    '0 s',
    '0 s',
    '0 s',
    '4 s',
    '99 s',
    '1 min',
    '12 min',
    '99 min',
    '1 h',
    '30 h',
    '3 d',
  ])
})

test('an alarm counts up', () => {
  expect([0, 42 * S, 12 * MIN + 5 * S, H + 2 * MIN + 9 * S].map(elapsedText)).toEqual(['0:00', '0:42', '12:05', '1:02:09'])
})
