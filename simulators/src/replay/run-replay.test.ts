import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseBytes } from '@wardline/devices/hl7/message.ts'
import { readPcd01 } from '@wardline/devices/hl7/pcd01.ts'
import { afterEach, describe, expect, test } from 'vitest'
import { type MllpReceiver, type Reaction, startMllpReceiver } from '../receiver/mllp-receiver.ts'
import { readVitals } from './vitals-csv.ts'

const data = process.env.WARDLINE_DATA ?? join(import.meta.dirname, '../../../../shared/data')
const recordings = join(data, 'hl7')
const vitals = join(data, 'vitals/mimic2_s00001_numerics_1min.csv')

const ends: (() => unknown)[] = []
afterEach(async () => {
  for (const end of ends.splice(0)) await end()
})
async function receiver(react?: (message: { id: string; type: string }) => Reaction): Promise<MllpReceiver> {
  const one = await startMllpReceiver(react)
  ends.push(() => one.close())
  return one
}
function folder(files: Record<string, string | Buffer>): string {
  const path = mkdtempSync(join(tmpdir(), 'replay-'))
  ends.push(() => rmSync(path, { recursive: true }))
  for (const [name, content] of Object.entries(files)) writeFileSync(join(path, name), content)
  return path
}

/** The program, as a person runs it. */
async function replay(...args: string[]): Promise<{ code: number | null; out: string; err: string }> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'replay.ts'), ...args])
  let out = ''
  let err = ''
  child.stdout.on('data', (chunk) => (out += chunk))
  child.stderr.on('data', (chunk) => (err += chunk))
  const code = await new Promise<number | null>((done) => child.on('close', done))
  return { code, out, err }
}
interface Row {
  file: string
  id: string
  answered: string[]
  outcome: string
  text: string
  says?: string
}
async function replayJson(port: number, ...args: string[]) {
  const { code, out, err } = await replay('--port', String(port), '--json', ...args)
  const lines = out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Row & { totals: Record<string, number> })
  return { code, err, rows: lines.slice(0, -1), totals: lines.at(-1)!.totals }
}

const message = (id: string, fifteen = '', sixteen = '', type = 'ADT^A01') =>
  `MSH|^~\\&|A|B|||20260101101500+0100||${type}|${id}|P|2.6|||${fifteen}|${sixteen}\rEVN||20260101101500+0100\rPID|||1\r`

test('every mode gets the answer it asks for, and the exit code is 0 although some is refused', async () => {
  const gateway = await receiver(({ id }) => (id === 'BAD' ? { code: 'AR', text: 'UNSUPPORTED_MESSAGE' } : 'accept'))
  const path = folder({
    'a.hl7': message('M1'),
    'b.hl7': message('M2', 'AL', 'NE') + message('M3', 'AL', 'AL') + message('M4', 'NE', 'NE'),
    'c.hl7': message('BAD'),
    'd.hl7': message('M5', '', '', 'ACK'),
    'e.dcm': 'no',
  })
  const { code, rows, totals } = await replayJson(gateway.port, path)
  expect(code).toBe(0)
  expect(rows.map(({ id, answered, outcome }) => [id, answered?.join(' '), outcome])).toEqual([
    ['M1', 'AA', 'accepted'],
    ['M2', 'CA', 'accepted'],
    ['M3', 'CA AA', 'accepted'],
    ['M4', '', 'sent'],
    ['BAD', 'AR', 'refused'],
    ['M5', '', 'sent'],
    [undefined, undefined, undefined],
  ])
  expect(rows.at(-1)!.says).toBe('no door for this kind yet: .dcm')
  expect(rows.at(0)!.file).toBe(join(path, 'a.hl7'))
  expect(totals).toMatchObject({ files: 5, messages: 6, accepted: 3, refused: 1, sent: 2, unanswered: 0, skipped: 1 })
})

test('a message without its answer makes the exit code 1, and the next one is sent all the same', async () => {
  const gateway = await receiver(({ id }) => (id === 'M1' ? 'silent' : id === 'M2' ? 'cut' : 'accept'))
  const { code, rows } = await replayJson(
    gateway.port,
    '--wait',
    '0.2',
    folder({ 'a.hl7': message('M1') + message('M2') + message('M3') }),
  )
  expect(code).toBe(1)
  expect(rows.map(({ outcome }) => outcome)).toEqual(['unanswered', 'unanswered', 'accepted'])
  expect(rows[0]!.text).toBe('no answer within 200 ms')
})

