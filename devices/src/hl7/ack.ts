/**
 * Acknowledgements [STD HL7 v2.6, 2.9.2 original mode, 2.9.3 enhanced mode; 2.15 MSA, ERR].
 */
import { type Field, message as join, segment } from './build.ts'
import { encode, isKnownSet } from './charset.ts'
import { writeDtm } from './dtm.ts'
import type { Header } from './header.ts'
import { type Delimiters, type Hl7, STANDARD_DELIMITERS } from './message.ts'
import { conditionText, type Location, type RowProblem, refusals } from './refusals.ts'

export type AckCode = 'AA' | 'AE' | 'AR' | 'CA' | 'CE' | 'CR'

/** What became of a message. `rows-dropped`: it was applied but for some rows. */
export type Verdict = 'accepted' | 'rows-dropped' | 'error' | 'rejected'

/** What an answer needs of the message it answers; all text as it stood there. */
export interface ReplyTo {
  delimiters: Delimiters
  encoding: string
  sendingApplication: string
  sendingFacility: string
  receivingApplication: string
  receivingFacility: string
  event: string
  processingId: string
  charset: string
}

/** For a message that could not be read at all. */
export const NOBODY: ReplyTo = {
  delimiters: STANDARD_DELIMITERS,
  encoding: 'utf8',
  sendingApplication: '',
  sendingFacility: '',
  receivingApplication: '',
  receivingFacility: '',
  event: '',
  processingId: 'P',
  charset: '',
}

export function replyTo(hl7: Hl7): ReplyTo {
  const { msh } = hl7
  return {
    delimiters: hl7.delimiters,
    encoding: hl7.encoding,
    sendingApplication: msh.field(3),
    sendingFacility: msh.field(4),
    receivingApplication: msh.field(5),
    receivingFacility: msh.field(6),
    event: msh.value(9, 2) ?? '',
    processingId: msh.field(11) || 'P',
    charset: answerSet(hl7),
  }
}

/** MSH-18 of an answer: that of the message, but not one that nobody knows or that its bytes were not in. */
function answerSet(hl7: Hl7): string {
  return !hl7.flags.includes('charset_assumed') && isKnownSet(hl7.msh.component(18)) ? hl7.msh.field(18) : ''
}

const LETTER: Record<Verdict, 'A' | 'E' | 'R'> = { accepted: 'A', 'rows-dropped': 'E', error: 'E', rejected: 'R' }

/**
 * Which acknowledgements are due, in the order to send them.
 *
 * MSH-15 and MSH-16 both empty is original mode: AA, AE or AR. Otherwise enhanced: MSH-15 asks for CA, CE or CR, MSH-16 for AA, AE or AR
 * (AL always, ER on errors, SU on success, NE never; an empty one counts as NE). Storing and applying are one step here, so both
 * go out together; after a refusal at the first there is no second [STD HL7 v2.6, 2.9.3.1].
 */
export function acksDue(header: Pick<Header, 'acceptAck' | 'applicationAck'>, verdict: Verdict): AckCode[] {
  const letter = LETTER[verdict]
  if (header.acceptAck === '' && header.applicationAck === '') return [`A${letter}`]
  const asks = (condition: string) =>
    condition === 'AL' || (condition === 'SU' && letter === 'A') || (condition === 'ER' && letter !== 'A')
  const due: AckCode[] = []
  if (asks(header.acceptAck)) due.push(`C${letter}`)
  const applied = verdict === 'accepted' || verdict === 'rows-dropped'
  if (asks(header.applicationAck) && (applied || due.length === 0)) due.push(`A${letter}`)
  return due
}

export interface AckStamp {
  /** MSH-7 of the answer, ms. */
  at: number
  /** MSH-10 of the answer. */
  id: string
}

/** At most this many ERR segments are written: a message of 5,000 bad rows is told of the first ones. */
const MAX_ERRORS = 20

/** One acknowledgement, in the delimiters and character set of the message that it answers. */
export function buildAck(
  code: AckCode,
  to: ReplyTo,
  header: Pick<Header, 'id' | 'version'>,
  problems: readonly RowProblem[],
  stamp: AckStamp,
): Buffer {
  const d = to.delimiters
  const version = /^2\.[1-9](\.\d+)*$/.test(header.version) ? header.version : '2.6'
  const minor = Number(version[2])
  const type: Field = minor < 2 || to.event === '' ? 'ACK' : minor < 4 ? ['ACK', to.event] : ['ACK', to.event, 'ACK']
  const msh = segment(
    'MSH',
    [null, null, null, null, writeDtm(stamp.at), null, type, stamp.id, null, version, null, null, null, null, null, null],
    d,
  ).split(d.field)
  // Names and sets are put back as they stood: they are already in these delimiters.
  msh[2] = to.receivingApplication
  msh[3] = to.receivingFacility
  msh[4] = to.sendingApplication
  msh[5] = to.sendingFacility
  msh[10] = to.processingId
  if (to.charset) {
    while (msh.length < 18) msh.push('')
    msh[17] = to.charset
  }
  // Before 2.5 an error is told in MSA-3 and by its place in ERR-1; from then on in ERR-2 and after.
  const old = minor < 5
  const first = problems[0]
  const msa = segment('MSA', [code, header.id, old && first ? first.says.slice(0, 80) : null], d)
  const errors = old ? (first?.location ? [oldError(first, d)] : []) : problems.slice(0, MAX_ERRORS).map((p) => newError(p, d))
  return encode(join([msh.join(d.field), msa, ...errors]), to.encoding)
}

function oldError({ code, location }: RowProblem, d: Delimiters): string {
  const { condition } = refusals[code]
  return segment(
    'ERR',
    [[location?.segment, location?.sequence ?? 1, location?.field, [condition, conditionText[condition], 'HL70357']]],
    d,
  )
}

/** ERR-2 location, ERR-3 condition (0357), ERR-4 severity (0516), ERR-5 our own code, ERR-7 whether to try again, ERR-8 in words. */
function newError({ code, says, location }: RowProblem, d: Delimiters): string {
  const { condition, severity, retry } = refusals[code]
  return segment(
    'ERR',
    [
      null,
      errorLocation(location),
      [condition, conditionText[condition], 'HL70357'],
      severity,
      [code, refusals[code].says, 'L'],
      null,
      `retry: ${retry}`,
      says.slice(0, 250),
    ],
    d,
  )
}

function errorLocation(location: Location | undefined): Field {
  if (!location) return null
  const { segment: name, sequence, field, repetition, component } = location
  return [name, sequence ?? 1, field, field === undefined ? undefined : (repetition ?? 1), component]
}
