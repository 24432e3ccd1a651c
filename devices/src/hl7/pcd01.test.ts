import { describe, expect, test } from 'vitest'
import type { Metric, ObservationRecord, WaveRecord } from '../messages/records.ts'
import { parse } from './message.ts'
import { readPcd01 } from './pcd01.ts'

const RECEIVED = Date.UTC(2026, 0, 15, 1, 15, 30, 500)
const MEASURED = Date.UTC(2026, 0, 15, 1, 15, 30)
const MDS = 'OBX|1||69965^MDC_DEV_MON_PHYSIO_MULTI_PARAM_MDS^MDC|1.0.0.0|||||||X|||||||0012210000BB0007^^0012210000BB0007^EUI-64'
const OBR = 'OBR|1||F000123^GW1^0012210000AA0001^EUI-64|182777000^monitoring of patient^SCT|||20260115101530.000+0900'
const header = (change: Record<number, string> = {}) => {
  const fields =
    'MSH|^~\\&|GW1^0012210000AA0001^EUI-64|HOSP|||20260115101530.250+0900||ORU^R01^ORU_R01|M000123|P|2.6|||AL|NE||UNICODE UTF-8|||IHE_PCD_001^IHE PCD^1.3.6.1.4.1.19376.1.6.1.1.1^ISO'.split(
      '|',
    )
  for (const [n, text] of Object.entries(change)) fields[Number(n) - 1] = text
  return fields.join('|')
}
const SUBJECT = ['PID|||P-1001^^^HOSP^MR', 'PV1||I|ICU2^R204^B1^HOSP']

function read(rows: string[], { msh = header(), obr = OBR, mds = MDS } = {}) {
  const hl7 = parse([msh, ...SUBJECT, obr, mds, ...rows].filter((l) => l !== '').join('\r'))
  if ('code' in hl7) throw new Error(hl7.says)
  const reading = readPcd01(hl7, { receivedAt: RECEIVED, timeZone: 'Asia/Tokyo' })
  const observation = reading.records.find((r) => r.stream === 'readings')?.record as ObservationRecord | undefined
  const wave = reading.records.find((r) => r.stream === 'waves')?.record as WaveRecord | undefined
  return {
    ...reading,
    observation,
    wave,
    metrics: observation?.frames.flatMap((f) => f.metrics) ?? [],
    flags: reading.records[0]?.record.flags ?? [],
  }
}
/** One row: heart rate unless told otherwise. */
const row = (
  o: {
    code?: string
    path?: string
    type?: string
    value?: string
    unit?: string
    limits?: string
    marks?: string
    status?: string
    at?: string
    n?: number
  } = {},
) =>
  `OBX|${o.n ?? 4}|${o.type ?? 'NM'}|${o.code ?? '147842^MDC_ECG_HEART_RATE^MDC'}|${o.path ?? '1.2.1.1'}|${o.value ?? '72'}|${o.unit ?? '264864^MDC_DIM_BEAT_PER_MIN^MDC'}|${o.limits ?? ''}|${o.marks ?? ''}|||${o.status ?? 'R'}|||${o.at ?? ''}`
const one = (o: Parameters<typeof row>[0]): Metric | undefined => read([row(o)]).metrics[0]
const mmHg = '266016^MDC_DIM_MMHG^MDC'

test('the message of section 3', () => {
  const { observation, problems } = read([
    'OBX|2||70666^MDC_DEV_ECG_RESP_VMD^MDC|1.2.0.0|||||||X',
    'OBX|3||70739^MDC_DEV_CARD_RATE_CHAN^MDC|1.2.1.0|||||||X',
    'OBX|4|NM|147842^MDC_ECG_HEART_RATE^MDC|1.2.1.1|72|264864^MDC_DIM_BEAT_PER_MIN^MDC|50-120||||R|||20260115101530.000+0900',
  ])
  expect(problems).toEqual([])
  expect(observation).toEqual({
    kind: 'observation',
    id: 'M000123',
    sender: 'GW1^0012210000AA0001^EUI-64',
    sentAt: MEASURED + 250,
    receivedAt: RECEIVED,
    device: '0012210000BB0007',
    patient: { id: 'P-1001', authority: 'HOSP', type: 'MR' },
    location: { pointOfCare: 'ICU2', room: 'R204', bed: 'B1', facility: 'HOSP' },
    frames: [{ at: MEASURED, metrics: [{ path: '1.2.1.1', code: 147842, value: 72, limits: [50, 120] }] }],
  })
})

