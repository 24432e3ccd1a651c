/**
 * What a history must do, whichever engine keeps it. Run by `postgres-timeline.test.ts` and `influx-timeline.test.ts` on real engines:
 * the same tests, the same results.
 */
import { randomUUID } from 'node:crypto'
import type { Metric } from '@wardline/devices/messages/records.ts'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { CommitWork, StoredFrame, StoredWave, Timeline } from './timeline.ts'

export interface Stage {
  timeline: Timeline
  /** To look at what a commit left. */
  databaseUrl: string
  /** Kill the engine that holds the frames with SIGKILL and resolve when it is back. */
  killEngine(): Promise<void>
  end(): Promise<void>
}

/** True: PostgreSQL keeps nothing of a write whose commit threw. InfluxDB keeps frames that the next try overwrites. */
export function describeTimeline(
  name: string,
  setStage: () => Promise<Stage>,
  { keepsNothingUncommitted }: { keepsNothingUncommitted: boolean },
): void {
  describe(name, () => {
    let stage: Stage
    let timeline: Timeline
    let database: pg.Pool
    beforeAll(async () => {
      stage = await setStage()
      timeline = stage.timeline
      database = new pg.Pool({ connectionString: stage.databaseUrl, max: 2 })
      database.on('error', () => {})
      await database.query('create table committed (name text primary key, number bigint not null)')
      await timeline.maintain(NOW)
    }, 60_000)
    afterAll(async () => {
      await database?.end()
      await stage?.end()
    }, 30_000)

    const committed = async (key: string): Promise<number | undefined> => {
      const { rows } = await database.query<{ number: string }>('select number from committed where name = $1', [key])
      return rows[0] && Number(rows[0].number)
    }
    const all = (device: string) => timeline.readings({ device, order: 'oldest', limit: 10_000 })
    const valuesOf = async (device: string) =>
      (await all(device)).map((reading) => [reading.at - NOW, reading.path, reading.value])

    test('a frame comes back as its readings, with everything a person may ask about them', async () => {
      const device = aDevice()
      await timeline.write(
        [
          {
            ...aFrame(device, NOW, [
              { path: '1.1.1.1', code: HR, value: 72.5 },
              { path: '1.1.1.2', code: SPO2, value: 100, bound: '>', quality: 'VAL' },
              { path: '1.1.1.3', code: 184326, text: 'sinus "rhythm", ä = ß\\', unit: '{note}' },
              { path: '1.1.1.4', code: RR, quality: 'absent' },
            ]),
            receivedAt: NOW + 90_000,
            patient: 'patient-1',
            encounter: 'encounter-1',
            late: true,
            messageId: 'MSG 1',
          },
        ],
        nothing,
      )
      const said = {
        device,
        at: NOW,
        receivedAt: NOW + 90_000,
        patient: 'patient-1',
        encounter: 'encounter-1',
        late: true,
        messageId: 'MSG 1',
      }
      expect(await all(device)).toEqual([
        { ...said, path: '1.1.1.1', code: HR, value: 72.5 },
        { ...said, path: '1.1.1.2', code: SPO2, value: 100, bound: '>', quality: 'VAL' },
        { ...said, path: '1.1.1.3', code: 184326, text: 'sinus "rhythm", ä = ß\\', unit: '{note}' },
        { ...said, path: '1.1.1.4', code: RR, quality: 'absent' },
      ])
    })

    test('a frame of nobody has no patient, and is not late', async () => {
      const device = aDevice()
      await timeline.write([aFrame(device, NOW, [hr(60)])], nothing)
      expect(await all(device)).toEqual([
        { device, path: '1.1.1.1', code: HR, at: NOW, receivedAt: NOW + 20, value: 60, messageId: 'm' },
      ])
    })

    test('what is missing is absent, never zero, and a real zero is zero', async () => {
      const device = aDevice()
      await timeline.write(
        [
          aFrame(device, NOW, [hr(0), { path: '1.1.1.2', code: SPO2, value: -0.5 }]),
          aFrame(device, NOW + 1000, [
            { path: '1.1.1.1', code: HR },
            { path: '1.1.1.2', code: SPO2, value: 97 },
          ]),
          aFrame(device, NOW + 2000, [
            { path: '1.1.1.1', code: HR, quality: 'INV' },
            { path: '1.1.1.2', code: SPO2 },
          ]),
        ],
        nothing,
      )
      const readings = await all(device)
      expect(readings.map((reading) => reading.value)).toEqual([0, -0.5, undefined, 97, undefined, undefined])
      expect(readings.filter((reading) => 'value' in reading)).toHaveLength(3)
      expect(await timeline.steps({ device, path: '1.1.1.1', from: NOW - 60_000, to: NOW + 60_000, stepMs: 60_000 })).toEqual([
        { at: minute(NOW), min: 0, max: 0, mean: 0, count: 1 },
      ])
    })

    test('a batch written twice is there once, with its commit run each time', async () => {
      const device = aDevice()
      const batch = seconds(20).map((s) => aFrame(device, NOW + s * 1000, eight(s)))
      await timeline.write(batch, commits(device, 20))
      const once = await all(device)
      await timeline.write(batch, commits(device, 20))
      expect(await all(device)).toEqual(once)
      expect(once).toHaveLength(160)
      expect(await timeline.count({ device })).toBe(160)
      expect(await committed(device)).toBe(20)
    })

    test('the same frame twice in one batch: the last is believed', async () => {
      const device = aDevice()
      await timeline.write([aFrame(device, NOW, [hr(60)]), aFrame(device, NOW, [hr(61)])], nothing)
      expect(await valuesOf(device)).toEqual([[0, '1.1.1.1', 61]])
      expect(await timeline.count({ device })).toBe(1)
    })

    test('a value that is written again without a value is gone', async () => {
      const device = aDevice()
      await timeline.write([aFrame(device, NOW, [hr(60)])], nothing)
      await timeline.write([aFrame(device, NOW, [{ path: '1.1.1.1', code: HR }])], nothing)
      expect(await valuesOf(device)).toEqual([[0, '1.1.1.1', undefined]])
      expect(await timeline.steps({ device, path: '1.1.1.1', from: NOW - 60_000, to: NOW + 60_000, stepMs: 60_000 })).toEqual([])
    })

    test('a correction replaces one value of its frame and leaves the others', async () => {
      const device = aDevice()
      await timeline.write([aFrame(device, NOW, eight(1))], nothing)
      await timeline.write(
        [{ ...aFrame(device, NOW, [{ ...eight(1)[2]!, value: 999, correction: 'C' }]), messageId: 'correction' }],
        nothing,
      )
      const readings = await all(device)
      expect(readings).toHaveLength(8)
      expect(readings[2]).toMatchObject({ value: 999, correction: 'C', messageId: 'correction' })
      expect(readings.filter((reading) => reading.messageId === 'm')).toHaveLength(7)
      expect(await timeline.count({ device })).toBe(8)
      expect(await timeline.steps({ device, path: eight(1)[2]!.path, from: NOW, to: NOW + 1, stepMs: 1 })).toMatchObject([
        { mean: 999, count: 1 },
      ])
    })

    test('a retraction leaves the instant without a value, and says so', async () => {
      const device = aDevice()
      await timeline.write([aFrame(device, NOW, eight(1))], nothing)
      await timeline.write([aFrame(device, NOW, [{ ...eight(1)[0]!, correction: 'W' }])], nothing)
      const [first, second] = await all(device)
      expect(first).toMatchObject({ path: eight(1)[0]!.path, correction: 'W' })
      expect(first).not.toHaveProperty('value')
      expect(second).toHaveProperty('value')
      expect(await timeline.count({ device })).toBe(8)
    })

    test('two metrics under one path are both kept', async () => {
      const device = aDevice()
      await timeline.write([aFrame(device, NOW, [hr(60), { path: '1.1.1.1', code: SPO2, value: 98 }])], nothing)
      expect((await all(device)).map((reading) => [reading.code, reading.value])).toEqual([
        [HR, 60],
        [SPO2, 98],
      ])
    })

    test('a frame charted anew belongs to its new patient only', async () => {
      const device = aDevice()
      const [mine, yours] = [randomUUID(), randomUUID()]
      await timeline.write([{ ...aFrame(device, NOW, [hr(60)]), patient: mine }], nothing)
      await timeline.write([{ ...aFrame(device, NOW, [hr(60)]), patient: yours }], nothing)
      expect(await timeline.count({ patient: mine })).toBe(0)
      expect(await timeline.readings({ patient: yours, order: 'newest', limit: 5 })).toHaveLength(1)
      expect(await all(device)).toHaveLength(1)
    })

    test('when the commit throws, its number does not move, and the next try leaves everything once', async () => {
      const device = aDevice()
      const batch = [aFrame(device, NOW, eight(1)), aFrame(device, NOW + 1000, eight(2))]
      const failing: CommitWork = async (transaction) => {
        await commits(device, 2)(transaction)
        throw new Error('fence')
      }
      await expect(timeline.write(batch, failing)).rejects.toThrow('fence')
      expect(await committed(device)).toBeUndefined()
      if (keepsNothingUncommitted) expect(await all(device)).toEqual([])
      await timeline.write(batch, commits(device, 2))
      expect(await committed(device)).toBe(2)
      expect(await timeline.count({ device })).toBe(16)
      expect(await all(device)).toHaveLength(16)
    })

    test('no frames: the commit still runs', async () => {
      const key = aDevice()
      await timeline.write([], commits(key, 7))
      expect(await committed(key)).toBe(7)
    })

    test('newest and oldest first, page by page, nothing left out and nothing twice', async () => {
      const device = aDevice()
      await timeline.write(
        seconds(50).map((s) => aFrame(device, NOW + s * 1000, eight(s))),
        nothing,
      )
      // Some instants have a second frame: pages must not be cut between them.
      await timeline.write(
        seconds(10).map((s) => aFrame(device, NOW + s * 5000, [{ ...eight(s)[0]!, value: 1000 + s, correction: 'C' }])),
        nothing,
      )
      const whole = await all(device)
      expect(whole).toHaveLength(400)
      expect(whole.map((reading) => reading.at)).toEqual(whole.map((reading) => reading.at).toSorted((a, b) => a - b))
      expect(whole.filter((reading) => reading.correction)).toHaveLength(10)
      const pages = []
      for (let offset = 0; offset < 420; offset += 30)
        pages.push(...(await timeline.readings({ device, order: 'oldest', limit: 30, offset })))
      expect(pages).toEqual(whole)
      const newest = await timeline.readings({ device, order: 'newest', limit: 12 })
      expect(newest.map((reading) => [reading.at - NOW, reading.path])).toEqual(
        [49, 48].flatMap((s) => eight(s).map(({ path }) => [s * 1000, path])).slice(0, 12),
      )
    })

    test('from and to, codes, patient, and their count', async () => {
      const device = aDevice()
      const patient = randomUUID()
      await timeline.write(
        seconds(10).map((s) => ({ ...aFrame(device, NOW + s * 1000, eight(s)), ...(s < 5 && { patient }) })),
        nothing,
      )
      await timeline.write([{ ...aFrame(`${device}-b`, NOW, [hr(50)]), patient }], nothing)
      const between = { device, from: NOW + 2000, to: NOW + 4000 }
      expect((await timeline.readings({ ...between, order: 'oldest', limit: 100 })).map((reading) => reading.at - NOW)).toEqual([
        ...Array(8).fill(2000),
        ...Array(8).fill(3000),
      ])
      expect(await timeline.count(between)).toBe(16)
      const codes = [eight(0)[0]!.code, eight(0)[3]!.code]
      expect(await timeline.readings({ device, codes, order: 'newest', limit: 100 })).toHaveLength(20)
      expect(await timeline.count({ device, codes })).toBe(20)
      expect(await timeline.count({ device, codes: [1] })).toBe(0)
      expect(await timeline.count({ patient })).toBe(41)
      expect(
        new Set((await timeline.readings({ patient, order: 'newest', limit: 100 })).map((reading) => reading.device)),
      ).toEqual(new Set([device, `${device}-b`]))
      expect(await timeline.readings({ patient: 'nobody', order: 'newest', limit: 5 })).toEqual([])
      expect(await timeline.readings({ device: 'no such device', order: 'newest', limit: 5 })).toEqual([])
    })

    test('instants of long ago and of years ahead are kept', async () => {
      const device = aDevice()
      const years = [0, Date.UTC(2009, 0, 1), Date.UTC(2026, 10, 29), Date.UTC(2050, 0, 1)]
      await timeline.write(
        years.map((at) => ({ ...aFrame(device, at, [hr(60)]), receivedAt: NOW })),
        nothing,
      )
      expect((await all(device)).map((reading) => reading.at)).toEqual(years)
      await timeline.maintain(NOW)
      await timeline.maintain(NOW + 6 * DAY)
      expect((await all(device)).map((reading) => reading.at)).toEqual(years)
      await timeline.write(
        years.map((at) => ({ ...aFrame(device, at, [hr(61)]), receivedAt: NOW })),
        nothing,
      )
      expect((await all(device)).map((reading) => reading.value)).toEqual([61, 61, 61, 61])
    })

    test('names of every kind: spaces, commas, quotes, backslashes, line breaks, nulls, half characters', async () => {
      for (const name of ['a b,c=d', 'quote " and \' here', 'ends in \\', '日本\n語', 'tab\there', '😀']) {
        const device = `${name}${randomUUID()}${name}`
        await timeline.write(
          [{ ...aFrame(device, NOW, [{ path: 'p,1 =', code: HR, value: 1, text: name }]), messageId: name, patient: device }],
          nothing,
        )
        expect(await all(device)).toMatchObject([{ device, path: 'p,1 =', text: name, messageId: name, patient: device }])
        expect(await timeline.count({ patient: device })).toBe(1)
      }
      const device = aDevice()
      await timeline.write(
        [{ ...aFrame(device, NOW, [{ path: 'a\0b', code: HR, text: 'null \0, half \ud800' }]), messageId: '\0' }],
        nothing,
      )
      expect(await all(device)).toMatchObject([{ path: 'a\uFFFDb', text: 'null \uFFFD, half \uFFFD', messageId: '\uFFFD' }])
    })

    test('numbers come back as they were sent', async () => {
      const device = aDevice()
      const numbers = [0, 1, 0.1, 1e-9, 123456789.123, -40.25, 1e21, Number.MAX_SAFE_INTEGER]
      await timeline.write(
        [
          aFrame(
            device,
            NOW,
            numbers.map((value, i) => ({ path: `1.1.1.${i + 1}`, code: i, value })),
          ),
        ],
        nothing,
      )
      expect((await all(device)).map((reading) => reading.value)).toEqual(numbers)
    })

    test('latest: the newest of each path of each device, also where frames differ', async () => {
      const [one, two] = [aDevice(), aDevice()]
      await timeline.write(
        [
          aFrame(one, NOW + 5000, [{ path: '1.1.9.1', code: 150021, value: 120 }]),
          ...seconds(10).map((s) => aFrame(one, NOW + s * 1000, eight(s))),
          aFrame(two, NOW + 1000, [hr(88)]),
          aFrame(two, NOW + 2000, [{ path: '1.1.1.1', code: HR, quality: 'absent' }]),
          aFrame(two, NOW - HOUR, [{ path: '1.1.7.1', code: RR, value: 12 }]),
        ],
        nothing,
      )
      const latest = await timeline.latest(NOW - 1000)
      expect(
        latest.filter((reading) => reading.device === one).map((reading) => [reading.path, reading.at - NOW, reading.value]),
      ).toEqual([...eight(9).map(({ path, value }) => [path, 9000, value]), ['1.1.9.1', 5000, 120]])
      expect(latest.filter((reading) => reading.device === two)).toEqual([
        { device: two, path: '1.1.1.1', code: HR, at: NOW + 2000, receivedAt: NOW + 2020, quality: 'absent', messageId: 'm' },
      ])
    })

    test('steps: minima, maxima and means of what may stand for the patient; empty minutes are left out', async () => {
      const device = aDevice()
      const from = minute(NOW)
      const said = (at: number, value: number, rest: Partial<Metric> = {}) =>
        aFrame(device, from + at, [{ path: '1.1.1.1', code: HR, value, ...rest }])
      await timeline.write(
        [
          said(0, 60),
          said(1000, 70),
          said(59_999, 80),
          said(120_000, 90),
          said(121_000, 300, { quality: 'INV' }),
          said(122_000, 92, { quality: 'ALACT' }),
          said(180_000, 77, { quality: 'implausible' }),
        ],
        nothing,
      )
      expect(await timeline.steps({ device, path: '1.1.1.1', from, to: from + 240_000, stepMs: 60_000 })).toEqual([
        { at: from, min: 60, max: 80, mean: 70, count: 3 },
        { at: from + 120_000, min: 90, max: 92, mean: 91, count: 2 },
      ])
      expect(await timeline.steps({ device: 'none', path: '1.1.1.1', from, to: from + 1, stepMs: 1 })).toEqual([])
    })

    test('waves: samples, gaps and scale come back; what reaches into the time asked for is there', async () => {
      const device = aDevice()
      const block = (start: number, rest: Partial<StoredWave> = {}): StoredWave => ({
        device,
        path: '1.1.3.1',
        code: 131330,
        start,
        rateHz: 250,
        samples: Array.from({ length: 250 }, (_, i) => i - 100),
        receivedAt: start + 1000,
        ...rest,
      })
      const blocks = [
        block(NOW),
        block(NOW + 1000, {
          samples: [0, null, 32_767, -32_767, null],
          resolution: 0.0025,
          offset: -1,
          unit: 'mV',
          patient: 'patient-1',
        }),
        block(NOW + 2000, { samples: [0.5, null, 1e6, -1e-3] }),
        block(NOW + 2000, { path: '1.1.3.2', code: 150452, samples: [1, 2, 3] }),
      ]
      await timeline.writeWaves(blocks, commits(device, 4))
      await timeline.writeWaves(blocks, commits(device, 4))
      expect(await timeline.waves({ device, from: NOW, to: NOW + 60_000 })).toEqual(blocks)
      expect(await timeline.waves({ device, code: 150452, from: NOW, to: NOW + 60_000 })).toEqual([blocks[3]])
      expect(await timeline.waves({ device, from: NOW + 500, to: NOW + 1000 })).toEqual([blocks[0]])
      expect(await timeline.waves({ device, from: NOW + 999, to: NOW + 1000 })).toEqual([blocks[0]])
      expect(await timeline.waves({ device, from: NOW + 10_000, to: NOW + 20_000 })).toEqual([])
      expect(await committed(device)).toBe(4)
    })

    test('retention: days and hours that are over are dropped, the others stay', async () => {
      const device = aDevice()
      const old = NOW - 40 * DAY
      await timeline.maintain(old)
      await timeline.write([aFrame(device, old, [hr(1)]), aFrame(device, NOW, [hr(2)])], nothing)
      const wave = { device, path: '1', code: 1, rateHz: 100, samples: [1] }
      await timeline.writeWaves(
        [
          { ...wave, start: NOW - 5 * DAY, receivedAt: NOW - 5 * DAY },
          { ...wave, start: NOW - DAY, receivedAt: NOW },
        ],
        nothing,
      )
      await timeline.maintain(NOW)
      expect((await all(device)).map((reading) => reading.value)).toEqual([2])
      expect((await timeline.waves({ device, from: 0, to: NOW })).map((found) => found.start)).toEqual([NOW - DAY])
      await timeline.maintain(NOW)
    })

    test('several writers at once, each batch whole', async () => {
      const devices = Array.from({ length: 6 }, aDevice)
      await Promise.all(
        devices.map((device) =>
          timeline.write(
            seconds(50).map((s) => aFrame(device, NOW + s * 1000, eight(s))),
            commits(device, 50),
          ),
        ),
      )
      for (const device of devices) {
        expect(await timeline.count({ device })).toBe(400)
        expect(await committed(device)).toBe(50)
      }
    })

    test('killed in the middle of writing, and back: every committed batch is there, and each once', async () => {
      const device = aDevice()
      const done: number[] = []
      const batch = (n: number) => seconds(50).map((s) => aFrame(device, NOW + (n * 50 + s) * 1000, eight(s)))
      const writing = (async () => {
        for (let n = 0; n < 40; n++) {
          // As ingest does: a batch that failed is written again, whole, until it is committed.
          for (;;)
            try {
              await timeline.write(batch(n), commits(device, n + 1))
              break
            } catch {
              await new Promise((resolve) => setTimeout(resolve, 50))
            }
          done.push(n)
        }
      })()
      while (done.length < 5) await new Promise((resolve) => setTimeout(resolve, 2))
      await stage.killEngine()
      await writing
      expect(await committed(device)).toBe(40)
      expect(await timeline.count({ device })).toBe(40 * 50 * 8)
      const readings = await timeline.readings({ device, order: 'oldest', limit: 20_000 })
      expect(new Set(readings.map((reading) => `${reading.at} ${reading.path}`)).size).toBe(40 * 50 * 8)
      expect(await timeline.healthy()).toBe(true)
    }, 60_000)
  })
}

/** A Tuesday noon. */
const NOW = Date.UTC(2026, 10, 24, 12, 0, 20, 123)
const HOUR = 3_600_000
const DAY = 24 * HOUR
const [HR, SPO2, RR] = [147842, 150456, 151562]

const minute = (at: number): number => at - (at % 60_000)
const seconds = (count: number): number[] => Array.from({ length: count }, (_, s) => s)
const aDevice = (): string => randomUUID()
const hr = (value: number): Metric => ({ path: '1.1.1.1', code: HR, value })
const eight = (seed: number): Metric[] =>
  Array.from({ length: 8 }, (_, i) => ({ path: `1.1.2.${i + 1}`, code: 150000 + i, value: seed + i / 8 }))
const aFrame = (device: string, at: number, metrics: Metric[]): StoredFrame => ({
  device,
  at,
  metrics,
  receivedAt: at + 20,
  gateway: 'gw1',
  position: 1,
  messageId: 'm',
})
const nothing: CommitWork = async () => {}
const commits =
  (name: string, number: number): CommitWork =>
  async (transaction) => {
    await transaction.query('insert into committed values ($1, $2) on conflict (name) do update set number = excluded.number', [
      name,
      number,
    ])
  }
