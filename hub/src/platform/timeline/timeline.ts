/**
 * The history of readings, behind one interface: partitioned tables in PostgreSQL, or InfluxDB when `INFLUX_URL` is set.
 * One shared suite (`timeline.suite.ts`) holds both to the same results.
 *
 * A reading is known by (device, path, at). Writing it again replaces it (last write wins), so a batch may be written
 * twice without being there twice; a retraction is a write without a value. That is what makes "exactly once" hold
 * when a process dies between the write and the commit of the stream's number.
 */
import type { Frame, Quality, WaveBlock } from '@wardline/devices/messages/records.ts'

/** One frame as it is stored: what was measured, and everything a person may ask about where it came from. */
export interface StoredFrame extends Frame {
  device: string
  receivedAt: number
  /** The patient it is charted to, and on what ground; left out when nobody could be named. */
  patient?: string
  encounter?: string
  /** It came more than 60 s after it was measured. */
  late?: boolean
  gateway: string
  /** Number in the gateway's `readings` stream. */
  position: number
  messageId: string
}

export interface StoredWave extends WaveBlock {
  device: string
  receivedAt: number
  patient?: string
}

export interface Reading {
  device: string
  path: string
  code: number
  at: number
  receivedAt: number
  value?: number
  text?: string
  unit?: string
  quality?: Quality
  bound?: '>' | '<'
  /** FHIR Observation.status: `amended` after a correction, `entered-in-error` after a retraction. */
  correction?: 'C' | 'D' | 'W'
  patient?: string
  encounter?: string
  late?: boolean
  messageId: string
}

export interface ReadingQuery {
  device?: string
  patient?: string
  codes?: number[]
  /** Inclusive, exclusive. */
  from?: number
  to?: number
  order: 'newest' | 'oldest'
  limit: number
  offset?: number
}

/** One minute (or other step) of one metric of one device: what a sparkline draws. Empty steps are left out. */
export interface Step {
  at: number
  min: number
  max: number
  mean: number
  count: number
}

export interface Timeline {
  /**
   * Store frames. Resolves only when they are durable, and then `commit` has run: for PostgreSQL inside the same
   * transaction, for InfluxDB after its batch was written. When `commit` throws, PostgreSQL keeps nothing; InfluxDB keeps
   * frames that the next try overwrites with themselves.
   */
  write(frames: readonly StoredFrame[], commit: CommitWork): Promise<void>
  writeWaves(waves: readonly StoredWave[], commit: CommitWork): Promise<void>
  readings(query: ReadingQuery): Promise<Reading[]>
  /** How many readings match, exactly. */
  count(query: Omit<ReadingQuery, 'order' | 'limit' | 'offset'>): Promise<number>
  /** The newest reading of each path of each device since `since`: what live state is rebuilt from. */
  latest(since: number): Promise<Reading[]>
  steps(query: { device: string; path: string; from: number; to: number; stepMs: number }): Promise<Step[]>
  waves(query: { device: string; code?: number; from: number; to: number }): Promise<StoredWave[]>
  /** Make room for the days to come and drop what is past its retention. Runs at start and every hour. */
  maintain(now: number): Promise<void>
  healthy(): Promise<boolean>
  close(): Promise<void>
}

/** What must happen in PostgreSQL together with the write: the stream's number, patients, alarms. It gets the open transaction. */
export type CommitWork = (transaction: import('pg').PoolClient) => Promise<void>
