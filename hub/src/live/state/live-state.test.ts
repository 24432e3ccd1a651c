import { describe, expect, test } from 'vitest'
import type { Reading } from '../../platform/timeline/timeline.ts'
import { BED, MONITOR, TEN, Ward } from '../views/a-ward.ts'
import { buildFeed, feedItemIds } from '../views/feeds.ts'
import { RateMeter } from './rate-meter.ts'
import { restoreFromHistory } from './restore-history.ts'
import { defaultSettings } from './settings.ts'

const letter = (n: number, state: 'waiting' | 'redriven' = 'waiting') =>
  ({ id: `l${n}`, gateway: 'gw1', door: 'mllp', code: 'X', says: 'x', bytes: 1, receivedAt: TEN + n, state }) as const
const health = (ward: Ward, accepted: number, session = 'r1') =>
  ward.live.gatewayHealth({
    v: 1,
    gateway: 'gw1',
    spool: 's',
    session,
    at: ward.clock.at,
    streams: {},
    spoolBytes: 0,
    spoolLimitBytes: 1,
    connections: 1,
    accepted,
    refused: 0,
    duplicates: 0,
    senders: [],
  } as never)

describe('memory is bounded', () => {
  const caps = {
    ...defaultSettings.caps,
    devices: 10,
    metricsOfDevice: 5,
    alarmsOfDevice: 3,
    beds: 4,
    gateways: 2,
    wavesOfDevice: 2,
  }

  test('by the number of devices, metrics, alarms, beds, gateways and waveforms', () => {
    const ward = new Ward({ caps })
    for (let i = 0; i < 100; i++) {
      ward.says({ hr: 70 }, { device: `D${i}`, gateway: `g${i}` })
      ward.live.bed(`B${i}`, {})
      const metrics = [{ path: `1.2.1.${i}`, code: 1, value: 1 }]
      ward.live.readings({ gateway: 'gw1', device: MONITOR, receivedAt: TEN, frames: [{ at: TEN, metrics }] })
      ward.live.wave({
        gateway: 'gw1',
        device: MONITOR,
        receivedAt: TEN,
        blocks: [{ path: '1', code: i, start: TEN, rateHz: 100, samples: [1] }],
      })
      ward.alarms({ priority: i === 50 ? 'high' : 'low' })
    }
    const { devices, beds, gateways, refusedByCap } = ward.live.stats()
    expect({ devices, beds, gateways }).toEqual({ devices: 10, beds: 4, gateways: 2 })
    expect(refusedByCap).toBeGreaterThan(100)
    const monitor = ward.live.devices.get(MONITOR)!
    expect([monitor.metrics.size, monitor.alarms.size, monitor.waves.size]).toEqual([5, 3, 2])
    // Of too many alarms the least go.
    expect([...monitor.alarms.values()].some(({ alarm }) => alarm.priority === 'high')).toBe(true)
  })

  test('by the newest 200 refusals, whatever order they come in', () => {
    const ward = new Ward()
    const gone: string[] = []
    ward.live.watch({ letter: ({ letter: { id } }) => ward.live.letters.has(id) || gone.push(id) })
    for (let n = 0; n < 250; n++) ward.live.letter(letter((n * 7) % 250))
    expect([...ward.live.letters.values()].map(({ letter: { receivedAt } }) => receivedAt - TEN).sort((a, b) => a - b)).toEqual(
      Array.from({ length: 200 }, (_, i) => i + 50),
    )
    expect(gone.length).toBe(50)
    ward.after(1).live.letter(letter(100, 'redriven'))
    expect(ward.live.letters.size).toBe(200)
    expect(buildFeed(ward.live, 'refusal:l100', TEN)).toMatchObject({ state: 'redriven', deadLetter: 'l100' })
  })

  test('a device that nobody placed and nobody heard for a day is forgotten; one at a bed is not', () => {
    const ward = new Ward().says({ hr: 70 }).says({ hr: 70 }, { device: 'LOOSE' })
    const forgotten: string[] = []
    ward.live.watch({ forgotten: ({ id }) => forgotten.push(id) })
    ward.after(24 * 3_600_000).live.tidy()
    expect(forgotten).toEqual([])
    ward.after(1).live.tidy()
    expect(forgotten).toEqual(['LOOSE'])
    expect([...ward.live.devices.keys()]).toEqual([MONITOR])
  })

  test('a metric that its device stopped sending an hour ago leaves the tile; those of a silent device stay', () => {
    const ward = new Ward().says({ hr: 70, etco2: 38 })
    ward.after(3_600_001).live.tidy()
    expect(Object.keys(ward.shows().metrics)).toEqual(['hr', 'etco2'])
    ward.says({ hr: 71 }).live.tidy()
    expect(Object.keys(ward.shows().metrics)).toEqual(['hr'])
  })
})

