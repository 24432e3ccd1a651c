import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { StreamName } from '@wardline/devices/streams.ts'
import { afterEach, describe, expect, test } from 'vitest'
import { Spool, type SpoolOptions } from '../spool/spool.ts'
import { brokers, brokersHere, type TestBroker } from '../testing/broker.ts'
import { HubEnd, until } from '../testing/hub-end.ts'
import { Newest } from './newest.ts'
import { Uplink, type UplinkOptions } from './uplink.ts'

const ends: (() => unknown)[] = []
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})
const quiet = { warn() {}, info() {} }

async function aSpool(folder?: string, more: Partial<SpoolOptions> = {}): Promise<Spool> {
  let at = folder
  if (!at) {
    at = mkdtempSync(join(tmpdir(), 'uplink-'))
    ends.push(() => rmSync(at!, { recursive: true, force: true }))
  }
  const spool = await Spool.open({ folder: at, limitBytes: 1e9, log: quiet, ...more })
  ends.push(() => spool.close().catch(() => {}))
  return spool
}
function anUplink(broker: TestBroker, spool: Spool, more: Partial<UplinkOptions> = {}): Uplink {
  const uplink = new Uplink({
    url: broker.url,
    site: 'hosp',
    gateway: 'gw1',
    session: 's1',
    version: '0',
    spool,
    newest: new Newest(),
    health: () => ({ connections: 0, accepted: 0, refused: 0, duplicates: 0, senders: [] }),
    redrive: async () => {},
    log: quiet,
    patienceMs: 500,
    ...more,
  })
  ends.push(() => uplink.close())
  return uplink
}
async function aHub(broker: TestBroker): Promise<HubEnd> {
  const hub = new HubEnd(broker.url)
  ends.push(() => hub.kill())
  await hub.start()
  return hub
}
async function aBroker(name: string): Promise<TestBroker> {
  const broker = await brokers[name]!()
  ends.push(() => broker.kill().catch(() => {}))
  return broker
}
const put = (spool: Spool, stream: StreamName, json: string, at = Date.now()) =>
  new Promise<void>((resolve, reject) => spool.put([{ stream, json }], at, (error) => (error ? reject(error) : resolve())))
const numbers = (to: number, from = 1) => Array.from({ length: to - from + 1 }, (_, i) => from + i)
const exactly = (hub: HubEnd, stream: StreamName, count: number) => {
  expect(hub.wrong).toEqual([])
  expect([...hub.stored(stream).keys()].sort((a, b) => a - b)).toEqual(numbers(count))
  expect([...hub.stored(stream)].every(([number, json]) => json === `{"n":${number}}`)).toBe(true)
}

