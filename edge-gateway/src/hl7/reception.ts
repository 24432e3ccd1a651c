/**
 * What becomes of one message: read, known already or not, into the spool, and only then acknowledged.
 */
import { acksDue } from '@wardline/devices/hl7/ack.ts'
import { splitBatch } from '@wardline/devices/hl7/batch.ts'
import { answers, type Intake, type Outcome, readHl7 } from '@wardline/devices/hl7/intake.ts'
import type { MllpFrame } from '@wardline/devices/hl7/mllp.ts'
import { type Refusal, type RefusalCode, refusal, refusals as table } from '@wardline/devices/hl7/refusals.ts'
import type { ObservationRecord, RefusalRecord } from '@wardline/devices/messages/records.ts'
import type { Duplicates } from '../duplicates/duplicates.ts'
import { bodyOf } from '../duplicates/table.ts'
import type { Spool } from '../spool/spool.ts'
import { Senders } from './senders.ts'
import { type Written, write, writeOne } from './written.ts'

type Answer = (messages: readonly Buffer[]) => void

/** [STD records.ts RefusalRecord.raw] */
const KEPT_BYTES = 64 * 1024
const WORD = 256
/** Messages in one frame, at most [DEF]: a mebibyte of `MSH` alone would be 260,000 refusals. */
const MOST_IN_FRAME = 5_000
/** How many refusals the gateway's own page shows. */
const SHOWN = 50

export interface ReceptionOptions {
  spool: Spool
  duplicates: Duplicates
  timeZone: string
  senders: () => 'any' | readonly string[]
  /** A new one for each start of the process: part of each refusal's id. */
  session: string
  /** Told of each reading that was taken. */
  onReading?(record: ObservationRecord, json: string): void
  log: { warn(o: object, m: string): void }
  now?: () => number
}

export class Reception {
  accepted = 0
  refused = 0
  duplicates = 0
  rowsDropped = 0
  /** By name of the refusal. */
  readonly refusedBy = new Map<string, number>()
  readonly senders = new Senders()
  /** The last refusals, newest first, without their bytes. */
  readonly lastRefusals: Omit<RefusalRecord, 'raw' | 'kind'>[] = []
  #options: ReceptionOptions
  #refusals = 0
  #now: () => number

  constructor(options: ReceptionOptions) {
    this.#options = options
    this.#now = options.now ?? Date.now
  }

