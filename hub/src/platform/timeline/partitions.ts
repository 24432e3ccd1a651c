/**
 * The slices of time that `frame` and `wave` are cut into, so that what is past its retention is dropped by the file and not by the row.
 *
 * What falls outside the slices that are kept ready lies in the default partition, and is moved into its slice when that is made.
 * Slices end with what was measured in them; the default partition forgets by when a row was received, so that a recording of 2009 that
 * was replayed today stays its full time.
 */
import type pg from 'pg'
import { transaction } from '../database/database.ts'

const DAY = 86_400_000
const HOUR = 3_600_000

export interface Sliced {
  table: 'frame' | 'wave'
  instant: 'at' | 'start_at'
  sliceMs: number
  retentionMs: number
  /** How far ahead of and behind now slices stand ready. */
  aheadMs: number
  behindMs: number
}

export const framesSliced = (readingsDays: number): Sliced => ({
  table: 'frame',
  instant: 'at',
  sliceMs: DAY,
  retentionMs: readingsDays * DAY,
  aheadMs: 3 * DAY,
  behindMs: 3 * DAY,
})
/** Six hours at a time: the ring of 72 h is at most 78 h on disk. */
export const wavesSliced = (wavesHours: number): Sliced => ({
  table: 'wave',
  instant: 'start_at',
  sliceMs: 6 * HOUR,
  retentionMs: wavesHours * HOUR,
  aheadMs: 2 * DAY,
  behindMs: 12 * HOUR,
})

/** Of all hubs one cuts at a time. */
const CUTTING_LOCK = '8602823425443917414'

/** Make the slices from `behind` to `ahead` of `now` that are missing, and drop what is past its retention. */
export async function cutSlices(pool: pg.Pool, sliced: Sliced, now: number): Promise<{ made: number; dropped: number }> {
  return transaction(pool, async (client) => {
    await client.query('set local statement_timeout = 0')
    await client.query('select pg_advisory_xact_lock($1)', [CUTTING_LOCK])
    const there = await slicesOf(client, sliced)
    const cutoff = now - sliced.retentionMs
    let dropped = 0
    for (const start of there)
      if (start + sliced.sliceMs <= cutoff) {
        await client.query(`drop table ${nameOf(sliced, start)}`)
        dropped++
      }
    await client.query(`delete from ${sliced.table}_default where received_at < $1`, [cutoff])
    let made = 0
    const first = floor(Math.max(now - sliced.behindMs, cutoff), sliced.sliceMs)
    for (let start = first; start <= now + sliced.aheadMs; start += sliced.sliceMs)
      if (!there.has(start)) {
        await makeSlice(client, sliced, start)
        made++
      }
    return { made, dropped }
  })
}

/** Bounds and names are numbers made here: nothing in these statements came from outside. */
async function makeSlice(client: pg.PoolClient, sliced: Sliced, start: number): Promise<void> {
  const { table, instant } = sliced
  const name = nameOf(sliced, start)
  const end = start + sliced.sliceMs
  await client.query(`create table ${name} (like ${table} including all)`)
  await client.query(`with moved as (delete from ${table}_default where ${instant} >= ${start} and ${instant} < ${end} returning *)
    insert into ${name} select * from moved`)
  await client.query(`alter table ${table} attach partition ${name} for values from (${start}) to (${end})`)
}

async function slicesOf(client: pg.PoolClient, { table }: Sliced): Promise<Set<number>> {
  const result = await client.query<{ name: string }>(
    'select c.relname as name from pg_inherits i join pg_class c on c.oid = i.inhrelid where i.inhparent = $1::regclass',
    [table],
  )
  const starts = new Set<number>()
  for (const { name } of result.rows) {
    const [, year, month, day, hour] = /_(\d{4})(\d\d)(\d\d)_(\d\d)$/.exec(name) ?? []
    if (year) starts.add(Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour)))
  }
  return starts
}

/** frame_20261122_00: the hour, in UTC, that the slice begins with. */
function nameOf({ table }: Sliced, start: number): string {
  return `${table}_${new Date(start).toISOString().slice(0, 13).replaceAll('-', '').replace('T', '_')}`
}

const floor = (instant: number, sliceMs: number): number => instant - (instant % sliceMs)
