import { parseBytes } from '@wardline/devices/hl7/message.ts'
import { readPcd01 } from '@wardline/devices/hl7/pcd01.ts'
import { readPcd04 } from '@wardline/devices/hl7/pcd04.ts'
import { afterEach, expect, test } from 'vitest'
import { type MllpReceiver, startMllpReceiver } from '../receiver/mllp-receiver.ts'
import { LOAD_SENDER, type LoadMessage, loadDevice, startLoad } from './load.ts'

let gateway: MllpReceiver
afterEach(() => gateway?.close())

const context = { receivedAt: Date.now(), timeZone: 'UTC' }
function read(bytes: Buffer) {
  const hl7 = parseBytes(bytes)
  if ('code' in hl7) throw new Error(hl7.says)
  const { records, problems, refusal } = hl7.msh.value(9, 2) === 'R40' ? readPcd04(hl7, context) : readPcd01(hl7, context)
  expect(problems).toEqual([])
  expect(refusal).toBeUndefined()
  return records[0]!.record
}

test('every message is one that the reader takes, with eight good values and an instant that its device says once', async () => {
  gateway = await startMllpReceiver()
  const acked: LoadMessage[] = []
  const result = await startLoad({
    host: '127.0.0.1',
    port: gateway.port,
    devices: 7,
    connections: 3,
    ratePerS: 1000,
    alarmsPerS: 50,
    seconds: 0.5,
    onAcked: (message) => acked.push(message),
  })
  expect(result.sent).toBeGreaterThan(400)
  expect(result).toMatchObject({ acked: result.sent, unanswered: 0, skipped: 0, resent: 0, breaks: 0, strays: 0, nacks: {} })
  expect(result.latencies.count).toBeGreaterThan(400)
  expect(result.latencies.p50).toBeLessThanOrEqual(result.latencies.max)
  const instants = new Set<string>()
  const said = new Map(acked.map((message) => [message.id, message]))
  expect(said.size).toBe(result.sent)
  for (const { id, bytes } of gateway.received) {
    const record = read(bytes)
    const message = said.get(id)!
    expect(record.sender).toBe(LOAD_SENDER)
    if (record.kind === 'observation') {
      const [frame, ...others] = record.frames
      expect(others).toEqual([])
      expect(message).toMatchObject({ kind: 'reading', device: record.device, at: frame!.at })
      expect(frame!.metrics).toHaveLength(8)
      for (const metric of frame!.metrics)
        expect(metric).toEqual({ path: metric.path, code: metric.code, value: expect.any(Number) })
      instants.add(`${record.device} ${frame!.at}`)
    }
  }
  expect(instants.size).toBe(acked.filter(({ kind }) => kind === 'reading').length)
  const alarms = gateway.received
    .map(({ bytes }) => read(bytes))
    .flatMap((record) => (record.kind === 'alarm' ? [record.alarm] : []))
  expect(alarms.length).toBeGreaterThan(15)
  for (let i = 0; i + 1 < alarms.length; i += 2) {
    expect(alarms[i]).toMatchObject({ phase: 'start', state: 'active', priority: 'high' })
    expect(alarms[i + 1]).toMatchObject({ phase: 'end', state: 'inactive', alarmId: alarms[i]!.alarmId })
  }
  expect(new Set(alarms.map(({ alarmId }) => alarmId)).size).toBe(Math.ceil(alarms.length / 2))
})

test('connections that break lose nothing: what was unanswered comes again with the same bytes, and is counted once', async () => {
  let count = 0
  gateway = await startMllpReceiver(() => (++count % 40 === 0 ? 'cut' : 'accept'))
  const acked: string[] = []
  const result = await startLoad({
    host: '127.0.0.1',
    port: gateway.port,
    devices: 4,
    ratePerS: 600,
    seconds: 0.6,
    onAcked: ({ id }) => acked.push(id),
  })
  expect(result.breaks).toBeGreaterThan(1)
  expect(result.resent).toBeGreaterThan(1)
  expect(result.unanswered).toBe(0)
  expect(acked.length).toBe(result.sent)
  expect(new Set(acked).size).toBe(result.sent)
  const bytes = new Map<string, Buffer>()
  for (const message of gateway.received) {
    const before = bytes.get(message.id)
    if (before) expect(message.bytes.equals(before)).toBe(true)
    bytes.set(message.id, message.bytes)
  }
  expect(bytes.size).toBe(result.sent)
})

test('refusals are counted by their code and are no acknowledgements', async () => {
  let count = 0
  gateway = await startMllpReceiver(() => (++count % 10 === 0 ? { code: 'CE' } : 'accept'))
  const result = await startLoad({ host: '127.0.0.1', port: gateway.port, devices: 2, ratePerS: 400, seconds: 0.3 })
  expect(result.nacks.CE).toBe(Math.floor(result.sent / 10))
  expect(result.acked + result.nacks.CE!).toBe(result.sent)
})

test('a receiver that does not answer gets a window of messages and no more', async () => {
  gateway = await startMllpReceiver(() => 'silent')
  const result = await startLoad({
    host: '127.0.0.1',
    port: gateway.port,
    devices: 2,
    ratePerS: 1000,
    seconds: 0.3,
    window: 8,
    drainS: 0.05,
  })
  expect(result).toMatchObject({ sent: 16, acked: 0, unanswered: 16 })
  expect(loadDevice(0)).toBe('0012210000BBE001')
})
