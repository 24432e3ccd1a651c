import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Association, associationAt, type Facts, judge } from './model.ts'

const on = (more: Partial<Association> = {}): Association => ({
  id: 'a',
  device: 'D',
  patient: 'P1',
  basis: 'pid',
  startedAt: 100,
  ...more,
})
const p1 = { key: 'HOSP|P-1001', patient: 'P1' }
const p2 = { key: 'HOSP|P-2002', patient: 'P2' }
const facts = (more: Partial<Facts>): Facts => ({ at: 200, associations: [], ...more })

describe('monitoring, section 4', () => {
  test('rule 1: PID-3 equals the association', () => {
    const open = on()
    expect(judge(facts({ pid: p1, associations: [open] }))).toEqual({ do: 'chart', association: open })
  })
  test('rule 1: PID-3 with nobody on the device opens an association, also for a patient never heard of', () => {
    expect(judge(facts({ pid: p1 }))).toEqual({ do: 'open-pid', key: p1.key, patient: 'P1' })
    expect(judge(facts({ pid: { key: 'HOSP|new' } }))).toEqual({ do: 'open-pid', key: 'HOSP|new' })
    expect(judge(facts({ pid: p2, associations: [on({ endedAt: 150 })] }))).toMatchObject({ do: 'open-pid', patient: 'P2' })
  })
  test('rule 2: PID-3 is empty: the device’s association, else the bed', () => {
    const open = on({ bed: 'B1' })
    expect(judge(facts({ associations: [open], bed: 'B2' }))).toEqual({ do: 'chart', association: open })
    expect(judge(facts({ bed: 'B2' }))).toEqual({ do: 'ask-bed', bed: 'B2' })
  })
  test('rule 2: what rests on the bed ends when the device is at another', () => {
    const open = on({ basis: 'bed', bed: 'B1' })
    expect(judge(facts({ associations: [open], bed: 'B2' }))).toEqual({ do: 'ask-bed', bed: 'B2', ends: open })
    expect(judge(facts({ associations: [open] }))).toEqual({ do: 'chart', association: open })
  })
  test('rule 3: PID-3 names somebody else, or nobody known: hold', () => {
    expect(judge(facts({ pid: p2, associations: [on()] }))).toEqual({ do: 'hold', claims: p2.key })
    expect(judge(facts({ pid: { key: 'HOSP|new' }, associations: [on()] }))).toEqual({ do: 'hold', claims: 'HOSP|new' })
  })
  test('rule 3: while it is disputed, a reading without PID-3 is held too; its own patient again settles it', () => {
    const disputed = facts({ associations: [on()], conflict: { claims: p2.key, since: 180 } })
    expect(judge(disputed)).toEqual({ do: 'hold', claims: p2.key })
    expect(judge({ ...disputed, at: 170 })).toMatchObject({ do: 'chart' })
    expect(judge({ ...disputed, pid: p1 })).toMatchObject({ do: 'chart', settles: true })
    expect(judge({ ...disputed, pid: p1, at: 170 })).not.toHaveProperty('settles')
  })
  test('rule 4: nothing resolves', () => {
    expect(judge(facts({}))).toEqual({ do: 'unassigned' })
  })
})

test('a late reading goes to whoever was on the device when it was measured', () => {
  const old = on({ id: 'old', endedAt: 150 })
  const now = on({ id: 'now', patient: 'P2', startedAt: 160 })
  expect(judge(facts({ at: 120, associations: [now, old] }))).toEqual({ do: 'chart', association: old })
  expect(judge(facts({ at: 120, pid: p1, associations: [now, old] }))).toEqual({ do: 'chart', association: old })
  expect(judge(facts({ at: 150, associations: [now, old] }))).toEqual({ do: 'unassigned' })
  expect(judge(facts({ at: 155, pid: p2, associations: [now, old] }))).toEqual({ do: 'extend', association: now, from: 155 })
  expect(judge(facts({ at: 155, pid: p1, associations: [now, old] }))).toEqual({ do: 'hold', claims: p1.key })
})

test('no reading is ever charted to another patient than its PID-3 names', () => {
  const patients = ['P1', 'P2', 'P3']
  const association = fc
    .record({
      patient: fc.constantFrom(...patients),
      startedAt: fc.nat(100),
      length: fc.option(fc.nat(50)),
      basis: fc.constantFrom('pid' as const, 'bed' as const, 'nurse' as const),
    })
    .map(({ length, ...rest }) => on({ ...rest, ...(length !== null && { endedAt: rest.startedAt + length }) }))
  fc.assert(
    fc.property(
      fc.array(association, { maxLength: 4 }),
      fc.nat(150),
      fc.constantFrom(...patients),
      fc.boolean(),
      (associations, at, patient, disputed) => {
        const verdict = judge({
          at,
          pid: { key: patient, patient },
          associations,
          ...(disputed && { conflict: { claims: 'x', since: 10 } }),
        })
        if (verdict.do === 'chart' || verdict.do === 'extend') {
          expect(verdict.association.patient).toBe(patient)
          if (verdict.do === 'chart') expect(verdict.association).toBe(associationAt(associations, at))
        }
        if (verdict.do === 'open-pid') expect(verdict.patient).toBe(patient)
      },
    ),
  )
})