describe.each(brokersHere)('over %s', (kind) => {
  test('birth, health, and every record once and in order', async () => {
    const broker = await aBroker(kind)
    const hub = await aHub(broker)
    const spool = await aSpool()
    const uplink = anUplink(broker, spool)
    for (let i = 1; i <= 1000; i++) void put(spool, 'readings', `{"n":${i}}`)
    for (let i = 1; i <= 50; i++) void put(spool, 'alarms', `{"n":${i}}`)
    await until(() => hub.stored('readings').size === 1000 && hub.stored('alarms').size === 50)
    exactly(hub, 'readings', 1000)
    exactly(hub, 'alarms', 50)
    expect(hub.statuses[0]).toMatchObject({ gateway: 'gw1', state: 'online', session: 's1' })
    expect(hub.health).toMatchObject({ spool: spool.id, spoolLimitBytes: 1e9 })
    expect(uplink.state).toMatchObject({ connected: true, protocol: kind === 'aedes' ? 4 : 5, behind: false })
    await until(() => spool.lanes.readings.committed === 1000)
    await uplink.close()
    await until(() => hub.statuses.at(-1)!.state === 'offline')
  })

  test('through a broker that dies, a hub that dies, and a hub that misses batches: nothing lost, nothing twice', async () => {
    const broker = await aBroker(kind)
    const hub = await aHub(broker)
    const spool = await aSpool(undefined, { segmentBytes: 20_000 })
    anUplink(broker, spool)
    let missed = 0
    hub.loses = () => ++missed % 7 === 3
    let n = 0
    const feed = setInterval(() => {
      for (let i = 0; i < 10; i++) {
        const json = `{"n":${++n}}`
        void put(spool, 'readings', json)
        void put(spool, 'adt', json)
      }
    }, 5)
    ends.push(() => clearInterval(feed))
    await until(() => hub.stored('readings').size > 300)
    await broker.kill()
    await new Promise((done) => setTimeout(done, 200))
    await broker.start()
    await until(() => hub.stored('readings').size > 1000)
    await hub.kill()
    await new Promise((done) => setTimeout(done, 300))
    await hub.start()
    await until(() => hub.stored('readings').size > 2000)
    clearInterval(feed)
    hub.loses = () => false
    await until(() => hub.stored('readings').size === n && hub.stored('adt').size === n, 15_000)
    exactly(hub, 'readings', n)
    exactly(hub, 'adt', n)
    expect(hub.lost).toEqual([])
  })

  test('after a restart of the gateway it goes on where the hub stands', async () => {
    const broker = await aBroker(kind)
    const hub = await aHub(broker)
    const folder = mkdtempSync(join(tmpdir(), 'uplink-'))
    ends.push(() => rmSync(folder, { recursive: true, force: true }))
    const first = await aSpool(folder)
    const before = anUplink(broker, first)
    for (let i = 1; i <= 100; i++) void put(first, 'readings', `{"n":${i}}`)
    await until(() => hub.stored('readings').size === 100)
    await before.close()
    for (let i = 101; i <= 150; i++) await put(first, 'readings', `{"n":${i}}`)
    await first.close()
    const batches = hub.batches
    const second = await aSpool(folder)
    anUplink(broker, second)
    await until(() => hub.stored('readings').size === 150)
    exactly(hub, 'readings', 150)
    expect(hub.batches - batches).toBeLessThanOrEqual(2) // what is stored is not sent again
  })
})

describe('the window', () => {
  test('a hub that stores nothing stops the readings after the window; alarms go on', async () => {
    const broker = await aBroker(brokersHere[0]!)
    const hub = await aHub(broker)
    const spool = await aSpool()
    const uplink = anUplink(broker, spool, { windowBytes: 300_000 })
    await until(() => uplink.sender('readings').next > 0)
    hub.loses = (batch) => batch.stream === 'readings'
    const json = JSON.stringify({ pad: 'x'.repeat(1000) })
    for (let i = 0; i < 2000; i++) void put(spool, 'readings', json)
    await until(() => spool.lanes.readings.durable === 2000)
    await until(() => uplink.sender('readings').flyingBytes >= 300_000)
    expect(uplink.sender('readings').flyingBytes).toBeLessThan(300_000 + 256 * 1024)
    const before = Date.now()
    await put(spool, 'alarms', '{"n":1}')
    await until(() => hub.stored('alarms').size === 1)
    expect(Date.now() - before).toBeLessThan(200)
    hub.loses = () => false
    await until(() => hub.stored('readings').size === 2000, 15_000)
  })

  test('a backlog goes no faster than it may', async () => {
    const broker = await aBroker(brokersHere[0]!)
    const hub = await aHub(broker)
    const spool = await aSpool()
    const json = JSON.stringify({ pad: 'x'.repeat(1000) })
    for (let i = 0; i < 1000; i++) void put(spool, 'readings', json)
    await until(() => spool.lanes.readings.durable === 1000)
    const started = Date.now()
    anUplink(broker, spool, { backlogBytesPerS: 1_000_000 })
    await until(() => hub.stored('readings').size === 1000)
    expect(Date.now() - started).toBeGreaterThan(500)
  })
})

