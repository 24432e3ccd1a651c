/**
 * The history in PostgreSQL (ADR 0004): one row for each frame, cut into days. Writing is one statement for a whole batch, in the same
 * transaction as the commit of the stream's number. Reading puts frames that speak of the same instant back together.
 */
import type { Logger } from 'pino'
import { type Database, transaction } from '../database/database.ts'
import { float8Array, int4Array, int8Array } from './binary-arrays.ts'
import { type Interned, internedIn, type Subject, subjectKey } from './interned.ts'
import {
  type Details,
  type Layout,
  mergeFrames,
  newestOfEach,
  type PackedFrame,
  packFrame,
  soundQualities,
  storableFrame,
  storableWave,
  type UnpackedFrame,
} from './packed-frame.ts'
import { cutSlices, framesSliced, wavesSliced } from './partitions.ts'
import type { CommitWork, Reading, ReadingQuery, Step, StoredFrame, StoredWave, Timeline } from './timeline.ts'
import { LONGEST_BLOCK_MS, packSamples, unpackSamples, waveEnd } from './wave-samples.ts'

interface Options {
  retention: { readingsDays: number; wavesHours: number }
  database: Database
  log: Logger
}

export async function openPostgresTimeline({ retention, database, log }: Options): Promise<Timeline> {
  const { pool, ingest } = database
  // Names are looked up by the lane that needs them: those of writes never wait behind a desk's queries.
  const forWrites = internedIn(ingest)
  const forReads = internedIn(pool)
  const sliced = [framesSliced(retention.readingsDays), wavesSliced(retention.wavesHours)]

  const inOneTransaction = async (insert: { text: string; values: unknown[] } | null, commit: CommitWork): Promise<void> => {
    try {
      await transaction(ingest, async (client) => {
        if (insert) await client.query(insert)
        await commit(client)
      })
    } catch (error) {
      forWrites.forget()
      throw error
    }
  }

  return {
    async write(frames, commit) {
      await inOneTransaction(frames.length ? await frameInsert(frames, forWrites) : null, commit)
    },
    async writeWaves(waves, commit) {
      await inOneTransaction(waves.length ? await waveInsert(waves, forWrites) : null, commit)
    },
    readings: (query) => readReadings(database, forReads, query),
    count: (query) => countReadings(database, forReads, query),
    async latest(since) {
      const { rows } = await pool.query<FrameRow>(
        `select ${FRAME_COLUMNS} from (select device, layout, max(at) as at from frame where at >= $1 group by device, layout) newest
         join frame f using (device, layout, at)`,
        [since],
      )
      return newestOfEach(mergeFrames(await unpack(rows, forReads), { order: 'newest' }))
    },
    async steps({ device, path, from, to, stepMs }) {
      const { rows } = await pool.query<Record<keyof Step, string | number>>({
        text: `
          with place as (
            select l.id as layout, p.i from frame_layout l cross join unnest(l.paths) with ordinality as p(path, i) where p.path = $2
          ), said as (
            select distinct on (f.at) f.at, f."values"[place.i] as value, f.details -> (place.i - 1)::text ->> 'quality' as quality
            from frame f join place using (layout)
            where f.device = (select id from timeline_name where name = $1) and f.at >= $3 and f.at < $4
            order by f.at, f.written desc
          )
          select at - at % $5::bigint as at, min(value) as min, max(value) as max, avg(value) as mean, count(*) as count
          from said where value <> 'NaN' and (quality is null or quality = any($6)) group by 1 order by 1`,
        values: [device, path, from, to, stepMs, soundQualities],
      })
      return rows.map((row) => ({
        at: Number(row.at),
        min: Number(row.min),
        max: Number(row.max),
        mean: Number(row.mean),
        count: Number(row.count),
      }))
    },
    waves: (query) => readWaves(database, forReads, query),
    async maintain(now) {
      for (const each of sliced) {
        const { made, dropped } = await cutSlices(pool, each, now)
        if (made || dropped) log.info({ table: each.table, made, dropped }, 'history made room')
      }
    },
    healthy: () => database.healthy(),
    // The database belongs to whoever opened it.
    close: async () => {},
  }
}

