import type { AdtRecord } from '@wardline/devices/messages/records.ts'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { bedKey, type Decision, decide, type Encounter, eventTime, type Known } from './model.ts'

const A = { pointOfCare: 'ICU', room: '1', bed: 'A' }
const B = { pointOfCare: 'ICU', room: '1', bed: 'B' }
const [bedA, bedB] = ['ICU^1^A^', 'ICU^1^B^']
const says = (event: string, visit: AdtRecord['visit'] = {}, more: Partial<AdtRecord> = {}): AdtRecord => ({
  kind: 'adt',
  id: 'M',
  sender: 'S',
  receivedAt: 1000,
  event,
  patient: { identifiers: [{ id: 'P' }] },
  visit,
  ...more,
})
const stay = (more: Partial<Encounter> = {}): Encounter => ({
  id: 'E',
  patient: 'P',
  class: 'IMP',
  status: 'in-progress',
  bed: bedA,
  startedAt: 10,
  saidAt: 10,
  ...more,
})
const outcome = (event: string, visit: AdtRecord['visit'], known: Known = {}, at = 100): Decision =>
  decide(says(event, visit), known, at)

describe('what each event does', () => {
  const inA = { encounter: stay() }
  test.each<[string, AdtRecord['visit'], Known, Partial<Decision['encounter']> | undefined]>([
    ['A01', { class: 'I', location: A }, {}, { status: 'in-progress', class: 'IMP', bed: bedA, startedAt: 100 }],
    ['A01', { class: 'E', location: A, admittedAt: 50 }, {}, { class: 'EMER', startedAt: 50 }],
    ['A04', { location: A }, {}, { status: 'in-progress', class: 'AMB', bed: bedA }],
    ['A02', { location: B }, inA, { id: 'E', status: 'in-progress', bed: bedB, startedAt: 10 }],
    ['A03', {}, inA, { status: 'finished', bed: bedA, endedAt: 100 }],
    ['A03', { dischargedAt: 90 }, inA, { status: 'finished', endedAt: 90 }],
    ['A05', { location: A }, {}, { status: 'planned', bed: bedA }],
    ['A05', {}, inA, undefined],
    ['A06', {}, { encounter: stay({ class: 'AMB' }) }, { class: 'IMP', bed: bedA }],
    ['A07', { class: 'I' }, inA, { class: 'AMB', bed: bedA }],
    ['A08', { location: B }, inA, { bed: bedB }],
    ['A08', {}, inA, { bed: bedA }],
    ['A08', { location: A }, {}, undefined],
    ['A11', {}, inA, { status: 'cancelled', bed: bedA }],
    ['A11', {}, {}, undefined],
    ['A12', { location: A }, { encounter: stay({ bed: bedB }) }, { status: 'in-progress', bed: bedA }],
    ['A12', { priorLocation: A }, { encounter: stay({ bed: bedB }) }, { bed: bedA }],
    ['A13', {}, { encounter: stay({ status: 'finished', endedAt: 50 }) }, { status: 'in-progress', bed: bedA }],
    ['A13', {}, {}, undefined],
    ['A28', {}, {}, undefined],
    ['A31', {}, inA, undefined],
    ['A60', {}, inA, undefined],
  ])('%s %j', (event, visit, known, encounter) => {
    const decided = outcome(event, visit, known)
    if (encounter) expect(decided).toMatchObject({ outcome: 'applied', encounter })
    else expect(decided).not.toHaveProperty('encounter')
  })
  test('A13 takes the end away', () => {
    expect(outcome('A13', {}, { encounter: stay({ status: 'finished', endedAt: 50 }) }).encounter).not.toHaveProperty('endedAt')
  })
  test.each([
    ['A02', { location: B }],
    ['A03', {}],
    ['A11', {}],
    ['A12', { location: B }],
    ['A08', { location: B }],
  ] as const)('%s takes the devices off', (event, visit) => {
    expect(outcome(event, visit, inA).disconnect).toEqual({ at: 100, patient: true, displaced: false })
  })
  test.each([
    ['A08', {}],
    ['A01', { location: A }],
    ['A02', { location: A }],
  ] as const)('%s within the same bed leaves them on', (event, visit) => {
    expect(outcome(event, visit, inA)).not.toHaveProperty('disconnect')
  })
  test.each(['A02', 'A60', 'A99'])('%s that changes nothing says so', (event) => {
    expect(outcome(event, {}, event === 'A02' ? { encounter: stay({ saidAt: 200 }) } : {}).outcome).toBe(
      event === 'A02' ? 'stale' : 'not-applied',
    )
  })
  test('A40 merges, and without MRG-1 does nothing', () => {
    expect(decide(says('A40', {}, { merged: [{ id: 'old' }] }), {}, 100)).toMatchObject({ outcome: 'applied', merge: true })
    expect(decide(says('A40'), {}, 100).outcome).toBe('not-applied')
  })
})

