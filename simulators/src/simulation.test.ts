import { bedsideMonitor } from '@wardline/devices/catalogue/nordlys.ts'
import { readAdt } from '@wardline/devices/hl7/adt.ts'
import { parseBytes } from '@wardline/devices/hl7/message.ts'
import { readPcd01 } from '@wardline/devices/hl7/pcd01.ts'
import { readPcd04 } from '@wardline/devices/hl7/pcd04.ts'
import type { StreamRecord } from '@wardline/devices/messages/records.ts'
import { afterEach, expect, test } from 'vitest'
import { monitorDevice } from './monitor/monitor-voice.ts'
import { waveShapes } from './physiology/waveforms.ts'
import { type MllpReceiver, type ReceivedMessage, startMllpReceiver } from './receiver/mllp-receiver.ts'
import { type Simulation, type SimulationOptions, startSimulation } from './simulation.ts'

const ends: (() => unknown)[] = []
afterEach(async () => {
  for (const end of ends.splice(0)) await end()
})
async function aGateway(react?: Parameters<typeof startMllpReceiver>[0]): Promise<MllpReceiver> {
  const one = await startMllpReceiver(react)
  ends.push(() => one.close())
  return one
}
function aHospital(port: number, options: Partial<SimulationOptions>): Simulation {
  const one = startSimulation({ host: '127.0.0.1', port, ...options })
  ends.unshift(() => one.stop())
  return one
}

/** What the gateway's readers make of a message; nothing of it may be lost on the way. */
function read({ bytes, type }: ReceivedMessage): StreamRecord {
  const hl7 = parseBytes(bytes)
  if ('code' in hl7) throw new Error(hl7.says)
  const context = { receivedAt: Date.now(), timeZone: 'UTC' }
  const reader = type.startsWith('ADT') ? readAdt : type.includes('R40') ? readPcd04 : readPcd01
  const { records, problems, refusal } = reader(hl7, context)
  expect(problems).toEqual([])
  expect(refusal).toBeUndefined()
  expect(records).toHaveLength(1)
  const { record } = records[0]!
  if (record.kind === 'observation') expect(record.unmapped).toBeUndefined()
  return record
}
const kinds = (gateway: MllpReceiver, kind: StreamRecord['kind']) =>
  gateway.received.map(read).filter((record) => record.kind === kind)

test('a hospital at its real pace: admissions first, then a reading a second of every monitor with a patient, and waves', async () => {
  const gateway = await aGateway()
  const hospital = aHospital(gateway.port, { beds: 12, waves: 1 })
  await gateway.until((received) => received.filter(({ type }) => type.startsWith('ORU^R01')).length > 60, 10_000)
  const records = gateway.received.map(read)
  const adt = records.flatMap((record) => (record.kind === 'adt' ? [record] : []))
  expect(adt.map(({ event }) => event)).toEqual(Array.from({ length: 11 }, () => 'A01'))
  const at = new Map<string, number[]>()
  for (const record of records) {
    if (record.kind !== 'observation') continue
    expect(record.flags).toBeUndefined()
    const lies = adt.find(({ visit }) => JSON.stringify(visit!.location) === JSON.stringify(record.location))!
    if (record.patient) expect(record.patient.id).toBe(lies.patient.identifiers[0]!.id)
    at.set(record.device, [...(at.get(record.device) ?? []), ...record.frames.map((frame) => frame.at)])
    for (const { value } of record.frames[0]!.metrics) if (value !== undefined) expect(value).toBeGreaterThan(0)
  }
  expect(at.size).toBe(11)
  expect([...at.keys()]).toContain(monitorDevice(0))
  for (const instants of at.values()) for (let i = 1; i < instants.length; i++) expect(instants[i]! - instants[i - 1]!).toBe(1000)
  const waves = records.flatMap((record) => (record.kind === 'wave' && record.device === monitorDevice(0) ? record.blocks : []))
  for (const { definition, rateHz, resolution } of bedsideMonitor.waves) {
    const blocks = waves.filter(({ code }) => code === definition.code).sort((a, b) => a.start - b.start)
    for (const [i, block] of blocks.entries()) {
      expect(block).toMatchObject({ rateHz, resolution, unit: definition.unit })
      const next = blocks[i + 1]
      if (next) expect(next.start - (block.start + (block.samples.length * 1000) / rateHz)).toBe(0)
    }
  }
  expect(waves.length).toBeGreaterThan(5)
  expect(
    Object.values(waveShapes)
      .map(({ rateHz, resolution }) => `${rateHz} ${resolution}`)
      .sort(),
  ).toEqual(bedsideMonitor.waves.map(({ rateHz, resolution }) => `${rateHz} ${resolution}`).sort())
  expect(hospital.stats()).toMatchObject({ monitors: 12, patients: 11, connections: 13, connected: 13, refused: 0, dropped: 0 })
}, 20_000)

test('the same seed sends the same values in the same order; it holds alarms from start to end, and moves', async () => {
  const run = async () => {
    const gateway = await aGateway()
    const hospital = aHospital(gateway.port, { beds: 5, seed: 30, speed: 400, stations: 1, movesEveryS: 60 })
    await new Promise<void>((done) => {
      const look = setInterval(() => {
        if (hospital.stats().seconds < 400) return
        clearInterval(look)
        done()
      }, 10)
    })
    await hospital.stop()
    return gateway
  }
  const [first, second] = [await run(), await run()]
  const values = (gateway: MllpReceiver) =>
    kinds(gateway, 'observation').map(
      (record) =>
        record.kind === 'observation' && [
          record.device,
          record.patient?.id,
          record.frames[0]!.metrics.map(({ code, value, quality }) => [code, value, quality]),
        ],
    )
  const many = Math.min(values(first).length, values(second).length)
  expect(many).toBeGreaterThan(1500)
  expect(JSON.stringify(values(first).slice(0, many))).toBe(JSON.stringify(values(second).slice(0, many)))
  const alarms = kinds(first, 'alarm').flatMap((record) => (record.kind === 'alarm' ? [record] : []))
  expect(new Set(alarms.map(({ alarm }) => alarm.phase)).size).toBeGreaterThanOrEqual(3)
  for (const { device, alarm } of alarms) {
    const of = alarms.filter((other) => other.device === device && other.alarm.alarmId === alarm.alarmId)
    expect(of[0]!.alarm.phase).toBe('start')
  }
  const events = new Set(kinds(first, 'adt').map((record) => record.kind === 'adt' && record.event))
  expect(events.has('A01') && events.has('A03')).toBe(true)
}, 30_000)

test('a gateway that dies and comes back gets every alarm and admission, and nothing with another id', async () => {
  const gateway = await aGateway()
  const hospital = aHospital(gateway.port, { beds: 8, waves: 0 })
  await gateway.until((received) => received.length > 20)
  const { port } = gateway
  await gateway.close()
  await new Promise((wait) => setTimeout(wait, 1500))
  expect(hospital.stats()).toMatchObject({ connected: 0, dropped: 0 })
  expect(hospital.stats().waiting).toBeGreaterThan(5)
  const back = await startMllpReceiver(() => 'accept', port)
  ends.push(() => back.close())
  await back.until(() => hospital.stats().waiting === 0, 8000)
  const seen = new Set([...gateway.received, ...back.received].map(({ id }) => id))
  expect(seen.size).toBe(hospital.stats().sent)
}, 20_000)
