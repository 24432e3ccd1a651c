import { readdir, readFile, stat } from 'node:fs/promises'
import { extname, join } from 'node:path'
import { readDtm } from '@wardline/devices/hl7/dtm.ts'
import { type MessageHeader, mshFields, readHeader } from './message-header.ts'
import { newestInstant, shiftTimes, withId } from './rewrite.ts'
import { splitMessages } from './split-messages.ts'
import { readVitals, type VitalsOptions, vitalsMessages } from './vitals-csv.ts'

/** One message that is to be sent. */
export interface PlannedMessage {
  bytes: Buffer
  header: MessageHeader
  /** Its place in its file, from 1. */
  number: number
  /** When it was recorded, ms since 1970: what recorded speed goes by. */
  recordedAt?: number
}

export type PlannedFile =
  | { file: string; kind: 'hl7' | 'vitals'; messages: PlannedMessage[] }
  /** Nothing here can send it. `kind` is its ending. */
  | { file: string; kind: 'no-door' | 'unreadable'; says: string }

export interface PlanOptions extends VitalsOptions {
  /** Move the times of each file so that its newest is now. */
  shiftToNow?: boolean
  /** Give every message an id of its own, `<prefix>-<n>`. */
  newIds?: string
  /** IANA zone for times without an offset. */
  zone: string
  /** ms since 1970. */
  now: number
}

/** Every file at or under `paths`, in the order of the names. Throws what the file system says of a missing path. */
export async function filesOf(paths: readonly string[]): Promise<string[]> {
  const files: string[] = []
  for (const path of paths) {
    if (!(await stat(path)).isDirectory()) {
      files.push(path)
      continue
    }
    const entries = await readdir(path, { recursive: true, withFileTypes: true })
    const found = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
    files.push(...found.sort())
  }
  return files
}

/** Reads one file and makes of it what is to be sent. A file that cannot be read is part of the plan, not an error. */
export async function planFile(path: string, options: PlanOptions): Promise<PlannedFile> {
  const ending = extname(path).toLowerCase()
  if (ending !== '.hl7' && ending !== '.csv') return noDoor(path, ending || 'files without an ending')
  let content: Buffer
  try {
    content = await readFile(path)
  } catch (error) {
    return { file: path, kind: 'unreadable', says: (error as Error).message }
  }
  if (ending === '.hl7') return { file: path, kind: 'hl7', messages: planMessages(content, options) }
  const rows = readVitals(content.toString('utf8'))
  if (!rows) return noDoor(path, '.csv with these columns')
  return { file: path, kind: 'vitals', messages: vitalsMessages(rows, options) }
}

const noDoor = (file: string, what: string): PlannedFile => ({
  file,
  kind: 'no-door',
  says: `no door for this kind yet: ${what}`,
})

function planMessages(content: Buffer, options: PlanOptions): PlannedMessage[] {
  const { zone, now, shiftToNow, newIds } = options
  const recorded = splitMessages(content)
  const newest = shiftToNow
    ? newestInstant(
        recorded.map(({ bytes }) => bytes),
        zone,
      )
    : undefined
  return recorded.map(({ bytes, number }) => {
    let out = newest === undefined ? bytes : shiftTimes(bytes, now - newest, zone)
    if (newIds !== undefined) out = withId(out, `${newIds}-${++ids}`)
    const planned: PlannedMessage = { bytes: out, header: readHeader(out), number }
    const sentAt = readDtm((mshFields(bytes)[6] ?? '').split('^')[0]!, zone)?.at
    if (sentAt !== undefined) planned.recordedAt = sentAt
    return planned
  })
}

/** New ids are counted over all files of a run, since a receiver knows messages by sender and id alone. */
let ids = 0
