/**
 * Names by number: a frame in PostgreSQL holds four bytes where a device, a gateway, a patient or a layout would take a hundred.
 *
 * The tables only grow, and a number never changes its meaning, so numbers are kept in memory and a batch of known names costs nothing.
 * A name is stored by itself, before the transaction that uses it: when that fails, an unused number remains, and no harm.
 */
import type pg from 'pg'
import { type Layout, layoutDigest } from './packed-frame.ts'

/** Beyond this many the cache is emptied: memory stays bounded when a sender makes up names. */
const CACHE_LIMIT = 50_000

export interface Interned {
  names(names: Iterable<string>): Promise<Map<string, number>>
  subjects(subjects: Iterable<Subject>): Promise<Map<string, number>>
  layouts(layouts: ReadonlyMap<string, Layout>): Promise<Map<string, number>>
  /** For reading back. Numbers nobody knows are left out. */
  nameOf(ids: Iterable<number>): Promise<Map<number, string>>
  subjectOf(ids: Iterable<number>): Promise<Map<number, Subject>>
  layoutOf(ids: Iterable<number>): Promise<Map<number, Layout>>
  /** The numbers as the database has them may have changed: it was restored, or the last write failed. */
  forget(): void
}

export interface Subject {
  patient: string
  encounter: string
}
export const subjectKey = ({ patient, encounter }: Subject): string => `${patient}\n${encounter}`

interface Row<Item> {
  id: number
  item: Item
}
interface TableOf<Item> {
  key(item: Item): string
  /** Stores those of `items` that are not there; gives the rows of all of them. */
  store(items: Item[]): Promise<Row<Item>[]>
  fetch(ids: number[]): Promise<Row<Item>[]>
}

export function internedIn(pool: pg.Pool): Interned {
  const rows = async <Item>(
    text: string,
    values: unknown[],
    itemOf: (row: Record<string, unknown>) => Item,
  ): Promise<Row<Item>[]> => {
    const result = await pool.query<Record<string, unknown> & { id: number }>(text, values)
    return result.rows.map((row) => ({ id: row.id, item: itemOf(row) }))
  }
  const nameItem = (row: Record<string, unknown>) => row.name as string
  const subjectItem = (row: Record<string, unknown>): Subject => ({
    patient: row.patient as string,
    encounter: row.encounter as string,
  })
  const layoutItem = (row: Record<string, unknown>): Layout => ({
    paths: row.paths as string[],
    codes: (row.codes as string[]).map(Number),
  })

  const names = cached<string>({
    key: (name) => name,
    async store(items) {
      await pool.query('insert into timeline_name (name) select unnest($1::text[]) on conflict do nothing', [items])
      return rows('select id, name from timeline_name where name = any($1::text[])', [items], nameItem)
    },
    fetch: (ids) => rows('select id, name from timeline_name where id = any($1::int[])', [ids], nameItem),
  })
  const subjects = cached<Subject>({
    key: subjectKey,
    async store(items) {
      const both = [items.map((each) => each.patient), items.map((each) => each.encounter)]
      await pool.query(
        'insert into timeline_subject (patient, encounter) select * from unnest($1::text[], $2::text[]) on conflict do nothing',
        both,
      )
      return rows(
        'select id, patient, encounter from timeline_subject where (patient, encounter) in (select * from unnest($1::text[], $2::text[]))',
        both,
        subjectItem,
      )
    },
    fetch: (ids) => rows('select id, patient, encounter from timeline_subject where id = any($1::int[])', [ids], subjectItem),
  })
  const layouts = cached<Layout>({
    key: (layout) => layout.paths.map((path, i) => `${path} ${layout.codes[i]}\n`).join(''),
    async store(items) {
      for (const layout of items)
        await pool.query(
          'insert into frame_layout (key, paths, codes) values ($1, $2::text[], $3::bigint[]) on conflict do nothing',
          [layoutDigest(this.key(layout)), layout.paths, layout.codes],
        )
      const digests = items.map((layout) => layoutDigest(this.key(layout)))
      return rows('select id, paths, codes from frame_layout where key = any($1::text[])', [digests], layoutItem)
    },
    fetch: (ids) => rows('select id, paths, codes from frame_layout where id = any($1::int[])', [ids], layoutItem),
  })
  return {
    names: (wanted) => names.idsOf(new Map(Array.from(wanted, (name) => [name, name]))),
    subjects: (wanted) => subjects.idsOf(new Map(Array.from(wanted, (subject) => [subjectKey(subject), subject]))),
    layouts: (wanted) => layouts.idsOf(wanted),
    nameOf: (ids) => names.itemsOf(ids),
    subjectOf: (ids) => subjects.itemsOf(ids),
    layoutOf: (ids) => layouts.itemsOf(ids),
    forget() {
      for (const table of [names, subjects, layouts]) table.forget()
    },
  }
}

function cached<Item>(table: TableOf<Item>) {
  const ids = new Map<string, number>()
  const items = new Map<number, Item>()
  const keep = ({ id, item }: Row<Item>): void => {
    if (ids.size >= CACHE_LIMIT) {
      ids.clear()
      items.clear()
    }
    ids.set(table.key(item), id)
    items.set(id, item)
  }
  return {
    async idsOf(wanted: ReadonlyMap<string, Item>): Promise<Map<string, number>> {
      const found = new Map<string, number>()
      const missing: Item[] = []
      for (const [key, item] of wanted) {
        const id = ids.get(key)
        if (id === undefined) missing.push(item)
        else found.set(key, id)
      }
      if (missing.length)
        for (const row of await table.store(missing)) {
          keep(row)
          found.set(table.key(row.item), row.id)
        }
      return found
    },
    async itemsOf(wanted: Iterable<number>): Promise<Map<number, Item>> {
      const found = new Map<number, Item>()
      const missing: number[] = []
      for (const id of new Set(wanted)) {
        const item = items.get(id)
        if (item === undefined) missing.push(id)
        else found.set(id, item)
      }
      if (missing.length)
        for (const row of await table.fetch(missing)) {
          keep(row)
          found.set(row.id, row.item)
        }
      return found
    },
    forget(): void {
      ids.clear()
      items.clear()
    },
  }
}