test('with nobody at the door everything is unanswered, said with the reason', async () => {
  const gateway = await startMllpReceiver()
  await gateway.close()
  const { code, rows } = await replayJson(gateway.port, folder({ 'a.hl7': message('M1') }))
  expect(code).toBe(1)
  expect(rows[0]).toMatchObject({ outcome: 'unanswered', text: expect.stringContaining('ECONNREFUSED') })
})

test('wrong usage is exit code 2', async () => {
  for (const args of [
    [],
    ['--port', '0', 'x'],
    ['--speed', 'fast', 'x'],
    ['--bed', 'here', 'x'],
    ['--at', 'noon', 'x'],
    ['--nonsense', 'x'],
    ['/no/such/path'],
  ])
    expect((await replay(...args)).code, args.join(' ')).toBe(2)
}, 20_000)

test('new ids are new, times come to now, and a dry run sends nothing', async () => {
  const gateway = await receiver()
  const path = folder({ 'a.hl7': message('SAME'), 'b.hl7': message('SAME') })
  const dry = await replay('--port', String(gateway.port), '--dry-run', path)
  expect(dry.code).toBe(0)
  expect(dry.out).toContain('2 messages would be sent')
  expect(gateway.received).toHaveLength(0)
  const before = Date.now()
  await replayJson(gateway.port, '--new-ids', '--shift-to-now', path)
  expect(new Set(gateway.received.map(({ id }) => id)).size).toBe(2)
  const time = /^MSH\|(?:[^|]*\|){5}(\d{14})\+0100/.exec(gateway.received[0]!.bytes.toString())![1]!
  const at = Date.parse(time.replace(/(....)(..)(..)(..)(..)(..)/, '$1-$2-$3T$4:$5:$6+01:00'))
  expect(Math.abs(at - before)).toBeLessThan(10_000)
})

describe.skipIf(!existsSync(recordings))('the recordings of the shared data', () => {
  test('go out whole, one by one, with the bytes they have', async () => {
    const gateway = await receiver()
    const { code, totals, rows } = await replayJson(gateway.port, recordings)
    expect(code).toBe(0)
    expect(totals).toMatchObject({ files: 86, unanswered: 0, unreadable: 0 })
    expect(totals.messages).toBe(gateway.received.length)
    expect(gateway.received.map(({ id }) => id)).toEqual(rows.map(({ id }) => id))
    for (const { bytes } of gateway.received) {
      expect(bytes.toString('latin1')).toMatch(/^MSH/)
      expect(bytes.includes(0x0a)).toBe(false)
      expect(bytes.at(-1)).toBe(0x0d)
    }
  }, 20_000)
})

describe.skipIf(!existsSync(vitals))('the recorded stay', () => {
  test('is one monitor whose drop-outs are absent, never zero', async () => {
    const gateway = await receiver()
    const at = '2026-01-01T00:00:00Z'
    const { code, totals } = await replayJson(gateway.port, '--at', at, '--bed', 'ICU1^R1^B1', '--patient', 'P-1001', vitals)
    expect(code).toBe(0)
    expect(totals).toMatchObject({ messages: 1937, accepted: 1937 })
    expect(gateway.received[0]!.type).toBe('ADT^A01^ADT_A01')
    const source = new Map(
      readVitals(await import('node:fs').then(({ readFileSync }) => readFileSync(vitals, 'utf8')))!.map((row) => [
        row.minute,
        row,
      ]),
    )
    let zeros = 0
    for (const { bytes } of gateway.received.slice(1)) {
      const hl7 = parseBytes(bytes)
      if ('code' in hl7) throw new Error(hl7.says)
      const { records, problems } = readPcd01(hl7, { receivedAt: Date.now(), timeZone: 'UTC' })
      expect(problems).toEqual([])
      const { record } = records[0]!
      if (record.kind !== 'observation') throw new Error('a wave')
      expect(record.patient).toMatchObject({ id: 'P-1001' })
      expect(record.location).toMatchObject({ pointOfCare: 'ICU1', room: 'R1', bed: 'B1' })
      const [frame] = record.frames
      const row = source.get((frame!.at - Date.parse(at)) / 60_000)!
      expect(frame!.metrics.length).toBe(row.values.size)
      for (const { value, quality } of frame!.metrics) {
        expect(value).not.toBe(0)
        if (value === undefined) {
          zeros++
          expect(quality).toBe('NAV')
        }
      }
      const good = frame!.metrics.flatMap(({ value }) => (value === undefined ? [] : [value]))
      expect(good.sort()).toEqual([...row.values.values()].filter((value) => value !== 0).sort())
    }
    expect(zeros).toBeGreaterThan(100)
  }, 20_000)
})