describe('OBX-8 beside OBX-11', () => {
  test.each([
    [{}, { value: 72 }],
    [{ marks: 'INV', status: 'X' }, { quality: 'INV' }],
    [{ marks: 'QUES' }, { value: 72, quality: 'QUES' }],
    [{ marks: 'NAV', status: 'X', value: '' }, { quality: 'NAV' }],
    [{ marks: 'CAL' }, { value: 72, quality: 'CAL' }],
    [{ marks: 'EARLY' }, { value: 72, quality: 'EARLY' }],
    [{ marks: 'DEMO' }, { value: 72, quality: 'DEMO' }],
    [
      { marks: 'VAL', status: 'F' },
      { value: 72, quality: 'VAL' },
    ],
    [{ marks: 'BUSY', status: 'X' }, { quality: 'BUSY' }],
    [{ marks: 'ALACT' }, { value: 72, quality: 'ALACT' }],
    [{ marks: 'OFF', status: 'X', value: '' }, { quality: 'OFF' }],
    [{ marks: 'ALACT~QUES' }, { value: 72, quality: 'QUES' }],
    [{ marks: '>' }, { value: 72, bound: '>' }],
    [{ marks: '<~ALACT' }, { value: 72, bound: '<', quality: 'ALACT' }],
    [{ status: 'X', value: '' }, { quality: 'absent' }],
    [{ status: 'X' }, { quality: 'absent' }],
    [{ value: '' }, { quality: 'absent' }],
    [{ value: '""' }, { quality: 'absent' }],
    [{ value: 'NaN' }, { quality: 'absent' }],
    [{ value: '-5' }, { quality: 'absent' }],
    [{ value: '', marks: 'ALACT' }, { quality: 'absent' }],
    [{ value: '351' }, { value: 351, quality: 'implausible' }],
    [
      { value: '351', marks: 'TEST' },
      { value: 351, quality: 'TEST' },
    ],
    [{ status: 'C' }, { value: 72, correction: 'C' }],
    [{ status: 'D', value: '' }, { correction: 'D' }],
    [{ status: 'W' }, { correction: 'W' }],
  ] as const)('%j', (given, expected) => expect(one(given)).toEqual({ path: '1.2.1.1', code: 147842, ...expected }))

  test('scenario 15: TEST with HR 20 is kept and marked, and the record says so', () => {
    const { metrics, flags } = read([row({ value: '20', marks: 'TEST' })])
    expect(metrics).toEqual([{ path: '1.2.1.1', code: 147842, value: 20, quality: 'TEST' }])
    expect(flags).toContain('test')
    expect(read([row({ marks: 'TEST' }), row({ path: '1.2.1.2', code: '151562^MDC_RESP_RATE^MDC' })]).flags).not.toContain('test')
  })
})

describe('units and limits', () => {
  test('scenario 13: EtCO₂ in kPa and its limits, temperature in °F', () => {
    expect(
      one({ code: '151708^MDC_AWAY_CO2_ET^MDC', value: '5.0', unit: '265987^MDC_DIM_KILO_PASCAL^MDC', limits: '4-6' }),
    ).toMatchObject({ value: 37.5, limits: [30, 45] })
    expect(one({ code: '150344^MDC_TEMP^MDC', value: '101.3', unit: '[degF]^[degF]^UCUM' })).toMatchObject({ value: 38.5 })
  })
  test('scenario 13: NIBP 80 over 120 is questionable', () => {
    const { metrics } = read([
      row({ code: '150021^MDC_PRESS_BLD_NONINV_SYS^MDC', path: '1.1.1.1', value: '80', unit: mmHg }),
      row({ code: '150022^MDC_PRESS_BLD_NONINV_DIA^MDC', path: '1.1.1.2', value: '120', unit: mmHg }),
    ])
    expect(metrics.map((m) => [m.value, m.quality])).toEqual([
      [80, 'QUES'],
      [120, 'QUES'],
    ])
  })
  test('the cuff’s pressures are not compared with the catheter’s', () => {
    const { metrics } = read([
      row({ code: '150021^MDC_PRESS_BLD_NONINV_SYS^MDC', path: '1.1.1.1', value: '80', unit: mmHg }),
      row({ code: '150038^MDC_PRESS_BLD_ART_ABP_DIA^MDC', path: '1.4.1.2', value: '120', unit: mmHg }),
    ])
    expect(metrics.map((m) => m.quality)).toEqual([undefined, undefined])
  })
  test.each([
    ['50-120', [50, 120]],
    ['50-', [50, null]],
    ['-120', [null, 120]],
    ['>50', [50, null]],
    ['<=120', [null, 120]],
    [' 36.5 - 38 ', [36.5, 38]],
    ['-5-10', [-5, 10]],
  ] as const)('limits %j', (limits, expected) => expect(one({ limits })?.limits).toEqual(expected))
  test.each(['abc', '-', '', '50_120'])('no limits in %j', (limits) => expect(one({ limits })).not.toHaveProperty('limits'))
  test('no unit: dropped, unless the device’s catalogue entry says that it is the canonical one', () => {
    const dropped = read([row({ unit: '' })])
    expect(dropped.metrics).toEqual([])
    expect(dropped.problems).toEqual([
      { code: 'MISSING_FIELD', says: expect.stringContaining('OBX-6'), location: { segment: 'OBX', sequence: 2, field: 6 } },
    ])
    const acme = MDS.replaceAll('0012210000BB0007', '0123456789ABCDEF')
    expect(read([row({ unit: '' })], { mds: acme }).metrics).toEqual([{ path: '1.2.1.1', code: 147842, value: 72 }])
  })
  test('a unit of something else', () =>
    expect(read([row({ unit: mmHg })]).problems[0]).toMatchObject({ code: 'BAD_UNIT', location: { field: 6 } }))
})

