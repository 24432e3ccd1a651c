/** The page's one connection to its hub, and the hooks that screens read it by. */
import { useCallback, useEffect, useRef, useSyncExternalStore } from 'react'
import { useStore } from 'zustand'
import type { ViewItems, ViewName } from './contract.ts'
import { type ConnectionStatus, HubConnection } from './hub-connection.ts'

export const hub = new HubConnection()

/** Keep a view open while the component is on the screen. */
export function useOpenView(view: ViewName, waves = false): void {
  useEffect(() => hub.open(view, { waves }), [view, waves])
}

/** One item of a view. A patch to it wakes this component and no other. */
export function useViewItem<V extends ViewName>(view: V, id: string): ViewItems[V] | undefined {
  const store = hub.view(view)
  return useSyncExternalStore(
    useCallback((wake: () => void) => store.onItem(id, wake), [store, id]),
    () => store.item(id),
  )
}

/** Something reckoned from all items of a view. The component wakes only when `same` says that the result changed. */
export function useViewOf<V extends ViewName, Result>(
  view: V,
  reckon: (items: ReadonlyMap<string, ViewItems[V]>) => Result,
  same: (a: Result, b: Result) => boolean = Object.is,
): Result {
  const store = hub.view(view)
  const held = useRef<{ version: number; reckon: unknown; result: Result } | null>(null)
  return useSyncExternalStore(
    useCallback((wake: () => void) => store.onAny(wake), [store]),
    () => {
      const before = held.current
      const { version } = store
      if (before && before.version === version && before.reckon === reckon) return before.result
      const next = reckon(store.items)
      const result = before && same(before.result, next) ? before.result : next
      held.current = { version, reckon, result }
      return result
    },
  )
}

/** How the wire to the hub is doing. */
export function useConnection(): ConnectionStatus {
  return useStore(hub.status)
}

const seconds = {
  wakes: new Set<() => void>(),
  now: hub.clock.now(),
  timer: undefined as ReturnType<typeof setInterval> | undefined,
}

function everySecond(wake: () => void): () => void {
  seconds.wakes.add(wake)
  if (seconds.timer === undefined) {
    seconds.now = hub.clock.now()
    seconds.timer = setInterval(() => {
      seconds.now = hub.clock.now()
      for (const each of seconds.wakes) each()
    }, 1000)
  }
  return () => {
    seconds.wakes.delete(wake)
    if (seconds.wakes.size > 0) return
    clearInterval(seconds.timer)
    seconds.timer = undefined
  }
}

/** The hub's time, anew every second: ages are reckoned from it. */
export function useNow(): number {
  return useSyncExternalStore(everySecond, () => seconds.now)
}
