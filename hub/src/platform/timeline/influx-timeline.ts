/**
 * The history in InfluxDB 1.x, or 2 and 3 through their 1.x-compatible `/write` and `/query` (ADR 0004). Layouts are numbered in
 * PostgreSQL, which is always there; the commit of the stream's number runs there, in a transaction, after InfluxDB has said that it stored.
 *
 * Limits. The patient is a field and not a tag (else a frame charted anew would be there twice), so a query by patient without a device walks
 * through all frames of its time. Two hubs never write one device's frames at once (the gateway's lease); their clocks decide which of two
 * writes is later. In versions 2 and 3 retention is set where the database is made, not from here.
 */
import type { Logger } from 'pino'
import { type Database, transaction } from '../database/database.ts'
import { frameLine, frameOfRow, nameOfTag, tagOf, waveLine, waveOfRow } from './influx-lines.ts'
import { type InfluxServer, influxServer } from './influx-server.ts'
import { internedIn } from './interned.ts'
import {
  type Layout,
  mergeFrames,
  newestOfEach,
  packFrame,
  soundQualities,
  storableFrame,
  storableWave,
  type UnpackedFrame,
} from './packed-frame.ts'
import type { Reading, ReadingQuery, Step, Timeline } from './timeline.ts'
import { LONGEST_BLOCK_MS } from './wave-samples.ts'

interface Options {
  influx: { url: string; database: string; token?: string }
  retention: { readingsDays: number; wavesHours: number }
  database: Database
  log: Logger
}

/** Instants that fit in 64 bits of nanoseconds, which is how InfluxDB counts: until 2262. */
const LATEST_MS = 9_223_372_036_854
/** Frames asked for at a time, at most. */
const PAGE = 2000

