/**
 * One numbered stream of one spool, from the batches as they come to what is stored: in order, each number once, none skipped
 * (docs/architecture.md, "The streams"). What waits is stored together: one transaction for all that came while the last one ran.
 */
import type { Batch } from '@wardline/devices/messages/envelopes.ts'
import type { StreamName } from '@wardline/devices/streams.ts'
import type pg from 'pg'
import type { Letters, NewLetter } from '../letters/letters.ts'
import type { LetterSummary } from '../live.ts'
import type { Source, StreamWork, Taken } from './stream-work.ts'
import { codeOf, Stale, troubleOf } from './trouble.ts'

export interface PipelineOptions<R> {
  source: Source
  work: StreamWork<R>
  letters: Letters
  topic: string
  /** The last number that is stored. */
  committed: number
  /** Waiting bytes above which a batch is left to be sent again. */
  limitBytes: number
  /** Records of one transaction, at most. */
  atOnce: number
  /** Moves the stream's number, last in the transaction; throws Deposed. */
  advance(tx: pg.PoolClient, move: { from: number; to: number; lost: number }): Promise<void>
  /** The number moved, or the gateway must be told where the stream stands. `resend`: a gap was seen. */
  announce(resend: boolean): void
  /** The database gives no answer (true), or does again. */
  trouble(is: boolean, error?: unknown): void
  deposed(error: unknown): void
  /** The live state could not take a record; it is stored all the same. */
  unheard(error: unknown): void
  count(what: 'records' | 'bad' | 'overlap' | 'lost', n: number): void
}

export interface StreamPipeline {
  readonly stream: StreamName
  readonly committed: number
  readonly waitingBytes: number
  /** Take a batch as it came, of so many bytes. */
  take(batch: Batch, bytes: number): void
  /** Take one record that was put aside in again, outside the numbers. Rejects with what is wrong with it. */
  retake(record: unknown, position: number): Promise<void>
  /** Take nothing more and wait for the transaction that runs. */
  stop(): Promise<void>
}

type Entry<R> = Taken<R> & { letter?: NewLetter }
interface Waiting<R> {
  entries: Entry<R>[]
  /** The last number of the batch. */
  to: number
  lost: number
  bytes: number
}

const BACKOFF_FIRST_MS = 50
const BACKOFF_MOST_MS = 2_000
/** A record whose transaction fails by itself is tried this often before it is put aside: what it met may be gone the next time. */
const RECORD_ATTEMPTS = 2
/** The same gap is answered once in this time, not for each of the batches that were on their way behind it. */
const GAP_ANSWER_MS = 500
const STALE_ATTEMPTS = 5

