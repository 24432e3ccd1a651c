import type { BedItem, FeedItem } from '../views/contract.ts'
import { difference } from '../views/merge-patch.ts'

export type Item = BedItem | FeedItem

/** What changed since the last time: merge patches or whole new items, and what is no more. */
export interface Change {
  set: Record<string, object>
  gone: string[]
  /** PV1-3 point of care of each changed item, where it has one: a wall of one unit gets only its own. */
  unitOf: Map<string, string | undefined>
}

export interface ViewSource {
  ids(): Iterable<string>
  build(id: string, now: number): Item | undefined
}

/**
 * One view of this hub: the items as every client has them, and how they differ from what is so now. All clients share it, so that a change
 * is found once however many look. It rests while nobody does.
 */
export class LiveView {
  /** As last told to the clients. */
  readonly items = new Map<string, Item>()
  readonly #source: ViewSource
  readonly #sweepTicks: number
  readonly #dirty = new Set<string>()
  #sweep: string[] = []
  #isOpen = false

  /** @param sweepTicks after so many calls of `tick` every item has been looked at again, because time alone changes it */
  constructor(source: ViewSource, sweepTicks: number) {
    this.#source = source
    this.#sweepTicks = Math.max(1, sweepTicks)
  }

  get isOpen(): boolean {
    return this.#isOpen
  }

  open(now: number): void {
    if (this.#isOpen) return
    this.#isOpen = true
    for (const id of this.#source.ids()) {
      const item = this.#source.build(id, now)
      if (item) this.items.set(id, item)
    }
  }

  close(): void {
    this.#isOpen = false
    this.items.clear()
    this.#dirty.clear()
    this.#sweep = []
  }

  mark(id: string): void {
    if (this.#isOpen) this.#dirty.add(id)
  }

  /** What is marked, and the next part of the sweep. */
  tick(now: number): Change | undefined {
    if (!this.#isOpen) return undefined
    if (this.#sweep.length === 0) this.#sweep = [...new Set([...this.items.keys(), ...this.#source.ids()])]
    const part = Math.ceil(Math.max(this.items.size, this.#sweep.length) / this.#sweepTicks)
    for (const id of this.#sweep.splice(-part)) this.#dirty.add(id)
    return this.flush(this.#dirty, now)
  }

  /** Only these, now. */
  flush(ids: Iterable<string>, now: number): Change | undefined {
    if (!this.#isOpen) return undefined
    // Without a prototype: ids come from outside, and one may be called anything.
    const change: Change = { set: Object.create(null), gone: [], unitOf: new Map() }
    for (const id of [...ids]) {
      this.#dirty.delete(id)
      this.#renew(id, now, change)
    }
    return change.unitOf.size ? change : undefined
  }

  #renew(id: string, now: number, change: Change): void {
    const was = this.items.get(id)
    const is = this.#source.build(id, now)
    if (!is) {
      if (!was) return
      this.items.delete(id)
      change.gone.push(id)
      change.unitOf.set(id, unitOf(was))
      return
    }
    const patch = was ? difference(was, is) : is
    if (!patch) return
    this.items.set(id, is)
    change.set[id] = patch
    change.unitOf.set(id, unitOf(is))
  }
}

export const unitOf = (item: Item): string | undefined => ('unit' in item ? item.unit : undefined)
