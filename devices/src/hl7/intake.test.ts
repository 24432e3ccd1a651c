import { readdirSync, readFileSync } from 'node:fs'
import fc from 'fast-check'
import { Value } from 'typebox/value'
import { describe, expect, test } from 'vitest'
import { recordOf } from '../messages/records.ts'
import { writeAdt } from './adt-write.ts'
import { splitBatch } from './batch.ts'
import { answers, type Intake, MAX_ROWS, readHl7 } from './intake.ts'
import { parseBytes } from './message.ts'
import { writePcd01 } from './pcd01-write.ts'
import { writePcd04 } from './pcd04-write.ts'
import type { RefusalCode } from './refusals.ts'

// The same messages in each run; another seed is tried with FAST_CHECK_SEED.
fc.configureGlobal({ seed: Number(process.env.FAST_CHECK_SEED ?? 20260115) })

const RECEIVED = Date.UTC(2026, 0, 15, 1, 15, 31)
const context = { receivedAt: RECEIVED, timeZone: 'Europe/Berlin', senders: 'any' as const }
const read = (bytes: Buffer | string, senders: 'any' | readonly string[] = 'any') =>
  readHl7(Buffer.from(bytes), { ...context, senders })

/** What must hold of every intake: its records fit their schemas, its answers can be parsed. */
function isWhole(intake: Intake): void {
  for (const { stream, record } of intake.records) {
    const [first] = Value.Check(recordOf[stream], record) ? [] : Value.Errors(recordOf[stream], record)
    expect(first, `${stream}: ${JSON.stringify(first)}`).toBeUndefined()
    expect(JSON.parse(JSON.stringify(record))).toEqual(record)
  }
  if (intake.refusal) expect(intake.records).toEqual([])
  for (const answer of answers(intake, 'accepted')) expect(parseBytes(answer)).not.toHaveProperty('code')
}

describe('our own recordings', () => {
  const recording = (name: string) => read(readFileSync(new URL(`recordings/${name}.hl7`, import.meta.url)))
  test.each(readdirSync(new URL('recordings', import.meta.url)))('%s is taken whole', (file) => {
    const intake = read(readFileSync(new URL(`recordings/${file}`, import.meta.url)))
    isWhole(intake)
    expect([intake.refusal, intake.records.length > 0]).toEqual([undefined, true])
  })
  test('an alarm of an older sender', () => {
    const [entry] = recording('alarm-older-facets').records
    expect(entry?.stream === 'alarms' && entry.record).toMatchObject({
      device: '0012210000BB0007',
      flags: ['priority_assumed'],
      alarm: {
        alarmId: '71',
        code: 199680,
        text: 'Apnoea 20 s',
        phase: 'escalate',
        state: 'active',
        inactivation: 'audio-paused',
        priority: 'medium',
        kind: 'SP',
        source: { code: 151570, value: 0, limits: [8, 30] },
      },
    })
  })
  test('waveforms with a vendor’s attributes; the one without a rate is dropped', () => {
    const { records, problems } = recording('waves-vendor-attributes')
    expect(problems).toMatchObject([{ code: 'MISSING_FIELD', location: { segment: 'OBX', sequence: 5 } }])
    const waves = records.find((r) => r.stream === 'waves')
    expect(waves?.stream === 'waves' && waves.record.blocks).toEqual([
      {
        path: '1.7.6.131330',
        code: 131330,
        start: Date.UTC(2026, 0, 15, 1, 15, 30, 500),
        rateHz: 500,
        resolution: 0.0025,
        unit: 'mV',
        samples: [80, 88, null, 95, 90, null, 70, 61, 55, 50],
      },
    ])
  })
  test.each([
    ['latin-1-admission', 'Müller'],
    ['utf-16-admission', 'Νικολάου'],
  ])('%s', (name, family) => {
    const [entry] = recording(name).records
    expect(entry?.stream === 'adt' && entry.record.patient.family).toBe(family)
  })
})

