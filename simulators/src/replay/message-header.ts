/**
 * What replay needs to know of a message's MSH, read from its bytes as Latin-1: positions and values, no meaning. A message
 * without a readable MSH has empty fields; it is sent all the same.
 */
export interface MessageHeader {
  /** MSH-9 as sent, for example ORU^R01^ORU_R01. */
  type: string
  /** MSH-10. */
  id: string
  /** MSH-15 and MSH-16, upper case. */
  acceptAck: string
  applicationAck: string
}

export function readHeader(message: Buffer): MessageHeader {
  const field = mshFields(message)
  return { type: field[8] ?? '', id: field[9] ?? '', acceptAck: condition(field[14]), applicationAck: condition(field[15]) }
}

/** MSH fields; index 8 is MSH-9 (index 0 is MSH, and MSH-1 is the separator itself). */
export function mshFields(message: Buffer): string[] {
  if (message.toString('latin1', 0, 3) !== 'MSH') return []
  const end = message.indexOf(0x0d)
  const segment = message.toString('latin1', 0, end < 0 ? message.length : end)
  return segment.split(segment[3] ?? '|')
}

const condition = (field: string | undefined) => (field ?? '').split('^')[0]!.trim().toUpperCase()

/** What the standard lets a sender wait for [STD HL7 v2.6, 2.9.2 and 2.9.3]. */
export interface Expectation {
  /** An answer of this kind must come; `may` may come, `no` is not asked for. Original mode answers with AA, AE or AR. */
  original: 'must' | 'may' | 'no'
  /** CA, CE or CR. */
  commit: 'must' | 'may' | 'no'
  /** AA, AE or AR after a commit. */
  application: 'must' | 'may' | 'no'
  says: string
}

export function expectedAnswer(header: MessageHeader): Expectation {
  // An acknowledgement is never acknowledged, or two systems would thank each other for ever. A receiver may still refuse it.
  const [code, event] = header.type.split('^')
  if (code === 'ACK' || (code === 'MCF' && !event))
    return { original: 'may', commit: 'may', application: 'may', says: 'none (is an answer)' }
  const { acceptAck, applicationAck } = header
  if (!acceptAck && !applicationAck) return { original: 'must', commit: 'no', application: 'no', says: 'original' }
  const commit = wanted(acceptAck)
  const application = wanted(applicationAck)
  const parts = [
    commit !== 'no' && `commit${commit === 'may' ? '?' : ''}`,
    application !== 'no' && `application${application === 'may' ? '?' : ''}`,
  ]
  return { original: 'no', commit, application, says: parts.filter(Boolean).join(' + ') || 'none' }
}

/** [STD HL7 v2 table 0155]: AL always, NE never, ER only on an error, SU only on success; an empty one of the two asks for nothing. */
function wanted(code: string): 'must' | 'may' | 'no' {
  if (code === 'AL') return 'must'
  return code === 'ER' || code === 'SU' ? 'may' : 'no'
}
