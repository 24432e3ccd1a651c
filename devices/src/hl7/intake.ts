/**
 * One call for a door: bytes of a message in, records for the streams out, and the acknowledgements that are due.
 */
import { hash } from 'node:crypto'
import { type AckStamp, acksDue, buildAck, NOBODY, type ReplyTo, replyTo, type Verdict } from './ack.ts'
import { type AdtEntry, readAdt } from './adt.ts'
import { type Header, type ReadContext, type ReadHeader, readHeader } from './header.ts'
import { type Hl7, parseBytes } from './message.ts'
import { type ReadingEntry, readPcd01 } from './pcd01.ts'
import { type AlarmEntry, readPcd04 } from './pcd04.ts'
import { type Refusal, type RowProblem, refusal, refusals } from './refusals.ts'
import { euiIn } from './subject.ts'

export type IntakeEntry = ReadingEntry | AlarmEntry | AdtEntry

export interface IntakeContext extends ReadContext {
  /** Who may send: names as in MSH-3.1 or the whole MSH-3, or prefixes of its EUI-64; or anybody. */
  senders: 'any' | readonly string[]
}

export interface Intake {
  /** MSH, when there was one. */
  message?: Header
  /** What goes into the streams, in this order. */
  records: IntakeEntry[]
  /** Rows that were dropped while the rest stands. */
  problems: RowProblem[]
  /** Nothing of the message was taken. */
  refusal?: Refusal
  /** An acknowledgement: it is never answered. */
  isAck: boolean
  /** Of everything after MSH: tells a message that came twice from another one with the same id. */
  bodyDigest: string
  replyTo: ReplyTo
}

/** Domain page "Bedside monitoring", section 14. */
export const MAX_ROWS = 5000
/** Each of these may become a record or a part of one: a mebibyte of `OBR` alone would be 260,000 alarms. */
const COUNTED: ReadonlySet<string> = new Set(['OBX', 'OBR', 'PID', 'MRG'])
/** HL7 allows 199 characters; records hold 256. */
const MAX_ID = 256

/** Reads one message without its MLLP frame. Any bytes give a result; nothing is thrown. */
export function readHl7(frame: Buffer, context: IntakeContext): Intake {
  try {
    return readFrame(frame, context)
  } catch (error) {
    // No message is known to get here. Should one, its sender is told and the connection lives on.
    return {
      ...nothing(frame),
      refusal: refusal(
        'INTERNAL',
        `The message could not be read: ${error instanceof Error ? error.message : 'unknown'}`.slice(0, 250),
      ),
    }
  }
}

function readFrame(frame: Buffer, context: IntakeContext): Intake {
  const hl7 = parseBytes(frame)
  if ('code' in hl7) return { ...nothing(frame), refusal: hl7 }
  const read = readHeader(hl7, context)
  const { header } = read
  const intake: Intake = {
    message: header,
    records: [],
    problems: [],
    isAck: isAck(hl7, header),
    bodyDigest: digest(frame),
    replyTo: replyTo(hl7),
  }
  if (intake.isAck) return intake
  const reader = readerOf(header)
  const wrong = refusalOf(hl7, header, reader !== undefined, context)
  if (wrong) return { ...intake, refusal: wrong }
  const { records, problems, refusal: refused } = reader!(hl7, context, read)
  return refused ? { ...intake, refusal: refused } : { ...intake, records, problems }
}

const nothing = (frame: Buffer): Intake => ({
  records: [],
  problems: [],
  isAck: false,
  bodyDigest: digest(frame),
  replyTo: NOBODY,
})

function readerOf({
  type,
}: Header):
  | ((hl7: Hl7, context: ReadContext, read: ReadHeader) => { records: IntakeEntry[]; problems: RowProblem[]; refusal?: Refusal })
  | undefined {
  if (type === 'ORU^R01') return readPcd01
  if (type === 'ORU^R40') return readPcd04
  return type === 'ADT' || type.startsWith('ADT^') ? readAdt : undefined
}

