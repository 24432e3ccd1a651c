/**
 * Batch files [STD HL7 v2.6, 2.10.3]: [FHS] { [BHS] { MSH … } [BTS] } [FTS]. Also plain files that hold one message after the other.
 */

/**
 * The messages of a file or frame, each with its own bytes from `MSH` to before the next `MSH`, `BHS`, `BTS`, `FHS` or `FTS`; the
 * envelopes and what stands before the first message are left out. A single message gives itself back (a byte order mark is kept off).
 * Sets with wide characters (UTF-16) are not looked into: such a file is one message.
 */
export function splitBatch(bytes: Buffer): Buffer[] {
  if (
    bytes.length > 1 &&
    (bytes[0] === 0 || bytes[1] === 0 || (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff))
  )
    return [bytes]
  const begin = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0
  const out: Buffer[] = []
  let start = -1
  let line = begin
  while (line < bytes.length) {
    const kind = headerAt(bytes, line)
    if (kind !== undefined) {
      if (start >= 0) out.push(bytes.subarray(start, line))
      start = kind === 'MSH' ? line : -1
    }
    line = nextLine(bytes, line)
  }
  if (start >= 0) out.push(bytes.subarray(start))
  return out
}

/** Whether a frame or file is a batch or holds several messages. */
export function isBatch(bytes: Buffer): boolean {
  const first = bytes[0] === 0xef ? 3 : 0
  const kind = headerAt(bytes, first)
  return kind === 'FHS' || kind === 'BHS' || (kind === 'MSH' && splitBatch(bytes).length > 1)
}

const ENVELOPES = ['MSH', 'FHS', 'BHS', 'BTS', 'FTS'] as const

function headerAt(bytes: Buffer, at: number): (typeof ENVELOPES)[number] | undefined {
  if (at + 3 > bytes.length) return undefined
  const name = bytes.toString('latin1', at, at + 3)
  const found = ENVELOPES.find((e) => e === name)
  // A text that happens to begin a line with "MSH" is followed by a letter or a blank.
  const next = bytes[at + 3]
  return found && (next === undefined || !/[A-Za-z0-9 ]/.test(String.fromCharCode(next))) ? found : undefined
}

function nextLine(bytes: Buffer, from: number): number {
  for (let i = from; i < bytes.length; i++) if (bytes[i] === 0x0d || bytes[i] === 0x0a) return i + 1
  return bytes.length
}
