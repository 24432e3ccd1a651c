/** The hub's words, as it publishes them (`src/contract/hub.d.ts` is generated from its OpenAPI document). */
import type { components } from '../contract/hub.d.ts'

type Schemas = components['schemas']
export type LiveMetric = Schemas['LiveMetric']
export type WallAlarm = Schemas['WallAlarm']
export type BedItem = Schemas['BedItem']
export type FeedItem = Schemas['FeedItem']
export type Snapshot = Schemas['Snapshot']
export type Patch = Schemas['Patch']
export type Beat = Schemas['Beat']
export type Wave = Schemas['Wave']
export type ViewName = Snapshot['view']

/** What the items of each view are. */
export interface ViewItems {
  'critical-care': BedItem
  feeds: FeedItem
}
