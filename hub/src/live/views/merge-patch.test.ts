import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { difference, merge } from './merge-patch.ts'

describe('RFC 7396, appendix A', () => {
  test.each([
    ['{"a":"b"}', '{"a":"c"}', '{"a":"c"}'],
    ['{"a":"b"}', '{"b":"c"}', '{"a":"b","b":"c"}'],
    ['{"a":"b"}', '{"a":null}', '{}'],
    ['{"a":"b","b":"c"}', '{"a":null}', '{"b":"c"}'],
    ['{"a":["b"]}', '{"a":"c"}', '{"a":"c"}'],
    ['{"a":"c"}', '{"a":["b"]}', '{"a":["b"]}'],
    ['{"a":{"b":"c"}}', '{"a":{"b":"d","c":null}}', '{"a":{"b":"d"}}'],
    ['{"a":[{"b":"c"}]}', '{"a":[1]}', '{"a":[1]}'],
    ['["a","b"]', '["c","d"]', '["c","d"]'],
    ['{"a":"b"}', '["c"]', '["c"]'],
    ['{"a":"foo"}', 'null', 'null'],
    ['{"a":"foo"}', '"bar"', '"bar"'],
    ['{"e":null}', '{"a":1}', '{"e":null,"a":1}'],
    ['[1,2]', '{"a":"b","c":null}', '{"a":"b"}'],
    ['{}', '{"a":{"bb":{"ccc":null}}}', '{"a":{"bb":{}}}'],
  ])('%s with %s is %s', (target, patch, result) => {
    expect(merge(JSON.parse(target), JSON.parse(patch))).toEqual(JSON.parse(result))
  })
})

/** Objects as items are: null only inside arrays. */
const anItem = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.integer({ min: 0, max: 3 }),
    fc.constantFrom('a', 'b', ''),
    fc.boolean(),
    tie('array'),
    tie('object'),
  ),
  array: fc.array(fc.oneof(fc.constant(null), tie('value')), { maxLength: 3 }),
  object: fc.dictionary(fc.constantFrom('hr', 'spo2', 'value', '__proto__', 'toString'), tie('value'), {
    maxKeys: 4,
    noNullPrototype: true,
  }),
})).object as fc.Arbitrary<object>
const json = (value: unknown): unknown => JSON.parse(JSON.stringify(value))

test('a difference, sent as JSON and merged, gives exactly the other; equal ones have none', () => {
  fc.assert(
    fc.property(anItem, anItem, (from, to) => {
      const before = JSON.stringify(from)
      const patch = difference(from, to)
      expect(patch === undefined ? from : merge(json(from), json(patch))).toEqual(to)
      expect(JSON.stringify(from)).toBe(before)
      expect(difference(to, json(to) as object)).toBeUndefined()
    }),
    { numRuns: 2000 },
  )
})

test('only what changed is in it', () => {
  const from = { id: 'a', metrics: { hr: { value: 72, at: 1 }, spo2: { value: 97, at: 1 } }, alarms: [] }
  const to = { id: 'a', metrics: { hr: { value: 73, at: 1 }, rr: { at: 2 } }, alarms: [] }
  expect(difference(from, to)).toEqual({ metrics: { hr: { value: 73 }, rr: { at: 2 }, spo2: null } })
})
