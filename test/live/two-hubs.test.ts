/** Two hubs on the same engines: what one takes in is on the walls of both, and when one dies the other goes on. */
import { join } from 'node:path'
import type { BedItem } from '@wardline/hub/live/views/contract.ts'
import { expect, test } from 'vitest'
import { quantile } from '../bench/processes.ts'
import { compare } from '../faults/ledger.ts'
import { runLoad } from '../faults/load.ts'
import { drained } from '../faults/nothing-lost.ts'
import { aHouse, type HouseOptions, has } from '../house/a-house.ts'
import { aMonitor } from '../house/a-monitor.ts'
import { aWall, type Wall } from '../house/a-wall.ts'

const engines: { name: string; options: HouseOptions; here: boolean }[] = [
  { name: 'aedes and Valkey', options: {}, here: true },
  { name: 'Mosquitto and Redis', options: { broker: 'mosquitto', redis: 'redis' }, here: has('mosquitto') && has('redis') },
]
const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
const DEVICE = '0012210000BB7001'
const isBed = (item: BedItem) => item.room === 'R701'

for (const { name, options, here } of engines)
  test.skipIf(!here)(`two hubs over ${name}: both show it, and one takes over from the other`, async () => {
    const house = await aHouse(options)
    const walls: Wall<BedItem>[] = []
    const load = runLoad({
      port: house.mllpPort,
      devices: 20,
      rate: 100,
      alarms: 2,
      seconds: 3600,
      ledger: join(house.dataDir, 'acked.txt'),
    })
    try {
      const urlB = await house.anotherHub('b')
      const a = await aWall<BedItem>(house.url, 'critical-care')
      const b = await aWall<BedItem>(urlB, 'critical-care')
      walls.push(a, b)
      const monitor = await aMonitor({
        port: house.mllpPort,
        device: DEVICE,
        bed: 'ICU7^R701^B1',
        patient: 'P-7001',
        name: 'Lang^Eva',
      })
      await monitor.admit()

      /** Ms by which B shows a heart rate later than A. */
      const behind: number[] = []
      for (let hr = 60; hr < 80; hr++) {
        const shown = (wall: Wall<BedItem>) =>
          wall.shows((item) => isBed(item) && item.metrics.hr?.value === hr).then(() => performance.now())
        const seen = Promise.all([shown(a), shown(b)])
        await monitor.says({ hr })
        const [onA, onB] = await seen
        behind.push(onB - onA)
        await wait(37)
      }
      // Each wall gets patches four times a second, at moments of its own: half of that is chance.
      expect(quantile(behind, 0.5)).toBeLessThan(250)

      const alarmBehind: number[] = []
      for (let i = 0; i < 10; i++) {
        const shown = (wall: Wall<BedItem>) =>
          wall.shows((item) => item.alarms.some(({ id }) => id.endsWith(`|N-${i}`))).then(() => performance.now())
        const seen = Promise.all([shown(a), shown(b)])
        await monitor.alarms({ id: `N-${i}`, phase: 'start', state: 'active', priority: 'high', text: `Alarm ${i}` })
        const [onA, onB] = await seen
        alarmBehind.push(onB - onA)
        await monitor.alarms({ id: `N-${i}`, phase: 'end', state: 'inactive', priority: 'high', text: `Alarm ${i}` })
      }
      expect(quantile(alarmBehind, 0.5)).toBeLessThan(50)
      await b.shows((item) => isBed(item) && item.alarms.every(({ source }) => source !== 'device'))

      // A is killed, and nobody starts it again.
      house.kill('hub')
      const killedAt = Date.now()
      const stopped = house.supervisor.stop('hub')
      const alarmSeen = b.shows((item) => item.alarms.some(({ id }) => id.endsWith('|K-1')), 2000)
      await monitor.says({ hr: 91 })
      await monitor.alarms({ id: 'K-1', phase: 'start', state: 'active', priority: 'high', text: 'While nobody writes' })
      // Whose turn it is to store does not matter to a wall.
      await alarmSeen
      await stopped
      await b.shows((item) => isBed(item) && item.metrics.hr?.value === 91, 15_000)
      const tookOverMs = Date.now() - killedAt
      await monitor.says({ hr: 92 })
      await b.shows((item) => isBed(item) && item.metrics.hr?.value === 92 && item.patient?.initials === 'EL')
      await monitor.alarms({ id: 'K-1', phase: 'end', state: 'inactive', priority: 'high', text: 'While nobody writes' })
      await b.shows((item) => isBed(item) && item.alarms.every(({ source }) => source !== 'device'))

      // A third hub finds what is so, without the alarm that ended meanwhile.
      const c = await aWall<BedItem>(await house.anotherHub('c'), 'critical-care')
      walls.push(c)
      await monitor.says({ hr: 93 })
      await c.shows((item) => isBed(item) && item.metrics.hr?.value === 93 && item.alarms.length === 0)

      const { acked } = await load.end()
      monitor.close()
      await drained(house)
      const verdict = await compare(house, acked)
      expect(verdict.readingsAcked).toBeGreaterThan(500)
      expect(verdict.alarmsAcked).toBeGreaterThan(10)
      expect(verdict).toMatchObject({ readingsMissing: [], readingsDoubled: [], alarmsMissing: [], alarmsDoubled: [] })
      expect(tookOverMs).toBeLessThan(12_000)
      expect(b.gaps).toBe(0)
    } finally {
      load.kill()
      for (const wall of walls) wall.close()
      await house.close()
    }
  })
