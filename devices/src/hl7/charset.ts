/**
 * Character sets of MSH-18 [STD HL7 table 0211]. `iconv-lite` reads most of them; ISO 2022 (Japanese) is read by the platform's decoder.
 */
import { isAscii, isUtf8 } from 'node:buffer'
import iconv from 'iconv-lite'

/**
 * HL7 table 0211 to the name that the decoder knows. '' is what a message without MSH-18 means; UTF-8 and UTF8 are no codes of the table
 * but are sent. Nothing here reads CNS 11643-1992, ISO IR159, JAS2020 and JIS X 0202: such a message is refused unless it is plain ASCII.
 */
const encodings: Record<string, string> = {
  '': 'ascii',
  ASCII: 'ascii',
  'ISO IR6': 'ascii',
  'UNICODE UTF-8': 'utf8',
  'UTF-8': 'utf8',
  UTF8: 'utf8',
  UNICODE: 'utf-16',
  'UNICODE UTF-16': 'utf-16',
  'UNICODE UTF-32': 'utf-32',
  'ISO IR14': 'shift_jis',
  'ISO IR87': 'iso-2022-jp',
  'GB 18030-2000': 'gb18030',
  'BIG-5': 'big5',
  'KS X 1001': 'euc-kr',
}
for (const part of [1, 2, 3, 4, 5, 6, 7, 8, 9, 15]) encodings[`8859/${part}`] = `iso-8859-${part}`

/** A set of table 0211 that can be read here. */
export const isKnownSet = (name: string): boolean => encodings[name.trim().toUpperCase()] !== undefined

export interface Decoded {
  text: string
  /** The name of the encoding that was used, for writing the answer and for hexadecimal escapes. */
  encoding: string
  /** `charset_assumed`: no set was named, or ASCII, and there were other bytes. `charset_replaced`: some bytes were wrong for the set. */
  flag?: 'charset_assumed' | 'charset_replaced'
}

/**
 * Bytes of a message as text. A byte order mark is taken off.
 * Bytes that are wrong for the named set become U+FFFD and a flag: an alarm is not lost for an umlaut.
 * @returns undefined when MSH-18 names a set that cannot be read and the message is not plain ASCII.
 */
export function decode(bytes: Buffer): Decoded | { unknown: string } {
  const wide = wideEncoding(bytes)
  if (wide) return { text: strip(iconv.decode(bytes, wide)), encoding: wide }
  if (isAscii(bytes)) {
    // ISO 2022 is written in seven bits. In every other set that is looked at here, seven bits are ASCII.
    if (bytes.includes('IR87') && encodings[namedSet(bytes)] === 'iso-2022-jp') return withDecoder(bytes, 'iso-2022-jp')
    const text = bytes.toString('latin1')
    return { text, encoding: text.includes('\\X') ? (encodings[namedSet(bytes)] ?? 'ascii') : 'ascii' }
  }
  const named = namedSet(bytes)
  const encoding = encodings[named]
  if (encoding === undefined) return { unknown: named }
  if (encoding === 'ascii') {
    // Not what the sender says it is. UTF-8 is told by its shape; the rest is read as Latin-1, which has a letter for every byte.
    return {
      ...(isUtf8(bytes) ? utf8(bytes) : { text: bytes.toString('latin1'), encoding: 'iso-8859-1' }),
      flag: 'charset_assumed',
    }
  }
  if (encoding === 'utf8') return isUtf8(bytes) ? utf8(bytes) : { ...utf8(bytes), flag: 'charset_replaced' }
  if (encoding === 'iso-2022-jp') return withDecoder(bytes, encoding)
  if (!iconv.encodingExists(encoding)) return { unknown: named }
  const text = strip(iconv.decode(bytes, encoding))
  return text.includes('\ufffd') ? { text, encoding, flag: 'charset_replaced' } : { text, encoding }
}

/** Text as bytes of an encoding that `decode` named; what it cannot write becomes `?`. */
export function encode(text: string, encoding: string): Buffer {
  if (encoding === 'ascii' || encoding === 'utf8' || !iconv.encodingExists(encoding)) return Buffer.from(text, 'utf8')
  return iconv.encode(text, encoding, { addBOM: false })
}

/** The bytes of a `\Xhh..\` escape in the message's own encoding. */
export function decodeHex(hex: string, encoding: string): string {
  const bytes = Buffer.from(hex, 'hex')
  if (encoding === 'utf8') return bytes.toString('utf8')
  if (encoding === 'ascii' || !iconv.encodingExists(encoding)) return bytes.toString('latin1')
  return iconv.decode(bytes, encoding)
}

const utf8 = (bytes: Buffer): { text: string; encoding: string } => ({ text: strip(bytes.toString('utf8')), encoding: 'utf8' })
const strip = (text: string) => (text.charCodeAt(0) === 0xfeff ? text.slice(1) : text)

function withDecoder(bytes: Buffer, encoding: string): Decoded {
  const text = new TextDecoder(encoding).decode(bytes)
  return text.includes('\ufffd') ? { text, encoding, flag: 'charset_replaced' } : { text, encoding }
}

/** UTF-16 and UTF-32 cannot be told from MSH-18, which is written in them: from the byte order mark or the zeros of "MSH". */
function wideEncoding(b: Buffer): string | undefined {
  if (b.length < 4) return undefined
  if (b[0] === 0 && b[1] === 0) return b[3] === 0x4d || (b[2] === 0xfe && b[3] === 0xff) ? 'utf-32be' : undefined
  if ((b[0] === 0xff && b[1] === 0xfe) || (b[0] === 0x4d && b[1] === 0)) return b[2] === 0 && b[3] === 0 ? 'utf-32le' : 'utf-16le'
  if ((b[0] === 0xfe && b[1] === 0xff) || (b[0] === 0 && b[1] === 0x4d)) return 'utf-16be'
  return undefined
}

/** MSH-18.1 of the first segment, or its last repetition when several are named (the first is the default set, the next ones switch by escape). */
function namedSet(bytes: Buffer): string {
  let end = bytes.indexOf(0x0d)
  const lf = bytes.indexOf(0x0a)
  if (end < 0 || (lf >= 0 && lf < end)) end = lf
  const start = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0
  const header = bytes.toString('latin1', start, Math.min(end < 0 ? bytes.length : end, start + 4096))
  const separator = header[3]
  if (separator === undefined) return ''
  const fields = header.split(separator)
  const repetition = fields[1]?.[1]
  const sets = (repetition ? (fields[17] ?? '').split(repetition) : [fields[17] ?? '']).map((s) =>
    s
      .split(fields[1]?.[0] || '^')[0]!
      .trim()
      .toUpperCase(),
  )
  return sets.find((s) => s === 'ISO IR87') ?? sets.find((s) => s !== '') ?? ''
}
