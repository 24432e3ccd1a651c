import type { StreamName } from '@wardline/devices/streams.ts'
import type pg from 'pg'
import type { NewLetter } from '../letters/letters.ts'

/** One record of a batch, with its number. */
export interface Taken<R> {
  position: number
  record: R
  /** The hub's clock when it came. */
  heardAt: number
}

/** Where records come from. */
export interface Source {
  gateway: string
  spool: string
}

/** What a stream's records do. `store` is called by one caller at a time for each (gateway, spool). */
export interface StreamWork<R> {
  readonly stream: StreamName
  /** Whether it is a record of this stream, by its schema. */
  check(record: unknown): record is R
  /** Where it fails, for a dead letter. */
  faults(record: unknown): string
  /** What the wall may know at once, before it is stored. Must not throw for a record that passed `check`. */
  hear?(source: Source, taken: Taken<R>): void
  /**
   * Store what these records do, all or nothing, with `commit` as the last thing in the same transaction. Resolves when it is durable, to
   * what is to be done then (tell the live state). May be called again with the same records after any error.
   */
  store(source: Source, taken: readonly Taken<R>[], commit: (tx: pg.PoolClient) => Promise<void>): Promise<() => void>
}

/** A record that is put aside, and why. */
export interface BadRecord {
  position: number
  letter: NewLetter
}
