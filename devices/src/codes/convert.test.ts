import { describe, expect, test } from 'vitest'
import { convert, pressuresAgree } from './convert.ts'
import { metricByCode } from './metrics.ts'

const etco2 = metricByCode(151708)!
const temperature = metricByCode(150344)!

describe('scenario 13: units', () => {
  test('EtCO₂ 5.0 kPa is 37.5 mmHg', () => expect(convert(5.0, 'kPa', etco2)).toBe(37.5))
  test('101.3 °F is 38.5 °C', () => {
    expect(convert(101.3, '[degF]', temperature)).toBe(38.5)
    expect(convert(101.3, 'MDC_DIM_FAHR', temperature)).toBe(38.5)
    expect(convert(101.3, '266560', temperature)).toBe(38.5)
  })
  test('EtCO₂ in per cent needs the barometric pressure', () => {
    expect(convert(5, '%', etco2)).toBeUndefined()
    expect(convert(5, '%', etco2, 760)).toBe(35.7)
  })
  test('what is no unit of a metric is not converted', () => {
    expect(convert(37, 'mm[Hg]', temperature)).toBeUndefined()
    expect(convert(37, 'furlong', temperature)).toBeUndefined()
  })
  test('a value in the canonical unit is not touched', () => expect(convert(36.987654, 'Cel', temperature)).toBe(36.987654))
})

test('pressures: sys > mean > dia, compared as far as they are there', () => {
  expect(pressuresAgree({ sys: 120, mean: 93, dia: 80 })).toBe(true)
  expect(pressuresAgree({ sys: 80, dia: 120 })).toBe(false)
  expect(pressuresAgree({ sys: 120, mean: 120, dia: 80 })).toBe(false)
  expect(pressuresAgree({ mean: 93 })).toBe(true)
})
