import { describe, expect, test } from 'vitest'
import { readAdt } from './adt.ts'
import { parse } from './message.ts'

const MSH = 'MSH|^~\\&|ADT1|HOSP|||20260115101531+0100||ADT^A01^ADT_A01|L1|P|2.5'
const PID = 'PID|1||4711^^^HOSP&1.2.3&ISO^MR~999^^^SSA^SS||Doe&van^Jane^Q^^^^N~Roe^Jane^^^^^L||19500304|F'
const PV1 = [
  'PV1|1|I|5W^512^A^HOSP|||4E^401^B',
  '|'.repeat(13),
  'V77^^^HOSP^VN',
  '|'.repeat(25),
  '20260114080000+0100|20260116',
].join('')

function read(...lines: string[]) {
  const hl7 = parse(lines.join('\r'))
  if ('code' in hl7) throw new Error(hl7.says)
  const reading = readAdt(hl7, { receivedAt: Date.UTC(2026, 0, 15, 9, 15, 31), timeZone: 'Europe/Berlin' })
  return { ...reading, record: reading.records[0]?.record }
}

test('an admission', () => {
  expect(read(MSH, 'EVN|A01|20260115101400+0100||||20260115101300+0100', PID, PV1).record).toEqual({
    kind: 'adt',
    id: 'L1',
    sender: 'ADT1',
    sentAt: Date.UTC(2026, 0, 15, 9, 15, 31),
    receivedAt: Date.UTC(2026, 0, 15, 9, 15, 31),
    event: 'A01',
    at: Date.UTC(2026, 0, 15, 9, 13),
    patient: {
      identifiers: [
        { id: '4711', authority: 'HOSP', type: 'MR' },
        { id: '999', authority: 'SSA', type: 'SS' },
      ],
      family: 'Roe',
      given: 'Jane',
      sex: 'female',
      birthDate: '1950-03-04',
    },
    visit: {
      number: { id: 'V77', authority: 'HOSP', type: 'VN' },
      class: 'I',
      location: { pointOfCare: '5W', room: '512', bed: 'A', facility: 'HOSP' },
      priorLocation: { pointOfCare: '4E', room: '401', bed: 'B' },
      admittedAt: Date.UTC(2026, 0, 14, 7),
    },
  })
})

test('EVN-2 when nothing says when it occurred, else MSH-7', () => {
  expect(read(MSH, 'EVN|A01|20260115101400+0100', PID).record?.at).toBe(Date.UTC(2026, 0, 15, 9, 14))
  expect(read(MSH, 'EVN|A01', PID).record?.at).toBe(Date.UTC(2026, 0, 15, 9, 15, 31))
})

describe('the patient', () => {
  const patient = (pid: string) => read(MSH, pid).record?.patient
  test.each([
    ['F', 'female'],
    ['M', 'male'],
    ['O', 'other'],
    ['U', 'unknown'],
    ['A', 'other'],
    ['N', 'other'],
    ['m', 'male'],
  ])('sex %s is %s', (code, sex) => expect(patient(PID.replace('|F', `|${code}`))?.sex).toBe(sex))
  test('a sex of no table is left out', () => expect(patient(PID.replace('|F', '|1'))).not.toHaveProperty('sex'))
  test.each([
    ['1950', '1950'],
    ['195003', '1950-03'],
    ['19500304', '1950-03-04'],
    ['195003041230+0100', '1950-03-04'],
    ['19501304', undefined],
    ['19500231', undefined],
    ['""', undefined],
  ])('born %s', (text, born) => expect(patient(PID.replace('19500304', text))?.birthDate).toBe(born))
  test('death: PID-30, or a date in PID-29', () => {
    const dead = (end: string) => patient(`${PID}${'|'.repeat(20)}${end}`)?.died
    expect([dead('|'), dead('|20260115'), dead('20260115'), dead('||Y'), dead('|20260115|N')]).toEqual([
      undefined,
      true,
      undefined,
      true,
      false,
    ])
  })
  test('PID-2 where PID-3 is empty (before 2.3)', () => expect(patient('PID|1|88||')?.identifiers).toEqual([{ id: '88' }]))
  test('an identifier too long to keep is not cut', () =>
    expect(patient(`PID|1||${'9'.repeat(300)}~5`)?.identifiers).toEqual([{ id: '5' }]))
})

describe('events', () => {
  test('an old message names its event in EVN-1', () =>
    expect(read(MSH.replace('ADT^A01^ADT_A01', 'ADT').replace('2.5', '2.1'), 'EVN|A08|20260115', PID).record?.event).toBe('A08'))
  test.each([
    ['no event', [MSH.replace('ADT^A01^ADT_A01', 'ADT'), PID], 'MISSING_FIELD'],
    ['no PID', [MSH, PV1], 'MISSING_FIELD'],
    ['nobody in PID-3', [MSH, 'PID|1||""||Doe'], 'MISSING_FIELD'],
    ['version 3', [MSH.replace('2.5', '3.0'), PID], 'UNSUPPORTED_VERSION'],
  ])('%s', (_, lines, code) => expect(read(...lines).refusal?.code).toBe(code))
  test('A20 is about a bed and needs no patient', () =>
    expect(read(MSH.replace('A01^ADT_A01', 'A20'), 'NPU|5W^512^A').record?.patient).toEqual({ identifiers: [] }))
  test('a merge; several merges in one message', () => {
    const a40 = MSH.replace('A01^ADT_A01', 'A40')
    expect(read(a40, PID, 'MRG|4712^^^HOSP^MR').record?.merged).toEqual([{ id: '4712', authority: 'HOSP', type: 'MR' }])
    const { records } = read(a40, PID, 'MRG|1', PID.replace('4711', '5000'), 'MRG|2')
    expect(records.map((r) => [r.record.patient.identifiers[0]?.id, r.record.merged?.[0]?.id])).toEqual([
      ['4711', '1'],
      ['5000', '2'],
    ])
  })
  test('two patients at once are flagged', () =>
    expect(read(MSH.replace('A01^ADT_A01', 'A17'), PID, PV1, PID, PV1).record?.flags).toContain('second_patient'))
})
