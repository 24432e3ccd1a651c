import { type RefObject, useLayoutEffect, useRef } from 'react'

const MOVE_MS = 700

/**
 * Things do not jump: when the children of `list` (each with `data-key`) change places, each moves to its new place visibly, once.
 * `order` names the children in order; `layout` changes when all places change, which is not a move. With reduced motion nothing moves.
 */
export function useMoves(list: RefObject<HTMLElement | null>, order: string, layout: string): void {
  const before = useRef<{ layout: string; places: Map<string, DOMRect> }>({ layout: '', places: new Map() })
  // biome-ignore lint/correctness/useExhaustiveDependencies: the effect reads where the elements are after `order` or `layout` changed
  useLayoutEffect(() => {
    const places = new Map<string, DOMRect>()
    const still = before.current.layout !== layout || matchMedia('(prefers-reduced-motion: reduce)').matches
    for (const child of list.current?.children ?? []) {
      if (!(child instanceof HTMLElement) || child.dataset.key === undefined) continue
      const place = child.getBoundingClientRect()
      places.set(child.dataset.key, place)
      const was = before.current.places.get(child.dataset.key)
      if (still || !was || (was.x === place.x && was.y === place.y)) continue
      child.style.zIndex = '1'
      child
        .animate([{ transform: `translate(${was.x - place.x}px, ${was.y - place.y}px)` }, { transform: 'none' }], {
          duration: MOVE_MS,
          easing: 'cubic-bezier(0.2, 0, 0, 1)',
        })
        .finished.catch(() => {})
        .finally(() => child.style.removeProperty('z-index'))
    }
    before.current = { layout, places }
  }, [order, layout])
}
