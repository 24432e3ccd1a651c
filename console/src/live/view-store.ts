import type { Patch, Snapshot } from './contract.ts'
import { mergePatch } from './merge-patch.ts'

/**
 * One view as the hub last told it: a snapshot and the numbered patches after it.
 *
 * A patch whose number is not the next is not applied (`gap`): from then on the store waits for a snapshot and keeps showing
 * what it had, marked by `synced = false`. Its memory is the items of the view and nothing else.
 */
export class ViewStore<Item> {
  synced = false
  /** Number of the state that is held; -1 before the first snapshot. */
  seq = -1
  /** Grows with every change of what is held; never goes back, unlike `seq`, which a restarted hub begins anew. */
  version = 0
  #items = new Map<string, Item>()
  #ofItem = new Map<string, Set<() => void>>()
  #ofAll = new Set<() => void>()

  item(id: string): Item | undefined {
    return this.#items.get(id)
  }
  get items(): ReadonlyMap<string, Item> {
    return this.#items
  }

  /** Take a whole new state. */
  snapshot(said: Snapshot): void {
    const before = this.#items
    this.#items = new Map(Object.entries(said.items) as [string, Item][])
    this.seq = said.seq
    this.synced = true
    this.version++
    for (const id of new Set([...before.keys(), ...this.#items.keys()])) this.#wake(id)
    this.#wakeAll()
  }

  /** Take the next change. `gap`: ask the hub for a snapshot. `ignored`: an old one, or a snapshot is already on its way. */
  patch(said: Patch): 'applied' | 'gap' | 'ignored' {
    if (!this.synced) return 'ignored'
    // After a resync, patches that the snapshot already contains may still arrive.
    if (said.seq <= this.seq) return 'ignored'
    if (said.seq !== this.seq + 1) {
      this.synced = false
      return 'gap'
    }
    this.seq = said.seq
    const changed: string[] = []
    for (const [id, change] of Object.entries(said.set)) {
      const was = this.#items.get(id)
      const is = mergePatch(was, change) as Item
      if (is === was) continue
      this.#items.set(id, is)
      changed.push(id)
    }
    for (const id of said.gone) if (this.#items.delete(id)) changed.push(id)
    if (changed.length > 0) {
      this.version++
      for (const id of changed) this.#wake(id)
      this.#wakeAll()
    }
    return 'applied'
  }

  /** The connection this state came over has ended: what is held is not current. */
  lost(): void {
    this.synced = false
  }

  /** Call `wake` when this item changes, comes or goes. Returns what ends that. */
  onItem(id: string, wake: () => void): () => void {
    const wakes = this.#ofItem.get(id) ?? new Set()
    wakes.add(wake)
    this.#ofItem.set(id, wakes)
    return () => {
      wakes.delete(wake)
      if (wakes.size === 0 && this.#ofItem.get(id) === wakes) this.#ofItem.delete(id)
    }
  }
  /** Call `wake` when any item changes. */
  onAny(wake: () => void): () => void {
    this.#ofAll.add(wake)
    return () => void this.#ofAll.delete(wake)
  }
  /** How many listeners there are; a wall that runs for weeks keeps this flat. */
  get listeners(): number {
    let count = this.#ofAll.size
    for (const wakes of this.#ofItem.values()) count += wakes.size
    return count
  }

  #wake(id: string): void {
    for (const wake of this.#ofItem.get(id) ?? []) wake()
  }
  #wakeAll(): void {
    for (const wake of this.#ofAll) wake()
  }
}