describe('gateways', () => {
  test('what is taken in each second, over the last ten; from nothing after a restart', () => {
    const ward = new Ward()
    for (let s = 0; s <= 20; s += 5) {
      ward.at(`10:00:${s}`)
      health(ward, s * 500)
    }
    const rate = () => (buildFeed(ward.live, 'gateway:gw1', ward.clock.at) as { ratePerS: number }).ratePerS
    expect(rate()).toBe(500)
    ward.after(5000)
    health(ward, 3, 'r2')
    expect(rate()).toBe(0)
  })

  test('one that is not enrolled says so, until it is', () => {
    const ward = new Ward()
    ward.live.gatewayUnknown('rogue', ward.clock.at)
    expect(buildFeed(ward.live, 'gateway:rogue', ward.clock.at)).toMatchObject({ enrolled: false, state: 'unknown' })
    expect([...feedItemIds(ward.live)]).toContain('gateway:rogue')
  })

  test('one whose birth the broker still holds, but which nobody hears, is no online gateway', () => {
    const ward = new Ward()
    ward.live.gatewayStatus({ v: 1, gateway: 'gw1', state: 'online', session: 's', at: ward.clock.at, version: '1' })
    health(ward, 1)
    const state = () => (buildFeed(ward.live, 'gateway:gw1', ward.clock.at) as { state: string }).state
    expect(state()).toBe('online')
    ward.after(30_001)
    expect(state()).toBe('offline')
    health(ward, 2)
    expect(state()).toBe('online')
  })
})

test('a rate forgets what is older than ten seconds', () => {
  const meter = new RateMeter()
  for (let s = 0; s < 20; s++) meter.add(5, s * 1000)
  expect(meter.perSecond(19_000)).toBe(5)
  expect(meter.perSecond(24_000)).toBe(2.5)
  expect(meter.perSecond(60_000)).toBe(0)
})

test('degraded parts are said once for each change', () => {
  const ward = new Ward()
  const said: [string, boolean][] = []
  const end = ward.live.watch({ degraded: (part, is) => said.push([part, is]) })
  for (const is of [true, true, false, false, true]) ward.live.degraded('history', is)
  ward.live.degraded('broker', true)
  expect(ward.live.degradedParts()).toEqual(['broker', 'history'])
  end()
  ward.live.degraded('broker', false)
  expect(said).toEqual([
    ['history', true],
    ['history', false],
    ['history', true],
    ['broker', true],
  ])
})

test('a hub that starts shows what history has, and nothing of it over what it hears', async () => {
  const ward = new Ward().says({ hr: 90 })
  const at = ward.clock.at - 300_000
  const reading = (path: string, code: number, value: number): Reading => ({
    device: MONITOR,
    path,
    code,
    at,
    receivedAt: at,
    value,
    messageId: 'm',
  })
  const minute = Math.floor(at / 60_000) * 60_000
  const found = await restoreFromHistory(ward.live, {
    latest: async (since) =>
      since === ward.clock.at - 3_600_000 ? [reading('1.2.1.1', 147842, 60), reading('1.3.1.1', 150456, 97)] : [],
    steps: async ({ path }) => (path === '1.2.1.1' ? [{ at: minute, min: 58, max: 62, mean: 60, count: 60 }] : []),
  })
  expect(found).toEqual({ readings: 2, trends: 1 })
  expect(ward.shows(BED).metrics).toMatchObject({ hr: { value: 90 }, spo2: { value: 97, at } })
  expect(ward.shows(BED).trends.hr).toEqual([[minute, 60]])
})