describe('one bad row', () => {
  test('is dropped and named, kept as it came, and the rest stands', () => {
    const { metrics, problems, observation, flags } = read([
      row({ value: '7x2' }),
      row({ n: 5, path: '1.2.1.2', code: '151562^MDC_RESP_RATE^MDC', value: '16' }),
    ])
    expect(metrics).toEqual([{ path: '1.2.1.2', code: 151562, value: 16 }])
    expect(problems).toEqual([
      { code: 'BAD_VALUE', says: expect.stringContaining('7x2'), location: { segment: 'OBX', sequence: 2, field: 5 } },
    ])
    expect(observation?.unmapped).toEqual([{ reason: 'BAD_VALUE', row: row({ value: '7x2' }) }])
    expect(flags).toContain('rows_dropped')
  })
  test.each(['1e5', '0x10', 'Infinity', '1,5', '>90', '9'.repeat(400)])('%s is no number of HL7', (value) =>
    expect(read([row({ value })]).problems).toHaveLength(1),
  )
  test.each([
    ['+72.', 72],
    ['.5', 0.5],
    ['007', 7],
  ])('%s is one', (value, expected) => expect(one({ value })?.value).toBe(expected))
  test('a time that cannot be read is not guessed', () => {
    expect(read([row({ at: '20261332' })]).problems[0]).toMatchObject({
      code: 'BAD_VALUE',
      location: { segment: 'OBX', field: 14 },
    })
    expect(read([row()], { obr: 'OBR|1||F1|X|||yesterday' }).problems[0]).toMatchObject({
      code: 'BAD_VALUE',
      location: { segment: 'OBR', field: 7 },
    })
  })
})

describe('codes', () => {
  test('no table has it: kept raw, no error', () => {
    const { metrics, problems, observation } = read([
      row({ code: '999999^MDC_UNKNOWN_THING^MDC' }),
      row({ code: '8867-4^Heart rate^LN' }),
    ])
    expect([metrics, problems]).toEqual([[], []])
    expect(observation?.unmapped?.map((u) => u.reason)).toEqual(['UNMAPPED_CODE', 'NOT_MDC'])
  })
  test.each([
    '150301^MDC_PRESS_CUFF_SYS^MDC',
    '0^MDC_PRESS_BLD_NONINV_SYS^MDC',
    '2::18949^MDC_PRESS_BLD_NONINV_SYS^MDC',
    'SYS^Systolic^L^150021^MDC_PRESS_BLD_NONINV_SYS^MDC',
  ])('%s is the systolic cuff pressure', (code) =>
    expect(one({ code, value: '118', unit: mmHg })).toEqual({ path: '1.2.1.1', code: 150021, value: 118 }),
  )
  test('the number wins over the refid', () => expect(one({ code: '147842^MDC_RESP_RATE^MDC' })?.code).toBe(147842))
  test('a laboratory’s message is taken, all of it unmapped', () => {
    const { observation, problems, flags } = read(
      ['OBX|1|NM|20509-6^HEMOGLOBIN^LN||x|||||||', 'OBX|2|SN|1554-5^GLUCOSE^LN||^182|mg/dl'],
      { mds: '', msh: header({ 3: 'LAB', 21: '' }) },
    )
    expect(observation).toMatchObject({ device: '0012210000AA0001', frames: [] })
    expect([observation?.unmapped?.length, problems]).toEqual([2, []])
    expect(flags).toContain('profile_unknown')
  })
})

