import type { TSchema } from 'typebox'
import * as contract from '../../live/views/contract.ts'
import { Problem } from './problems.ts'

type Json = null | boolean | number | string | Json[] | { [key: string]: Json }

/** What the document names under components.schemas: the socket contract's messages, and Problem. */
const published: Record<string, TSchema> = {
  LiveMetric: contract.LiveMetric,
  WallAlarm: contract.WallAlarm,
  BedItem: contract.BedItem,
  FeedItem: contract.FeedItem,
  Snapshot: contract.Snapshot,
  Patch: contract.Patch,
  Beat: contract.Beat,
  Wave: contract.Wave,
  Open: contract.Open,
  Problem,
}

/**
 * The OpenAPI document as it is published: schemas in the words of JSON Schema 2020-12 (which OpenAPI 3.1 speaks), the socket contract
 * under components.schemas, and a reference wherever one of those occurs.
 */
export function publish(document: object): object {
  const modern = modernised(plain(document)) as Record<string, Json> & { components?: Record<string, Json> }
  const schemas = Object.fromEntries(Object.entries(published).map(([name, schema]) => [name, modernised(plain(schema))]))
  const nameOf = new Map(Object.entries(schemas).map(([name, schema]) => [JSON.stringify(schema), name]))
  const referring = (value: Json, top: boolean): Json => {
    if (value === null || typeof value !== 'object') return value
    if (Array.isArray(value)) return value.map((item) => referring(item, false))
    const name = top ? undefined : nameOf.get(JSON.stringify(value))
    if (name !== undefined) return { $ref: `#/components/schemas/${name}` }
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, referring(item, false)]))
  }
  const components = Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [name, referring(schema, true)]))
  return { ...(referring(modern, true) as object), components: { ...modern.components, schemas: components } }
}

const plain = (value: unknown): Json => JSON.parse(JSON.stringify(value))

/** Tuples as prefixItems, records as additionalProperties: typebox still writes both in older words, which code generators misread. */
function modernised(value: Json): Json {
  if (value === null || typeof value !== 'object') return value
  if (Array.isArray(value)) return value.map(modernised)
  const { items, additionalItems, patternProperties, ...rest } = value
  const made: Record<string, Json> = Object.fromEntries(Object.entries(rest).map(([key, item]) => [key, modernised(item)]))
  if (Array.isArray(items)) {
    made.prefixItems = items.map(modernised)
    made.items = additionalItems === undefined ? true : additionalItems
    made.maxItems = items.length
  } else if (items !== undefined) made.items = modernised(items)
  if (patternProperties !== undefined) {
    const only = Object.entries(patternProperties as Record<string, Json>)
    if (only.length === 1 && only[0]![0] === '^.*$') made.additionalProperties = modernised(only[0]![1])
    else made.patternProperties = modernised(patternProperties)
  }
  return made
}
