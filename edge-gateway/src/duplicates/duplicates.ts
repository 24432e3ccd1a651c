/**
 * MSH-10 is unique for a sender (MSH-3) for at least seven days [STD domain §3]: what comes again is acknowledged and not applied.
 *
 * An id is entered only after its records are on disk, so that a crash in between loses nothing: the device sends again, and is
 * taken. Ids of messages that are on their way to the disk are known too: the answer to their repetition waits for them.
 */
import { type StreamName, streamNames } from '@wardline/devices/streams.ts'
import type { Spool } from '../spool/spool.ts'
import { bodyOf, DuplicateTable, type Id } from './table.ts'

export type Seen =
  | { is: 'new'; flight: Flight }
  /** Taken before, or about to be: `settled` is called when that is certain (at once when it is). */
  | { is: 'same' | 'reused'; settled(f: (error?: Error) => void): void }

export interface Flight {
  readonly key: string
  readonly id: Id
  readonly body: string
  waiting: ((error?: Error) => void)[]
}

/** [DEF] How often new ids are put on disk, and how many of them there may be before. Until then the spool keeps their records. */
const SAVE_MS = 60_000
const SAVE_IDS = 100_000
const QUICK_IDS = 2_000

export class Duplicates {
  readonly table: DuplicateTable
  #spool: Spool
  #flights = new Map<string, Flight>()
  #timer: NodeJS.Timeout
  #syncing: Promise<void> | undefined

  private constructor(table: DuplicateTable, spool: Spool) {
    this.table = table
    this.#spool = spool
    let savedAt = Date.now()
    this.#timer = setInterval(() => {
      if (Date.now() - savedAt < SAVE_MS && table.waiting < SAVE_IDS) return
      savedAt = Date.now()
      void this.sync()
    }, 1_000)
    this.#timer.unref()
  }

  /** Opens the table, and enters what is in the spool and may not have reached it. */
  static async open(
    options: { path: string; bytes: number; keepDays?: number; now?: () => number },
    spool: Spool,
  ): Promise<Duplicates> {
    const table = new DuplicateTable(options)
    for (const name of streamNames) {
      if (name === 'refusals') continue // what was refused may be sent again
      const lane = spool.lanes[name]
      let next = table.isNew ? lane.first : spool.enteredUpTo(name) + 1
      for (;;) {
        const run = await lane.read(next, { records: 1000, bytes: 1024 * 1024 })
        if (!run) break
        for (const payload of run.payloads) {
          const record = JSON.parse(payload.toString()) as { sender: string; id: string; body?: number }
          table.enter(table.id(record.sender, record.id, record.body))
        }
        next = run.first + run.payloads.length
      }
    }
    const duplicates = new Duplicates(table, spool)
    await duplicates.sync()
    void table.warm()
    return duplicates
  }

  /** Asks for an id and, when it is new, holds it until {@link settle}. */
  look(sender: string, messageId: string, body: string): Seen {
    const key = `${sender}\x1f${messageId}`
    const flight = this.#flights.get(key)
    if (flight) return { is: flight.body === body ? 'same' : 'reused', settled: (f) => void flight.waiting.push(f) }
    const id = this.table.id(sender, messageId, bodyOf(body))
    const is = this.table.look(id)
    if (is !== 'new') return { is, settled: (f) => f() }
    const mine: Flight = { key, id, body, waiting: [] }
    this.#flights.set(key, mine)
    return { is: 'new', flight: mine }
  }

  /** The records are on disk (no error), or are not. */
  settle(flight: Flight, error?: Error): void {
    this.#flights.delete(flight.key)
    if (!error) this.table.enter(flight.id)
    for (const f of flight.waiting) f(error)
  }

  /** Taken in again by hand: known from now on, if it was not. */
  enter(sender: string, messageId: string, body: string): void {
    this.table.enter(this.table.id(sender, messageId, bodyOf(body)))
  }

  /** Puts the table on disk, and tells the spool up to where it needs not be filled again. */
  sync(): Promise<void> {
    this.#syncing ??= this.#sync().finally(() => {
      this.#syncing = undefined
    })
    return this.#syncing
  }

  async #sync(): Promise<void> {
    const upTo = streamNames.map((name): [StreamName, number] => [name, this.#spool.lanes[name].durable])
    // A message may have one record on disk and another on its way: it is entered when both are there.
    await Promise.all([...this.#flights.values()].map((flight) => new Promise<void>((done) => flight.waiting.push(() => done()))))
    await this.table.save().then(
      () => {
        for (const [name, number] of upTo) this.#spool.entered(name, number)
      },
      () => {}, // a sick disk: the spool says so itself; the next turn tries again
    )
  }

  /** With many ids in memory, ending quickly goes first: they are entered again from the spool at the next start. */
  async close(): Promise<void> {
    clearInterval(this.#timer)
    if (this.table.waiting < QUICK_IDS) await this.sync()
    this.table.close()
  }
}
