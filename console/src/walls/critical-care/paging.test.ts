import { expect, test } from 'vitest'
import { CHOSEN_MS, choose, layoutFor, PAGE_MS, pagesOf, turn } from './paging.ts'

const first = { page: 0, since: 0, chosen: false }

test('all beds fit, or the wall has pages of eight', () => {
  for (let beds = 1; beds <= 100; beds++) {
    const { columns, rows } = layoutFor(beds)
    expect(columns * rows).toBeGreaterThanOrEqual(Math.min(beds, 8))
    expect(columns * rows).toBeLessThanOrEqual(8)
    expect(pagesOf(beds, 0, columns * rows).count).toBe(Math.ceil(beds / (columns * rows)))
  }
  expect(pagesOf(0, 0, 8)).toEqual({ count: 1, urgent: 0 })
})

test('pages turn by themselves and come round', () => {
  const pages = pagesOf(24, 0, 8)
  expect(turn(first, pages, PAGE_MS - 1)).toBe(first)
  const second = turn(first, pages, PAGE_MS)
  expect(second).toEqual({ page: 1, since: PAGE_MS, chosen: false })
  expect(turn({ page: 2, since: 0, chosen: false }, pages, PAGE_MS).page).toBe(0)
})

test('one page stays', () => {
  expect(turn(first, pagesOf(8, 0, 8), 10 * PAGE_MS)).toBe(first)
})

test('a page with an urgent bed is held, and shown at once wherever the wall was', () => {
  const pages = pagesOf(40, 2, 8)
  expect(pages).toEqual({ count: 5, urgent: 1 })
  expect(turn(first, pages, 100 * PAGE_MS)).toBe(first)
  expect(turn({ page: 3, since: 0, chosen: false }, pages, 1)).toEqual({ page: 0, since: 1, chosen: false })
})

test('when urgent beds fill more than a page, only their pages are turned', () => {
  const pages = pagesOf(40, 10, 8)
  expect(pages.urgent).toBe(2)
  expect(turn(first, pages, PAGE_MS).page).toBe(1)
  expect(turn({ page: 1, since: 0, chosen: false }, pages, PAGE_MS).page).toBe(0)
})

test('an urgent bed that stands behind others is among the pages that are turned', () => {
  // Eight active medium alarms, then a high one that ended and nobody acknowledged.
  expect(turn(first, pagesOf(40, 9, 8), PAGE_MS).page).toBe(1)
})

test('a page chosen by hand stays a minute, then the wall goes on by itself', () => {
  const pages = pagesOf(24, 1, 8)
  const chosen = choose(first, pages, -1, 0)
  expect(chosen).toEqual({ page: 2, since: 0, chosen: true })
  expect(turn(chosen, pages, CHOSEN_MS - 1)).toBe(chosen)
  expect(turn(chosen, pages, CHOSEN_MS)).toEqual({ page: 0, since: CHOSEN_MS, chosen: false })
  expect(turn(choose(first, pagesOf(24, 0, 8), 1, 0), pagesOf(24, 0, 8), CHOSEN_MS).page).toBe(1)
})

test('a page that is no more gives way to the first', () => {
  expect(turn({ page: 4, since: 0, chosen: true }, pagesOf(8, 0, 8), 5)).toEqual({ page: 0, since: 5, chosen: false })
})
