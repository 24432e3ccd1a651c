import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, expect, test } from 'vitest'
import { bodyOf, DuplicateTable } from './table.ts'

const HOUR = 3_600_000
const ends: (() => unknown)[] = []
afterEach(() => {
  for (const end of ends.splice(0).reverse()) end()
})
function aTable(options: { bytes?: number; now?: () => number; path?: string } = {}): DuplicateTable & { path: string } {
  const folder = mkdtempSync(join(tmpdir(), 'table-'))
  ends.push(() => rmSync(folder, { recursive: true, force: true }))
  const path = options.path ?? join(folder, 't')
  return Object.assign(new DuplicateTable({ bytes: 1 << 20, ...options, path }), { path })
}

test('an id is new, then the same, then another body is a reuse; before and after it is saved, and after a restart', async () => {
  const table = aTable()
  const [id, other] = [table.id('GW1', 'M1', bodyOf('body')), table.id('GW1', 'M1', bodyOf('other body'))]
  expect(table.look(id)).toBe('new')
  table.enter(id)
  const seen = (of: DuplicateTable) => [
    of.look(id),
    of.look(other),
    of.look(of.id('GW2', 'M1', bodyOf('body'))),
    of.look(of.id('GW1', 'M1')),
  ]
  const want = ['same', 'reused', 'new', 'same']
  expect(seen(table)).toEqual(want)
  const saving = table.save()
  expect(seen(table)).toEqual(want) // on its way
  await saving
  expect(seen(table)).toEqual(want)
  table.close()
  const again = aTable({ path: table.path })
  expect(again.isNew).toBe(false)
  expect(seen(again)).toEqual(want)
  again.enter(other)
  expect(again.look(other)).toBe('same')
  await again.save()
  expect([again.look(id), again.look(other)]).toEqual(['same', 'same'])
  again.close()
})

test('is remembered for seven days and not longer', async () => {
  let now = 500_000 * HOUR
  const table = aTable({ now: () => now })
  const id = table.id('S', '1', bodyOf('b'))
  table.enter(id)
  await table.save()
  now += 7 * 24 * HOUR
  expect(table.look(id)).toBe('same')
  now += HOUR
  expect(table.look(id)).toBe('new')
  now -= 30 * 24 * HOUR // the clock is set back
  expect(table.look(id)).toBe('same')
  table.close()
})

test('when a bucket is full the oldest gives way, and it is counted; old ones give way uncounted', async () => {
  let now = 500_000 * HOUR
  const table = aTable({ bytes: 4096, now: () => now }) // 64 buckets of six
  const ids = Array.from({ length: 2_000 }, (_, i) => table.id('S', String(i), bodyOf('b')))
  for (const id of ids) {
    table.enter(id)
    if (ids.indexOf(id) % 100 === 99) {
      now += HOUR
      await table.save()
    }
  }
  const known = ids.filter((id) => table.look(id) === 'same')
  expect(known).toHaveLength(64 * 6)
  expect(table.evicted).toBe(2_000 - 64 * 6)
  expect(known.at(-1)).toBe(ids.at(-1))
  now += 8 * 24 * HOUR
  table.enter(table.id('S', 'late', bodyOf('b')))
  await table.save()
  expect(table.evicted).toBe(2_000 - 64 * 6)
  table.close()
})

test('no id of another is taken for seen', async () => {
  const table = aTable({ bytes: 4 << 20 })
  for (let i = 0; i < 100_000; i++) table.enter(table.id('GW1^0012210000AA0001^EUI-64', `M${i}`, bodyOf('b')))
  await table.save()
  let wrong = 0
  for (let i = 100_000; i < 300_000; i++)
    if (table.look(table.id('GW1^0012210000AA0001^EUI-64', `M${i}`, bodyOf('b'))) !== 'new') wrong++
  expect(wrong).toBe(0)
  let missing = 0
  for (let i = 0; i < 100_000; i++)
    if (table.look(table.id('GW1^0012210000AA0001^EUI-64', `M${i}`, bodyOf('b'))) !== 'same') missing++
  expect(missing).toBe(table.evicted)
  expect(table.evicted).toBeLessThan(1_000)
  table.close()
})

test('does as a plain map does, whatever the order of entering, saving and opening again', async () => {
  const step = fc.oneof(
    { weight: 6, arbitrary: fc.record({ id: fc.nat(30), body: fc.nat(2) }) },
    { weight: 1, arbitrary: fc.constantFrom('save' as const, 'reopen' as const) },
  )
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      let table = aTable({ bytes: 1 << 16 })
      const { path } = table
      const model = new Map<number, Set<number>>()
      for (const s of steps) {
        if (s === 'save') await table.save()
        else if (s === 'reopen') {
          await table.save()
          table.close()
          table = aTable({ bytes: 1 << 16, path })
        } else {
          const id = table.id('S', String(s.id), bodyOf(String(s.body)))
          const bodies = model.get(s.id)
          expect(table.look(id)).toBe(!bodies ? 'new' : bodies.has(s.body) ? 'same' : 'reused')
          table.enter(id)
          model.set(s.id, new Set([...(bodies ?? []), s.body]))
        }
      }
      table.close()
    }),
    { numRuns: 100 },
  )
})

test('a sender that gives all its messages one id: each other body is told apart, in bounded memory', async () => {
  const table = aTable()
  let same = 0
  for (let i = 0; i < 20_000; i++) {
    const id = table.id('S', '1', bodyOf(`body ${i}`))
    if (table.look(id) === 'same') same++
    table.enter(id)
    expect(table.look(id)).toBe('same') // when it is sent again at once
    if (i % 5_000 === 4_999) await table.save()
  }
  expect(same).toBe(0)
  expect(table.waiting).toBeLessThan(20)
  table.close()
})

test('takes no room on disk before it is used', () => {
  const table = aTable({ bytes: 256 << 20 })
  expect(statSync(table.path).size).toBe(256 << 20)
  expect(statSync(table.path).blocks * 512).toBeLessThan(1 << 20)
  table.close()
})