describe('who may send', () => {
  const message = (msh3: string) => `MSH|^~\\&|${msh3}|HOSP|||20260115101531+0900||ADT^A01|1|P|2.6\rPID|1||5\r`
  test.each([
    ['GW1^0012210000AA0001^EUI-64', ['0012210000AA'], undefined],
    ['GW1^0012210000AA0001^EUI-64', ['0012210000aa0001'], undefined],
    ['GW1^0012210000AA0001^EUI-64', ['GW1'], undefined],
    ['ADT1', ['LAB', 'ADT1'], undefined],
    ['ADT1^1.2^ISO', ['ADT1^1.2^ISO'], undefined],
    ['GW1^0012210000AA0001^EUI-64', ['0012210000BB'], 'UNKNOWN_SENDER'],
    ['ADT1', ['ADT'], 'UNKNOWN_SENDER'],
    ['ADT1', [], 'UNKNOWN_SENDER'],
    ['', [''], 'UNKNOWN_SENDER'],
  ] as const)('%s of %j: %s', (msh3, senders, code) => expect(read(message(msh3), senders).refusal?.code).toBe(code))
})

describe('whole-message refusals', () => {
  const msh = (o: { type?: string; id?: string; version?: string } = {}) =>
    `MSH|^~\\&|A|B|||20260115101531+0900||${o.type ?? 'ORU^R01'}|${o.id ?? '1'}|P|${o.version ?? '2.6'}\r`
  test.each<[string, string, RefusalCode]>([
    ['nothing', '', 'UNPARSEABLE'],
    ['an order', msh({ type: 'ORM^O01' }), 'UNSUPPORTED_MESSAGE'],
    ['another event of ORU', msh({ type: 'ORU^R30' }), 'UNSUPPORTED_MESSAGE'],
    ['no type', msh({ type: '' }), 'MISSING_FIELD'],
    ['no id', msh({ id: '' }), 'MISSING_FIELD'],
    ['an endless id', msh({ id: '1'.repeat(257) }), 'BAD_VALUE'],
    ['an old version', msh({ version: '2.4' }), 'UNSUPPORTED_VERSION'],
    ['too many rows', msh() + 'OBX|1|NM|147842^^MDC|1.2.1.1|70|/min\r'.repeat(MAX_ROWS + 1), 'TOO_MANY_ROWS'],
    ['a mebibyte of alarms', `${msh({ type: 'ORU^R40' })}OBX|1|ST|196648\r${'OBR\r'.repeat(260_000)}`, 'TOO_MANY_ROWS'],
    ['a mebibyte of merges', msh({ type: 'ADT^A40' }) + 'PID|||1\rMRG|2\r'.repeat(70_000), 'TOO_MANY_ROWS'],
  ])('%s', (_, text, code) => expect(read(text).refusal?.code).toBe(code))
  test('5000 rows are not too many', () =>
    expect(read(msh() + 'OBX|1|NM|147842^^MDC|1.2.1.1|70|/min\r'.repeat(MAX_ROWS)).refusal).toBeUndefined())
})

describe('waveforms at the edge of sense', () => {
  const wave = (samples: string, rate: string) =>
    [
      'MSH|^~\\&|A|B|||20260115101531+0900||ORU^R01|1|P|2.6',
      'OBR|1||1|x|||20260115101530+0900',
      `OBX|1|NA|131329^MDC_ECG_ELEC_POTL_I^MDC|1.2.1.1|${samples}`,
      `OBX|2|NM|0^MDC_ATTR_SAMP_RATE^MDC|1.2.1.1.1|${rate}|264608^MDC_DIM_PER_SEC^MDC`,
    ].join('\r')
  test('a million empty samples become records that a broker takes', () => {
    const { records } = read(wave('^'.repeat(1_000_000), '500'))
    const waves = records.filter((r) => r.stream === 'waves')
    expect(Math.max(...waves.map((r) => JSON.stringify(r.record).length))).toBeLessThan(1024 * 1024)
    const samples = waves.flatMap((r) => (r.stream === 'waves' ? r.record.blocks : [])).reduce((n, b) => n + b.samples.length, 0)
    expect(samples).toBe(1_000_001)
  })
  test('a rate that would end beyond any calendar is a bad row, not a bad record', () => {
    const { records, problems } = read(wave('1^'.repeat(50_000), '0.000000000001'))
    expect(problems).toMatchObject([{ code: 'BAD_VALUE' }])
    expect(records).toMatchObject([{ stream: 'readings', record: { unmapped: [{ reason: 'BAD_VALUE' }] } }])
  })
})