/** One statement for any number of frames. The last of two frames with the same device, instant and layout is kept. */
async function frameInsert(frames: readonly StoredFrame[], interned: Interned): Promise<{ text: string; values: unknown[] }> {
  const byKey = new Map<string, { frame: StoredFrame; packed: PackedFrame }>()
  const names = new Set<string>()
  const subjects = new Map<string, Subject>()
  const layouts = new Map<string, Layout>()
  for (const given of frames) {
    const frame = storableFrame(given)
    const packed = packFrame(frame)
    const key = `${frame.device}\n${frame.at}\n${packed.layoutKey}`
    // Deleted first, so that the later one also stands later: `written` follows the order of the array.
    byKey.delete(key)
    byKey.set(key, { frame, packed })
    names.add(frame.device).add(frame.gateway)
    if (frame.patient !== undefined) {
      const subject = subjectOf(frame)
      subjects.set(subjectKey(subject), subject)
    }
    if (!layouts.has(packed.layoutKey)) layouts.set(packed.layoutKey, packed)
  }
  const [nameIds, subjectIds, layoutIds] = [
    await interned.names(names),
    await interned.subjects(subjects.values()),
    await interned.layouts(layouts),
  ]
  const at: number[] = []
  const receivedAt: number[] = []
  const position: number[] = []
  const device: number[] = []
  const layout: number[] = []
  const subject: number[] = []
  const gateway: number[] = []
  const late: boolean[] = []
  const messageId: string[] = []
  const details: (string | null)[] = []
  const values: number[] = []
  const lastValue: number[] = []
  for (const { frame, packed } of byKey.values()) {
    at.push(frame.at)
    receivedAt.push(frame.receivedAt)
    position.push(frame.position)
    device.push(nameIds.get(frame.device)!)
    layout.push(layoutIds.get(packed.layoutKey)!)
    subject.push(frame.patient === undefined ? 0 : subjectIds.get(subjectKey(subjectOf(frame)))!)
    gateway.push(nameIds.get(frame.gateway)!)
    late.push(frame.late ?? false)
    messageId.push(frame.messageId)
    details.push(packed.details && JSON.stringify(packed.details))
    for (const value of packed.values) values.push(value)
    lastValue.push(values.length)
  }
  return {
    text: `
      insert into frame (at, received_at, position, device, layout, subject, gateway, late, message_id, details, "values")
      select at, received_at, position, device, layout, nullif(subject, 0), gateway, late, message_id, details::jsonb,
             ($11::float8[])[coalesce(lag(last_value) over (), 0) + 1 : last_value]
      from unnest($1::int8[], $2::int8[], $3::int8[], $4::int4[], $5::int4[], $6::int4[], $7::int4[], $8::bool[], $9::text[], $10::text[], $12::int4[])
        as frame(at, received_at, position, device, layout, subject, gateway, late, message_id, details, last_value)
      on conflict (device, at, layout) do update set
        received_at = excluded.received_at, position = excluded.position, written = excluded.written, subject = excluded.subject,
        gateway = excluded.gateway, late = excluded.late, message_id = excluded.message_id, details = excluded.details, "values" = excluded."values"`,
    values: [
      int8Array(at),
      int8Array(receivedAt),
      int8Array(position),
      int4Array(device),
      int4Array(layout),
      int4Array(subject),
      int4Array(gateway),
      late,
      messageId,
      details,
      float8Array(values),
      int4Array(lastValue),
    ],
  }
}

const subjectOf = ({ patient = '', encounter = '' }: { patient?: string; encounter?: string }): Subject => ({
  patient,
  encounter,
})