function refusalOf(hl7: Hl7, header: Header, supported: boolean, context: IntakeContext): Refusal | undefined {
  if (context.senders !== 'any' && !isKnown(hl7, header, context.senders))
    return refusal('UNKNOWN_SENDER', `"${header.sender.slice(0, 80)}" is not registered at this gateway`, {
      segment: 'MSH',
      sequence: 1,
      field: 3,
    })
  if (header.type === '') return refusal('MISSING_FIELD', 'MSH-9 is empty', { segment: 'MSH', sequence: 1, field: 9 })
  if (!supported)
    return refusal('UNSUPPORTED_MESSAGE', `"${header.type.slice(0, 40)}" is not taken here: ORU^R01, ORU^R40 and ADT are`, {
      segment: 'MSH',
      sequence: 1,
      field: 9,
    })
  if (header.id === '') return refusal('MISSING_FIELD', 'MSH-10 is empty', { segment: 'MSH', sequence: 1, field: 10 })
  if (header.id.length > MAX_ID)
    return refusal('BAD_VALUE', `MSH-10 is longer than ${MAX_ID} characters`, { segment: 'MSH', sequence: 1, field: 10 })
  const over = hl7.segments.find((s) => s.sequence > MAX_ROWS && COUNTED.has(s.name))
  if (!over) return undefined
  return refusal('TOO_MANY_ROWS', `${hl7.all(over.name).length} ${over.name} segments; at most ${MAX_ROWS} are taken`, {
    segment: over.name,
    sequence: MAX_ROWS + 1,
  })
}

function isKnown(hl7: Hl7, { sender }: Header, senders: readonly string[]): boolean {
  const eui = euiIn(hl7.msh, 3)
  const name = hl7.msh.value(3) ?? ''
  return senders.some((s) => s !== '' && (s === sender || s === name || (eui?.startsWith(s.toUpperCase()) ?? false)))
}

/** MSH-9.1 ACK, or MSA with nothing but its own errors beside it. Other answers (query responses) carry MSA too; they are messages. */
function isAck(hl7: Hl7, { type }: Header): boolean {
  if (type === 'ACK' || type.startsWith('ACK^') || type === 'MCF' || type.startsWith('MCF^')) return true
  return (
    hl7.first('MSA') !== undefined &&
    hl7.segments.every((s) => s.name === 'MSH' || s.name === 'MSA' || s.name === 'ERR' || s.name === 'SFT' || s.name === 'UAC')
  )
}

/** SHA-256 of what follows the first line, base64url. */
function digest(frame: Buffer): string {
  let end = 0
  while (end < frame.length && frame[end] !== 0x0d && frame[end] !== 0x0a) end++
  return hash('sha256', frame.subarray(end), 'base64url')
}

/**
 * What became of the message at the gateway: `accepted` once its records are in the spool (rows that were dropped are then told by
 * themselves), `duplicate` when it was there before, or a refusal of the gateway's own (SPOOL_FULL).
 */
export type Outcome = 'accepted' | 'duplicate' | Refusal

let counter = 0
const stamp = (): AckStamp => ({
  at: Date.now(),
  id: `WL${process.pid.toString(36)}${Date.now().toString(36)}${(counter++ % 46_656).toString(36).padStart(3, '0')}`.toUpperCase(),
})

/**
 * The acknowledgements that are due, unframed, in the order to send them: none, one, or two (CA, then AA).
 * A refusal of the reader (`intake.refusal`) goes before the outcome given here.
 */
export function answers(intake: Intake, outcome: Outcome, stamped: () => AckStamp = stamp): Buffer[] {
  if (intake.isAck) return []
  const refused = intake.refusal ?? (typeof outcome === 'object' ? outcome : undefined)
  const header = intake.message ?? { id: '', version: '2.6', acceptAck: '', applicationAck: '' }
  const problems = refused ? [refused] : outcome === 'duplicate' ? [] : intake.problems
  return acksDue(header, verdictOf(refused, problems)).map((code) => buildAck(code, intake.replyTo, header, problems, stamped()))
}

function verdictOf(refused: Refusal | undefined, problems: readonly RowProblem[]): Verdict {
  if (!refused) return problems.length > 0 ? 'rows-dropped' : 'accepted'
  const { answer } = refusals[refused.code]
  return answer === 'R' ? 'rejected' : answer === 'E' ? 'error' : 'accepted'
}
