/** MSH, and what every record carries of it. */
import { readDtm } from './dtm.ts'
import type { Hl7 } from './message.ts'

/** What a reader needs to know of the world. */
export interface ReadContext {
  /** When the gateway had the whole frame, ms. */
  receivedAt: number
  /** IANA zone of the site, for times without an offset. */
  timeZone: string
  /** Needed to turn EtCO₂ in per cent into mmHg; such rows are kept unread without it. */
  barometricMmHg?: number
}

export interface Header {
  /** MSH-10; '' when it is missing. */
  id: string
  /** MSH-3 as sent, components joined by `^`. */
  sender: string
  /** MSH-9.1 and 9.2 joined by `^`, for example `ORU^R01`; `ACK` alone where there is no event. */
  type: string
  /** MSH-12.1. */
  version: string
  /** MSH-7. */
  sentAt?: number
  /** MSH-15 and MSH-16 [STD HL7 table 0155]: AL, NE, ER, SU or ''. */
  acceptAck: string
  applicationAck: string
}

/** The record's schema holds words of at most this length. */
export const WORD = 256
export const word = (text: string): string => (text.length > WORD ? text.slice(0, WORD) : text)

/** [STD domain page "Bedside monitoring", section 12] clock skew, and how far ahead a time may be. */
export const CLOCK_SKEW_MS = 60_000
export const FUTURE_MS = 5 * 60_000

export interface ReadHeader {
  header: Header
  /** MSH-7 was read with the site's zone. */
  zoneAssumed: boolean
}

export function readHeader(hl7: Hl7, context: ReadContext): ReadHeader {
  const { msh } = hl7
  const sent = readInstant(msh.value(7), context)
  const event = msh.value(9, 2)
  const header: Header = {
    id: msh.value(10) ?? '',
    sender: word(msh.fieldText(3).trim()),
    type: word((msh.value(9) ?? '') + (event ? `^${event}` : '')),
    version: word(msh.value(12) ?? ''),
    acceptAck: msh.value(15)?.toUpperCase() ?? '',
    applicationAck: msh.value(16)?.toUpperCase() ?? '',
  }
  if (sent) header.sentAt = sent.at
  return { header, zoneAssumed: sent?.zoneAssumed ?? false }
}

/** An instant that a record can hold: given at least to the minute, not before 1970; undefined otherwise. */
export function readInstant(text: string | undefined, context: ReadContext): { at: number; zoneAssumed: boolean } | undefined {
  if (text === undefined) return undefined
  const dtm = readDtm(text, context.timeZone)
  return dtm && dtm.at >= 0 && (dtm.precision === 'minute' || dtm.precision === 'second') ? dtm : undefined
}

/** Collects the flags of a record (`records.ts`, `origin.flags`). */
export class Flags {
  readonly #set = new Set<string>()

  add(flag: string, when = true): void {
    if (when) this.#set.add(flag)
  }

  get list(): string[] {
    return [...this.#set].slice(0, 16)
  }
}

/** The flags that MSH alone gives. */
export function headerFlags(hl7: Hl7, { header, zoneAssumed }: ReadHeader, context: ReadContext): Flags {
  const flags = new Flags()
  for (const flag of hl7.flags) flags.add(flag)
  flags.add('tz_assumed', zoneAssumed)
  const mode = hl7.msh.value(11)
  flags.add('test', mode === 'T' || mode === 'D')
  if (header.sentAt !== undefined) {
    flags.add('clock_skew', Math.abs(header.sentAt - context.receivedAt) > CLOCK_SKEW_MS)
    flags.add('from_future', header.sentAt - context.receivedAt > FUTURE_MS)
  }
  return flags
}

export function origin(header: Header, flags: Flags, context: ReadContext) {
  const list = flags.list
  return {
    id: header.id,
    sender: header.sender,
    ...(header.sentAt === undefined ? {} : { sentAt: header.sentAt }),
    receivedAt: context.receivedAt,
    ...(list.length > 0 ? { flags: list } : {}),
  }
}

/** MSH-21 names one of these profiles, by EI.3. */
export function claimsProfile(hl7: Hl7, oids: readonly string[]): boolean {
  const repetitions = Math.min(hl7.msh.repetitions(21).length, 16)
  for (let r = 1; r <= repetitions; r++) if (oids.includes(hl7.msh.text(21, 3, r))) return true
  return false
}

/** Whether MSH-12 lies between two versions of HL7, both included (`2.5` also stands for 2.5.1). */
export function versionWithin(version: string, low: number, high: number): boolean {
  const m = /^2\.(\d)(?:\.\d+)*$/.exec(version)
  return m !== null && Number(m[1]) >= low && Number(m[1]) <= high
}
