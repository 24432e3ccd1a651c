/**
 * The numbered streams of a gateway, one for each class of what it takes in.
 *
 * Each stream has its own numbers, its own place in the spool and its own commit, so that nothing of a lower class
 * can stand in front of a higher one. `dropRank` is the order in which a full spool gives way: the highest first,
 * and a stream without a rank is never dropped (the gateway refuses new messages instead).
 */
export const streams = {
  /** Device alarms (IHE PCD-04). Never coalesced, never dropped. */
  alarms: { dropRank: null, says: 'device alarms' },
  /** Who lies where (HL7 ADT). Never coalesced, never dropped. */
  adt: { dropRank: null, says: 'admissions, transfers, discharges' },
  /** Numerics (IHE PCD-01). */
  readings: { dropRank: 2, says: 'numeric readings' },
  /** What was refused, and why. */
  refusals: { dropRank: 1, says: 'refused messages' },
  /** Waveform blocks. They expire first. */
  waves: { dropRank: 3, says: 'waveform blocks' },
} as const satisfies Record<string, { dropRank: number | null; says: string }>

export type StreamName = keyof typeof streams
export const streamNames = Object.keys(streams) as StreamName[]
