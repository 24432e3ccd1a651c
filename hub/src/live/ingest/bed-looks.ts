/**
 * Reads beds again after something about them changed, and shows them.
 *
 * One look at a time for each bed. Two at once, on two connections, may answer in the other order than they were asked: the older answer would
 * then stay on the wall with the name of a patient who has left.
 */
import type { Bed } from '../../modules/inpatient/service.ts'
import type { Live } from '../live.ts'

export type BedLook = (bed: string) => Promise<void>

/** `read` must see what was committed before it is called. What is asked for during a look is looked at once more after it. */
export function bedLooks({ read, live }: { read: (bed: string) => Promise<Bed | null>; live: Pick<Live, 'bed'> }): BedLook {
  const running = new Map<string, Promise<void>>()
  const again = new Set<string>()

  async function look(key: string): Promise<void> {
    for (;;) {
      again.delete(key)
      try {
        const bed = await read(key)
        if (again.has(key)) continue
        if (bed) live.bed(bed.id, bed.place, bed.occupant)
        return
      } catch (error) {
        if (!again.has(key)) throw error
      }
    }
  }

  return (key) => {
    const before = running.get(key)
    if (before) {
      again.add(key)
      return before
    }
    const mine = look(key).finally(() => running.delete(key))
    running.set(key, mine)
    return mine
  }
}
