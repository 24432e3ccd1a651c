/** The records of a message as they go into the spool, and from there to the hub as they are. */
import type { IntakeEntry } from '@wardline/devices/hl7/intake.ts'
import { type Refusal, refusal } from '@wardline/devices/hl7/refusals.ts'
import type { StreamRecord } from '@wardline/devices/messages/records.ts'
import type { StreamName } from '@wardline/devices/streams.ts'

export interface Written {
  stream: StreamName
  json: string
}

/**
 * A record goes in one MQTT message, whose broker takes 4 MiB. One that is longer would end the link each time it is sent, and nothing
 * behind it would ever come. Only messages made to be so get there: control characters take six bytes each.
 */
const MOST_RECORD_BYTES = 3 * 1024 * 1024

/** U+0000 and halves of surrogate pairs, as JSON writes them. No database takes them: one would cost the whole record. */
const UNSTORABLE = /\\u(?:0000|d[89a-f])/

export function writeOne(record: StreamRecord): string {
  const json = JSON.stringify(record)
  if (!json.includes('\\u') || !UNSTORABLE.test(json)) return json
  return JSON.stringify(record, (_, value: unknown) =>
    typeof value === 'string' ? value.replaceAll('\0', '\ufffd').toWellFormed() : value,
  )
}

/** @param body what tells this message from another one with its id, for when the id has to be learnt from the spool again. */
export function write(records: readonly IntakeEntry[], body: number): Written[] | Refusal {
  const written: Written[] = []
  for (const { stream, record } of records) {
    const json = `${writeOne(record).slice(0, -1)},"body":${body}}`
    if (json.length > MOST_RECORD_BYTES / 3 && Buffer.byteLength(json) > MOST_RECORD_BYTES)
      return refusal('TOO_LARGE', `Its record is larger than ${MOST_RECORD_BYTES / 1024 / 1024} MiB`)
    written.push({ stream, json })
  }
  return written
}