describe('times, devices, frames', () => {
  test('OBX-14, else OBR-7, else MSH-7; rows of one instant are one frame', () => {
    const { observation } = read([
      row({ at: '20260115101528+0900' }),
      row({ path: '1.2.1.2', code: '151562^MDC_RESP_RATE^MDC' }),
      row({ path: '1.3.1.1', code: '150456^^MDC', value: '97', unit: '%' }),
    ])
    expect(observation?.frames.map((f) => [f.at - MEASURED, f.metrics.length])).toEqual([
      [-2000, 1],
      [0, 2],
    ])
    expect(read([row()], { obr: 'OBR|1||F1|X' }).observation?.frames[0]?.at).toBe(MEASURED + 250)
  })
  test('no offset: the site’s zone, and a flag', () => {
    const { observation, flags } = read([row({ at: '20260115101530' })])
    expect(observation?.frames[0]?.at).toBe(MEASURED)
    expect(flags).toContain('tz_assumed')
    expect(read([row()]).flags).not.toContain('tz_assumed')
  })
  test('clocks: more than 60 s off, more than five minutes ahead', () => {
    expect(read([row()], { msh: header({ 7: '20260115111530+0900' }) }).flags).toEqual(
      expect.arrayContaining(['clock_skew', 'from_future']),
    )
    expect(read([row()], { msh: header({ 7: '20260115101425+0900' }) }).flags).toEqual(['clock_skew'])
    expect(read([row({ at: '20260115102031+0900' })]).flags).toEqual(['from_future'])
    expect(read([row({ at: '20260115102030+0900' })]).flags).toEqual([])
  })
  test('each MDS has its own device', () => {
    const second = MDS.replace('1.0.0.0', '2.0.0.0').replaceAll('BB0007', 'BB0008')
    const { records } = read([row(), second, row({ path: '2.2.1.1', value: '80' })])
    expect(records.map((r) => [r.record.device, r.stream === 'readings' && r.record.frames[0]?.metrics[0]?.value])).toEqual([
      ['0012210000BB0007', 72],
      ['0012210000BB0008', 80],
    ])
  })
  test.each([
    [{ mds: MDS.split('|').slice(0, 12).join('|') }, '0012210000AA0001'],
    [{ mds: '', obr: 'OBR|1||F1|X' }, '0012210000AA0001'],
    [{ mds: '', obr: 'OBR|1||F1|X', msh: header({ 3: 'MONITOR7' }) }, 'MONITOR7'],
    [{ mds: '', obr: 'OBR|1||F1|X', msh: header({ 3: '', 4: '' }) }, 'unnamed'],
    [{ mds: MDS.replaceAll('0012210000BB0007', '00-12-21-00-00-bb-00-07') }, '0012210000BB0007'],
  ])('whose it is: %#', (given, device) => expect(read([row()], given).observation?.device).toBe(device))
  test('one path, two measurements: both kept, flagged; the same reading twice is one', () => {
    const twice = read([row(), row({ code: '149530^MDC_PULS_OXIM_PULS_RATE^MDC', value: '71' }), row()])
    expect(twice.metrics.map((m) => [m.path, m.code])).toEqual([
      ['1.2.1.1', 147842],
      ['1.2.1.1~149530', 149530],
    ])
    expect(twice.flags).toContain('duplicate_path')
    const nibp = row({ code: '150021^MDC_PRESS_BLD_NONINV_SYS^MDC', value: '118', unit: mmHg, at: '20260115101500+0900' })
    const repeated = read([nibp, nibp])
    expect([repeated.metrics.length, repeated.flags]).toEqual([1, []])
  })
  test('only a device and no value: it still was heard', () =>
    expect(read([]).observation).toMatchObject({ device: '0012210000BB0007', frames: [] }))
})

