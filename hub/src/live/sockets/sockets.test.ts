import { once } from 'node:events'
import { connect } from 'node:net'
import { Registry } from 'prom-client'
import { io } from 'socket.io-client'
import { Value } from 'typebox/value'
import { afterEach, describe, expect, test } from 'vitest'
import { Beat, BedItem, FeedItem, Snapshot, Wave } from '../views/contract.ts'
import { buildBed } from '../views/critical-care.ts'
import { Hall, until } from './a-hall.ts'
import type { SocketLimits } from './limits.ts'
import { watchSockets } from './metrics.ts'

let hall: Hall
const open = async (limits: Partial<SocketLimits> = {}, origins: string[] = []) => {
  hall = await Hall.opened(limits, origins)
  return hall
}
afterEach(() => hall?.close())

const json = (value: unknown): unknown => JSON.parse(JSON.stringify(value))
/** What the wall must show: every bed as it is built now. `asOf` and ages move with the clock; nothing else may differ. */
const built = (id: string) => json(buildBed(hall.live, id, Date.now()))

describe('looking at a view', () => {
  test('a snapshot, then numbered patches with only what changed', async () => {
    await open({ patchEveryMs: 20 })
    const wall = await hall.beds(4).wall().looks()
    const [snapshot] = wall.snapshots
    expect([...Value.Errors(Snapshot, snapshot)]).toEqual([])
    for (const item of wall.items.values()) expect([...Value.Errors(BedItem, item)]).toEqual([])
    expect(snapshot).toMatchObject({ view: 'critical-care', site: { name: 'Wardline General', timeZone: 'Europe/Berlin' } })
    for (let i = 0; i < 10; i++) {
      hall.speak(4)
      await until(
        () => wall.items.get(hall.bed(0))?.metrics.hr?.value === hall.live.devices.get('M0')?.metrics.get('1.2.0.1')?.value,
      )
    }
    expect(wall.gaps).toBe(0)
    expect(wall.patches).toBeGreaterThanOrEqual(10)
    for (const [id, item] of wall.items) expect(item).toEqual(built(id))
  })

  test('patches come at most four times a second, and none when nothing changes', async () => {
    await open()
    const wall = await hall.beds(2).wall().looks()
    const until1s = performance.now() + 1000
    while (performance.now() < until1s) {
      hall.speak(2)
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
    await until(
      () => wall.items.get(hall.bed(1))?.metrics.hr?.value === hall.live.devices.get('M1')?.metrics.get('1.2.0.1')?.value,
    )
    expect(wall.patches).toBeGreaterThanOrEqual(3)
    expect(wall.patches).toBeLessThanOrEqual(6)
    const before = wall.patches
    await new Promise((resolve) => setTimeout(resolve, 400))
    expect(wall.patches).toBe(before)
  })

  test('an alarm comes at once, however slow the patches are', async () => {
    await open({ patchEveryMs: 60_000 })
    const wall = await hall.beds(2).wall().looks()
    const began = performance.now()
    hall.alarm(1, 'a')
    await until(() => wall.items.get(hall.bed(1))?.alarms[0]?.id === 'a')
    expect(performance.now() - began).toBeLessThan(200)
    expect(wall.items.get(hall.bed(1))).toEqual(built(hall.bed(1)))
  })

  test('a flood of alarms is put together, and none of it is missing', async () => {
    await open({ patchEveryMs: 60_000, alarmsAtOnce: 5 })
    const wall = await hall.beds(40).wall().looks()
    for (let i = 0; i < 40; i++) {
      hall.alarm(i, `alarm ${i}`)
      await new Promise((resolve) => setImmediate(resolve))
    }
    await until(() => [...wall.items.values()].every((item) => item.alarms.length === 1))
    expect(wall.gaps).toBe(0)
    expect(wall.patches).toBeLessThan(20)
  })

  test('a wall of one unit gets its own beds, and numbers of its own', async () => {
    await open({ patchEveryMs: 20 })
    hall.beds(6)
    const [all, one] = await Promise.all([hall.wall().looks(), hall.wall().looks('critical-care', { unit: 'ICU1' })])
    expect(all.items.size).toBe(6)
    expect([...one.items.keys()]).toEqual([hall.bed(1), hall.bed(3), hall.bed(5)])
    hall.alarm(0, 'not theirs')
    await until(() => all.items.get(hall.bed(0))!.alarms.length === 1)
    hall.alarm(1, 'theirs')
    await until(() => one.items.get(hall.bed(1))!.alarms.length === 1)
    expect(one.gaps + all.gaps).toBe(0)
    expect(one.items.size).toBe(3)
  })

  test('the feeds: gateways, devices and refusals, as the contract says', async () => {
    await open({ patchEveryMs: 20, feedsEveryMs: 20 })
    hall.beds(2)
    const wall = await hall.wall().looks('feeds')
    const at = Date.now()
    hall.live.letter({
      id: 'l1',
      gateway: 'gw1',
      door: 'mllp',
      code: 'UNSUPPORTED_MESSAGE',
      says: 'no',
      bytes: 9,
      receivedAt: at,
      state: 'waiting',
    })
    const stream = { first: 4, last: 9, committed: 5, bytes: 100, oldestAt: at, dropped: 0 }
    const sender = { sender: 'GW^1:2', peer: '10.0.0.7:1', accepted: 5, refused: 1, lastAt: at }
    const health = {
      v: 1,
      gateway: 'gw1',
      spool: 's',
      session: 'r',
      at,
      streams: { readings: stream },
      spoolBytes: 100,
      spoolLimitBytes: 1000,
    }
    hall.live.gatewayHealth({ ...health, connections: 1, accepted: 5, refused: 1, duplicates: 0, senders: [sender] } as never)
    await until(() => wall.items.has('refusal:l1') && wall.items.has('sender:gw1:GW^1:2'))
    expect([...wall.items.keys()].sort()).toEqual(['device:M0', 'device:M1', 'gateway:gw1', 'refusal:l1', 'sender:gw1:GW^1:2'])
    for (const item of wall.items.values()) expect([...Value.Errors(FeedItem, item)]).toEqual([])
    expect(wall.items.get('gateway:gw1')).toMatchObject({
      state: 'online',
      streams: [{ stream: 'readings', waiting: 4, committed: 5 }],
    })
  })

  test('a beat each second says what is wrong upstream, at once when it changes', async () => {
    await open({ beatEveryMs: 60_000 })
    const wall = await hall.wall().looks()
    hall.live.degraded('history', true)
    await until(() => wall.beats.length === 1)
    expect(wall.beats[0]!.degraded).toEqual(['history'])
    expect([...Value.Errors(Beat, wall.beats[0])]).toEqual([])
  })

  test('waves go to those who asked for them, thinned, and put together', async () => {
    await open({ wavesEveryMs: 50 })
    hall.beds(2)
    const [seeing, other] = await Promise.all([hall.wall().looks('critical-care', { waves: true }), hall.wall().looks()])
    const start = Date.now()
    const samples = Array.from({ length: 50 }, (_, i) => i)
    for (let i = 0; i < 4; i++)
      hall.live.wave({
        gateway: 'gw1',
        device: 'M1',
        receivedAt: start,
        blocks: [{ path: '1', code: 131330, start: start + i * 100, rateHz: 500, resolution: 0.01, samples }],
      })
    await until(() => seeing.waves.reduce((sum, wave) => sum + wave.samples.length, 0) === 50)
    expect(seeing.waves.length).toBeLessThanOrEqual(2)
    expect([...Value.Errors(Wave, seeing.waves[0])]).toEqual([])
    expect(seeing.waves[0]).toMatchObject({ bed: hall.bed(1), code: 131330, rateHz: 125, unit: 'mV' })
    expect(other.waves).toEqual([])
    await seeing.asks('close', { view: 'critical-care' })
    hall.live.wave({
      gateway: 'gw1',
      device: 'M1',
      receivedAt: Date.now(),
      blocks: [{ path: '1', code: 131330, start, rateHz: 500, samples }],
    })
    const had = seeing.waves.length
    await new Promise((resolve) => setTimeout(resolve, 150))
    expect(seeing.waves.length).toBe(had)
  })
})

describe('gaps', () => {
  test('a wall that missed a patch asks, gets a snapshot, and shows what is so', async () => {
    await open({ patchEveryMs: 20 })
    const wall = await hall.beds(2).wall().looks()
    wall.seq -= 1
    hall.speak(2)
    await until(() => wall.snapshots.length === 2)
    expect(wall.gaps).toBeGreaterThan(0)
    hall.speak(2)
    await until(
      () => wall.items.get(hall.bed(0))?.metrics.hr?.value === hall.live.devices.get('M0')?.metrics.get('1.2.0.1')?.value,
    )
    expect(wall.items.get(hall.bed(0))).toEqual(built(hall.bed(0)))
  })

  test('a hub that goes and comes back: the wall returns by itself', async () => {
    await open()
    const wall = await hall.beds(1).wall().looks()
    const { port } = hall
    const lost = new Promise<string>((resolve) => wall.socket.once('disconnect', resolve))
    await hall.goesAway()
    // Anything but "io server disconnect": after that one the client waits for a person.
    expect(await lost).toBe('transport close')
    hall = new Hall()
    hall.server.listen(port, '127.0.0.1')
    await once(hall.server, 'listening')
    hall.beds(2)
    await until(() => wall.socket.connected)
    await wall.looks()
    expect(wall.items.size).toBe(2)
    wall.socket.close()
  })
})

describe('what is refused', () => {
  test('a view that is none, a message that is none, a view that is not open', async () => {
    await open()
    const wall = hall.wall()
    expect(await wall.asks('open', { view: 'finance' })).toMatchObject({
      ok: false,
      problem: { status: 404, code: 'VIEW_UNKNOWN' },
    })
    for (const said of [
      null,
      7,
      'x',
      {},
      [],
      { view: 7 },
      { view: 'feeds', params: 3 },
      { view: 'critical-care', params: { unit: {} } },
    ])
      expect(await wall.asks('open', said)).toMatchObject({ ok: false, problem: { status: 400, code: 'INVALID_REQUEST' } })
    expect(await wall.asks('resync', { view: 'feeds' })).toMatchObject({
      ok: false,
      problem: { status: 409, code: 'VIEW_NOT_OPEN' },
    })
    wall.socket.emit('open')
    wall.socket.emit('nonsense', 1)
    expect(await wall.asks('open', { view: 'feeds' })).toEqual({ ok: true })
  })

  test('who asks too often is told to wait; who never stops is cut off', async () => {
    await open({ burst: 5, perSecond: 1 })
    const wall = hall.wall()
    const answers = await Promise.all(Array.from({ length: 10 }, () => wall.asks('open', { view: 'feeds' })))
    expect(answers.filter(({ ok }) => ok)).toHaveLength(5)
    expect(answers.at(-1)).toMatchObject({ problem: { status: 429 } })
    for (let i = 0; i < 40; i++) wall.socket.emit('resync', { view: 'feeds' })
    await until(() => hall.sockets.stats().cutOff === 1)
  })

  test('a message that is too large ends its connection and nothing else', async () => {
    await open({ patchEveryMs: 20 })
    const good = await hall.beds(1).wall().looks()
    const bad = hall.wall()
    await until(() => bad.socket.connected)
    bad.socket.io.reconnection(false)
    bad.socket.emit('open', { view: 'x'.repeat(100_000) })
    await until(() => !bad.socket.connected)
    hall.alarm(0, 'still there')
    await until(() => good.items.get(hall.bed(0))!.alarms.length === 1)
  })

  test('a page of another origin; polling instead of a WebSocket; more walls than allowed', async () => {
    await open({ clients: 2 }, ['https://walls.example'])
    const attempt = async (origin: string | undefined, transports: ('websocket' | 'polling')[] = ['websocket']) => {
      const socket = io(`http://127.0.0.1:${hall.port}`, {
        transports,
        forceNew: true,
        reconnection: false,
        ...(origin && { extraHeaders: { origin } }),
      })
      const got = await new Promise<boolean>((resolve) => {
        socket.once('connect', () => resolve(true))
        socket.once('connect_error', () => resolve(false))
      })
      return { got, close: () => socket.close() }
    }
    expect((await attempt('https://evil.example')).got).toBe(false)
    expect((await attempt('null')).got).toBe(false)
    expect((await attempt(undefined, ['polling'])).got).toBe(false)
    const own = await attempt(`http://127.0.0.1:${hall.port}`)
    const allowed = await attempt('https://walls.example')
    expect([own.got, allowed.got]).toEqual([true, true])
    expect((await attempt(undefined)).got).toBe(false)
    own.close()
    allowed.close()
  })

  test('bytes that are no WebSocket', async () => {
    await open()
    const raw = connect(hall.port, '127.0.0.1')
    raw.on('error', () => {})
    raw.write(
      'GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n\x00\xff\x01garbage',
    )
    raw.resume()
    await once(raw, 'close')
    const wall = await hall.beds(1).wall().looks()
    expect(wall.items.size).toBe(1)
  })
})

describe('a wall that does not read', () => {
  const BEDS = 100
  /** One of these patches is some 400 KiB: they soon fill what the kernel takes for a connection. */
  const flood = async (isEnough: () => boolean, ms = 20_000) => {
    const end = performance.now() + ms
    while (!isEnough()) {
      if (performance.now() > end) throw new Error('the frozen wall was never noticed')
      for (let n = 0; n < BEDS; n++) hall.alarm(n, `loud ${n}`, `${performance.now()}`.padEnd(4000, '!'))
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
  }
  const KIB = 1024

  test('holds a bounded number of bytes, and slows nobody', async () => {
    await open({ patchEveryMs: 50 })
    hall.beds(BEDS)
    const good = await hall.wall().looks()
    const frozen = await hall.wall().looks('critical-care', { waves: true })
    frozen.freeze()
    await flood(() => hall.sockets.stats().behind === 1)
    const { unsentBytes } = hall.sockets.stats()
    // The bound, and the patch that crossed it.
    expect(unsentBytes).toBeLessThan(1024 * KIB)
    const { patches } = good
    await flood(() => good.patches >= patches + 20)
    // Nothing was added while it is behind: no patch, no beat, no sample.
    expect(hall.sockets.stats().unsentBytes).toBeLessThanOrEqual(unsentBytes)
    expect(good.gaps).toBe(0)
    const began = performance.now()
    hall.alarm(7, 'quick')
    await until(() => good.items.get(hall.bed(7))!.alarms.some(({ id }) => id === 'quick'))
    expect(performance.now() - began).toBeLessThan(500)
  })

  test('once it reads again, gets a fresh snapshot and shows what is so', async () => {
    await open({ patchEveryMs: 50 })
    const wall = await hall.beds(BEDS).wall().looks()
    wall.freeze()
    await flood(() => hall.sockets.stats().behind === 1)
    hall.alarm(3, 'raised meanwhile')
    wall.freeze(false)
    await until(() => wall.snapshots.length === 2)
    expect(hall.sockets.stats().behind).toBe(0)
    hall.speak(BEDS)
    await until(
      () => wall.items.get(hall.bed(9))?.metrics.hr?.value === hall.live.devices.get('M9')?.metrics.get('1.2.0.1')?.value,
    )
    expect(wall.items.get(hall.bed(3))!.alarms.map(({ id }) => id)).toContain('raised meanwhile')
    expect(wall.gaps).toBe(0)
  })

  test('and stays so with too much unsent, is cut off without a farewell', async () => {
    await open({ patchEveryMs: 50, hopelessBytes: 256 * KIB, hopelessMs: 300 })
    const wall = await hall.beds(BEDS).wall().looks()
    wall.freeze()
    await flood(() => hall.sockets.stats().cutOff === 1)
    await until(() => hall.sockets.stats().clients === 0)
    expect(hall.sockets.stats().unsentBytes).toBe(0)
  })

  test('asks for snapshot after snapshot and reads none: it gets what one client may hold', async () => {
    await open({ burst: 10_000, perSecond: 10_000 })
    const wall = await hall.beds(BEDS).wall().looks()
    const size = JSON.stringify(wall.snapshots[0]).length
    wall.freeze()
    for (let asked = 0; asked < 1000; asked++) {
      wall.socket.emit('open', { view: 'critical-care' })
      if (asked % 10 === 0) await new Promise((resolve) => setTimeout(resolve, 1))
    }
    await until(() => hall.sockets.stats().unsentBytes > 64 * KIB)
    await new Promise((resolve) => setTimeout(resolve, 300))
    expect(hall.sockets.stats().unsentBytes).toBeLessThan(1024 * KIB + size)
  })
})

test('figures for /metrics', async () => {
  await open()
  await hall.beds(1).wall().looks()
  const registry = new Registry()
  watchSockets(registry, () => hall.sockets.stats())
  const text = await registry.metrics()
  expect(text).toMatch(/^wardline_sockets_clients 1$/m)
  expect(text).toMatch(/^wardline_sockets_snapshots_total 1$/m)
  expect(await registry.metrics()).toMatch(/^wardline_sockets_snapshots_total 1$/m)
})
