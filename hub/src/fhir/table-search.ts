import { and, asc, desc, ilike, or, type SQL, sql } from 'drizzle-orm'
import type { PgColumn } from 'drizzle-orm/pg-core'
import { type DateValue, readDate } from './dates.ts'
import { readPage, writePage } from './page.ts'
import type { Asked, SearchRequest } from './search-request.ts'

/** What one parameter means in SQL; `values` is never empty, and any of them may hold. */
export type Meaning = (asked: Asked) => SQL | undefined

/** All parameters of a request as one condition. */
export const conditionOf = (request: SearchRequest, meanings: Record<string, Meaning>): SQL | undefined =>
  and(...request.asked.map((asked) => meanings[asked.name]?.(asked)))

export const anyOf = (conditions: (SQL | undefined)[]): SQL => or(...conditions) ?? sql`false`
export const never = sql`false`

/** [STD FHIR R4 search, string]: the beginning in any case; `:contains` anywhere; `:exact` the same. */
export const stringMeaning =
  (...columns: (PgColumn | SQL)[]): Meaning =>
  ({ values, modifier }) =>
    anyOf(
      values.flatMap((value) => {
        if (modifier === 'exact') return columns.map((column) => sql`${column} = ${value}`)
        const pattern = `${modifier === 'contains' ? '%' : ''}${value.replace(/[\\%_]/g, '\\$&')}%`
        return columns.map((column) => ilike(column as PgColumn, pattern))
      }),
    )

/** A date parameter over a column that is a point in time. */
export const instantMeaning =
  (column: PgColumn, timeZone: string): Meaning =>
  ({ values, name }) =>
    anyOf(
      values.map((value) => {
        const { prefix, from, to } = readDate(value, name, timeZone)
        const [start, end] = [new Date(from), new Date(to)]
        const meaning: Record<DateValue['prefix'], SQL> = {
          eq: sql`${column} >= ${start} and ${column} < ${end}`,
          ne: sql`not (${column} >= ${start} and ${column} < ${end})`,
          gt: sql`${column} >= ${end}`,
          sa: sql`${column} >= ${end}`,
          ge: sql`${column} >= ${start}`,
          lt: sql`${column} < ${start}`,
          eb: sql`${column} < ${start}`,
          le: sql`${column} < ${end}`,
        }
        return sql`(${meaning[prefix]})`
      }),
    )

/**
 * A date parameter over a text column that holds YYYY, YYYY-MM or YYYY-MM-DD. Compared as text, both sides widened to the first and last
 * day they may mean: a date in the table that is none (a sender's February 31st) then still compares, where a cast would fail the search.
 */
export const partialDateMeaning =
  (column: PgColumn, timeZone: string): Meaning =>
  ({ values, name }) =>
    anyOf(
      values.map((value) => {
        const { prefix, text } = readDate(value, name, timeZone)
        const day = text.slice(0, 10)
        const [first, last] = [`${day}${'0000-01-01'.slice(day.length)}`, `${day}${'0000-12-31'.slice(day.length)}`]
        const low = sql`(${column} || substr('0000-01-01', length(${column}) + 1))`
        const high = sql`(${column} || substr('0000-12-31', length(${column}) + 1))`
        const within = sql`(${low} >= ${first} and ${high} <= ${last})`
        const meaning: Record<DateValue['prefix'], SQL> = {
          eq: within,
          ne: sql`not ${within}`,
          gt: sql`${high} > ${last}`,
          sa: sql`${low} > ${last}`,
          ge: sql`(${high} > ${last} or ${within})`,
          lt: sql`${low} < ${first}`,
          eb: sql`${high} < ${first}`,
          le: sql`(${low} < ${first} or ${within})`,
        }
        return meaning[prefix]
      }),
    )

/** `order by` for a request: what was asked, then the id, so that pages never overlap. */
export const orderOf = (request: SearchRequest, columns: Record<string, PgColumn | SQL>, id: PgColumn): SQL[] => [
  ...request.sort.flatMap(({ by, descending }) => {
    const column = columns[by]
    return column === undefined ? [] : [descending ? sql`${column} desc nulls last` : sql`${column} asc nulls last`]
  }),
  request.sort.length === 1 && request.sort[0]!.by === '_id' && request.sort[0]!.descending ? desc(id) : asc(id),
]

export const offsetOf = (request: SearchRequest): number => readPage(request.page, ['offset'])?.offset ?? 0

/** The `_page` after this one, when there is more. */
export function nextOf(request: SearchRequest, total: number): { next?: string } {
  const offset = offsetOf(request) + request.count
  return offset < total ? { next: writePage({ offset }) } : {}
}
