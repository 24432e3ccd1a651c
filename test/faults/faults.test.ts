/** The short form of `npm run faults`, on both sets of engines. */
import { describe, expect, test } from 'vitest'
import { type HouseOptions, has } from '../house/a-house.ts'
import { fullSpool } from './full-spool.ts'
import { nothingLost } from './nothing-lost.ts'

const houses: { name: string; engines: HouseOptions; here: boolean }[] = [
  { name: 'aedes, Valkey and PostgreSQL', engines: {}, here: true },
  {
    name: 'Mosquitto, Redis and InfluxDB',
    engines: { broker: 'mosquitto', redis: 'redis', history: 'influx' },
    here: has('mosquitto') && has('redis') && has('influx'),
  },
]

describe('nothing lost, nothing twice', () => {
  for (const { name, engines, here } of houses)
    test.skipIf(!here)(`every process killed and the uplink cut, over ${name}`, async () => {
      const report = await nothingLost({ ...engines, rate: 200, devices: 20, rounds: 1, cutS: 8 })
      expect(report.kills.length).toBeGreaterThanOrEqual(5)
      expect(report.readingsAcked).toBeGreaterThan(1000)
      expect(report.alarmsAcked).toBeGreaterThan(10)
      expect(report).toMatchObject({
        readingsMissing: [],
        readingsDoubled: [],
        alarmsMissing: [],
        alarmsDoubled: [],
        unanswered: 0,
      })
      expect(report.wallCurrentMs).toBeLessThan(2000)
    })

  test('a full spool drops the oldest readings, says how many, and keeps every alarm', async () => {
    expect(await fullSpool({ seconds: 12 })).toMatchObject({ ok: true, alarmsMissing: 0 })
  })
})
