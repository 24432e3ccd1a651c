/**
 * Whose reading is it? Domain page "Bedside monitoring", section 4, as one pure function: the reading, what is known of the device and the
 * stays around it go in, what to do with it comes out. Nothing is ever guessed between two patients: what does not fit is held.
 */

/** This device is on this patient, from `startedAt` (inclusive) until `endedAt` (exclusive; open while it has none). */
export interface Association {
  id: string
  device: string
  patient: string
  encounter?: string
  bed?: string
  basis: 'pid' | 'device' | 'bed' | 'nurse'
  startedAt: number
  endedAt?: number
}

/** Readings that claim another patient (`authority|value`) than the device is on, since when. */
export interface Conflict {
  claims: string
  since: number
}

/** A stay in progress, as far as association asks. */
export interface Stay {
  encounter: string
  patient: string
  bed?: string
}

export interface Facts {
  /** When it was measured. */
  at: number
  /** PID-3, and whom it resolves to; no patient: an identifier that nobody has yet. */
  pid?: { key: string; patient?: string }
  /** PV1-3 of this message, when it names a bed. */
  bed?: string
  /** Of this device, open and ended, in any order. */
  associations: readonly Association[]
  conflict?: Conflict
}

export type Verdict =
  /** Chart to this association; `settles`: the conflict is over, the device says its own patient again. */
  | { do: 'chart'; association: Association; settles?: true }
  /** The association began earlier than was known: move its start, then chart. */
  | { do: 'extend'; association: Association; from: number }
  /** Open one for the patient that PID-3 names. */
  | { do: 'open-pid'; key: string; patient?: string }
  /** Open one for whoever lies in `bed`, or chart to nobody when nobody does; `ends`: the device left that bed. */
  | { do: 'ask-bed'; bed: string; ends?: Association }
  | { do: 'hold'; claims: string }
  | { do: 'unassigned' }

/** The association that holds at an instant: late readings go to whoever was on the device when they were measured. */
export function associationAt(associations: readonly Association[], at: number): Association | undefined {
  for (const association of associations)
    if (association.startedAt <= at && (association.endedAt === undefined || at < association.endedAt)) return association
  return undefined
}

/** What to do with one reading. The four rules of section 4, in their order. */
export function judge({ at, pid, bed, associations, conflict }: Facts): Verdict {
  const holds = associationAt(associations, at)
  if (pid) {
    if (holds) {
      // (1) PID-3 resolves and equals the association.
      if (pid.patient === holds.patient)
        return {
          do: 'chart',
          association: holds,
          ...(conflict && holds.endedAt === undefined && at > conflict.since && { settles: true as const }),
        }
      // (3) It names somebody else.
      return { do: 'hold', claims: pid.key }
    }
    const next = nextAfter(associations, at)
    if (!next) return { do: 'open-pid', key: pid.key, ...(pid.patient !== undefined && { patient: pid.patient }) }
    // Measured before the association that was opened by a later reading of the same patient (a backlog out of order).
    if (next.patient === pid.patient) return { do: 'extend', association: next, from: at }
    return { do: 'hold', claims: pid.key }
  }
  // (2) PID-3 is empty. While it is disputed whom the device is on, nobody may be assumed.
  if (conflict && at >= conflict.since) return { do: 'hold', claims: conflict.claims }
  if (holds) {
    // What rests on the bed alone ends when the device is wheeled to another.
    if (holds.basis === 'bed' && holds.endedAt === undefined && bed !== undefined && bed !== holds.bed)
      return { do: 'ask-bed', bed, ends: holds }
    return { do: 'chart', association: holds }
  }
  if (bed !== undefined && !nextAfter(associations, at)) return { do: 'ask-bed', bed }
  // (4) Nothing resolves.
  return { do: 'unassigned' }
}

/** The association that starts next after an instant at which none holds. */
function nextAfter(associations: readonly Association[], at: number): Association | undefined {
  let next: Association | undefined
  for (const association of associations)
    if (association.startedAt > at && (!next || association.startedAt < next.startedAt)) next = association
  return next
}
