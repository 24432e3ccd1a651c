/**
 * Every recorded HL7 file of the shared data goes in by the real door and gets the answer that the standard and the domain page ask for. Nobody here wrote
 * those messages. One house, one run of `npm run replay`; what was refused must be among the dead letters.
 */
import { spawn } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { BedItem } from '@wardline/hub/live/views/contract.ts'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { checkout } from '../../deploy/local/supervisor.ts'
import { aHouse, type House } from '../house/a-house.ts'
import { aWall } from '../house/a-wall.ts'

const data = process.env.WARDLINE_DATA ?? join(checkout, '..', 'shared', 'data')
const folder = join(data, 'hl7')
const here = existsSync(folder)

/**
 * What each file must be answered with, in order of its messages. `-` is no answer, as MSH-15/16 = NE or an acknowledgement asks for; `CA AA` are both, where both are asked for.
 * PCD-01 is taken from HL7 2.5 on, ADT from any 2.x; what no part of the house works on is rejected (AR, CR), never swallowed.
 */
const expected: Record<string, string[]> = {
  ...Object.fromEntries(
    // ADT^A01 … A60 of one sender under one MSH-10: taken (AA), the repeats as duplicates; what differs in them becomes a dead letter.
    'A01 A02 A03 A04 A05 A06 A07 A08 A09 A10 A11 A13 A14 A15 A16 A25 A26 A27 A28 A29 A31 A41 A45 A47 A60'
      .split(' ')
      .map((event) => [`fhir-converter/ADT-${event}-01.hl7`, ['AA']]),
  ),
  'fhir-converter/ADT-A40-01.hl7': ['-'],
  'fhir-converter/ADT01-23.hl7': ['AA'],
  'fhir-converter/ADT04-23.hl7': ['AA'],
  'fhir-converter/ADT04-251.hl7': ['AA'],
  'fhir-converter/MDM_01.hl7': ['AA'],
  ...Object.fromEntries(
    [
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
      'ORU-R01-RMGEAD',
      'OUL-R22-01',
      'OUL-R23-01',
      'OUL-R24-01',
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
    ].map((name) => [`fhir-converter/${name}.hl7`, ['AR']]),
  ),
  // Enhanced mode: MSH-15 asks for the commit acknowledgement, so the rejection is a commit reject.
  'fhir-converter/IZ_1_1.1_Admin_Child_Max_Message.hl7': ['CR'],
  'fhir-converter/MDHHS-OML-O21-1.hl7': ['CR'],
  'fhir-converter/MDM-T02-03.hl7': ['CR'],
  'fhir-converter/VXU.hl7': ['CR'],
  // Laboratory results in PCD-01's message type: taken, every row kept as unmapped.
  'fhir-converter/LAB-ORU-1.hl7': ['AA'],
  'fhir-converter/LRI_2.0-NG_CBC_Typ_Message.hl7': ['CA'],
  'fhir-converter/ORU-R01-01.hl7': ['CA'],
  'hapi/ADT_A01.hl7': ['AA'],
  'hapi/adt_a03.hl7': ['AA'],
  'hapi/cv.04_001_chem.hl7': ['AR'],
  // Thirteen messages. The tenth is an ORU^R01 with MSH-16 = ER: it is taken, and an answer was wanted for errors only.
  'hapi/example_oml_o21.hl7': Array.from({ length: 13 }, (_, i) => (i === 9 ? '-' : 'AR')),
  'hapi/omd_o03.hl7': ['CR'],
  'hapi/segmentfinder_a24.hl7': ['CA AA'],
  'pcd01/ipf-commons-valid-pcd01-request.hl7': ['AA'],
  'pcd01/ipf-commons-valid-pcd01-response.hl7': ['-'],
  'pcd01/ipf-platform-camel-pcd01-response-invalid.hl7': ['-'],
  'pcd01/ipf-platform-camel-pcd01-response.hl7': ['-'],
}

describe.skipIf(!here)('recorded HL7 files by the real door', () => {
  let house: House
  beforeAll(async () => {
    house = await aHouse()
  })
  afterAll(() => house?.close())

  test('every file of the folder has an expectation', () => {
    const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.hl7'))
    expect(files.sort()).toEqual(Object.keys(expected).sort())
  })

  test('each is answered as it must be, none is lost, and the PCD-01 values are on the wall and in FHIR', async () => {
    const rows = await replay(house, ['--json', folder])
    const answers: Record<string, string[]> = {}
    for (const row of rows) {
      const name = row.file.slice(folder.length + 1)
      answers[name] = [...(answers[name] ?? []), row.answered.join(' ') || '-']
    }
    expect(answers).toEqual(expected)

    const wall = await aWall<BedItem>(house.url, 'critical-care')
    try {
      const tile = await wall.shows((item) => item.metrics.nibpSys?.value === 120)
      expect(tile.metrics.nibpDia?.value).toBe(80)
      expect(tile.metrics.nibpMean?.value).toBe(100)
      expect(tile.metrics.nibpSys?.at).toBe(Date.parse('2009-08-13T09:57:15+05:00'))
    } finally {
      wall.close()
    }
    const bundle = await until(async () => {
      const found = (await (await fetch(`${house.url}/fhir/Observation?code=urn:iso:std:iso:11073:10101|150021`)).json()) as {
        entry?: { resource: { valueQuantity: { value: number; code: string }; effectiveDateTime: string } }[]
      }
      return found.entry?.length ? found.entry : undefined
    })
    expect(bundle[0]!.resource.valueQuantity).toMatchObject({ value: 120, code: 'mm[Hg]' })
    expect(Date.parse(bundle[0]!.resource.effectiveDateTime)).toBe(Date.parse('2009-08-13T09:57:15+05:00'))

    const refused = rows.filter((row) => row.answered.some((code) => code.endsWith('R') || code.endsWith('E'))).length
    const letters = await until(async () => {
      const page = (await (await fetch(`${house.url}/dead-letters?limit=500`)).json()) as { letters: { code: string }[] }
      return page.letters.filter((each) => each.code.startsWith('UNSUPPORTED')).length >= refused ? page.letters : undefined
    })
    expect(letters.filter((each) => each.code === 'DUPLICATE_ID_REUSED').length).toBeGreaterThan(15)
  })
})

interface ReplayRow {
  file: string
  answered: string[]
}

/** The replay program, as a person runs it; its JSON lines. */
async function replay(house: House, args: string[]): Promise<ReplayRow[]> {
  const child = spawn(
    join(checkout, 'node_modules/.bin/node'),
    [
      join(checkout, 'simulators/src/replay/replay.ts'),
      '--host',
      '127.0.0.1',
      '--port',
      String(house.mllpPort),
      '--speed',
      'max',
      ...args,
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  let out = ''
  child.stdout.on('data', (chunk) => {
    out += chunk
  })
  const code = await new Promise<number | null>((resolve) => child.on('exit', resolve))
  expect(code, out).toBe(0)
  return out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as ReplayRow)
    .filter((row) => Array.isArray(row.answered))
}

async function until<T>(look: () => Promise<T | undefined>, within = 10_000): Promise<T> {
  const end = Date.now() + within
  for (;;) {
    const found = await look()
    if (found !== undefined) return found
    if (Date.now() > end) throw new Error(`nothing within ${within} ms`)
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}
