import type { NodePgDatabase } from 'drizzle-orm/node-postgres'
import type { Timeline } from '../../platform/timeline/timeline.ts'
import type { LetterSummary } from '../live.ts'
import type { Snapshot, ViewName } from '../views/contract.ts'

/** A dead letter with what it holds. */
export interface LetterDetail extends LetterSummary {
  topic?: string
  /** The bytes as they came, base64, at most 64 KiB of them. */
  raw: string
  redrivenAt?: number
  redrives: number
}

/** What the live routes call. Everything here is there once the hub has started. */
export interface LiveServices {
  database: NodePgDatabase
  timeline: Timeline
  /** The view as a new subscriber would get it. */
  snapshot(view: ViewName, unit?: string): Snapshot
  letters: {
    /** Newest first. `before`: received before this instant. */
    list(query: { state?: LetterSummary['state']; gateway?: string; before?: number; limit: number }): Promise<LetterSummary[]>
    get(id: string): Promise<LetterDetail | undefined>
    /** Sends it to its gateway, or takes it in again here. Undefined when there is none; a string says why it cannot be. */
    redrive(id: string, by: string): Promise<'done' | 'unknown' | 'closed' | 'unreachable'>
    discard(id: string, by: string): Promise<'done' | 'unknown' | 'closed'>
  }
  /** A nurse says that the device is on this patient; readings held for a conflict are charted. */
  confirmAssociation(device: string, patient: string, by: string): Promise<'done' | 'unknown-device' | 'unknown-patient'>
  /** The device is on nobody from now on. False: it was on nobody. */
  endAssociation(device: string, by: string): Promise<boolean>
}