describe('the same bed twice', () => {
  const other = stay({ id: 'O', patient: 'Q', saidAt: 50 })
  test('the newer event has it, and the one before loses it and its devices', () => {
    expect(outcome('A01', { location: A }, { occupant: other })).toMatchObject({
      encounter: { bed: bedA },
      displaced: 'O',
      disconnect: { at: 100, displaced: true },
      says: expect.stringContaining('taken from stay O'),
    })
  })
  test('an older event comes without a bed', () => {
    const decided = outcome('A01', { location: A }, { occupant: stay({ id: 'O', saidAt: 150 }) })
    expect(decided).toMatchObject({ outcome: 'applied', says: expect.stringContaining('taken by a newer event') })
    expect(decided.encounter).not.toHaveProperty('bed')
    expect(decided).not.toHaveProperty('displaced')
  })
})

describe('out of order', () => {
  test('older than the stay: stale; of the same instant: applied', () => {
    expect(outcome('A02', { location: B }, { encounter: stay({ saidAt: 101 }) })).toMatchObject({
      outcome: 'stale',
      demographics: false,
    })
    expect(outcome('A02', { location: B }, { encounter: stay({ saidAt: 100 }) }).outcome).toBe('applied')
  })
  test('a newer name is not overwritten by an older message of a newer stay', () => {
    expect(outcome('A01', { location: A }, { patientSaidAt: 500 })).toMatchObject({ outcome: 'applied', demographics: false })
    expect(outcome('A31', {}, { patientSaidAt: 500 }).outcome).toBe('stale')
  })
  test('whatever order a stay’s messages come in, it ends as the newest says', () => {
    const events: [string, AdtRecord['visit']][] = [
      ['A01', { location: A }],
      ['A02', { location: B }],
      ['A08', { location: B }],
      ['A03', {}],
    ]
    const tell = (order: number[]) =>
      order.reduce<Encounter | undefined>((encounter, i) => {
        const [event, visit] = events[i]!
        const decided = decide(says(event, visit), encounter ? { encounter } : {}, 100 + i)
        return decided.encounter ? { id: 'E', patient: 'P', ...decided.encounter } : encounter
      }, undefined)
    fc.assert(
      fc.property(fc.shuffledSubarray([0, 1, 2, 3], { minLength: 4 }), (order) => {
        expect(tell(order)).toMatchObject({ status: 'finished', endedAt: 103, saidAt: 103 })
      }),
    )
  })
  test('an event that claims to be of tomorrow counts from when it came', () => {
    expect(eventTime({ at: 2_000_000, receivedAt: 1_000_000 })).toBe(1_000_000)
    expect(eventTime({ at: 1_200_000, receivedAt: 1_000_000 })).toBe(1_200_000)
    expect(eventTime({ sentAt: 5, receivedAt: 1_000_000 })).toBe(5)
  })
})

test('a bed’s key names all four parts, and a place without a bed is none', () => {
  expect(bedKey({ pointOfCare: 'ICU2', room: 'R204', bed: 'B1', facility: 'HOSP' })).toBe('ICU2^R204^B1^HOSP')
  expect(bedKey({ pointOfCare: 'ICU2', room: 'R204' })).toBeNull()
  expect(bedKey(undefined)).toBeNull()
})