test('scenario 10: the same body is the same digest, whatever its header; another body is another', () => {
  const body = 'PID|1||5\r'
  const digest = (header: string, rest = body) => read(`MSH|^~\\&|${header}\r${rest}`).bodyDigest
  expect(digest('A|B|||2026||ADT^A01|1|P|2.6')).toBe(digest('A|B|||2027||ADT^A01|1|P|2.6'))
  expect(digest('A|B|||2026||ADT^A01|1|P|2.6')).not.toBe(digest('A|B|||2026||ADT^A01|1|P|2.6', 'PID|1||6\r'))
})

describe('any bytes: nothing thrown, records that fit, answers that parse, in bounded time', () => {
  const sender = { name: 'GW1', eui: '0012210000AA0001' }
  const base = { id: 'F1', sentAt: RECEIVED, sender, device: '0012210000BB0007', patient: { id: 'P-1', type: 'MR' } }
  const valid = [
    writePcd01({
      ...base,
      at: RECEIVED,
      observations: [
        { code: 147842, path: '1.2.1.1', value: 70, limits: [50, 120] },
        { code: 150021, path: '1.1.1.1', value: null, quality: 'INV' },
      ],
      waves: [{ code: 131330, path: '1.2.1.101', start: RECEIVED, rateHz: 250, samples: [1, null, 3] }],
    }),
    writePcd04({
      ...base,
      alarm: {
        alarmId: 'A',
        code: 196648,
        event: 'MDC_EVT_HI',
        text: 'HR high',
        phase: 'start',
        state: 'active',
        inactivation: 'enabled',
        priority: 'high',
        kind: 'SP',
        at: RECEIVED,
        source: { path: '1.2.1.1', code: 147842, value: 150 },
      },
    }),
    writeAdt({
      ...base,
      event: 'A01',
      at: RECEIVED,
      patient: { identifiers: [{ id: '1' }], family: 'Doe' },
      visit: { class: 'I', location: { pointOfCare: '5W' } },
    }),
  ].map((t) => Buffer.from(t))

  test('arbitrary bytes', () =>
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => isWhole(read(Buffer.from(bytes)))),
      { numRuns: 1000 },
    ))
  test('arbitrary bytes after a header', () =>
    fc.assert(
      fc.property(fc.constantFrom('ORU^R01', 'ORU^R40', 'ADT^A01', 'ACK'), fc.uint8Array({ maxLength: 400 }), (type, bytes) =>
        isWhole(read(Buffer.concat([Buffer.from(`MSH|^~\\&|A|B|||2026||${type}|1|P|2.6\r`), Buffer.from(bytes)]))),
      ),
      { numRuns: 500 },
    ))
  test('valid messages, cut and changed', () =>
    fc.assert(
      fc.property(
        fc.constantFrom(...valid),
        fc.array(
          fc.record({
            at: fc.nat(3000),
            drop: fc.nat(20),
            put: fc.oneof(
              fc.uint8Array({ maxLength: 6 }),
              fc
                .constantFrom('|', '^', '~', '\\', '&', '\r', '""', '\\X0D\\', 'MDC', '99999999999999999999', '-1', 'NaN')
                .map((s) => new Uint8Array(Buffer.from(s))),
            ),
          }),
          { minLength: 1, maxLength: 6 },
        ),
        (message, edits) => {
          let bytes: Buffer = message
          for (const { at, drop, put } of edits) {
            const i = at % (bytes.length + 1)
            bytes = Buffer.concat([bytes.subarray(0, i), Buffer.from(put), bytes.subarray(Math.min(bytes.length, i + drop))])
          }
          isWhole(read(bytes))
        },
      ),
      { numRuns: 1500 },
    ))
  test('fields of rows, replaced by anything', () =>
    fc.assert(
      fc.property(
        fc.array(
          fc.tuple(
            fc.constantFrom('OBR', 'OBX', 'PID', 'PV1', 'EVN', 'MRG'),
            fc.array(
              fc.oneof(
                fc.string({ maxLength: 12 }),
                fc.constantFrom(
                  'NM',
                  'NA',
                  'ST',
                  'CWE',
                  '147842^MDC_ECG_HEART_RATE^MDC',
                  '131330^^MDC',
                  '0^MDC_ATTR_SAMP_RATE^MDC',
                  '1.2.1.1',
                  '1.2.1.1.1',
                  '20260115',
                  '72',
                  '/min',
                  'X',
                  'D',
                ),
              ),
              { maxLength: 20 },
            ),
          ),
          { maxLength: 12 },
        ),
        fc.constantFrom('ORU^R01', 'ORU^R40', 'ADT^A40'),
        (rows, type) =>
          isWhole(read(`MSH|^~\\&|A|B|||20260115||${type}|1|P|2.6\r${rows.map(([n, f]) => [n, ...f].join('|')).join('\r')}`)),
      ),
      { numRuns: 700 },
    ))

  // Each of these once costs the square of its length in a careless reader: a megabyte of it has to stay far under the ten seconds.
  const header = 'MSH|^~\\&|A|B|||20260115101531+0900||ORU^R01|1|P|2.6\r'
  const N = 1_000_000
  test.each([
    ['digits', `${header}OBX|1|NM|147842^^MDC|1.2.1.1|${'9'.repeat(N)}x|/min`],
    ['limits', `${header}OBX|1|NM|147842^^MDC|1.2.1.1|7|/min|${'5'.repeat(N)}x`],
    [
      'repetitions',
      `${header}OBX|1|NA|131330^^MDC|1.2.1.1|${'1~'.repeat(N / 2)}\rOBX|2|NM|0^MDC_ATTR_SAMP_RATE^MDC|1.2.1.1.1|250`,
    ],
    ['escapes', `${header}NTE|1||${'\\'.repeat(N)}\rOBX|1|ST|147842^^MDC|1.2.1.1|${'\\'.repeat(N)}`],
    ['components', `${header}OBX|1|NM|${'^'.repeat(N)}|1.2.1.1|7`],
    ['dots', `${header}OBX|1|NM|147842^^MDC|${'1.'.repeat(N / 2)}|7|/min`],
    ['line ends', header + '\r\n'.repeat(N / 2)],
    ['short segments', `${header}${'ZZZ\r'.repeat(N / 4)}`],
    ['identifiers', `${header.replace('ORU^R01', 'ADT^A01')}PID|1||${'~'.repeat(N)}1`],
    ['MSH fields', `${header.slice(0, -1)}${'|'.repeat(N)}`],
    ['profiles', `${header.slice(0, -1)}|||||||||${'a~'.repeat(N / 2)}`],
    [
      'same path',
      header + Array.from({ length: MAX_ROWS }, (_, i) => `OBX|${i}|NM|147842^^MDC|1.2.1.1|${i % 300}.${i}|/min`).join('\r'),
    ],
  ])('a megabyte of %s', (_, text) => {
    const begun = process.cpuUsage()
    const intake = read(text)
    splitBatch(Buffer.from(text))
    answers(intake, 'accepted')
    const spent = process.cpuUsage(begun)
    expect((spent.user + spent.system) / 1000).toBeLessThan(3000)
  })
})