describe('versions and profiles', () => {
  test.each(['2.5', '2.5.1', '2.6', '2.7', '2.8'])('%s is taken', (version) =>
    expect(read([row()], { msh: header({ 12: version }) }).metrics).toHaveLength(1),
  )
  test.each(['2.4', '2.3.1', '2.9', '3', '', '2.6x'])('%j is not', (version) =>
    expect(read([row()], { msh: header({ 12: version }) }).refusal?.code).toBe('UNSUPPORTED_VERSION'),
  )
  test('MSH-9.3 may be missing', () => expect(read([row()], { msh: header({ 9: 'ORU^R01' }) }).metrics).toHaveLength(1))
  test('MSH-21 is known by its OID, in any repetition', () => {
    expect(read([row()], { msh: header({ 21: 'X^Y^1.2.3^ISO~PCD_DEC_001^Z^1.3.6.1.4.1.19376.1.6.1.1.1^ISO' }) }).flags).toEqual(
      [],
    )
    expect(read([row()], { msh: header({ 21: 'IHE_PCD_001^IHE PCD^9.9^ISO' }) }).flags).toEqual(['profile_unknown'])
  })
})

describe('waveforms (section 6)', () => {
  const WAVE = 'OBR|1||F1|69121^MDC_OBS_WAVE_CTS^MDC|||20260115101530.000+0900|20260115101530.016+0900'
  const samples = (text: string, path = '1.2.1.101') =>
    `OBX|1|NA|131330^MDC_ECG_ELEC_POTL_II^MDC|${path}|${text}|266418^MDC_DIM_MILLI_VOLT^MDC|||||R`
  const rate = (text = '250', path = '1.2.1.101') =>
    `OBX|2|NM|0^MDC_ATTR_SAMP_RATE^MDC|${path}.1|${text}|264608^MDC_DIM_PER_SEC^MDC|||||R`
  test('samples, rate, resolution, invalid ones', () => {
    const { wave, records, problems } = read(
      [
        samples('10^-20^^32767'),
        rate(),
        'OBX|3|NM|67917^MDC_ATTR_NU_MSMT_RES^MDC|1.2.1.101.2|0.005|266418^MDC_DIM_MILLI_VOLT^MDC',
        'OBX|4|NM|196660^MDC_EVT_INOP^MDC|1.2.1.101.3|32767',
      ],
      { obr: WAVE },
    )
    expect([problems, records.length]).toEqual([[], 1])
    expect(wave?.blocks).toEqual([
      {
        path: '1.2.1.101',
        code: 131330,
        start: MEASURED,
        rateHz: 250,
        resolution: 0.005,
        unit: 'mV',
        samples: [10, -20, null, null],
      },
    ])
  })
  test('a scale given by two ranges', () => {
    const { wave } = read(
      [
        samples('0^4095'),
        rate(),
        'OBX|3|NR|0^MDC_ATTR_DATA_RANGE^MDC|1.2.1.101.2|0^4095',
        'OBX|4|NR|0^MDC_ATTR_SCALE_RANGE^MDC|1.2.1.101.3|-40^369.5|266016^MDC_DIM_MMHG^MDC',
      ],
      { obr: WAVE },
    )
    expect(wave?.blocks[0]).toMatchObject({ offset: -40, unit: 'mm[Hg]' })
    expect(wave?.blocks[0]?.resolution).toBeCloseTo(0.1, 6)
  })
  test('no rate, no block', () =>
    expect(read([samples('1^2')], { obr: WAVE })).toMatchObject({ wave: undefined, problems: [{ code: 'MISSING_FIELD' }] }))
  test.each(['0', '-1', '20000'])('a rate of %s is none', (r) =>
    expect(read([samples('1^2'), rate(r)], { obr: WAVE }).problems[0]?.code).toBe('BAD_VALUE'),
  )
  test('an end that is not after the start', () => {
    const { wave, problems } = read([samples('1^2'), rate()], { obr: WAVE.replace('530.016', '530.000') })
    expect([wave, problems[0]]).toEqual([
      undefined,
      { code: 'BAD_INTERVAL', says: expect.any(String), location: { segment: 'OBR', sequence: 1, field: 8 } },
    ])
  })
  test('beside numerics: both streams', () =>
    expect(read([row(), samples('1^2'), rate()]).records.map((r) => r.stream)).toEqual(['readings', 'waves']))
  test('a long stretch becomes blocks that follow each other', () => {
    const { wave } = read([samples(Array(45_000).fill('1').join('^')), rate('500')], {
      obr: WAVE.replace('|20260115101530.016+0900', ''),
    })
    expect(wave?.blocks.map((b) => [b.start - MEASURED, b.samples.length])).toEqual([
      [0, 20_000],
      [40_000, 20_000],
      [80_000, 5000],
    ])
  })
})
