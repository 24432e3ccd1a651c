import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { processesLike, signal } from '../../platform/embedded/processes.ts'
import { silentLog } from '../../platform/embedded/temporary-engines.ts'
import { aHouse, anAlarm, anObservation, eventually, type Gateway, type House, mrn, standOf } from './a-house.ts'
import { advance, keepLeases, type Lease } from './leases.ts'

let house: House
beforeAll(async () => {
  house = await aHouse(['gw1', 'gw2', 'gw3'])
})
afterAll(() => house?.end())

const count = async (sql: string, ...values: unknown[]) =>
  (await house.database.pool.query<{ n: number }>(sql, values)).rows[0]!.n
/** How often each value is there: exactly once means that this is [0, 1, 2, ...]. */
const valuesOf = async (device: string) =>
  (await house.timeline.readings({ device, order: 'oldest', limit: 10_000 })).map(({ value }) => value)

/** A gateway that answers as a real one does: on a commit it goes on from there, and it repeats when nothing moves. */
async function drive(
  gateway: Gateway,
  stream: 'readings' | 'alarms',
  records: unknown[],
  size = 10,
  patienceMs = 20_000,
): Promise<void> {
  await eventually(async () => {
    const stored = standOf(gateway, stream)
    if (stored >= records.length) return
    await gateway.batch(stream, stored + 1, records.slice(stored, stored + size)).catch(() => {})
    await sleep(20)
    throw new Error(`${stream} is at ${standOf(gateway, stream)} of ${records.length}`)
  }, patienceMs)
}

test('whatever is repeated, reordered or left out on the way, every record is there once', { timeout: 60_000 }, async () => {
  const hub = await house.hub()
  const gateway = await house.gateway()
  const pieces = fc.array(fc.record({ first: fc.integer({ min: 1, max: 30 }), n: fc.integer({ min: 0, max: 12 }) }), {
    minLength: 1,
    maxLength: 25,
  })
  await fc.assert(
    fc.asyncProperty(pieces, async (batches) => {
      gateway.newSpool()
      const device = `X-${randomUUID()}`
      const at = Date.now() - 1000
      const before = hub.ingest.stats().counts
      const readings = Array.from({ length: 30 }, (_, i) => anObservation(device, { at: at + i, hr: i }))
      const alarms = Array.from({ length: 30 }, (_, i) => anAlarm(device, { alarmId: `a${i}`, at: at + i }))
      for (const { first, n } of batches) {
        await gateway.batch('readings', first, readings.slice(first - 1, first - 1 + n))
        await gateway.batch('alarms', first, alarms.slice(first - 1, first - 1 + n))
      }
      await Promise.all([drive(gateway, 'readings', readings), drive(gateway, 'alarms', alarms)])
      expect(await valuesOf(device)).toEqual(readings.map((_, i) => i))
      expect(await count('select count(*)::int as n from device_alarm_event where device_id = $1', device)).toBe(30)
      expect(await count('select count(*)::int as n from device_alarm where device_id = $1', device)).toBe(30)
      expect(
        await count('select committed::int as n from gateway_stream where spool = $1 and stream = $2', gateway.spool, 'readings'),
      ).toBe(30)
      // Not only is it there once: it was also stored once, and no answer ever took back what was said.
      const after = hub.ingest.stats().counts
      expect([after.readings.records - before.readings.records, after.alarms.records - before.alarms.records]).toEqual([30, 30])
      const stood = gateway.commits
        .filter(({ spool }) => spool === gateway.spool)
        .map(({ committed }) => (committed as { readings: number }).readings)
      expect(stood).toEqual([...stood].sort((a, b) => a - b))
    }),
    { numRuns: 8, seed: 20260301 },
  )
  await hub.stop()
  await gateway.close()
})

