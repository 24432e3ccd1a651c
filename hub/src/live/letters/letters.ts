/**
 * Dead letters: what could not be taken, kept whole, listed, sent in again or put away.
 */
import { randomUUID } from 'node:crypto'
import { MESSAGE_VERSION, type Redrive } from '@wardline/devices/messages/envelopes.ts'
import type { MqttLink } from '@wardline/devices/mqtt/link.ts'
import { topics } from '@wardline/devices/topics.ts'
import type { Logger } from 'pino'
import type { Queryable } from '../../modules/records/service.ts'
import type { Database } from '../../platform/database/database.ts'
import { refusalsOf } from '../../platform/http/refusals.ts'
import type { LetterSummary, Live } from '../live.ts'

/** Kept of each, at most. */
export const MOST_RAW_BYTES = 64 * 1024

export interface NewLetter {
  /** `gateway/spool/stream/position` where the source numbers it: written once, however often it comes. */
  origin?: string
  gateway: string
  door: LetterSummary['door']
  topic?: string
  peer?: string
  code: string
  says: string
  answered?: string
  messageId?: string
  messageType?: string
  sender?: string
  /** The bytes, or their base64 with the length of the whole. */
  raw: Buffer | { base64: string; bytes: number }
  receivedAt: number
}

export interface LetterDetail extends LetterSummary {
  topic?: string
  /** Base64, at most 64 KiB of it. */
  raw: string
  redrivenAt?: number
  redrives: number
  origin?: string
}

/** `later`: it cannot be tried now. Otherwise why it is still bad. */
export type Retake = (letter: LetterDetail) => Promise<'done' | 'later' | { badStill: string }>

export const refusals = refusalsOf('live', {
  LETTER_CUT: { status: 409, says: 'Of the {bytes} bytes of dead letter {id} only the beginning was kept', retry: 'never' },
  LETTER_BAD_STILL: { status: 422, says: 'Dead letter {id} was refused again: {why}', retry: 'never' },
})

export interface Letters {
  /** Write letters in the caller's transaction; `tell` them when it is committed. Those that were there already are left out. */
  record(tx: Queryable, letters: readonly NewLetter[]): Promise<LetterSummary[]>
  tell(letters: readonly LetterSummary[]): void
  /** Newest first. `before`: received before this instant. */
  list(query: { state?: LetterSummary['state']; gateway?: string; before?: number; limit: number }): Promise<LetterSummary[]>
  get(id: string): Promise<LetterDetail | undefined>
  /**
   * Send it in again by the door it came through: to its gateway (then `redriven`), or here (then `resolved`). `closed`: it was dealt with
   * before. `unreachable`: the broker, or this hub does not write for its gateway; try later. Throws the Refusal LETTER_CUT when only the
   * beginning was kept, and LETTER_BAD_STILL when it was tried here and is as bad as before.
   */
  redrive(id: string, by: string): Promise<'done' | 'unknown' | 'closed' | 'unreachable'>
  discard(id: string, by: string): Promise<'done' | 'unknown' | 'closed'>
  /** How what the hub itself could not take is taken in again. Set once, by ingest. */
  onRetake(retake: Retake): void
}

interface LetterRow {
  id: string
  origin: string | null
  gateway: string
  door: LetterSummary['door']
  topic: string | null
  peer: string | null
  code: string
  says: string
  answered: string | null
  message_id: string | null
  message_type: string | null
  sender: string | null
  raw: string
  bytes: number
  received_at: Date
  state: LetterSummary['state']
  redriven_at: Date | null
  redrives: number
}

const SUMMARY = 'id, gateway, door, peer, code, says, answered, message_id, message_type, sender, bytes, received_at, state'

const summaryOf = (row: Omit<LetterRow, 'raw'>): LetterSummary => ({
  id: row.id,
  gateway: row.gateway,
  door: row.door,
  ...(row.peer !== null && { peer: row.peer }),
  code: row.code,
  says: row.says,
  ...(row.answered !== null && { answered: row.answered }),
  ...(row.message_id !== null && { messageId: row.message_id }),
  ...(row.message_type !== null && { messageType: row.message_type }),
  ...(row.sender !== null && { sender: row.sender }),
  bytes: row.bytes,
  receivedAt: row.received_at.getTime(),
  state: row.state,
})

/** PostgreSQL has no U+0000 in texts: a letter about such a message must still be written. */
const clean = (text: string | undefined): string | null => text?.replaceAll('\u0000', '\uFFFD') ?? null
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

export interface LetterOptions {
  database: Pick<Database, 'pool'>
  mqtt: Pick<MqttLink, 'publish'>
  live: Pick<Live, 'letter'>
  site: string
  log: Logger
}

