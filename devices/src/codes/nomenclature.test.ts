import { describe, expect, test } from 'vitest'
import { catalogue } from '../catalogue/catalogue.ts'
import { ALARM_PROCEDURE, alarmEventByCode, alarmEvents, alarmFacets } from './alarm-events.ts'
import { metricByCode, metrics } from './metrics.ts'
import { mdcUnit, ucumOf, units } from './units.ts'
import { WAVE_PROCEDURE, waveAttributeOf, waveAttributes, waveformByCode, waveforms } from './waveforms.ts'

/** [STD ISO/IEEE 11073-10101] A context-free code is partition × 65536 + the number of the term in it. */
const partition = { OBJ: 1, SCADA: 2, EVT: 3, DIM: 4, INFRA: 8 } as const
const contextFree = (part: keyof typeof partition, term: number): number => partition[part] * 65_536 + term
const partitionOf = (code: number): number => Math.floor(code / 65_536)

test('the example of the domain page, section 7', () => expect(contextFree('EVT', 3072)).toBe(199_680))

describe('every code lies in the partition of its kind', () => {
  test.each([
    ['metrics', metrics.flatMap((m) => [m.code, ...m.aliasCodes]), 'SCADA'],
    ['waveforms', waveforms.map((w) => w.code), 'SCADA'],
    ['alarm events', [...alarmEvents.map((e) => e.code), ALARM_PROCEDURE.code], 'EVT'],
    ['alarm attributes', Object.values(alarmFacets).flatMap((f) => [...f.codes]), 'OBJ'],
    ['waveform attributes', [...waveAttributes.period.codes, ...waveAttributes.resolution.codes, WAVE_PROCEDURE.code], 'OBJ'],
    ['the mark of an invalid sample', waveAttributes.invalid.codes, 'EVT'],
    ['units', units.flatMap((u) => u.codes), 'DIM'],
  ] as const)('%s', (_, codes, part) => {
    expect(codes.length).toBeGreaterThan(0)
    for (const code of codes) expect(partitionOf(code), String(code)).toBe(partition[part])
  })

  test('containers: objects, or a device specialization', () => {
    for (const { refid, code } of catalogue.flatMap((device) => device.containment)) {
      const part = refid.startsWith('MDC_DEV_SPEC_PROFILE_') ? 'INFRA' : refid.startsWith('MDC_DEV_') ? 'OBJ' : 'SCADA'
      expect(partitionOf(code), refid).toBe(partition[part])
    }
  })
})

/** [STD ISO/IEEE 11073-10101, tables of object types] MDS, VMD and channel of one thing are its number with 1, 2 and 3 added. */
test('a container’s code says whether it is MDS, VMD or channel', () => {
  for (const { refid, code } of catalogue.flatMap((device) => device.containment)) {
    const level = ['_MDS', '_VMD', '_CHAN'].findIndex((suffix) => refid.endsWith(suffix))
    if (level >= 0) expect(code % 4, refid).toBe(level + 1)
  }
})

