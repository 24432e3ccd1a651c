import { splitBatch } from '@wardline/devices/hl7/batch.ts'
import { MllpFramer } from '@wardline/devices/hl7/mllp.ts'

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
 * The messages of a file: a byte order mark, MLLP frames and batch envelopes are taken off, CR, LF or CRLF become the CR of
 * the standard, empty lines go. Nothing else is changed, so whatever character set it is stays. A file without any MSH is
 * sent whole: the receiver shall judge it. An empty file has no messages.
 */
export function splitMessages(file: Buffer): RecordedMessage[] {
  return framesOf(file)
    .flatMap((part) => {
      const found = splitBatch(part)
      return found.length > 0 ? found : [withoutMark(part)]
    })
    .map((bytes) => (isWide(bytes) ? bytes : withSegmentEnds(bytes)))
    .filter((bytes) => bytes.length > 0)
    .map((bytes, i) => ({ bytes, number: i + 1 }))
}

/** A capture of a connection still has its frames on. */
function framesOf(file: Buffer): Buffer[] {
  if (file[0] !== 0x0b) return [file]
  const framer = new MllpFramer({ maxBytes: Number.POSITIVE_INFINITY })
  const frames = framer.push(file)
  const rest = framer.end()
  if (rest) frames.push(rest)
  return frames.map((one) => (one.kind === 'too-large' ? one.head : one.bytes))
}

/** Sixteen bits to a letter: line ends are no single bytes there, so it goes as it is. */
const isWide = (bytes: Buffer) =>
  bytes[0] === 0 || bytes[1] === 0 || (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff)

const withoutMark = (bytes: Buffer) => (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? bytes.subarray(3) : bytes)

function withSegmentEnds(bytes: Buffer): Buffer {
  const out = Buffer.alloc(bytes.length + 1)
  let length = 0
  for (let i = 0; i <= bytes.length; i++) {
    const byte = bytes[i]
    if (byte !== undefined && byte !== CR && byte !== LF) out[length++] = byte
    else if (length > 0 && out[length - 1] !== CR) out[length++] = CR
  }
  return out.subarray(0, length)
}
