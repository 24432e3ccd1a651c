import type { LiveState } from '../state/live-state.ts'
import type { Snapshot, ViewName } from '../views/contract.ts'
import { bedItemIds, buildBed } from '../views/critical-care.ts'
import { buildFeed, feedItemIds } from '../views/feeds.ts'

const sources = {
  'critical-care': { ids: bedItemIds, build: buildBed },
  feeds: { ids: feedItemIds, build: buildFeed },
} as const

/** A view as it is now, for a request: built once, followed by no patches (`seq` is 0). `unit`: only items of this point of care. */
export function snapshotOf(live: LiveState, view: ViewName, unit?: string): Snapshot {
  const { ids, build } = sources[view]
  const at = live.clock.now()
  const items: Record<string, object> = {}
  for (const id of ids(live)) {
    const item = build(live, id, at)
    if (item && (unit === undefined || !('unit' in item) || item.unit === unit)) items[id] = item
  }
  const { name, timeZone } = live.settings.site
  return { view, seq: 0, at, site: { name, timeZone }, items }
}
