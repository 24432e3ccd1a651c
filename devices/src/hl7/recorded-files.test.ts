/** Every file of the data folder's `hl7/`, which nobody here wrote, goes through the reader: what is expected of each is in this table. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { Value } from 'typebox/value'
import { describe, expect, test } from 'vitest'
import { recordOf } from '../messages/records.ts'
import { splitBatch } from './batch.ts'
import { answers, type Intake, readHl7 } from './intake.ts'

const data = process.env.WARDLINE_DATA ?? resolve(import.meta.dirname, '../../../../shared/data')
const folder = join(data, 'hl7')
const present = existsSync(folder)
if (!present) console.warn(`skipped: the recorded HL7 files are not at ${folder} (set WARDLINE_DATA)`)

const RECEIVED = Date.UTC(2026, 10, 22, 12)
/** For each message of a file: the codes answered, and the streams its records go to, or why it is refused. */
type Expected = [answered: string, outcome: string]
const adt: Expected = ['AA', 'adt']
const refused: Expected = ['AR', 'UNSUPPORTED_MESSAGE']
const commitRefused: Expected = ['CR', 'UNSUPPORTED_MESSAGE']

const ADT_28 = [
  'A01',
  'A02',
  'A03',
  'A04',
  'A05',
  'A06',
  'A07',
  'A08',
  'A09',
  'A10',
  'A11',
  'A13',
  'A14',
  'A15',
  'A16',
  'A25',
  'A26',
  'A27',
  'A28',
  'A29',
  'A31',
  'A41',
  'A45',
  'A47',
  'A60',
]
const ORIGINAL_MODE_REFUSED = [
  'BAR-P01-01',
  'BAR-P02-01',
  'BAR-P12-01',
  'DFT-P03-01',
  'DFT-P11-01',
  'LAB-ORM-1',
  'MDM-T01-01',
  'MDM-T02-01',
  'MDM-T05-01',
  'MDM-T06-01',
  'MDM-T09-01',
  'MDM-T10-01',
  'OMG-O19-01',
  'OML-O21-01',
  'OML-O21-03',
  'ORM-O01-01',
  'ORM-O01-03',
  'ORM-O01-05',
  'PC1-Problem-Add-v2.3.1',
  'PC1-Problem-Delete-v2.3.1',
  'PC1-Problem-Update-v2.3.1',
  'RDE-O11-01',
  'RDE-O25-01',
  'RDS-O13-01',
  'REF-I12-01',
  'REF-I14-01',
  'SIU-S12-01',
  'SIU-S12_1',
  'SIU-S13-01',
  'SIU-S14-01',
  'SIU-S15-01',
  'SIU-S16-01',
  'SIU-S17-01',
  'SIU-S26-01',
  'VXU-V04-01',
]
const expected: Record<string, Expected[]> = {
  // The recording of a blood pressure monitor; it asks for an application acknowledgement only.
  'pcd01/ipf-commons-valid-pcd01-request': [['AA', 'readings']],
  'pcd01/ipf-commons-valid-pcd01-response': [['', 'ack']],
  'pcd01/ipf-platform-camel-pcd01-response': [['', 'ack']],
  'pcd01/ipf-platform-camel-pcd01-response-invalid': [['', 'ack']],
  'hapi/ADT_A01': [adt],
  'hapi/adt_a03': [adt],
  // Its field separator is ^ and it asks for both acknowledgements.
  'hapi/segmentfinder_a24': [['CA AA', 'adt']],
  'hapi/cv.04_001_chem': [refused],
  'hapi/omd_o03': [commitRefused],
  // Thirteen messages one after the other; the tenth is a laboratory's result that wants to hear of errors only.
  'hapi/example_oml_o21': [...Array<Expected>(9).fill(refused), ['', 'readings'], ...Array<Expected>(3).fill(refused)],
  ...Object.fromEntries(ADT_28.map((event) => [`fhir-converter/ADT-${event}-01`, [adt]])),
  // MSH-15 and MSH-16 are both NE: it wants no answer.
  'fhir-converter/ADT-A40-01': [['', 'adt']],
  'fhir-converter/ADT01-23': [adt],
  'fhir-converter/ADT04-23': [adt],
  'fhir-converter/ADT04-251': [adt],
  // Named after a document, but an ADT^A01 inside.
  'fhir-converter/MDM_01': [adt],
  ...Object.fromEntries(ORIGINAL_MODE_REFUSED.map((file) => [`fhir-converter/${file}`, [refused]])),
  'fhir-converter/IZ_1_1.1_Admin_Child_Max_Message': [commitRefused],
  'fhir-converter/MDHHS-OML-O21-1': [commitRefused],
  'fhir-converter/MDM-T02-03': [commitRefused],
  'fhir-converter/VXU': [commitRefused],
  // No commit acknowledgement wanted; the application's is.
  'fhir-converter/OUL-R22-01': [refused],
  'fhir-converter/OUL-R23-01': [refused],
  'fhir-converter/OUL-R24-01': [refused],
  // Laboratory results: taken, every row kept as it is.
  'fhir-converter/LAB-ORU-1': [['AA', 'readings']],
  'fhir-converter/LRI_2.0-NG_CBC_Typ_Message': [['CA', 'readings']],
  'fhir-converter/ORU-R01-01': [['CA', 'readings']],
  'fhir-converter/ORU-R01-RMGEAD': [['AR', 'UNSUPPORTED_VERSION']],
}

