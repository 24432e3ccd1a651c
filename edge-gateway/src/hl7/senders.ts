/** Who was heard since the start, and who may be heard at all. */
import { readFileSync, statSync } from 'node:fs'
import type { GatewayHealth } from '@wardline/devices/messages/envelopes.ts'
import { ownCopy } from '../own-copy.ts'

const MOST = 1_000
const LOOK_AGAIN_MS = 2_000

export type SenderHealth = GatewayHealth['senders'][number]

/** The last thousand senders, and how they do. */
export class Senders {
  #heard = new Map<string, SenderHealth>()

  heard(sender: string, peer: string, was: 'accepted' | 'refused', at: number, sentAt: number | undefined): void {
    let one = this.#heard.get(sender)
    if (!one) {
      // Whoever invents names pushes out other invented names first: the one that was silent for longest.
      if (this.#heard.size >= MOST) this.#heard.delete(this.#longestSilent())
      one = { sender: ownCopy(sender), peer, accepted: 0, refused: 0, lastAt: at }
      this.#heard.set(one.sender, one)
    }
    one[was]++
    one.lastAt = at
    one.peer = peer
    if (sentAt !== undefined) one.clockOffsetMs = sentAt - at
  }

  #longestSilent(): string {
    let oldest: SenderHealth | undefined
    for (const one of this.#heard.values()) if (!oldest || one.lastAt < oldest.lastAt) oldest = one
    return oldest?.sender ?? ''
  }

  get list(): SenderHealth[] {
    return [...this.#heard.values()]
  }
}

/**
 * The list of who may send: given, or kept in a file (one MSH-3 or EUI-64 prefix for each line, `#` begins a comment) that is
 * read again when it changes. No file: nobody may.
 */
export function allowedSenders(senders: 'any' | readonly string[] | { file: string }): () => 'any' | readonly string[] {
  if (senders === 'any' || Array.isArray(senders)) return () => senders as 'any' | readonly string[]
  const { file } = senders as { file: string }
  let list: string[] = []
  let readAt = -Infinity
  let changedAt = -1
  return () => {
    const now = Date.now()
    if (now - readAt < LOOK_AGAIN_MS) return list
    readAt = now
    try {
      const { mtimeMs } = statSync(file)
      if (mtimeMs !== changedAt) {
        const lines = readFileSync(file, 'utf8').split('\n')
        list = lines.map((line) => line.replace(/#.*/, '').trim()).filter(Boolean)
        changedAt = mtimeMs
      }
    } catch {
      list = []
      changedAt = -1
    }
    return list
  }
}
