import { describe, expect, test } from 'vitest'
import type { AlarmRecord } from '../messages/records.ts'
import { parse } from './message.ts'
import { readPcd04 } from './pcd04.ts'

const AT = Date.UTC(2026, 0, 15, 1, 15, 30)
const MSH =
  'MSH|^~\\&|GW1^0012210000AA0001^EUI-64|HOSP|||20260115101530+0900||ORU^R40^ORU_R40|A1|P|2.6|||AL|NE|||||IHE_PCD_ACM_001^IHE PCD^1.3.6.1.4.1.19376.1.6.1.4.1^ISO'
const OBR = 'OBR|1||ALARM-7^GW1^0012210000AA0001^EUI-64|196616^MDC_EVT_ALARM^MDC|||20260115101530+0900'
const EVENT =
  'OBX|1|ST|196674^MDC_EVT_LO_VAL_LT_LIM^MDC|1.3.1.1.1|SpO2 low|||L~PM~SP|||R|||||||0012210000BB0007^^0012210000BB0007^EUI-64'
const facet = (code: string, value: string, n = 3) => `OBX|${n}|ST|${code}^^MDC|1.3.1.1.${n}|${value}||||||R`
const FACETS = [
  facet('68481', 'start', 3),
  facet('68482', 'active', 4),
  facet('68483', 'enabled', 5),
  facet('68484', 'PM', 6),
  facet('68485', 'SP', 7),
]

function read(rows: string[], { msh = MSH, obr = OBR } = {}) {
  const hl7 = parse([msh, obr, ...rows].join('\r'))
  if ('code' in hl7) throw new Error(hl7.says)
  const reading = readPcd04(hl7, { receivedAt: AT + 200, timeZone: 'Asia/Tokyo' })
  const record = reading.records[0]?.record as AlarmRecord
  return { ...reading, record, alarm: record?.alarm, flags: record?.flags ?? [] }
}

test('an alarm with all its facets', () => {
  const { record } = read([
    EVENT,
    'OBX|2|NM|150456^MDC_PULS_OXIM_SAT_O2^MDC|1.3.1.1.2|85|262688^MDC_DIM_PERCENT^MDC|90-100||||R',
    ...FACETS,
  ])
  expect(record).toEqual({
    kind: 'alarm',
    id: 'A1',
    sender: 'GW1^0012210000AA0001^EUI-64',
    sentAt: AT,
    receivedAt: AT + 200,
    device: '0012210000BB0007',
    alarm: {
      alarmId: 'ALARM-7',
      code: 196674,
      event: 'MDC_EVT_LO_VAL_LT_LIM',
      text: 'SpO2 low',
      phase: 'start',
      state: 'active',
      inactivation: 'enabled',
      priority: 'medium',
      kind: 'SP',
      at: AT,
      source: { path: '1.3.1.1', code: 150456, value: 85, unit: '%', limits: [90, 100] },
    },
  })
})

describe('what the field sends', () => {
  test('older codes of the facets, and the other profile', () => {
    const old = [
      ['68165', 'end'],
      ['68166', 'latched'],
      ['68167', 'audio-off'],
      ['68168', 'PH'],
    ].map(([c, v], i) => facet(c!, v!, i + 3))
    const { alarm, flags } = read([EVENT, ...old], { msh: MSH.replace('1.6.1.4.1', '1.6.4.4') })
    expect(alarm).toMatchObject({ phase: 'end', state: 'latched', inactivation: 'audio-off', priority: 'high', kind: 'SP' })
    expect(flags).toEqual([])
  })
  test('an unknown priority is medium, and flagged', () => {
    const { alarm, flags } = read([EVENT.replace('~PM', '~XX'), facet('68484', 'CRISIS', 6), facet('68481', 'start')])
    expect([alarm.priority, flags]).toEqual(['medium', ['priority_assumed']])
  })
  test('no priority facet: the one of OBX-8', () =>
    expect(read([EVENT.replace('PM', 'PH'), facet('68481', 'start')]).alarm.priority).toBe('high'))
  test('nothing but an event: the safe side, flagged', () => {
    const { alarm, flags } = read(['OBX|1|ST|196680^MDC_EVT_LEADS_OFF^MDC|1.2.1.1.1|Leads off'])
    expect(alarm).toMatchObject({ phase: 'start', state: 'active', priority: 'medium', kind: 'ST', inactivation: 'enabled' })
    expect([...flags].sort()).toEqual(['kind_assumed', 'phase_assumed', 'priority_assumed'])
  })
  test('the event in OBX-5, its code as tables print it', () => {
    const { alarm } = read([
      'OBX|1|CWE|196616^MDC_EVT_ALARM^MDC|1.2.1.1.1|3::3076^MDC_EVT_ECG_ASYSTOLE^MDC^^^^^^ASYSTOLE!!|||PH~SP',
      ...FACETS,
    ])
    expect(alarm).toMatchObject({ code: 199684, event: 'MDC_EVT_ECG_ASYSTOLE', text: 'ASYSTOLE!!' })
  })
  test('an event of a vendor: kept by number and text', () =>
    expect(
      read([EVENT.replace('196674^MDC_EVT_LO_VAL_LT_LIM^MDC', '777777^ACME_VTACH^ACME').replace('SpO2 low', 'V-TACH'), ...FACETS])
        .alarm,
    ).toMatchObject({ code: 777777, text: 'V-TACH' }))
  test('the text facet goes before OBX-5', () =>
    expect(read([EVENT, ...FACETS, facet('68546', 'Sättigung niedrig', 8)]).alarm.text).toBe('Sättigung niedrig'))
  test('the source coded, without a value', () =>
    expect(
      read([EVENT, 'OBX|2|CWE|68480^MDC_ATTR_ALERT_SOURCE^MDC|1.3.1.1.2|150456^MDC_PULS_OXIM_SAT_O2^MDC', ...FACETS]).alarm
        .source,
    ).toEqual({ path: '1.3.1.1', code: 150456 }))
  test('several inactivations: the one that suppresses most', () =>
    expect(read([EVENT, facet('68483', 'audio-paused~alert-acknowledged', 5)]).alarm.inactivation).toBe('audio-paused'))
  test('escalated and acknowledged', () => {
    expect(read([EVENT, facet('68481', 'escalate')]).alarm.phase).toBe('escalate')
    expect(read([EVENT, facet('68481', 'De-Escalate')]).alarm.phase).toBe('de-escalate')
  })
})

