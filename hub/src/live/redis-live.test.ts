import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { createClient } from 'redis'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { isFree, portFor } from '../platform/embedded/ports.ts'
import { parentOf, processesLike, within } from '../platform/embedded/processes.ts'
import { silentLog, temporaryEngines } from '../platform/embedded/temporary-engines.ts'
import { openRedis, type RedisLink } from '../platform/redis/redis.ts'
import { attachRedisLive, type RedisLive } from './redis-live.ts'
import { createLive, type LiveMemory } from './state/live-state.ts'
import { buildBed } from './views/critical-care.ts'

const BED = 'ICU2^204^1^HOSP'

interface Engine {
  url: string
  end(): Promise<void>
  /** Dies, and comes back empty at the same address. */
  restart(): Promise<void>
}

/** One hub: its live state, its link, and what ties them. */
interface Hub {
  live: LiveMemory
  link: RedisLink
  redis: RedisLive
  says(hr: number, device?: string): void
  alarm(key: string, state: 'active' | 'inactive'): void
}

async function valkey(): Promise<Engine> {
  const engines = await temporaryEngines({ valkey: true })
  const pid = () => processesLike((text) => text.includes('valkey-process')).find((each) => parentOf(each) === engines.keeper.pid)
  return {
    url: engines.redisUrl!,
    end: () => engines.end(),
    // The keeper starts it again, at the same address.
    async restart() {
      const died = pid()!
      process.kill(died, 'SIGKILL')
      expect(await within(10_000, () => ![undefined, died].includes(pid()))).toBe(true)
    },
  }
}

