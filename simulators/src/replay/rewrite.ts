import { offsetMinutesAt, readDtm, writeDtm } from '@wardline/devices/hl7/dtm.ts'
import { mshFields } from './message-header.ts'

/**
 * Changes to recorded messages that keep every other byte: times moved so that the newest is now, and new message ids.
 * Bytes are read as Latin-1, which maps each byte to one character and back, so any character set survives.
 */

/** Which fields hold times of what happened; times of birth and of papers stay. */
const timeFields: Record<string, readonly number[]> = { MSH: [7], EVN: [2, 6], OBR: [7, 8], OBX: [14] }

const SHAPE = /^\d{8,14}(\.\d+)?([+-]\d{4})?$/

/** An instant in the shape (precision, offset) of the DTM `like`. */
export function writeLike(like: string, instant: number, zone: string): string {
  const [, fraction = '', offset] = SHAPE.exec(like) ?? []
  const east = offset
    ? (offset[0] === '-' ? -1 : 1) * (Number(offset.slice(1, 3)) * 60 + Number(offset.slice(3)))
    : offsetMinutesAt(instant, zone)
  const written = writeDtm(instant, east)
  const whole = like.length - fraction.length - (offset?.length ?? 0)
  return written.slice(0, whole) + written.slice(14, 18).padEnd(fraction.length, '0').slice(0, fraction.length) + (offset ?? '')
}

/** A time that names at least a day; anything else is no instant that could be moved. */
function instantOf(text: string, zone: string): number | undefined {
  return SHAPE.test(text) ? readDtm(text, zone)?.at : undefined
}

/** The newest time of these messages; undefined when there is none. */
export function newestInstant(messages: readonly Buffer[], zone: string): number | undefined {
  let newest: number | undefined
  for (const message of messages)
    eachTime(message.toString('latin1'), (text) => {
      const instant = instantOf(text, zone)
      if (instant !== undefined && (newest === undefined || instant > newest)) newest = instant
      return text
    })
  return newest
}

/** Every time of the message moved by `byMs`, each in its own precision and offset. */
export function shiftTimes(message: Buffer, byMs: number, zone: string): Buffer {
  const text = eachTime(message.toString('latin1'), (time) => {
    const instant = instantOf(time, zone)
    return instant === undefined ? time : writeLike(time, instant + byMs, zone)
  })
  return Buffer.from(text, 'latin1')
}

/** MSH-10 replaced. A message without one gets it where it belongs. */
export function withId(message: Buffer, id: string): Buffer {
  const fields = mshFields(message)
  if (fields.length === 0) return message
  const end = message.indexOf(0x0d)
  const separator = message.toString('latin1', 3, 4)
  while (fields.length < 10) fields.push('')
  fields[9] = id
  return Buffer.concat([Buffer.from(fields.join(separator), 'latin1'), end < 0 ? Buffer.alloc(0) : message.subarray(end)])
}

function eachTime(message: string, change: (time: string) => string): string {
  const separator = message.startsWith('MSH') ? message[3]! : '|'
  const component = message.startsWith('MSH') ? (message[4] ?? '^') : '^'
  return message
    .split('\r')
    .map((segment) => {
      const name = segment.slice(0, 3)
      const places = timeFields[name]
      if (!places) return segment
      const fields = segment.split(separator)
      for (const place of places) {
        // MSH-1 is the separator itself, so MSH-n stands one place earlier than in other segments.
        const index = name === 'MSH' ? place - 1 : place
        const field = fields[index]
        if (!field) continue
        const [time, ...rest] = field.split(component)
        fields[index] = [change(time!), ...rest].join(component)
      }
      return fields.join(separator)
    })
    .join('\r')
}