describe('which alarm it is', () => {
  const parent = (text: string) => `${OBR.replace('ALARM-7', 'ALARM-9')}${'|'.repeat(22)}${text}`
  test.each([['^ALARM-7&GW1&0012210000AA0001&EUI-64'], ['ALARM-7'], ['ALARM-7^GW1^0012210000AA0001^EUI-64'], ['^ALARM-7']])(
    'parent %s',
    (text) => expect(read([EVENT], { obr: parent(text) }).alarm.alarmId).toBe('ALARM-7'),
  )
  test('OBR-3 begins one', () => expect(read([EVENT]).alarm.alarmId).toBe('ALARM-7'))
  test('without a number of its own it is known by its code and measurement, in every message', () => {
    const nameless = OBR.replace(/ALARM-7[^|]*/, '')
    const other = EVENT.replace('1.3.1.1', '1.2.1.1')
    expect(other).not.toBe(EVENT)
    const { records } = read([EVENT, ...FACETS, nameless, other], { obr: nameless })
    const ids = records.map((r) => r.record.alarm.alarmId)
    expect(new Set(ids).size).toBe(2)
    expect(read([EVENT, facet('68481', 'end')], { obr: nameless }).alarm.alarmId).toBe(ids[0])
  })
  test('several in one message', () => {
    const { records } = read([
      EVENT,
      ...FACETS,
      OBR.replace('ALARM-7', 'ALARM-8'),
      EVENT.split('|').slice(0, 12).join('|'),
      ...FACETS,
    ])
    expect(records.map((r) => [r.record.alarm.alarmId, r.record.device])).toEqual([
      ['ALARM-7', '0012210000BB0007'],
      ['ALARM-8', '0012210000BB0007'],
    ])
  })
})

test('a heartbeat: a confirm timeout and no event', () => {
  const { alarm } = read([
    'OBX|1|NM|67860^MDC_ATTR_CONFIRM_TIMEOUT^MDC|1.0.0.0.1|0.5|264352^MDC_DIM_MIN^MDC',
    facet('68481', 'tpoint'),
  ])
  expect(alarm).toMatchObject({
    event: 'heartbeat',
    phase: 'tpoint',
    state: 'inactive',
    priority: 'none',
    kind: 'SA',
    confirmTimeoutS: 30,
  })
})

test('refused: without OBR, without OBX, of another version', () => {
  expect(read([], { obr: 'ZZZ|1' }).refusal?.code).toBe('MISSING_FIELD')
  expect(read([]).refusal?.code).toBe('MISSING_FIELD')
  expect(read([EVENT], { msh: MSH.replace('|2.6|', '|2.4|') }).refusal?.code).toBe('UNSUPPORTED_VERSION')
})

test('test alarms are flagged', () => {
  expect(read([EVENT.replace('L~PM', 'TEST~PM'), ...FACETS]).flags).toEqual(['test'])
  expect(read([EVENT, ...FACETS], { msh: MSH.replace('|P|2.6', '|T|2.6') }).flags).toEqual(['test'])
})