/** The terms as the standard prints them, for codes that the domain page does not give. */
describe('codes beyond the domain page', () => {
  test.each([
    ['MDC_VENT_RESP_RATE', 20514],
    ['MDC_VENT_PRESS_AWAY_END_EXP_POS', 20904],
    ['MDC_VOL_AWAY_TIDAL', 20796],
    ['MDC_VOL_MINUTE_AWAY', 20808],
    ['MDC_CONC_AWAY_O2_INSP', 21124],
  ])('%s is 2::%i', (refid, term) => expect(metricByCode(contextFree('SCADA', term))?.refid).toBe(refid))

  test('a rate from impedance comes under the number of the standard too', () =>
    expect(metricByCode(contextFree('SCADA', 20506))?.refid).toBe('MDC_TTHOR_RESP_RATE'))

  test.each([
    ['MDC_ECG_ELEC_POTL_III', 317],
    ['MDC_ECG_ELEC_POTL_V1', 259],
    ['MDC_IMPED_TTHOR', 20708],
    ['MDC_CONC_AWAY_CO2', 20628],
  ])('%s is 2::%i', (refid, term) => expect(waveformByCode(contextFree('SCADA', term))?.refid).toBe(refid))

  test.each([
    ['MDC_EVT_HI_GT_LIM', 42],
    ['MDC_EVT_LO', 62],
    ['MDC_EVT_LO_LT_LIM', 64],
    ['MDC_EVT_LEADS_OFF', 274],
  ])('%s is 3::%i', (refid, term) => expect(alarmEventByCode(contextFree('EVT', term))?.refid).toBe(refid))

  test.each([
    ['1', 512],
    ['%', 544],
    ['mL', 1618],
    ['s', 2176],
    ['ms', 2194],
    ['min', 2208],
    ['/s', 2464],
    ['Hz', 2496],
    ['/min', 2528],
    ['/min', 2720],
    ['/min', 2784],
    ['L/min', 3072],
    ['kPa', 3843],
    ['mm[Hg]', 3872],
    ['cm[H2O]', 3904],
    ['mV', 4274],
    ['uV', 4275],
    ['K', 4384],
    ['[degF]', 4416],
    ['Cel', 6048],
  ])('%s is 4::%i', (ucum, term) => expect(ucumOf(String(contextFree('DIM', term)))).toBe(ucum))

  test.each([
    ['MDC_DEV_ANALY_SAT_O2_MDS', 4105],
    ['MDC_DEV_ANALY_SAT_O2_VMD', 4106],
    ['MDC_DEV_ANALY_SAT_O2_CHAN', 4107],
    ['MDC_DEV_MON_PHYSIO_MULTI_PARAM_MDS', 4429],
    ['MDC_DEV_SYS_PT_VENT_MDS', 4465],
    ['MDC_DEV_SYS_PT_VENT_VMD', 4466],
    ['MDC_DEV_SYS_PT_VENT_CHAN', 4467],
    ['MDC_DEV_ECG_RESP_VMD', 5130],
    ['MDC_DEV_PRESS_BLD_NONINV_VMD', 5150],
    ['MDC_DEV_PRESS_BLD_NONINV_CHAN', 5151],
    ['MDC_DEV_CARD_RATE_CHAN', 5203],
  ])('%s is 1::%i', (refid, term) => {
    const named = catalogue.flatMap((device) => device.containment).filter((container) => container.refid === refid)
    expect(named.length).toBeGreaterThan(0)
    for (const { code } of named) expect(code).toBe(contextFree('OBJ', term))
  })
})

test('a number that is no unit of the standard is known by its refid only', () => {
  expect(ucumOf('268224')).toBeUndefined()
  expect(ucumOf('268224', 'MDC_DIM_FAHR')).toBe('[degF]')
  expect(mdcUnit('[degF]')).toEqual({ code: 266560, refid: 'MDC_DIM_FAHR' })
})

test('an attribute with a vendor’s own number is known by its refid', () => {
  expect(waveAttributeOf(2327, 'MDC_ATTR_NU_MSMT_RES')).toBe('resolution')
  expect(waveAttributeOf(262196, 'MDC_EVT_INOP')).toBe('invalid')
  expect(waveAttributeOf(2327, '')).toBeUndefined()
})

/** [STD LOINC, check digit] Mod 10: from the right, every other digit doubled, the digits of all summed up. */
test('every LOINC code has its right check digit', () => {
  const codes = metrics.flatMap((m) => m.loinc)
  expect(codes.length).toBeGreaterThan(0)
  for (const code of codes) {
    const [number = '', check] = code.split('-')
    const sum = [...number]
      .reverse()
      .map((digit, i) => Number(digit) * (i % 2 === 0 ? 2 : 1))
      .reduce((total, value) => total + Math.floor(value / 10) + (value % 10), 0)
    expect(check, code).toBe(String((10 - (sum % 10)) % 10))
  }
})
