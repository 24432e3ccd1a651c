/**
 * How one record lies in a segment file:
 *
 *   magic u32 │ length u32 │ crc32 u32 │ number u48 │ receivedAt u48 │ payload (JSON, UTF-8)
 *
 * All little-endian. The sum is over everything after it, so that a record in the wrong place or with a torn end does not pass.
 */
import { crc32 } from 'node:zlib'

export const HEADER_BYTES = 24
const MAGIC = 0x31434552 // "REC1"
const MAGIC_BYTES = Buffer.from([0x52, 0x45, 0x43, 0x31])
/** No record is longer: a message is at most 1 MiB [STD domain §14], and its record never much longer than that. */
export const MOST_RECORD_BYTES = 32 * 1024 * 1024

export interface Found {
  number: number
  receivedAt: number
  /** Where the payload begins and ends in the buffer that was read. */
  start: number
  end: number
}

/** Writes the header in front of a payload of `length` bytes that already stands at `at` + HEADER_BYTES. */
export function seal(buffer: Buffer, at: number, length: number, number: number, receivedAt: number): void {
  buffer.writeUInt32LE(MAGIC, at)
  buffer.writeUInt32LE(length, at + 4)
  buffer.writeUIntLE(number, at + 12, 6)
  buffer.writeUIntLE(receivedAt, at + 18, 6)
  buffer.writeUInt32LE(crc32(buffer.subarray(at + 12, at + HEADER_BYTES + length)), at + 8)
}

/** The record at `at`; `more` when the buffer ends before the record does (so many bytes are needed from `at` on); null when there is none. */
export function recordAt(buffer: Buffer, at: number): Found | { more: number } | null {
  if (buffer.length - at < HEADER_BYTES) return { more: HEADER_BYTES }
  if (buffer.readUInt32LE(at) !== MAGIC) return null
  const length = buffer.readUInt32LE(at + 4)
  if (length > MOST_RECORD_BYTES) return null
  const end = at + HEADER_BYTES + length
  if (end > buffer.length) return { more: HEADER_BYTES + length }
  if (crc32(buffer.subarray(at + 12, end)) !== buffer.readUInt32LE(at + 8)) return null
  return { number: buffer.readUIntLE(at + 12, 6), receivedAt: buffer.readUIntLE(at + 18, 6), start: at + HEADER_BYTES, end }
}

/** The next place after `from` at which a record may begin, or -1. */
export const nextMagic = (buffer: Buffer, from: number): number => buffer.indexOf(MAGIC_BYTES, from)
