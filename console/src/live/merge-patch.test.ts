import { describe, expect, test } from 'vitest'
import { mergePatch } from './merge-patch.ts'

describe('RFC 7396, appendix A', () => {
  const cases: [unknown, unknown, unknown][] = [
    [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
    [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
    [{ a: 'b' }, { a: null }, {}],
    [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
    [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
    [{ a: 'c' }, { a: ['b'] }, { a: ['b'] }],
    [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
    [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
    [
      ['a', 'b'],
      ['c', 'd'],
      ['c', 'd'],
    ],
    [{ a: 'b' }, ['c'], ['c']],
    [{ a: 'foo' }, null, null],
    [{ a: 'foo' }, 'bar', 'bar'],
    [{ e: null }, { a: 1 }, { e: null, a: 1 }],
    [[1, 2], { a: 'b', c: null }, { a: 'b' }],
    [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
  ]
  test.each(cases)('%j with %j is %j', (target, patch, result) => {
    expect(mergePatch(target, patch)).toEqual(result)
  })
})

test('what a patch does not touch keeps its identity, and what it touches is not changed in place', () => {
  const before = { hr: { value: 70, at: 1 }, spo2: { value: 97, at: 1 } }
  const after = mergePatch(before, { hr: { value: 71 } }) as typeof before
  expect(after).toEqual({ hr: { value: 71, at: 1 }, spo2: { value: 97, at: 1 } })
  expect(after.spo2).toBe(before.spo2)
  expect(before.hr.value).toBe(70)
  expect(mergePatch(before, { hr: { value: 70 } })).toBe(before)
})

test('a value that is null in the hub is not there afterwards', () => {
  expect(mergePatch({ value: 70, unit: '/min' }, { value: null })).toEqual({ unit: '/min' })
})

test('a patch cannot reach the prototype', () => {
  mergePatch({}, JSON.parse('{"__proto__": {"polluted": true}}'))
  expect(({} as Record<string, unknown>).polluted).toBeUndefined()
})