export async function openInfluxTimeline({ influx, retention, database, log }: Options): Promise<Timeline> {
  const server = influxServer(influx)
  const forWrites = internedIn(database.ingest)
  const forReads = internedIn(database.pool)
  let isPrepared = false

  /** Where it may not be done (versions 2 and 3), the database is there already, or the first write says what is wrong. */
  const prepare = async (): Promise<void> => {
    if (isPrepared) return
    await server.manage(`CREATE DATABASE "${influx.database}"`).catch((error: Error) => {
      if (!(error instanceof TypeError)) log.info({ reason: error.message }, 'the history database is made elsewhere')
      else throw error
    })
    isPrepared = true
  }

  // Of two writes the later one has the larger number, also after a restart.
  let lastWritten = 0
  const nextWritten = (): number => {
    lastWritten = Math.max(lastWritten + 1, Date.now() * 1000)
    return lastWritten
  }

  const frames = (series: Awaited<ReturnType<InfluxServer['query']>>) => framesOf(series, (ids) => forReads.layoutOf(ids))

  return {
    async write(given, commit) {
      if (given.length) {
        await prepare()
        const packed = given.map((frame) => ({ frame: storableFrame(frame), packed: packFrame(frame) }))
        for (const { frame } of packed)
          if (frame.at > LATEST_MS) log.warn({ device: frame.device, at: frame.at }, 'frame beyond the year 2262: not kept')
        const layouts = await forWrites
          .layouts(new Map<string, Layout>(packed.map((each) => [each.packed.layoutKey, each.packed])))
          .catch(forgetting)
        await server.write(
          packed
            .filter(({ frame }) => frame.at <= LATEST_MS)
            .map((each) => frameLine(each.frame, each.packed, layouts.get(each.packed.layoutKey)!, nextWritten())),
        )
      }
      await transaction(database.ingest, commit).catch(forgetting)
    },
    async writeWaves(waves, commit) {
      if (waves.length) {
        await prepare()
        await server.write(waves.filter((wave) => wave.start <= LATEST_MS).map((wave) => waveLine(storableWave(wave))))
      }
      await transaction(database.ingest, commit)
    },
    async readings(query) {
      const conditions = await conditionsOf(query)
      if (!conditions) return []
      const needed = (query.offset ?? 0) + query.limit
      const found: Reading[] = []
      let beyond: number | undefined
      while (found.length < needed) {
        const beyondThat = beyond === undefined ? [] : [`time ${query.order === 'newest' ? '<' : '>'} ${beyond}ms`]
        const edge = await edgeOfPage([...conditions, ...beyondThat], query.order, Math.min(PAGE, needed - found.length))
        if (edge === undefined) break
        const within = `time ${query.order === 'newest' ? '>=' : '<='} ${edge}ms`
        const page = await server.query(
          `SELECT * FROM frame ${whereOf([...conditions, ...beyondThat, within])} GROUP BY device, layout`,
        )
        found.push(...mergeFrames(await frames(page), { order: query.order, codes: query.codes }))
        beyond = edge
      }
      return found.slice(query.offset ?? 0, needed)
    },
    async count(query) {
      const conditions = await conditionsOf(query)
      if (!conditions) return 0
      return countOf(await server.query(`SELECT written FROM frame ${whereOf(conditions)} GROUP BY device, layout`), query.codes)
    },
    async latest(since) {
      // LIMIT counts within each group: the newest frame of each device and layout.
      const newest = await server.query(
        `SELECT * FROM frame WHERE time >= ${since}ms AND time <= ${LATEST_MS}ms GROUP BY device, layout ORDER BY time DESC LIMIT 1`,
      )
      return newestOfEach(mergeFrames(await frames(newest), { order: 'newest' }))
    },
    async steps({ device, path, from, to, stepMs }) {
      const { rows } = await database.pool.query<{ id: number }>('select id from frame_layout where paths @> array[$1]', [path])
      if (!rows.length) return []
      const where = whereOf([
        `device = ${literal(tagOf(device))}`,
        anyLayout(rows.map((row) => row.id)),
        `time >= ${from}ms`,
        `time < ${to}ms`,
      ])
      const page = await server.query(`SELECT * FROM frame ${where} GROUP BY device, layout`)
      return stepsOf(
        mergeFrames(await frames(page), { order: 'oldest' }).filter((reading) => reading.path === path),
        stepMs,
      )
    },
    async waves({ device, code, from, to }) {
      const where = whereOf([
        `device = ${literal(tagOf(device))}`,
        `time >= ${from - LONGEST_BLOCK_MS}ms`,
        `time < ${to}ms`,
        `"end" > ${from}`,
        ...(code === undefined ? [] : [`code = ${code}`]),
      ])
      const series = await server.query(`SELECT * FROM wave ${where} GROUP BY device, path`)
      return series
        .flatMap(({ tags, columns, rows }) => rows.map((row) => waveOfRow(device, nameOfTag(tags.path!), columns, row)))
        .sort((a, b) => a.start - b.start || (a.path < b.path ? -1 : 1))
    },
    async maintain(now) {
      await prepare()
      // By what was measured, as InfluxDB deletes; a replayed recording is kept, like in PostgreSQL, by when it came.
      await server.manage(
        `DELETE FROM wave WHERE time < ${now - retention.wavesHours * 3_600_000}ms AND time > ${now - 30 * 86_400_000}ms`,
      )
      await server.manage(
        `DELETE FROM frame WHERE time < ${now - retention.readingsDays * 86_400_000}ms AND time > ${now - (retention.readingsDays + 30) * 86_400_000}ms`,
      )
    },
    healthy: async () => (await Promise.all([server.healthy(), database.healthy()])).every(Boolean),
    close: async () => {},
  }

  function forgetting(error: unknown): never {
    forWrites.forget()
    throw error
  }

  /** The instant of the last frame of the next page, so that a page holds whole instants; undefined: no frames are left. */
  async function edgeOfPage(conditions: string[], order: ReadingQuery['order'], frameCount: number): Promise<number | undefined> {
    const [series] = await server.query(
      `SELECT written FROM frame ${whereOf(conditions)} ORDER BY time ${order === 'newest' ? 'DESC' : 'ASC'} LIMIT ${frameCount}`,
    )
    return series?.rows.at(-1)?.[0] as number | undefined
  }

  async function conditionsOf({
    device,
    patient,
    codes,
    from,
    to,
  }: Omit<ReadingQuery, 'order' | 'limit' | 'offset'>): Promise<string[] | null> {
    const conditions = [`time >= ${from ?? 0}ms`, `time < ${Math.min(to ?? LATEST_MS, LATEST_MS)}ms`]
    if (device !== undefined) conditions.push(`device = ${literal(tagOf(device))}`)
    if (patient !== undefined) conditions.push(`patient = ${literal(tagOf(patient))}`)
    if (codes !== undefined) {
      const { rows } = await database.pool.query<{ id: number }>('select id from frame_layout where codes && $1::bigint[]', [
        codes,
      ])
      if (!rows.length) return null
      conditions.push(anyLayout(rows.map((row) => row.id)))
    }
    return conditions
  }

  async function countOf(
    series: Awaited<ReturnType<InfluxServer['query']>>,
    codes: readonly number[] | undefined,
  ): Promise<number> {
    const layouts = await forReads.layoutOf(series.map(({ tags }) => Number(tags.layout)))
    const wanted = codes && new Set(codes)
    const spoke = new Map<string, Set<string>>()
    let count = 0
    const byDevice = Map.groupBy(series, ({ tags }) => tags.device!)
    for (const [device, its] of byDevice)
      for (const { tags, rows } of its) {
        const layout = layouts.get(Number(tags.layout))!
        const metrics = layout.paths
          .map((path, i) => `${path} ${layout.codes[i]}`)
          .filter((_, i) => !wanted || wanted.has(layout.codes[i]!))
        // A device that always says the same list cannot say one thing twice at one instant.
        if (its.length === 1) count += metrics.length * rows.length
        else
          for (const [at] of rows) {
            const key = `${device}\n${at}`
            const there = spoke.get(key) ?? new Set()
            for (const metric of metrics) there.add(metric)
            spoke.set(key, there)
          }
      }
    for (const there of spoke.values()) count += there.size
    return count
  }
}

