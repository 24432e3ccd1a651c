/**
 * What the devices were told ("yours is safe") against what history holds. The ledger is filled from acknowledgements on the wire, and compared
 * with the rows of the stores themselves, not with anything the hub says about itself.
 */
import pg from 'pg'
import type { House } from '../house/a-house.ts'

export interface Acked {
  kind: 'reading' | 'alarm'
  /** MSH-10, and the device. */
  id: string
  device: string
}

export interface Verdict {
  readingsAcked: number
  readingsMissing: string[]
  /** Rows beyond the first of a message. */
  readingsDoubled: string[]
  alarmsAcked: number
  alarmsMissing: string[]
  alarmsDoubled: string[]
  /** Records that the gateway said it dropped and that the hub wrote down as lost. */
  lost: Record<string, number>
}

const key = (device: string, id: string) => `${device} ${id}`

/** Compare every acknowledged message with the stores. */
export async function compare(house: House, acked: readonly Acked[]): Promise<Verdict> {
  const pool = new pg.Pool({ connectionString: house.databaseUrl, max: 2 })
  try {
    const readings = acked.filter((each) => each.kind === 'reading')
    const alarms = acked.filter((each) => each.kind === 'alarm')
    const rows = house.influxUrl
      ? await influxRows(house.influxUrl, new Set(readings.map((each) => each.device)))
      : await postgresRows(pool)
    const { rows: events } = await pool.query<{ device: string; id: string; times: number }>(
      'select device_id as device, message_id as id, count(*)::int as times from device_alarm_event group by 1, 2',
    )
    const told = new Map(events.map((row) => [key(row.device, row.id), row.times]))
    const { rows: lost } = await pool.query<{ stream: string; lost: string }>(
      'select stream, sum(lost)::text as lost from gateway_stream group by 1',
    )
    const missing = (list: readonly Acked[], there: Map<string, number>) =>
      list.map((each) => key(each.device, each.id)).filter((each) => !there.has(each))
    const doubled = (there: Map<string, number>) => [...there].filter(([, times]) => times > 1).map(([each]) => each)
    return {
      readingsAcked: readings.length,
      readingsMissing: missing(readings, rows),
      readingsDoubled: doubled(rows),
      alarmsAcked: alarms.length,
      alarmsMissing: missing(alarms, told),
      alarmsDoubled: doubled(told),
      lost: Object.fromEntries(lost.map((row) => [row.stream, Number(row.lost)])),
    }
  } finally {
    await pool.end()
  }
}

/** One row is one frame; a message of the load has one frame. */
async function postgresRows(pool: pg.Pool): Promise<Map<string, number>> {
  const { rows } = await pool.query<{ device: string; id: string; times: number }>(
    'select d.name as device, f.message_id as id, count(*)::int as times from frame f join timeline_name d on d.id = f.device group by 1, 2',
  )
  return new Map(rows.map((row) => [key(row.device, row.id), row.times]))
}

/** InfluxDB holds one point for each series and instant; the message's id stands in its field `message`. */
async function influxRows(url: string, devices: ReadonlySet<string>): Promise<Map<string, number>> {
  const found = new Map<string, number>()
  for (const device of devices) {
    const query = `SELECT "message" FROM "frame" WHERE "device" = '${encodeURIComponent(device)}'`
    const answer = (await (await fetch(`${url}/query?db=wardline&epoch=ms&q=${encodeURIComponent(query)}`)).json()) as {
      results: { series?: { columns: string[]; values: unknown[][] }[] }[]
    }
    for (const series of answer.results[0]?.series ?? []) {
      const column = series.columns.indexOf('message')
      for (const row of series.values) {
        const each = key(device, String(row[column]))
        found.set(each, (found.get(each) ?? 0) + 1)
      }
    }
  }
  return found
}
