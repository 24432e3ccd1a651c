/**
 * What went wrong decides what happens next: trouble of the database is waited out, trouble of a record is put aside with the record,
 * and whoever was deposed stops.
 */
import { isConnectionError } from '../../platform/database/database.ts'

/** Another hub holds the gateway, or the stream's number is not what it was: nothing may be committed here. */
export class Deposed extends Error {
  override name = 'Deposed'
}

/** What was decided from memory is no longer so in the database: decide again. */
export class Stale extends Error {
  override name = 'Stale'
}

/** This record cannot be applied, whoever tries; `code` names it in the dead letter. */
export class RecordTrouble extends Error {
  override name = 'RecordTrouble'
  readonly code: string
  constructor(code: string, says: string) {
    super(says)
    this.code = code
  }
}

export type Trouble = 'deposed' | 'stale' | 'record' | 'database'

// [SQLSTATE] 22 data exception, 23 integrity constraint violation, 54 program limit exceeded: of the data, not of the server.
const OF_THE_DATA = /^(22|23|54)...$/

/**
 * Whose trouble an error is. What is not plainly of the data counts as the database's and is tried again for ever: a stream that stands
 * still is seen and loses nothing, a stream thrown away record by record would be lost for good.
 */
export function troubleOf(error: unknown): Trouble {
  if (error instanceof Deposed) return 'deposed'
  if (error instanceof Stale) return 'stale'
  if (error instanceof RecordTrouble) return 'record'
  if (isConnectionError(error)) return 'database'
  const { code, statusCode } = error as { code?: unknown; statusCode?: unknown }
  if (typeof code === 'string' && OF_THE_DATA.test(code)) return 'record'
  // InfluxDB: 400, 413 and 422 speak of the lines that were sent.
  if (statusCode === 400 || statusCode === 413 || statusCode === 422) return 'record'
  return error instanceof TypeError || error instanceof RangeError ? 'record' : 'database'
}

/** The name a dead letter gets from an error. */
export function codeOf(error: unknown): string {
  if (error instanceof RecordTrouble) return error.code
  const { code } = error as { code?: unknown }
  return typeof code === 'string' && OF_THE_DATA.test(code) ? `SQLSTATE_${code}` : 'NOT_APPLICABLE'
}
