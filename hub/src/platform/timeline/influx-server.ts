/**
 * The parts of InfluxDB's HTTP face that the history uses. Writing goes through the official client; its write path is `/write?db=`, which
 * versions 1, 2 and 3 understand. Reading is InfluxQL over `/query`, which they understand too.
 */
import { InfluxDB } from '@influxdata/influxdb-client'

export interface InfluxServer {
  /** Resolves when InfluxDB has said that it stored all lines; rejects when it did not. Precision: milliseconds. */
  write(lines: readonly string[]): Promise<void>
  /** The series of one InfluxQL statement, in pages of at most `QUERY_CHUNK` rows joined together. Times in milliseconds. */
  query(statement: string, params?: Record<string, unknown>): Promise<Series[]>
  /** Statements that change something: CREATE DATABASE, DELETE, retention policies. */
  manage(statement: string): Promise<void>
  healthy(): Promise<boolean>
}

export interface Series {
  tags: Record<string, string>
  columns: string[]
  rows: unknown[][]
}

/** Fewer than the client's own limit for one request, and small enough that a request is a fraction of its time-out. */
const LINES_PER_REQUEST = 5000
const TIMEOUT_MS = 20_000
const HEALTH_TIMEOUT_MS = 2000

export function influxServer({ url, database, token }: { url: string; database: string; token?: string }): InfluxServer {
  const base = url.replace(/\/+$/, '')
  const client = new InfluxDB({ url: base, timeout: TIMEOUT_MS, ...(token && { token }) })
  const headers: Record<string, string> = token ? { authorization: `Token ${token}` } : {}

  const writeOnce = (lines: string[]): Promise<void> =>
    new Promise((resolve, reject) => {
      // One writer for each request: its `writeSuccess` then belongs to these lines and no others. close() and flush() return before
      // what is on its way is stored, so only `writeSuccess` counts. Retries are the caller's, who keeps the stream's number back.
      const api = client.getWriteApi('', database, 'ms', {
        batchSize: lines.length + 1,
        flushInterval: 0,
        maxRetries: 0,
        maxBatchBytes: Number.MAX_SAFE_INTEGER,
        gzipThreshold: Number.MAX_SAFE_INTEGER,
        writeSuccess: () => resolve(),
        writeFailed: (error) => {
          reject(error)
          return Promise.resolve()
        },
      })
      api.path = `/write?db=${encodeURIComponent(database)}&precision=ms`
      api.writeRecords(lines)
      api.flush().then(() => api.dispose(), reject)
    })

  const ask = async (method: 'GET' | 'POST', statement: string, params?: Record<string, unknown>): Promise<Series[]> => {
    const search = new URLSearchParams({
      db: database,
      epoch: 'ms',
      q: statement,
      ...(params && { params: JSON.stringify(params) }),
    })
    const request: RequestInit = { method, headers, signal: AbortSignal.timeout(TIMEOUT_MS) }
    if (method === 'POST') request.body = search
    const response = await fetch(method === 'GET' ? `${base}/query?${search}` : `${base}/query`, request)
    const body = (await response.json().catch(() => ({}))) as Answer
    const error = body.error ?? body.results?.find((result) => result.error)?.error
    if (!response.ok || error) throw new Error(`InfluxDB: ${error ?? `${response.status} ${response.statusText}`}`)
    return (body.results ?? []).flatMap((result) =>
      (result.series ?? []).map((series) => ({ tags: series.tags ?? {}, columns: series.columns, rows: series.values ?? [] })),
    )
  }

  return {
    async write(lines) {
      for (let from = 0; from < lines.length; from += LINES_PER_REQUEST)
        await writeOnce(lines.slice(from, from + LINES_PER_REQUEST))
    },
    query: (statement, params) => ask('GET', statement, params),
    async manage(statement) {
      await ask('POST', statement)
    },
    async healthy() {
      try {
        // Version 1 and 2 answer /ping with 204, version 3 with 200.
        return (await fetch(`${base}/ping`, { headers, signal: AbortSignal.timeout(HEALTH_TIMEOUT_MS) })).ok
      } catch {
        return false
      }
    },
  }
}

interface Answer {
  error?: string
  results?: { error?: string; series?: { tags?: Record<string, string>; columns: string[]; values?: unknown[][] }[] }[]
}