export function openLetters({ database: { pool }, mqtt, live, site, log }: LetterOptions): Letters {
  let retake: Retake = async () => 'later'

  async function get(id: string): Promise<LetterDetail | undefined> {
    if (!UUID.test(id)) return undefined
    const { rows } = await pool.query<LetterRow>('select * from dead_letter where id = $1', [id])
    const row = rows[0]
    if (!row) return undefined
    return {
      ...summaryOf(row),
      raw: row.raw,
      redrives: row.redrives,
      ...(row.topic !== null && { topic: row.topic }),
      ...(row.origin !== null && { origin: row.origin }),
      ...(row.redriven_at && { redrivenAt: row.redriven_at.getTime() }),
    }
  }

  /** Moves only from `waiting` or `redriven`: of two people who act at once, one does. */
  async function move(id: string, state: LetterSummary['state'], by: string): Promise<boolean> {
    const { rows } = await pool.query<LetterRow>(
      `update dead_letter set state = $2::text, redriven_at = case when $2 in ('redriven', 'resolved') then now() else redriven_at end,
         redrives = redrives + case when $2 in ('redriven', 'resolved') then 1 else 0 end
       where id = $1 and state in ('waiting', 'redriven') returning ${SUMMARY}`,
      [id, state],
    )
    if (!rows[0]) return false
    live.letter(summaryOf(rows[0]))
    log.info({ letter: id, state, by }, 'a dead letter was dealt with')
    return true
  }

  return {
    async record(tx, letters) {
      if (!letters.length) return []
      const column = <T>(of: (letter: NewLetter) => T) => letters.map(of)
      const { rows } = await tx.query<LetterRow>(
        `insert into dead_letter (id, origin, gateway, door, topic, peer, code, says, answered, message_id, message_type, sender, raw, bytes, received_at)
         select * from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[],
           $11::text[], $12::text[], $13::text[], $14::int[], $15::timestamptz[]) on conflict (origin) do nothing returning ${SUMMARY}`,
        [
          column(() => randomUUID()),
          column((l) => clean(l.origin)),
          column((l) => clean(l.gateway)),
          column((l) => l.door),
          column((l) => clean(l.topic)),
          column((l) => clean(l.peer)),
          column((l) => clean(l.code)),
          column((l) => clean(l.says.slice(0, 4096))),
          column((l) => clean(l.answered)),
          column((l) => clean(l.messageId)),
          column((l) => clean(l.messageType)),
          column((l) => clean(l.sender)),
          column(({ raw }) => (Buffer.isBuffer(raw) ? raw.subarray(0, MOST_RAW_BYTES).toString('base64') : raw.base64)),
          column(({ raw }) => (Buffer.isBuffer(raw) ? raw.length : Math.min(raw.bytes, 2 ** 31 - 1))),
          column((l) => new Date(l.receivedAt)),
        ],
      )
      return rows.map(summaryOf)
    },
    tell(letters) {
      for (const letter of letters) live.letter(letter)
    },
    async list({ state, gateway, before, limit }) {
      const { rows } = await pool.query<LetterRow>(
        `select ${SUMMARY} from dead_letter where ($1::text is null or state = $1) and ($2::text is null or gateway = $2)
           and ($3::timestamptz is null or received_at < $3) order by received_at desc, id limit $4`,
        [state ?? null, gateway ?? null, before === undefined ? null : new Date(before), limit],
      )
      return rows.map(summaryOf)
    },
    get,
    async redrive(id, by) {
      const letter = await get(id)
      if (!letter) return 'unknown'
      if (letter.state === 'discarded' || letter.state === 'resolved') return 'closed'
      if (Buffer.byteLength(letter.raw, 'base64') < letter.bytes) throw refusals.LETTER_CUT({ id, bytes: letter.bytes })
      if (letter.door !== 'mllp') {
        const outcome = await retake(letter)
        if (outcome === 'later') return 'unreachable'
        if (outcome !== 'done') {
          await pool.query('update dead_letter set redrives = redrives + 1, redriven_at = now() where id = $1', [id])
          throw refusals.LETTER_BAD_STILL({ id, why: outcome.badStill })
        }
        return (await move(id, 'resolved', by)) ? 'done' : 'closed'
      }
      const redrive: Redrive = { v: MESSAGE_VERSION, id, raw: letter.raw }
      try {
        await mqtt.publish(topics.redrive.at({ site, gateway: letter.gateway }), JSON.stringify(redrive), {
          qos: topics.redrive.qos,
        })
      } catch (error) {
        log.warn({ letter: id, err: error }, 'a dead letter could not be sent to its gateway')
        return 'unreachable'
      }
      return (await move(id, 'redriven', by)) ? 'done' : 'closed'
    },
    async discard(id, by) {
      if (!UUID.test(id) || !(await get(id))) return 'unknown'
      return (await move(id, 'discarded', by)) ? 'done' : 'closed'
    },
    onRetake(f) {
      retake = f
    },
  }
}
