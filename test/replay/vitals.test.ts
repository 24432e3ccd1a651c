/**
 * One ICU stay of the MIMIC-II database, as its monitor would have sent it: 1,936 minutes with real drop-outs. In the recording 0 means "probe off" and an empty cell "not
 * measured"; neither may ever come out as the number zero.
 */
import { execFile } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { BedItem } from '@wardline/hub/live/views/contract.ts'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { checkout } from '../../deploy/local/supervisor.ts'
import { drained } from '../faults/nothing-lost.ts'
import { aHouse, type House } from '../house/a-house.ts'
import { aWall } from '../house/a-wall.ts'

const file = join(
  process.env.WARDLINE_DATA ?? join(checkout, '..', 'shared', 'data'),
  'vitals',
  'mimic2_s00001_numerics_1min.csv',
)

/** Column of the recording, by the MDC code it is sent under. */
const columns = {
  147842: 'HR_bpm',
  150037: 'ABPSys_mmHg',
  149530: 'PULSE_bpm',
  151562: 'RESP_pm',
  150456: 'SpO2_%',
  150021: 'NBPSys_mmHg',
}

describe.skipIf(!existsSync(file))('a recorded ICU stay', () => {
  let house: House
  beforeAll(async () => {
    house = await aHouse()
  })
  afterAll(() => house?.close())

  test('every measured value is in history, every drop-out is absent, and nothing is zero', async () => {
    const [head, ...rows] = readFileSync(file, 'utf8')
      .trim()
      .split('\n')
      .map((line) => line.split(','))
    const measured = (code: keyof typeof columns) => rows.map((row) => row[head!.indexOf(columns[code])]!)
    const { stdout } = await promisify(execFile)(
      join(checkout, 'node_modules/.bin/node'),
      [
        join(checkout, 'simulators/src/replay/replay.ts'),
        '--port',
        String(house.mllpPort),
        '--speed',
        'max',
        '--bed',
        'ICU1^R1^B1',
        '--patient',
        'P-MIMIC',
        '--json',
        file,
      ],
      { maxBuffer: 64 * 2 ** 20 },
    )
    expect(JSON.parse(stdout.trim().split('\n').at(-1)!)).toMatchObject({ totals: { refused: 0, unanswered: 0 } })
    await drained(house)

    const pool = new pg.Pool({ connectionString: house.databaseUrl, max: 1 })
    try {
      const { rows: stored } = await pool.query<{ code: string; numbers: number; zeros: number; absent: number }>(
        `select code::text, count(value)::int as numbers, count(*) filter (where value = 0)::int as zeros, count(*) filter (where value is null)::int as absent
         from reading group by 1`,
      )
      const by = new Map(stored.map((row) => [Number(row.code), row]))
      for (const code of Object.keys(columns).map(Number) as (keyof typeof columns)[]) {
        const cells = measured(code)
        expect({ ...by.get(code), code }).toMatchObject({
          code,
          numbers: cells.filter((cell) => Number(cell) > 0).length,
          zeros: 0,
          absent: cells.filter((cell) => cell !== '' && Number(cell) === 0).length,
        })
      }
    } finally {
      await pool.end()
    }

    // The first minute of the recording is all drop-outs but one: what FHIR says of it.
    const found = (await (
      await fetch(`${house.url}/fhir/Observation?code=urn:iso:std:iso:11073:10101|147842&_sort=date&_count=1`)
    ).json()) as {
      entry: { resource: { valueQuantity?: unknown; dataAbsentReason?: unknown } }[]
    }
    expect(found.entry[0]!.resource.valueQuantity).toBeUndefined()
    expect(found.entry[0]!.resource.dataAbsentReason).toBeDefined()

    const wall = await aWall<BedItem>(house.url, 'critical-care')
    try {
      // In its last minute every probe was off: the tile has no number at all.
      expect(rows.at(-1)!.filter((cell, i) => i > 0 && Number(cell) > 0)).toEqual([])
      const tile = await wall.shows((item) => item.id.startsWith('ICU1^R1^B1') && item.metrics.hr !== undefined)
      for (const metric of [tile.metrics.hr, tile.metrics.spo2, tile.metrics.rr, tile.metrics.abpSys]) {
        expect(metric).toBeDefined()
        expect(metric).not.toHaveProperty('value')
        expect(metric?.quality).toBeDefined()
      }
    } finally {
      wall.close()
    }
  })
})
