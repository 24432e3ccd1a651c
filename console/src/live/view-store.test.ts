import { expect, test, vi } from 'vitest'
import type { Patch, Snapshot } from './contract.ts'
import { ViewStore } from './view-store.ts'

interface Bed {
  hr: number
  label?: string
}
const snapshot = (seq: number, items: Record<string, Bed>): Snapshot => ({
  view: 'critical-care',
  seq,
  at: 0,
  site: { name: 'Test', timeZone: 'UTC' },
  items,
})
const patch = (seq: number, set: Record<string, unknown>, gone: string[] = []): Patch => ({
  view: 'critical-care',
  seq,
  at: 0,
  set,
  gone,
})

function aView(seq = 10) {
  const view = new ViewStore<Bed>()
  view.snapshot(snapshot(seq, { a: { hr: 70, label: 'A' }, b: { hr: 80 } }))
  return view
}

test('patches in order change their items, add new ones and take away those that are gone', () => {
  const view = aView()
  expect(view.patch(patch(11, { a: { hr: 71 }, c: { hr: 60 } }))).toBe('applied')
  expect(view.patch(patch(12, {}, ['b']))).toBe('applied')
  expect(Object.fromEntries(view.items)).toEqual({ a: { hr: 71, label: 'A' }, c: { hr: 60 } })
  expect(view.seq).toBe(12)
})

test('a missing number is a gap: nothing is applied until a snapshot, and what was shown stays', () => {
  const view = aView()
  expect(view.patch(patch(12, { a: { hr: 99 } }))).toBe('gap')
  expect(view.synced).toBe(false)
  expect(view.patch(patch(13, { a: { hr: 98 } }))).toBe('ignored')
  expect(view.item('a')?.hr).toBe(70)
  view.snapshot(snapshot(13, { a: { hr: 98 } }))
  expect(view.synced).toBe(true)
  expect(view.item('b')).toBeUndefined()
  expect(view.patch(patch(14, { a: { hr: 97 } }))).toBe('applied')
  expect(view.item('a')).toEqual({ hr: 97 })
})

test('a patch that the snapshot already contains is passed over', () => {
  const view = aView()
  expect(view.patch(patch(10, { a: { hr: 1 } }))).toBe('ignored')
  expect(view.item('a')?.hr).toBe(70)
  expect(view.patch(patch(11, { a: { hr: 72 } }))).toBe('applied')
})

test('a hub that was started again counts from the beginning: its snapshot is taken whatever its number', () => {
  const view = aView(5000)
  view.lost()
  expect(view.patch(patch(1, { a: { hr: 1 } }))).toBe('ignored')
  view.snapshot(snapshot(0, { a: { hr: 65 } }))
  expect(view.patch(patch(1, { a: { hr: 66 } }))).toBe('applied')
  expect(view.item('a')?.hr).toBe(66)
})

test('a patch to one bed wakes that bed and no other; a patch that changes nothing wakes nobody', () => {
  const view = aView()
  const [a, b, any] = [vi.fn(), vi.fn(), vi.fn()]
  view.onItem('a', a)
  view.onItem('b', b)
  view.onAny(any)
  view.patch(patch(11, { a: { hr: 71 } }))
  expect([a, b, any].map((wake) => wake.mock.calls.length)).toEqual([1, 0, 1])
  view.patch(patch(12, { a: { hr: 71 } }))
  expect([a, b, any].map((wake) => wake.mock.calls.length)).toEqual([1, 0, 1])
  view.patch(patch(13, {}, ['b']))
  expect([a, b, any].map((wake) => wake.mock.calls.length)).toEqual([1, 1, 2])
})

test('listeners that left are forgotten', () => {
  const view = aView()
  for (let i = 0; i < 1000; i++) view.onItem(`bed ${i}`, () => {})()
  view.onAny(() => {})()
  expect(view.listeners).toBe(0)
})