export function createStreamPipeline<R>(options: PipelineOptions<R>): StreamPipeline {
  const { source, work, letters } = options
  let committed = options.committed
  /** The next number that may be taken. */
  let expected = committed + 1
  let queue: Waiting<R>[] = []
  let waitingBytes = 0
  let running: Promise<void> | undefined
  let overflowed = false
  let answered = { expected: 0, at: 0 }
  const stopping = new AbortController()

  function take(batch: Batch, bytes: number): void {
    if (stopping.signal.aborted) return
    let lost = 0
    if (batch.dropped && batch.dropped.from <= expected && batch.first > expected) lost = batch.first - expected
    else if (batch.first > expected) {
      answerGap()
      return
    }
    const skip = lost ? 0 : expected - batch.first
    if (skip > 0) options.count('overlap', Math.min(skip, batch.records.length))
    if (skip >= batch.records.length && !lost) {
      options.announce(false)
      return
    }
    // The gateway's window keeps this from happening. Holding back the PUBACK instead would hold up the other streams: MQTT
    // acknowledges in order [STD MQTT 5, 4.6.0-2]. What is not taken is asked for again when there is room.
    if (waitingBytes > 0 && waitingBytes + bytes > options.limitBytes) {
      overflowed = true
      return
    }
    const heardAt = Date.now()
    const entries: Entry<R>[] = []
    for (let i = skip; i < batch.records.length; i++) entries.push(entryOf(batch.records[i], batch.first + i, heardAt))
    const to = batch.first + batch.records.length - 1
    expected = to + 1
    queue.push({ entries, to, lost, bytes })
    waitingBytes += bytes
    if (lost) options.count('lost', lost)
    running ??= drain()
  }

  function entryOf(record: unknown, position: number, heardAt: number): Entry<R> {
    if (!work.check(record)) {
      return {
        position,
        record: record as R,
        heardAt,
        letter: letterOf(record, position, heardAt, 'BAD_RECORD', work.faults(record)),
      }
    }
    const entry: Entry<R> = { position, record, heardAt }
    try {
      work.hear?.(source, entry)
    } catch (error) {
      options.unheard(error)
    }
    return entry
  }

  function letterOf(record: unknown, position: number, receivedAt: number, code: string, says: string): NewLetter {
    const said = (typeof record === 'object' && record !== null ? record : {}) as Record<string, unknown>
    const word = (value: unknown) => (typeof value === 'string' ? value.slice(0, 256) : undefined)
    const messageId = word(said.id)
    const sender = word(said.sender)
    const messageType = word(said.kind)
    return {
      origin: `${source.gateway}/${source.spool}/${work.stream}/${position}`,
      gateway: source.gateway,
      door: 'record',
      topic: options.topic,
      code,
      says,
      ...(messageId !== undefined && { messageId }),
      ...(sender !== undefined && { sender }),
      ...(messageType !== undefined && { messageType }),
      raw: Buffer.from(JSON.stringify(record) ?? 'null'),
      receivedAt,
    }
  }

  function answerGap(): void {
    if (overflowed) return
    const now = Date.now()
    if (answered.expected === expected && now - answered.at < GAP_ANSWER_MS) return
    answered = { expected, at: now }
    // What is taken and not yet stored is told as well as what is: it is sent again and skipped. The answer comes with the next commit.
    options.announce(true)
  }

  async function drain(): Promise<void> {
    // Everything that is being delivered right now goes into the first transaction too.
    await new Promise((resolve) => setImmediate(resolve))
    try {
      while (queue.length && !stopping.signal.aborted) {
        let taken = 0
        let n = 0
        while (n < queue.length && (n === 0 || taken + queue[n]!.entries.length <= options.atOnce))
          taken += queue[n++]!.entries.length
        const batches = queue.slice(0, n)
        const entries = batches.flatMap((batch) => batch.entries)
        const lost = batches.reduce((sum, batch) => sum + batch.lost, 0)
        await storeAll(entries, batches.at(-1)!.to, lost)
        queue = queue.slice(n)
        for (const batch of batches) waitingBytes -= batch.bytes
        options.announce(false)
      }
      if (overflowed && !stopping.signal.aborted) {
        overflowed = false
        options.announce(true)
      }
    } catch (error) {
      if (!stopping.signal.aborted) options.deposed(error)
      stopping.abort()
    } finally {
      running = undefined
    }
  }

  /** Store these up to number `to`. Rejects only when deposed or stopped. */
  async function storeAll(entries: Entry<R>[], to: number, lost: number): Promise<void> {
    let waitMs = BACKOFF_FIRST_MS
    let stale = 0
    for (let attempt = 1; ; attempt++) {
      stopping.signal.throwIfAborted()
      try {
        await storeOnce(entries, to, lost)
        options.trouble(false)
        return
      } catch (error) {
        const trouble = troubleOf(error)
        if (trouble === 'deposed') throw error
        if (trouble === 'stale' && ++stale < STALE_ATTEMPTS) continue
        const good = entries.filter((entry) => !entry.letter)
        if (trouble === 'record' && good.length > 1) {
          const middle = entries.length >> 1
          await storeAll(entries.slice(0, middle), entries[middle - 1]!.position, lost)
          await storeAll(entries.slice(middle), to, 0)
          return
        }
        if (trouble === 'record' && good[0] && attempt >= RECORD_ATTEMPTS) {
          good[0].letter = letterOf(good[0].record, good[0].position, good[0].heardAt, codeOf(error), (error as Error).message)
          continue
        }
        if (trouble === 'database') options.trouble(true, error)
        await pause(waitMs)
        waitMs = Math.min(waitMs * 2, BACKOFF_MOST_MS)
      }
    }
  }

  async function storeOnce(entries: Entry<R>[], to: number, lost: number): Promise<void> {
    const good = entries.filter((entry) => !entry.letter)
    const bad = entries.flatMap(({ letter }) => (letter ? [letter] : []))
    const from = committed
    let written: LetterSummary[] = []
    const after = await work.store(source, good, async (tx) => {
      written = await letters.record(tx, bad)
      await options.advance(tx, { from, to, lost })
    })
    committed = to
    options.count('records', good.length)
    if (bad.length) options.count('bad', bad.length)
    letters.tell(written)
    after()
  }

  function pause(ms: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const stop = () => {
        clearTimeout(timer)
        reject(stopping.signal.reason)
      }
      const timer = setTimeout(() => {
        stopping.signal.removeEventListener('abort', stop)
        resolve()
      }, ms)
      stopping.signal.addEventListener('abort', stop, { once: true })
    })
  }

  return {
    stream: work.stream,
    get committed() {
      return committed
    },
    get waitingBytes() {
      return waitingBytes
    },
    take,
    async retake(record, position) {
      if (!work.check(record)) throw new TypeError(work.faults(record))
      // Not between the numbers: wait until the stream's own transaction is done.
      while (running) await running
      for (let attempt = 1; ; attempt++) {
        try {
          const taken = { position, record, heardAt: Date.now() }
          const after = await work.store(source, [taken], async () => {})
          work.hear?.(source, taken)
          return after()
        } catch (error) {
          if (!(error instanceof Stale) || attempt >= STALE_ATTEMPTS) throw error
        }
      }
    },
    async stop() {
      stopping.abort(new Error('stopped'))
      await running
    },
  }
}