const files = present
  ? readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((f) => f.endsWith('.hl7'))
      .sort()
  : []
const intakes = (file: string): Intake[] =>
  splitBatch(readFileSync(join(folder, file))).map((message) =>
    readHl7(message, { receivedAt: RECEIVED, timeZone: 'Europe/Berlin', senders: 'any' }),
  )

describe.skipIf(!present)('the recorded HL7 files', () => {
  test('each is in the table, and the table names no other', () =>
    expect(files.map((f) => f.slice(0, -4)).sort()).toEqual(Object.keys(expected).sort()))

  test.each(files)('%s', (file) => {
    const got = intakes(file).map((intake): Expected => {
      for (const { stream, record } of intake.records) expect(Value.Check(recordOf[stream], record)).toBe(true)
      expect(intake.problems).toEqual([])
      const codes = answers(intake, 'accepted').map((a) => /[\r]MSA[|^]([A-Z]{2})/.exec(a.toString())?.[1])
      return [
        codes.join(' '),
        intake.isAck ? 'ack' : (intake.refusal?.code ?? [...new Set(intake.records.map((r) => r.stream))].join(' ')),
      ]
    })
    expect(got).toEqual(expected[file.slice(0, -4)])
  })

  test('the blood pressure monitor: 120 over 80, mean 100, at its time, by its EUI-64', () => {
    const [intake] = intakes('pcd01/ipf-commons-valid-pcd01-request.hl7')
    const [entry] = intake!.records
    expect(entry?.stream === 'readings' && entry.record).toMatchObject({
      device: '0123456789ABCDEF',
      patient: { id: '789567', authority: 'Imaginary Hospital', type: 'PI' },
      frames: [
        {
          at: Date.parse('2009-08-13T09:57:15+05:00'),
          metrics: [
            { path: '1.0.1.1', code: 150021, value: 120 },
            { path: '1.0.1.2', code: 150022, value: 80 },
            { path: '1.0.1.3', code: 150023, value: 100 },
          ],
        },
      ],
    })
  })

  test('who lies where', () => {
    const patient = (file: string) => {
      const [entry] = intakes(file)[0]!.records
      if (entry?.stream !== 'adt') throw new Error('no adt')
      return entry.record
    }
    expect(patient('hapi/segmentfinder_a24.hl7')).toMatchObject({
      event: 'A24',
      patient: { identifiers: [{ id: '11111', authority: 'FOO', type: 'NI' }], family: 'SMITH' },
    })
    expect(patient('hapi/ADT_A01.hl7')).toMatchObject({
      event: 'A01',
      patient: { family: 'Duck', given: 'Donald', sex: 'male', birthDate: '1972-02-27' },
      visit: { location: { pointOfCare: 'ZFAST TRACK', room: 'WAITING', bed: '13' } },
    })
    expect(patient('fhir-converter/ADT-A06-01.hl7')).toMatchObject({
      event: 'A06',
      visit: { location: { pointOfCare: 'SPROOM', room: 'ROOM2', bed: 'BED-1', facility: 'FACILITY-1' } },
    })
  })
})
