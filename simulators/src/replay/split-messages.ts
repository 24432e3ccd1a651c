const CR = 0x0d
const LF = 0x0a

/** One message of a recorded file, as it goes on the wire. */
export interface RecordedMessage {
  /** Segments ended by CR; every other byte as recorded. */
  bytes: Buffer
  /** Its place in the file, from 1. */
  number: number
}

/**
 * The messages of a file: a byte order mark and MLLP frames are taken off, batch envelopes (FHS, BHS, BTS, FTS) too, and
 * CR, LF or CRLF become the CR of the standard. Nothing else is changed, so whatever character set it is stays.
 *
 * Lines before the first MSH that are no envelope are sent as a message of their own: the receiver shall judge them.
 */
export function splitMessages(file: Buffer): RecordedMessage[] {
  // Sixteen bits to a letter: its line ends are no single bytes. It goes as it is, and the receiver reads it or says why not.
  if (file.includes(0) && (file[0] === 0xff || file[0] === 0xfe || file[0] === 0 || file[1] === 0))
    return [{ bytes: file, number: 1 }]
  const messages: Buffer[][] = []
  let current: Buffer[] | undefined
  for (const line of linesOf(withoutMark(file))) {
    const name = line.toString('latin1', 0, 3)
    if (name === 'FHS' || name === 'BHS' || name === 'BTS' || name === 'FTS') {
      current = undefined
      continue
    }
    if (name === 'MSH' || !current) {
      current = []
      messages.push(current)
    }
    current.push(line)
  }
  return messages.map((segments, i) => ({
    bytes: Buffer.concat(segments.flatMap((segment) => [segment, SEGMENT_END])),
    number: i + 1,
  }))
}

const SEGMENT_END = Buffer.from([CR])

function withoutMark(file: Buffer): Buffer {
  if (file[0] === 0xef && file[1] === 0xbb && file[2] === 0xbf) return file.subarray(3)
  return file
}

function linesOf(file: Buffer): Buffer[] {
  const lines: Buffer[] = []
  let start = 0
  for (let i = 0; i <= file.length; i++) {
    if (i < file.length && file[i] !== CR && file[i] !== LF) continue
    let from = start
    let to = i
    // Frames of a captured connection: 0x0B before a message, 0x1C behind it.
    while (from < to && (file[from] === 0x0b || file[from] === 0x1c)) from++
    while (to > from && file[to - 1] === 0x1c) to--
    if (to > from) lines.push(file.subarray(from, to))
    start = i + 1
  }
  return lines
}