async function framesOf(
  series: Awaited<ReturnType<InfluxServer['query']>>,
  layoutOf: (ids: Iterable<number>) => Promise<Map<number, Layout>>,
): Promise<UnpackedFrame[]> {
  const layouts = await layoutOf(series.map(({ tags }) => Number(tags.layout)))
  return series.flatMap(({ tags, columns, rows }) => {
    const layout = layouts.get(Number(tags.layout))
    // Frames whose layout PostgreSQL does not know (it was restored from before) cannot be named: they are not shown under a wrong name.
    if (!layout) return []
    return rows.map((row) => frameOfRow(nameOfTag(tags.device!), layout, columns, row))
  })
}

function stepsOf(readings: readonly Reading[], stepMs: number): Step[] {
  const steps = new Map<number, Step>()
  for (const { at: measuredAt, value, quality } of readings) {
    if (value === undefined || (quality !== undefined && !soundQualities.includes(quality))) continue
    const at = measuredAt - (measuredAt % stepMs)
    const step = steps.get(at)
    if (!step) steps.set(at, { at, min: value, max: value, mean: value, count: 1 })
    else {
      step.min = Math.min(step.min, value)
      step.max = Math.max(step.max, value)
      step.mean += (value - step.mean) / (step.count + 1)
      step.count++
    }
  }
  return [...steps.values()].sort((a, b) => a.at - b.at)
}

/** [STD InfluxQL] a text in single quotes; quote and backslash are escaped by a backslash. */
const literal = (text: string): string => `'${text.replaceAll(/['\\]/g, (sign) => `\\${sign}`)}'`
const anyLayout = (ids: readonly number[]): string => `(${ids.map((id) => `layout = '${id}'`).join(' OR ')})`
const whereOf = (conditions: readonly string[]): string => `WHERE ${conditions.join(' AND ')}`
