import { expect, test } from 'vitest'
import type { Bed } from '../../modules/inpatient/service.ts'
import { bedLooks } from './bed-looks.ts'

const KEY = 'ICU2^204^1^HOSP'
const bed = (patient: string): Bed => ({ id: KEY, place: { pointOfCare: 'ICU2' }, occupant: { patient, encounter: 'e' } }) as Bed

/** A database whose answers the test gives by hand, in the order it likes. */
function aSlowDatabase() {
  const asked: { answer: (bed: Bed) => void; fail: (error: Error) => void }[] = []
  const shown: (string | undefined)[] = []
  const look = bedLooks({
    read: () => new Promise<Bed | null>((answer, fail) => asked.push({ answer, fail })),
    live: { bed: (_id, _place, occupant) => void shown.push(occupant?.patient) },
  })
  return { asked, shown, look }
}

test('an answer that is older than a change is not shown: the bed is read once more', async () => {
  const { asked, shown, look } = aSlowDatabase()
  const first = look(KEY)
  const second = look(KEY) // ADT was committed meanwhile
  expect(asked).toHaveLength(1)
  asked[0]!.answer(bed('who has left'))
  await expect.poll(() => asked.length).toBe(2)
  asked[1]!.answer(bed('who lies there'))
  await Promise.all([first, second])
  expect(shown).toEqual(['who lies there'])
})

test('a look that fails is told, unless the one asked for during it succeeds', async () => {
  const { asked, shown, look } = aSlowDatabase()
  const failing = look(KEY)
  asked[0]!.fail(new Error('gone'))
  await expect(failing).rejects.toThrow('gone')
  const first = look(KEY)
  void look(KEY)
  asked[1]!.fail(new Error('gone'))
  await expect.poll(() => asked.length).toBe(3)
  asked[2]!.answer(bed('P-1'))
  await first
  expect(shown).toEqual(['P-1'])
})