const REDIS = '/usr/bin/redis-server'
async function redisServer(): Promise<Engine> {
  const port = await portFor('127.0.0.1', 0)
  let child: ChildProcess
  const start = async () => {
    child = spawn(REDIS, ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'], { stdio: 'ignore' })
    expect(await within(5000, async () => !(await isFree('127.0.0.1', port)))).toBe(true)
  }
  const end = async () => {
    const ended = once(child, 'exit')
    if (child.exitCode !== null || child.signalCode !== null) return
    child.kill('SIGKILL')
    await ended
  }
  const restart = async () => {
    await end()
    await start()
  }
  await start()
  return { url: `redis://127.0.0.1:${port}`, end, restart }
}

describeLive('Valkey, embedded', valkey)
if (existsSync(REDIS)) describeLive('Redis', redisServer)
else
  test.skipIf(!process.env.CI)(`Redis: ${REDIS} is not installed`, () => {
    expect.fail(`${REDIS} must be installed where CI is set`)
  })

function describeLive(name: string, start: () => Promise<Engine>): void {
  describe(name, () => {
    let engine: Engine
    let admin: ReturnType<typeof createClient>
    const hubs: Hub[] = []

    const hub = async (id: string): Promise<Hub> => {
      const live = createLive({ settings: { site: { name: 'x', timeZone: 'Europe/Berlin' } }, log: silentLog })
      const link = await openRedis(engine.url, { log: silentLog })
      const redis = attachRedisLive({ live, redis: link, hubId: id, log: silentLog, everyMs: { changes: 200, copy: 250 } })
      await redis.ready
      const made: Hub = {
        live,
        link,
        redis,
        says(hr, device = 'M1') {
          const at = Date.now()
          const metrics = [{ path: '1.2.1.1', code: 147842, value: hr }]
          live.readings({ gateway: 'gw1', device, receivedAt: at, sentAt: at, frames: [{ at, metrics }] })
        },
        alarm(key, state) {
          const at = Date.now()
          const alarm = {
            alarmId: key,
            event: 'x',
            text: 'HR high',
            phase: 'start',
            inactivation: 'enabled',
            priority: 'high',
            kind: 'SP',
            at,
          } as const
          live.alarm({ gateway: 'gw1', device: 'M1', key, since: at, receivedAt: at, late: false, alarm: { ...alarm, state } })
        },
      }
      hubs.push(made)
      return made
    }
    const leaves = async (gone: Hub) => {
      hubs.splice(hubs.indexOf(gone), 1)
      await gone.redis.close()
      await gone.link.close()
      gone.live.close()
    }
    const hr = ({ live }: Hub, device = 'M1') => live.devices.get(device)?.metrics.get('1.2.1.1')?.value
    const shown = ({ live }: Hub) => buildBed(live, BED, Date.now())

    beforeAll(async () => {
      engine = await start()
    })
    beforeEach(async () => {
      admin = createClient({ url: engine.url })
      admin.on('error', () => {})
      await admin.connect()
      await admin.flushAll()
    })
    afterEach(async () => {
      for (const each of [...hubs]) await leaves(each)
      admin.destroy()
    })
    afterAll(() => engine?.end())

    test('a wall on hub B sees within a quarter of a second what hub A takes in, an alarm at once', async () => {
      const a = await hub('a')
      const b = await hub('b')
      a.live.bed(BED, { pointOfCare: 'ICU2', room: '204', bed: '1' }, { patient: 'p', family: 'Berg', given: 'Anna' })
      a.live.placed('M1', BED)
      a.says(72)
      expect(await within(2000, () => hr(b) === 72)).toBe(true)
      expect(shown(b)).toMatchObject({
        label: 'ICU2 204-1',
        patient: { initials: 'AB' },
        metrics: { hr: { value: 72 } },
        device: { id: 'M1', gateway: 'gw1' },
      })
      const waits: number[] = []
      for (let value = 80; value < 85; value++) {
        const began = performance.now()
        a.says(value)
        while (hr(b) !== value && performance.now() - began < 2000) await new Promise((resolve) => setTimeout(resolve, 2))
        waits.push(performance.now() - began)
      }
      expect(Math.min(...waits)).toBeLessThan(300)
      expect(waits.sort((x, y) => x - y)[2]!).toBeLessThan(400)
      const began = performance.now()
      a.alarm('a1', 'active')
      expect(await within(1000, () => shown(b)?.alarms[0]?.id === 'a1')).toBe(true)
      expect(performance.now() - began).toBeLessThan(150)
      a.alarm('a1', 'inactive')
      expect(await within(1000, () => shown(b)?.alarms.length === 0)).toBe(true)
    })

    test('a waveform, a gateway, a letter, a conflict and a move reach the other hub too', async () => {
      const a = await hub('a')
      const b = await hub('b')
      const heard: number[] = []
      b.live.watch({ wave: (_, blocks) => heard.push(blocks[0]!.samples.length) })
      // Samples are for who is there: none wait for a hub that has not said hello yet.
      expect(await within(1000, () => !a.redis.stats().alone)).toBe(true)
      a.says(72)
      const at = Date.now()
      a.live.wave({
        gateway: 'gw1',
        device: 'M1',
        receivedAt: at,
        blocks: [{ path: '1', code: 131330, start: at, rateHz: 250, samples: [1, 2, 3] }],
      })
      a.live.letter({ id: 'l1', gateway: 'gw1', door: 'mllp', code: 'X', says: 'x', bytes: 1, receivedAt: at, state: 'waiting' })
      a.live.gatewayStatus({ v: 1, gateway: 'gw1', state: 'offline', session: 's', at, version: '1.2' })
      a.live.conflict('M1', { patient: 'P-2002', since: at })
      a.live.placed('M1', BED)
      expect(
        await within(2000, () => heard.length > 0 && b.live.letters.has('l1') && b.live.devices.get('M1')?.bed === BED),
      ).toBe(true)
      expect(b.live.gateways.get('gw1')).toMatchObject({ state: 'offline', version: '1.2' })
      expect(b.live.devices.get('M1')?.conflict?.patient).toBe('P-2002')
      expect([...b.live.devicesAt(BED)].map(({ id }) => id)).toEqual(['M1'])
      a.live.placed('M1', undefined)
      expect(await within(2000, () => b.live.devices.get('M1')?.bed === undefined)).toBe(true)
    })

    test('two hubs that both take in agree on the newest, and do not echo', async () => {
      const a = await hub('a')
      const b = await hub('b')
      a.says(70)
      await new Promise((resolve) => setTimeout(resolve, 5))
      b.says(71)
      expect(await within(2000, () => hr(a) === 71 && hr(b) === 71)).toBe(true)
      await new Promise((resolve) => setTimeout(resolve, 500))
      const published = () => a.redis.stats().published + b.redis.stats().published
      const before = published()
      await new Promise((resolve) => setTimeout(resolve, 600))
      expect(published()).toBe(before)
    })

    test('a hub that starts has at once what another left in Redis', async () => {
      const a = await hub('a')
      a.live.bed(BED, { pointOfCare: 'ICU2', room: '204', bed: '1' })
      a.live.placed('M1', BED)
      a.says(72)
      a.alarm('a1', 'active')
      a.alarm('a2', 'active')
      a.alarm('a2', 'inactive')
      await leaves(a)
      const b = await hub('b')
      expect(shown(b)).toMatchObject({ label: 'ICU2 204-1', metrics: { hr: { value: 72 } }, alarms: [{ id: 'a1' }] })
      expect(await admin.ttl('live:device:M1')).toBeGreaterThan(23 * 3600)
    })

    test('a Redis that lost everything, with its connections open, gets it again', async () => {
      const a = await hub('a')
      a.live.bed(BED, { pointOfCare: 'ICU2' })
      a.says(72)
      a.says(73, 'M2')
      expect(await within(2000, async () => (await admin.exists(['live:device:M1', 'live:device:M2', 'live:beds'])) === 3)).toBe(
        true,
      )
      await admin.flushAll()
      // Nothing new is said: what comes back is the whole state.
      expect(await within(3000, async () => (await admin.exists(['live:device:M1', 'live:device:M2', 'live:beds'])) === 3)).toBe(
        true,
      )
      const b = await hub('b')
      expect([hr(b), hr(b, 'M2')]).toEqual([72, 73])
    })

    test('what cannot be read is left out, in the copy and on the wire', async () => {
      await admin.hSet('live:device:BAD', { facts: '{' })
      await admin.hSet('live:device:WORSE', { other: '1' })
      await admin.hSet('live:beds', { x: 'no' })
      const a = await hub('a')
      for (const text of ['', '{', 'null', '7', '{"v":1,"hub":"z","devices":[null]}', '{"v":9,"hub":"z","beds":[{"id":"X"}]}'])
        await admin.publish('live:changes', text)
      const b = await hub('b')
      b.says(72)
      expect(await within(2000, () => hr(a) === 72)).toBe(true)
      expect(a.live.devices.size).toBe(1)
      expect(a.live.beds.size).toBe(0)
    })

    test('an engine that dies and returns empty: the hubs go on, say so, and agree again', async () => {
      const a = await hub('a')
      const b = await hub('b')
      a.says(72)
      expect(await within(2000, () => hr(b) === 72)).toBe(true)
      admin.destroy()
      const back = engine.restart()
      expect(await within(3000, () => a.live.degradedParts().includes('redis') && b.live.degradedParts().includes('redis'))).toBe(
        true,
      )
      a.says(99)
      a.alarm('raised meanwhile', 'active')
      expect(hr(a)).toBe(99)
      await back
      expect(await within(8000, () => hr(b) === 99 && b.live.devices.get('M1')?.alarms.has('raised meanwhile') === true)).toBe(
        true,
      )
      expect(await within(3000, () => a.live.degradedParts().length === 0 && b.live.degradedParts().length === 0)).toBe(true)
      admin = createClient({ url: engine.url })
      await admin.connect()
      expect(await within(3000, async () => (await admin.exists('live:device:M1')) === 1)).toBe(true)
    })
  })
}
