/** A wall without a browser: a Socket.IO client that keeps the view as the console does, and says when it fell out of step. */
import { io, type Socket } from 'socket.io-client'

interface Snapshot {
  view: string
  seq: number
  at: number
  items: Record<string, unknown>
}
interface Patch {
  view: string
  seq: number
  at: number
  set: Record<string, unknown>
  gone: string[]
}

/** RFC 7396. */
export function mergePatch(target: unknown, patch: unknown): unknown {
  if (patch === null || typeof patch !== 'object' || Array.isArray(patch)) return patch
  const result: Record<string, unknown> =
    target !== null && typeof target === 'object' && !Array.isArray(target) ? { ...target } : {}
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key]
    else result[key] = mergePatch(result[key], value)
  }
  return result
}

export interface Wall<Item> {
  items: Map<string, Item>
  seq: number
  /** Numbers that were missed; each led to a fresh snapshot. */
  gaps: number
  snapshots: number
  patches: number
  beats: number
  lastBeatAt: number
  degraded: string[]
  socket: Socket
  onPatch?: (patch: Patch, at: number) => void
  /** Resolves with the first item for which `is` holds; rejects after `within` ms. */
  shows(is: (item: Item, id: string) => boolean, within?: number): Promise<Item>
  close(): void
}

export async function aWall<Item>(url: string, view: string, params: Record<string, unknown> = {}): Promise<Wall<Item>> {
  const socket = io(url, { transports: ['websocket'], reconnectionDelay: 100, reconnectionDelayMax: 500, forceNew: true })
  const waiting = new Set<() => void>()
  const wake = () => {
    for (const each of waiting) each()
  }
  const wall: Wall<Item> = {
    items: new Map(),
    seq: -1,
    gaps: 0,
    snapshots: 0,
    patches: 0,
    beats: 0,
    lastBeatAt: 0,
    degraded: [],
    socket,
    shows: (is, within = 5000) =>
      new Promise((resolve, reject) => {
        const look = () => {
          for (const [id, item] of wall.items)
            if (is(item, id)) {
              done()
              resolve(item)
              return
            }
        }
        const late = setTimeout(() => {
          done()
          reject(new Error(`the wall did not show it within ${within} ms; it has ${wall.items.size} items`))
        }, within)
        const done = () => {
          clearTimeout(late)
          waiting.delete(look)
        }
        waiting.add(look)
        look()
      }),
    close: () => socket.close(),
  }
  socket.on('snapshot', (snapshot: Snapshot) => {
    if (snapshot.view !== view) return
    wall.snapshots += 1
    wall.seq = snapshot.seq
    wall.items = new Map(Object.entries(snapshot.items) as [string, Item][])
    wake()
  })
  socket.on('patch', (patch: Patch) => {
    if (patch.view !== view || wall.seq < 0) return
    if (patch.seq !== wall.seq + 1) {
      if (patch.seq <= wall.seq) return
      wall.gaps += 1
      wall.seq = -1
      socket.emit('resync', { view }, () => {})
      return
    }
    wall.seq = patch.seq
    wall.patches += 1
    for (const [id, change] of Object.entries(patch.set)) wall.items.set(id, mergePatch(wall.items.get(id), change) as Item)
    for (const id of patch.gone) wall.items.delete(id)
    wall.onPatch?.(patch, performance.now())
    wake()
  })
  socket.on('beat', (beat: { at: number; degraded: string[] }) => {
    wall.beats += 1
    wall.lastBeatAt = beat.at
    wall.degraded = beat.degraded
  })
  const open = () => socket.emit('open', { view, params }, () => {})
  socket.on('connect', open)
  await new Promise<void>((resolve, reject) => {
    const late = setTimeout(() => reject(new Error(`no snapshot of ${view} within 10 s`)), 10_000)
    socket.once('snapshot', () => {
      clearTimeout(late)
      resolve()
    })
  })
  return wall
}