test('a hub whose lease another has taken cannot commit', async () => {
  const lost: string[] = []
  const options = {
    pool: house.database.pool,
    leaseMs: 150,
    log: silentLog,
    acquired: async () => {},
    lost: (gateway: string) => void lost.push(gateway),
  }
  const [first, second] = [keepLeases({ ...options, holder: 'one' }), keepLeases({ ...options, holder: 'two' })]
  await first.tick()
  await second.tick()
  expect(second.gateways()).toEqual([])
  const lease = first.held('gw1')!
  const move = (of: Lease, holder: string, from: number, to: number) =>
    advance(house.database.pool, { lease: of, holder, spool: 'fenced', stream: 'readings', from, to, lost: 0 })
  await move(lease, 'one', 0, 5)
  // It sleeps through its lease.
  await sleep(250)
  await second.tick()
  expect(second.held('gw1')!.fence).toBeGreaterThan(lease.fence)
  await expect(move(lease, 'one', 5, 9)).rejects.toMatchObject({ name: 'Deposed' })
  await expect(move(second.held('gw1')!, 'two', 4, 9)).rejects.toMatchObject({ name: 'Deposed' })
  await move(second.held('gw1')!, 'two', 5, 6)
  await first.tick()
  expect(lost).toEqual(['gw1', 'gw2', 'gw3'])
  // A hub that starts again under its own name need not wait, and shuts its former self out.
  const former = second.held('gw1')!
  const restarted = keepLeases({ ...options, holder: 'two' })
  await restarted.tick()
  await expect(move(former, 'two', 6, 7)).rejects.toMatchObject({ name: 'Deposed' })
  await move(restarted.held('gw1')!, 'two', 6, 7)
  await restarted.release()
})

test('when a hub dies in the middle, the other goes on where it stood', { timeout: 60_000 }, async () => {
  const own = house.openDatabase()
  const settings = { leaseMs: 600 }
  const one = await house.hub({ id: 'one', settings, database: own })
  const two = await house.hub({ id: 'two', settings })
  expect(one.ingest.stats().gateways).toContain('gw2')
  const gateway = await house.gateway('gw2')
  const device = 'TAKEOVER'
  const at = Date.now() - 1000
  const readings = Array.from({ length: 200 }, (_, i) => anObservation(device, { at: at + i, hr: i, patient: mrn('P-1') }))
  const driven = drive(gateway, 'readings', readings, 5)
  await eventually(() => expect(standOf(gateway, 'readings')).toBeGreaterThan(50))
  // Its connections are cut and it says no more: as when the machine is gone.
  await one.mqtt.close()
  await own.close()
  await driven
  expect(two.ingest.stats().gateways).toContain('gw2')
  expect(await valuesOf(device)).toEqual(readings.map((_, i) => i))
  await two.stop()
  await one.stop()
  await gateway.close()
})

test('the database is killed: the wall goes on, nothing is lost, nothing is there twice', { timeout: 60_000 }, async () => {
  const hub = await house.hub()
  const gateway = await house.gateway('gw3')
  const device = 'KILLED'
  const at = Date.now() - 1000
  const readings = Array.from({ length: 300 }, (_, i) => anObservation(device, { at: at + i, hr: i, patient: mrn('P-2') }))
  const alarms = Array.from({ length: 60 }, (_, i) => anAlarm(device, { alarmId: `k${i}`, at: at + i }))
  const driven = Promise.all([drive(gateway, 'readings', readings, 10, 40_000), drive(gateway, 'alarms', alarms, 2, 40_000)])
  await eventually(() => expect(standOf(gateway, 'readings')).toBeGreaterThan(100))
  signal(processesLike((line) => line.includes(` -D ${house.engines.dataDir}/postgres `))[0]!, 'SIGKILL')
  await driven
  await eventually(() => expect(hub.ingest.healthy()).toBe(true))
  expect(await valuesOf(device)).toEqual(readings.map((_, i) => i))
  expect(await count('select count(*)::int as n from device_alarm_event where device_id = $1', device)).toBe(60)
  expect(await count(`select count(*)::int as n from dead_letter where gateway = 'gw3'`)).toBe(0)
  expect(hub.live.of('degraded')).toContainEqual(['history', true])
  expect(
    hub.live
      .of('degraded')
      .filter(([part]) => part === 'history')
      .at(-1),
  ).toEqual(['history', false])
  await hub.stop()
  await gateway.close()
})
