import { MESSAGE_VERSION } from '@wardline/devices/messages/envelopes.ts'
import type { StreamName } from '@wardline/devices/streams.ts'
import type { DropReason } from '../spool/lane.ts'

const COMMA = 0x2c
const END = Buffer.from(']}')

/** A `Batch` of devices/src/messages/envelopes.ts, put together from the records' JSON as it lies in the spool: nothing is parsed or written again. */
export function encodeBatch(
  batch: {
    gateway: string
    spool: string
    stream: StreamName
    first: number
    sentAt: number
    dropped?: { from: number; reason: DropReason }
  },
  payloads: readonly Buffer[],
): Buffer {
  const head = Buffer.from(`${JSON.stringify({ v: MESSAGE_VERSION, ...batch }).slice(0, -1)},"records":[`)
  let length = head.length + END.length + Math.max(0, payloads.length - 1)
  for (const payload of payloads) length += payload.length
  const bytes = Buffer.allocUnsafe(length)
  let at = head.copy(bytes)
  for (const [i, payload] of payloads.entries()) {
    if (i > 0) bytes[at++] = COMMA
    at += payload.copy(bytes, at)
  }
  END.copy(bytes, at)
  return bytes
}
