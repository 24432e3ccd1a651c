/**
 * How many tiles fit. A tile is half the wall wide and a quarter high: that is the smallest that holds six measurements with their
 * units, limits and trends and two waveforms in legal text (28 px, key values 64 px at 1080p, UI.md). Up to eight beds share the
 * wall, and the fewer they are the larger they are drawn; more get pages.
 */
export interface Layout {
  columns: number
  rows: number
  /** How many times larger than the smallest everything in a tile is drawn. */
  scale: number
  /** Tall tiles have their waveforms above their numbers, wide ones beside. */
  tall: boolean
}

export function layoutFor(beds: number): Layout {
  if (beds <= 2) return { columns: 1, rows: Math.max(1, beds), scale: 2, tall: beds <= 1 }
  return { columns: 2, rows: Math.min(4, Math.ceil(beds / 2)), scale: 1, tall: beds <= 4 }
}

/** How long each page stays [DEF], ms. */
export const PAGE_MS = 12_000
/** How long a page that somebody chose by hand stays [DEF], ms. */
export const CHOSEN_MS = 60_000

export interface Paging {
  page: number
  /** When this page came up, ms. */
  since: number
  /** Chosen by hand, which outlasts both the turning and the hold. */
  chosen: boolean
}

export interface Pages {
  count: number
  /** Pages up to the last one that holds an urgent bed. */
  urgent: number
}

/** `urgentBeds`: how many beds stand before and at the last urgent one; not all of them need be urgent (a latched alarm ranks after an active one). */
export function pagesOf(beds: number, urgentBeds: number, size: number): Pages {
  return { count: Math.max(1, Math.ceil(beds / size)), urgent: Math.ceil(urgentBeds / size) }
}

/**
 * The page to show at `now`. Pages turn by themselves; while a bed is urgent only the pages with urgent beds are shown, and with
 * one such page it is held. Returns `before` itself when nothing changes.
 */
export function turn(before: Paging, pages: Pages, now: number): Paging {
  if (before.page >= pages.count) return { page: 0, since: now, chosen: false }
  if (before.chosen)
    return now - before.since < CHOSEN_MS ? before : { page: pages.urgent > 0 ? 0 : before.page, since: now, chosen: false }
  const shown = pages.urgent > 0 ? pages.urgent : pages.count
  if (before.page >= shown) return { page: 0, since: now, chosen: false }
  if (shown === 1 || now - before.since < PAGE_MS) return before
  return { page: (before.page + 1) % shown, since: now, chosen: false }
}

/** Somebody turns the page by hand. */
export function choose(before: Paging, pages: Pages, by: number, now: number): Paging {
  return { page: (before.page + by + pages.count) % pages.count, since: now, chosen: true }
}