async function waveInsert(waves: readonly StoredWave[], interned: Interned): Promise<{ text: string; values: unknown[] }> {
  const byKey = new Map<string, StoredWave>()
  for (const given of waves) {
    const wave = storableWave(given)
    byKey.set(`${wave.device}\n${wave.start}\n${wave.path}`, wave)
  }
  const kept = [...byKey.values()]
  const nameIds = await interned.names(new Set(kept.map((wave) => wave.device)))
  const subjectIds = await interned.subjects(kept.filter((wave) => wave.patient !== undefined).map(subjectOf))
  return {
    text: `
      insert into wave (start_at, end_at, received_at, device, code, path, rate_hz, resolution, offset_value, unit, subject, samples)
      select start_at, end_at, received_at, device, code, path, rate_hz, resolution, offset_value, unit, nullif(subject, 0), samples
      from unnest($1::int8[], $2::int8[], $3::int8[], $4::int4[], $5::int8[], $6::text[], $7::float8[], $8::float8[], $9::float8[], $10::text[], $11::int4[], $12::bytea[])
        as wave(start_at, end_at, received_at, device, code, path, rate_hz, resolution, offset_value, unit, subject, samples)
      on conflict (device, start_at, path) do update set
        end_at = excluded.end_at, received_at = excluded.received_at, code = excluded.code, rate_hz = excluded.rate_hz, resolution = excluded.resolution,
        offset_value = excluded.offset_value, unit = excluded.unit, subject = excluded.subject, samples = excluded.samples`,
    values: [
      int8Array(kept.map((wave) => wave.start)),
      int8Array(kept.map(waveEnd)),
      int8Array(kept.map((wave) => wave.receivedAt)),
      int4Array(kept.map((wave) => nameIds.get(wave.device)!)),
      int8Array(kept.map((wave) => wave.code)),
      kept.map((wave) => wave.path),
      float8Array(kept.map((wave) => wave.rateHz)),
      kept.map((wave) => wave.resolution ?? null),
      kept.map((wave) => wave.offset ?? null),
      kept.map((wave) => wave.unit ?? null),
      int4Array(kept.map((wave) => (wave.patient === undefined ? 0 : subjectIds.get(subjectKey(subjectOf(wave)))!))),
      kept.map((wave) => packSamples(wave.samples)),
    ],
  }
}

interface FrameRow {
  device: number
  layout: number
  subject: number | null
  at: string
  written: string
  received_at: string
  values: number[]
  details: Details | null
  late: boolean
  message_id: string
}
const FRAME_COLUMNS = 'f.device, f.layout, f.subject, f.at, f.written, f.received_at, f."values", f.details, f.late, f.message_id'

async function unpack(rows: readonly FrameRow[], interned: Interned): Promise<UnpackedFrame[]> {
  const layouts = await interned.layoutOf(rows.map((row) => row.layout))
  const names = await interned.nameOf(rows.map((row) => row.device))
  const subjects = await interned.subjectOf(rows.flatMap((row) => row.subject ?? []))
  return rows.map((row) => {
    const subject = row.subject === null ? undefined : subjects.get(row.subject)!
    return {
      ...layouts.get(row.layout)!,
      device: names.get(row.device)!,
      at: Number(row.at),
      written: Number(row.written),
      receivedAt: Number(row.received_at),
      values: row.values,
      details: row.details,
      late: row.late,
      messageId: row.message_id,
      ...(subject && { patient: subject.patient }),
      ...(subject?.encounter && { encounter: subject.encounter }),
    }
  })
}

/** The conditions of a query on `frame f`, or null when nothing can match them. */
async function conditionsOf(
  { pool }: Database,
  { device, patient, codes, from, to }: Omit<ReadingQuery, 'order' | 'limit' | 'offset'>,
): Promise<{ where: string[]; values: unknown[] } | null> {
  const where: string[] = []
  const values: unknown[] = []
  const ask = (sql: string, value: unknown) => where.push(sql.replace('?', `$${values.push(value)}`))
  const ids = async (sql: string, value: unknown) => (await pool.query<{ id: number }>(sql, [value])).rows.map((row) => row.id)
  if (device !== undefined) {
    const [id] = await ids('select id from timeline_name where name = $1', device)
    if (id === undefined) return null
    ask('f.device = ?', id)
  }
  if (patient !== undefined) {
    const subjects = await ids('select id from timeline_subject where patient = $1', patient)
    if (!subjects.length) return null
    ask('f.subject = any(?::int[])', subjects)
  }
  if (codes !== undefined) {
    const layouts = await ids('select id from frame_layout where codes && $1::bigint[]', codes)
    if (!layouts.length) return null
    ask('f.layout = any(?::int[])', layouts)
  }
  if (from !== undefined) ask('f.at >= ?', from)
  if (to !== undefined) ask('f.at < ?', to)
  return { where, values }
}