describe('a hub that knows less, or more', () => {
  test('numbers that were trimmed are told as trimmed', async () => {
    const broker = await aBroker(brokersHere[0]!)
    const hub = await aHub(broker)
    const spool = await aSpool(undefined, { segmentBytes: 1_000 })
    anUplink(broker, spool)
    for (let i = 1; i <= 200; i++) await put(spool, 'adt', `{"n":${i}}`)
    await until(() => spool.lanes.adt.committed === 200)
    spool.entered('adt', 200)
    const { first } = spool.lanes.adt
    expect(first).toBeGreaterThan(150)
    hub.committed.clear() // its database is that of last week
    hub.history.clear()
    await put(spool, 'adt', '{"n":201}')
    await until(() => hub.stored('adt').has(201), 20_000)
    expect(hub.lost).toEqual([{ stream: 'adt', from: 1, to: first - 1, reason: 'trimmed' }])
    expect([...hub.stored('adt').keys()]).toEqual(numbers(201, first))
  }, 30_000)

  test('a hub with numbers that this disk has lost: what is new goes under a new spool id, and arrives', async () => {
    const broker = await aBroker(brokersHere[0]!)
    const hub = await aHub(broker)
    const spool = await aSpool()
    for (let i = 1; i <= 10; i++) await put(spool, 'alarms', `{"n":${i}}`)
    const before = spool.id
    hub.spool = before
    for (let i = 1; i <= 30; i++) hub.stored('alarms', before).set(i, `{"n":${i},"old":true}`)
    hub.committed.set(`${before}/alarms`, 30)
    anUplink(broker, spool) // its process begins with 10 on disk
    await put(spool, 'alarms', '{"n":11}')
    await until(() => spool.id !== before)
    await until(() => hub.stored('alarms', spool.id).has(11))
    await put(spool, 'alarms', '{"n":12}')
    await until(() => hub.stored('alarms', spool.id).has(12))
    expect([...hub.stored('alarms', spool.id).values()]).toEqual(['{"n":11}', '{"n":12}'])
    expect(hub.lost).toEqual([{ stream: 'alarms', from: 1, to: 10, reason: 'trimmed' }])
    expect(hub.wrong).toEqual([])
  })

  test('nonsense from the hub changes nothing', async () => {
    const broker = await aBroker(brokersHere[0]!)
    const hub = await aHub(broker)
    const spool = await aSpool()
    anUplink(broker, spool)
    await put(spool, 'adt', '{"n":1}')
    await until(() => hub.stored('adt').size === 1)
    for (const word of [
      '',
      '{',
      'null',
      '[]',
      '{"v":2}',
      JSON.stringify({ v: 1, spool: spool.id, committed: { adt: -1 }, at: 1 }),
    ])
      hub.say(word)
    hub.say({ v: 1, spool: 'another', committed: { alarms: 9, adt: 9, readings: 9, refusals: 9, waves: 9 }, at: 1 })
    await put(spool, 'adt', '{"n":2}')
    await until(() => hub.stored('adt').size === 2)
    expect(spool.id).toBe(hub.spool)
    expect(spool.lanes.readings.committed).toBe(0)
  })
})

test('while a backlog stands before the readings, the newest of each device is sent beside it', async () => {
  const broker = await aBroker(brokersHere[0]!)
  const hub = await aHub(broker)
  const spool = await aSpool()
  const newest = new Newest()
  const record = (device: string, at: number, value: number) => ({
    kind: 'observation' as const,
    id: `${at}`,
    sender: 's',
    receivedAt: at,
    device,
    frames: [{ at, metrics: [{ path: '1.2.1.1', code: 147842, value }] }],
  })
  const old = Date.now() - 60_000
  await put(spool, 'readings', JSON.stringify(record('A', old, 1)), old)
  hub.stalled = true
  hub.loses = (batch) => batch.stream === 'readings'
  anUplink(broker, spool, { newest, windowBytes: 1 })
  for (let i = 0; i < 5; i++) {
    for (const each of [record('A', Date.now(), 70 + i), record('B', Date.now(), 80 + i)])
      newest.heard(each, JSON.stringify(each))
    await put(spool, 'readings', JSON.stringify(record('A', old + i, i)), old)
    await new Promise((done) => setTimeout(done, 100))
  }
  await until(() => hub.nows.length >= 1)
  expect(hub.wrong).toEqual([])
  const last = (device: string) => {
    const said = hub.nows.flatMap((now) => now.devices).filter((one) => one.device === device)
    return said.at(-1)?.frames[0]?.metrics[0]?.value
  }
  await until(() => last('A') === 74 && last('B') === 84)
  hub.loses = () => false
  hub.stalled = false
  await until(() => hub.stored('readings').size === 6, 15_000)
  const count = hub.nows.length
  await new Promise((done) => setTimeout(done, 600))
  expect(hub.nows.length).toBeLessThanOrEqual(count + 1)
})