  /** One MLLP frame: a message, or a batch of them. `answer` is called once, when all its messages are safe or refused. */
  take(frame: MllpFrame, peer: string, answer: Answer): void {
    if (frame.kind === 'too-large') return void this.#tooLarge(frame.head, frame.length, peer, answer)
    if (frame.kind === 'cut-off') {
      const intake = this.#read(frame.bytes, this.#now())
      const cut = { ...intake, isAck: true, refusal: refusal('UNPARSEABLE', 'The message was cut off: its end never came') }
      return void this.#refuse(cut, frame.bytes, frame.bytes.length, peer, answer)
    }
    const messages = mayBeBatch(frame.bytes) ? splitBatch(frame.bytes) : []
    if (messages.length <= 1) return void this.#message(messages[0] ?? frame.bytes, peer, answer)
    if (messages.length > MOST_IN_FRAME) {
      const says = `${messages.length} messages in one frame; at most ${MOST_IN_FRAME} are taken`
      const intake = { ...this.#read(messages[0]!, this.#now()), isAck: false, refusal: refusal('TOO_LARGE', says) }
      return void this.#refuse(intake, frame.bytes, frame.bytes.length, peer, answer)
    }
    const all: (readonly Buffer[])[] = []
    let left = messages.length
    for (const [i, message] of messages.entries()) {
      this.#message(message, peer, (out) => {
        all[i] = out
        if (--left === 0) answer(all.flat())
      })
    }
  }

  /** Takes a refused message in again: the same bytes, but an id that was seen does not stand in its way. Resolves when it is on disk. */
  redrive(id: string, raw: Buffer): Promise<void> {
    const messages = splitBatch(raw)
    const taken = (messages.length ? messages : [raw]).map(
      (message) => new Promise<void>((done) => this.#message(message, `redrive ${id}`.slice(0, WORD), () => done(), true)),
    )
    return Promise.all(taken).then(() => {})
  }

  #read(bytes: Buffer, receivedAt: number): Intake {
    return readHl7(bytes, { receivedAt, timeZone: this.#options.timeZone, senders: this.#options.senders() })
  }

  #message(bytes: Buffer, peer: string, answer: Answer, again = false): void {
    const receivedAt = this.#now()
    const intake = this.#read(bytes, receivedAt)
    if (intake.isAck) {
      return void this.#refuse({ ...intake, refusal: refusal('UNSOLICITED_ACK') }, bytes, bytes.length, peer, answer)
    }
    const { message } = intake
    if (intake.refusal || !message) return void this.#refuse(intake, bytes, bytes.length, peer, answer)
    const written = write(intake.records, bodyOf(intake.bodyDigest))
    if ('code' in written) return void this.#refuse({ ...intake, refusal: written }, bytes, bytes.length, peer, answer)
    if (again) {
      return void this.#store(intake, written, peer, receivedAt, answer, (error) => {
        if (!error) this.#options.duplicates.enter(message.sender, message.id, intake.bodyDigest)
        // There is nobody to keep it: back to where it came from.
        else this.#refuse({ ...intake, refusal: full(error) }, bytes, bytes.length, peer, () => {})
      })
    }
    const seen = this.#options.duplicates.look(message.sender, message.id, intake.bodyDigest)
    if (seen.is === 'new') {
      const { flight } = seen
      return void this.#store(intake, written, peer, receivedAt, answer, (error) =>
        this.#options.duplicates.settle(flight, error),
      )
    }
    // Bytes are the socket's, and used again: what is needed later is copied now.
    const raw = seen.is === 'reused' ? Buffer.from(bytes) : undefined
    seen.settled((error) => {
      if (error) return this.#answer(intake, full(error), peer, answer)
      if (raw) this.#reused(intake, raw, peer, answer)
      else {
        this.duplicates++
        answer(answers(intake, 'duplicate'))
      }
    })
  }

  #store(
    intake: Intake,
    records: readonly Written[],
    peer: string,
    receivedAt: number,
    answer: Answer,
    settled: (error?: Error) => void,
  ): void {
    const { records: read, problems } = intake
    const header = intake.message!
    this.#options.spool.put(records, receivedAt, (error) => {
      settled(error)
      if (error) return this.#answer(intake, full(error), peer, answer)
      this.accepted++
      this.rowsDropped += problems.length
      this.senders.heard(header.sender, peer, 'accepted', receivedAt, header.sentAt)
      for (const [i, { stream, record }] of read.entries())
        if (stream === 'readings') this.#options.onReading?.(record, records[i]!.json)
      answer(answers(intake, 'accepted'))
    })
  }

  /** Nothing could be kept: neither the message nor its refusal. */
  #answer(intake: Intake, outcome: Outcome & Refusal, peer: string, answer: Answer): void {
    this.#count(intake, outcome.code, peer)
    answer(answers(intake, outcome))
  }

  /** The same id for another message. It is answered as a duplicate and not applied; so that it is not lost, it is kept with the refusals. */
  #reused(intake: Intake, raw: Buffer, peer: string, answer: Answer): void {
    const refused = refusal('DUPLICATE_ID_REUSED')
    this.#keep(intake, refused, raw, raw.length, peer, acksDue(intake.message!, 'accepted')[0], (error) => {
      if (error) return this.#answer(intake, full(error), peer, answer)
      this.duplicates++
      this.#count(intake, refused.code, peer)
      const { sender, id } = intake.message!
      this.#options.duplicates.enter(sender, id, intake.bodyDigest) // should it come again, it is kept already
      answer(answers(intake, 'duplicate'))
    })
  }

  #tooLarge(head: Buffer, length: number, peer: string, answer: Answer): void {
    const intake = this.#read(head, this.#now())
    this.#refuse(
      { ...intake, isAck: false, refusal: refusal('TOO_LARGE', `${length} bytes; at most 1 MiB is taken`) },
      head,
      length,
      peer,
      answer,
    )
  }

  /** Keeps what was refused and says so. Should there be no room to keep it, the sender is told all the same. */
  #refuse(intake: Intake, bytes: Buffer, length: number, peer: string, answer: Answer): void {
    const refused = intake.refusal ?? refusal('UNPARSEABLE')
    const letter = table[refused.code].answer
    const verdict = letter === 'R' ? 'rejected' : letter === 'E' ? 'error' : 'accepted'
    const answered = intake.isAck ? undefined : acksDue(intake.message ?? { acceptAck: '', applicationAck: '' }, verdict)[0]
    this.#count(intake, refused.code, peer)
    this.#keep(intake, refused, bytes, length, peer, answered, () => answer(answers(intake, refused)))
  }

  #keep(
    intake: Intake,
    refused: Refusal,
    bytes: Buffer,
    length: number,
    peer: string,
    answered: RefusalRecord['answered'] | undefined,
    done: (error?: Error) => void,
  ): void {
    const { message } = intake
    const record: RefusalRecord = {
      kind: 'refusal',
      id: `${this.#options.session}-${++this.#refusals}`,
      receivedAt: this.#now(),
      door: 'mllp',
      peer: peer.slice(0, WORD),
      code: refused.code,
      says: refused.says.slice(0, 4096),
      ...(answered ? { answered } : {}),
      ...(message?.id ? { messageId: message.id.slice(0, WORD) } : {}),
      ...(message?.type ? { messageType: message.type.slice(0, WORD) } : {}),
      ...(message?.sender ? { sender: message.sender.slice(0, WORD) } : {}),
      raw: bytes.toString('base64', 0, Math.min(bytes.length, KEPT_BYTES)),
      bytes: length,
    }
    const json = writeOne(record)
    const { raw: _, kind: __, ...shown } = JSON.parse(json) as RefusalRecord // with texts of its own, not the message's
    this.lastRefusals.unshift(shown)
    if (this.lastRefusals.length > SHOWN) this.lastRefusals.pop()
    this.#options.spool.put([{ stream: 'refusals', json }], record.receivedAt, (error) => {
      if (error) this.#options.log.warn({ code: refused.code, peer, error: error.message }, 'a refused message could not be kept')
      done(error)
    })
  }

  #count(intake: Intake, code: RefusalCode, peer: string): void {
    this.refused++
    this.refusedBy.set(code, (this.refusedBy.get(code) ?? 0) + 1)
    const { message } = intake
    if (message?.sender) this.senders.heard(message.sender, peer, 'refused', this.#now(), message.sentAt)
  }
}

/** Quickly: a frame that begins with its only MSH is a single message. */
const mayBeBatch = (bytes: Buffer): boolean =>
  !bytes.subarray(0, 3).equals(MSH) || bytes.indexOf('MSH', 3) > 0 || bytes.indexOf('BTS') > 0 || bytes.indexOf('FTS') > 0
const MSH = Buffer.from('MSH')

const full = (error: Error): Refusal =>
  refusal('SPOOL_FULL', `There is no room to keep the message: ${error.message}`.slice(0, 250))
