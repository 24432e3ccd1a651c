/** MQTT payloads that are nothing to us become dead letters, a few of each kind; a flood of them is counted and fills no table. */
import { createHash } from 'node:crypto'
import type pg from 'pg'
import type { Letters } from '../letters/letters.ts'

export interface Unreadable {
  /** `kind`: what of the topic counts together, for example the stream's name. */
  refuse(refusal: { gateway: string; kind: string; topic: string; payload: Buffer; code: string; says: string }): void
  /** How many were kept, and how many only counted. */
  readonly counts: { kept: number; counted: number }
  /** Resolves when those being written are written. */
  settled(): Promise<void>
}

/** Kinds that are told apart. Beyond them all share one allowance: names are free to whoever makes them up. */
const MOST_KINDS = 1_000

export function createUnreadable(options: {
  letters: Letters
  pool: pg.Pool
  perMinute: number
  log: { warn(o: object, m: string): void }
}): Unreadable {
  const { letters, pool, perMinute, log } = options
  const counts = { kept: 0, counted: 0 }
  const writing = new Set<Promise<void>>()
  let minute = 0
  let seen = new Map<string, number>()

  function allowed(key: string): boolean {
    const now = Math.floor(Date.now() / 60_000)
    if (now !== minute) {
      minute = now
      seen = new Map()
    }
    const kind = seen.has(key) || seen.size < MOST_KINDS ? key : ''
    const n = (seen.get(kind) ?? 0) + 1
    seen.set(kind, n)
    return n <= perMinute
  }

  return {
    counts,
    refuse({ gateway, kind, topic, payload, code, says }) {
      if (!allowed(`${gateway}/${kind}`)) {
        counts.counted++
        return
      }
      counts.kept++
      // By content: the same payload again, or seen by another hub too, is the same letter.
      const origin = `mqtt/${createHash('sha256').update(topic).update('\n').update(payload).digest('hex')}`
      const write = letters
        .record(pool, [{ origin, gateway, door: 'mqtt', topic, code, says, raw: payload, receivedAt: Date.now() }])
        .then((written) => letters.tell(written))
        .catch((error: unknown) => log.warn({ gateway, topic, code, err: error }, 'an unreadable message could not be kept'))
      writing.add(write)
      void write.finally(() => writing.delete(write))
    },
    async settled() {
      await Promise.all(writing)
    },
  }
}
