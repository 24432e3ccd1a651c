import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { ObservationRecord } from '@wardline/devices/messages/records.ts'
import { expect, test } from 'vitest'
import { Senders } from '../hl7/senders.ts'
import { Newest } from './newest.ts'

const record = (device: string, at: number, value = 70, metrics = 1): ObservationRecord => ({
  kind: 'observation',
  id: '1',
  sender: 's',
  receivedAt: at,
  device,
  frames: [{ at, metrics: Array.from({ length: metrics }, (_, i) => ({ path: `1.2.1.${i}`, code: 147842, value })) }],
})
const hear = (newest: Newest, each: ObservationRecord) => newest.heard(each, JSON.stringify(each))
const said = (newest: Newest, now: number) => newest.take(now).map(({ device, frames }) => [device, frames[0]!.metrics[0]!.value])

test('each device once for each thing it says, all of them again in the next backlog, and never what is old', () => {
  const newest = new Newest()
  hear(newest, record('A', 1_000, 70))
  hear(newest, record('B', 1_000, 80))
  hear(newest, record('B', 500, 1)) // late
  expect(said(newest, 2_000)).toEqual([
    ['A', 70],
    ['B', 80],
  ])
  expect(said(newest, 2_000)).toEqual([])
  hear(newest, record('B', 2_000, 81))
  expect(said(newest, 2_000)).toEqual([['B', 81]])
  newest.rest()
  expect(said(newest, 2_000)).toHaveLength(2)
  newest.rest()
  expect(said(newest, 61_500)).toEqual([['B', 81]])
})

test('a hall of monitors that say much each is said in several messages, none of them too long, and nobody is left out', () => {
  const newest = new Newest()
  const heard = new Set<string>()
  for (let round = 0; round < 20; round++) {
    for (let i = 0; i < 300; i++) hear(newest, record(`D${i}`, 1_000 + round, 70, 200))
    const devices = newest.take(2_000)
    expect(JSON.stringify(devices).length).toBeLessThan(1.2 * 1024 * 1024)
    for (const { device } of devices) heard.add(device)
  }
  expect(heard.size).toBe(300)
})

test('made-up names and endless messages fill no memory', () => {
  const newest = new Newest()
  for (let i = 0; i < 500; i++) hear(newest, record(`D${i}`, 1_000, 70, 3_000))
  expect(newest.kept).toBeLessThanOrEqual(24 * 1024 * 1024)
  expect(said(newest, 1_000).length).toBeGreaterThan(0)
  hear(newest, record('huge', 1_000, 70, 20_000))
  expect(newest.kept).toBeLessThanOrEqual(24 * 1024 * 1024)
})

test('what is remembered of a message does not hold the message', () => {
  setFlagsFromString('--expose-gc')
  const gc = runInNewContext('gc') as () => void
  const senders = new Senders()
  const newest = new Newest()
  gc()
  const before = process.memoryUsage().heapUsed
  for (let i = 0; i < 100; i++) {
    // A field as it is cut from the text of a message: a window into it.
    const text = `${'x'.repeat(1024 * 1024)}|a rather long name of a device ${i}|`
    const name = text.split('|')[1]!
    senders.heard(name, 'peer', 'accepted', 1, undefined)
    hear(newest, record(name, 1_000))
  }
  gc()
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(20 * 1024 * 1024)
  expect(senders.list).toHaveLength(100)
  expect(newest.take(1_000)).toHaveLength(100)
})
