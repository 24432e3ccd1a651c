/**
 * Arrays for PostgreSQL in its binary form, which `pg` sends as it is: no number becomes text on one side to become a number on the other.
 * [STD PostgreSQL, src/backend/utils/adt/arrayfuncs.c, array_recv]: dimensions, null flag, element type; length and lower bound; then
 * each element as its length and its bytes, all big-endian.
 */
const INT4_OID = 23
const INT8_OID = 20
const FLOAT8_OID = 701
const HEADER = 20

export const int4Array = (items: readonly number[]): Buffer =>
  arrayOf(items, INT4_OID, 4, (bytes, item, at) => bytes.writeInt32BE(item, at))
export const int8Array = (items: readonly number[]): Buffer =>
  arrayOf(items, INT8_OID, 8, (bytes, item, at) => {
    // Instants and positions are below 2^53, and never negative.
    bytes.writeInt32BE(Math.floor(item / 4_294_967_296), at)
    bytes.writeUInt32BE(item % 4_294_967_296, at + 4)
  })
export const float8Array = (items: readonly number[]): Buffer =>
  arrayOf(items, FLOAT8_OID, 8, (bytes, item, at) => bytes.writeDoubleBE(item, at))

function arrayOf(
  items: readonly number[],
  oid: number,
  width: number,
  write: (bytes: Buffer, item: number, at: number) => void,
): Buffer {
  if (items.length === 0) {
    const empty = Buffer.alloc(12)
    empty.writeInt32BE(oid, 8)
    return empty
  }
  const bytes = Buffer.allocUnsafe(HEADER + items.length * (4 + width))
  bytes.writeInt32BE(1, 0)
  bytes.writeInt32BE(0, 4)
  bytes.writeInt32BE(oid, 8)
  bytes.writeInt32BE(items.length, 12)
  bytes.writeInt32BE(1, 16)
  let at = HEADER
  for (const item of items) {
    bytes.writeInt32BE(width, at)
    write(bytes, item, at + 4)
    at += 4 + width
  }
  return bytes
}