const whereOf = (conditions: readonly string[]): string => (conditions.length ? `where ${conditions.join(' and ')}` : '')

/** How many frames are read at a time, at most; whole instants, so that frames of the same instant meet. */
const FRAMES_AT_A_TIME = 5000

async function readReadings(database: Database, interned: Interned, query: ReadingQuery): Promise<Reading[]> {
  const conditions = await conditionsOf(database, query)
  if (!conditions) return []
  const { offset = 0, limit, order } = query
  const needed = offset + limit
  const found: Reading[] = []
  let beyond: number | undefined
  while (found.length < needed) {
    const rowsWanted = Math.min(FRAMES_AT_A_TIME, needed - found.length)
    const where = [...conditions.where]
    const values = [...conditions.values]
    if (beyond !== undefined) where.push(`f.at ${order === 'newest' ? '<' : '>'} $${values.push(beyond)}`)
    const { rows } = await database.pool.query<FrameRow>(
      `select ${FRAME_COLUMNS} from frame f ${whereOf(where)} order by f.at ${order === 'newest' ? 'desc' : 'asc'} fetch first ${rowsWanted} rows with ties`,
      values,
    )
    found.push(...mergeFrames(await unpack(rows, interned), { order, codes: query.codes }))
    if (rows.length < rowsWanted) break
    beyond = Number(rows.at(-1)!.at)
  }
  return found.slice(offset, needed)
}

/** Counts instants by which layouts spoke at them, then counts what those layouts say together. */
async function countReadings(
  database: Database,
  interned: Interned,
  query: Omit<ReadingQuery, 'order' | 'limit' | 'offset'>,
): Promise<number> {
  const conditions = await conditionsOf(database, query)
  if (!conditions) return 0
  const { rows } = await database.pool.query<{ layouts: number[]; instants: string }>(
    `select layouts, count(*) as instants
     from (select array_agg(f.layout order by f.layout) as layouts from frame f ${whereOf(conditions.where)} group by f.device, f.at) spoke group by layouts`,
    conditions.values,
  )
  const layouts = await interned.layoutOf(rows.flatMap((row) => row.layouts))
  const wanted = query.codes && new Set(query.codes)
  let count = 0
  for (const row of rows) {
    const metrics = new Set<string>()
    for (const id of row.layouts) {
      const layout = layouts.get(id)!
      for (const [i, path] of layout.paths.entries())
        if (!wanted || wanted.has(layout.codes[i]!)) metrics.add(`${path} ${layout.codes[i]}`)
    }
    count += metrics.size * Number(row.instants)
  }
  return count
}

async function readWaves(
  { pool }: Database,
  interned: Interned,
  { device, code, from, to }: { device: string; code?: number; from: number; to: number },
): Promise<StoredWave[]> {
  const { rows } = await pool.query<WaveRow>(
    `select w.*, n.name as device_name from wave w join timeline_name n on n.id = w.device
     where n.name = $1 and w.start_at >= $2 and w.start_at < $3 and w.end_at > $4 and ($5::bigint is null or w.code = $5)
     order by w.start_at, w.path`,
    [device, Math.max(0, from - LONGEST_BLOCK_MS), to, from, code ?? null],
  )
  const subjects = await interned.subjectOf(rows.flatMap((row) => row.subject ?? []))
  return rows.map((row) => ({
    device: row.device_name,
    path: row.path,
    code: Number(row.code),
    start: Number(row.start_at),
    rateHz: row.rate_hz,
    receivedAt: Number(row.received_at),
    samples: unpackSamples(row.samples),
    ...(row.resolution !== null && { resolution: row.resolution }),
    ...(row.offset_value !== null && { offset: row.offset_value }),
    ...(row.unit !== null && { unit: row.unit }),
    ...(row.subject !== null && { patient: subjects.get(row.subject)!.patient }),
  }))
}

interface WaveRow {
  device_name: string
  path: string
  code: string
  start_at: string
  received_at: string
  rate_hz: number
  resolution: number | null
  offset_value: number | null
  unit: string | null
  subject: number | null
  samples: Buffer
}
