import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFileSync, cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { StreamName } from '@wardline/devices/streams.ts'
import fc from 'fast-check'
import { afterEach, describe, expect, test } from 'vitest'
import { Spool, SpoolFull, type SpoolOptions } from './spool.ts'

const ends: (() => unknown)[] = []
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})
const quiet = { warn() {}, info() {} }

function aFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'spool-'))
  ends.push(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}
async function open(folder: string, more: Partial<SpoolOptions> = {}): Promise<Spool> {
  const spool = await Spool.open({ folder, limitBytes: 64 * 1024 * 1024, log: quiet, groupMs: 0, ...more })
  ends.push(() => spool.close().catch(() => {}))
  return spool
}
const put = (spool: Spool, stream: StreamName, json: string, at = 1000) =>
  new Promise<void>((resolve, reject) => spool.put([{ stream, json }], at, (error) => (error ? reject(error) : resolve())))

/** Everything from `from` on, as text, and the numbers that are said to be lost. */
async function everything(spool: Spool, stream: StreamName, from = 1) {
  const records: [number, string][] = []
  const gaps: [number, number, string][] = []
  for (let next = from; ; ) {
    const run = await spool.lanes[stream].read(next, { records: 50, bytes: 5_000 })
    if (!run) return { records, gaps }
    if (run.first > next) gaps.push([next, run.first - 1, run.reason!])
    for (const [i, payload] of run.payloads.entries()) records.push([run.first + i, payload.toString()])
    next = run.first + run.payloads.length
  }
}
const activeFile = (folder: string, stream: StreamName) => join(folder, stream, readdirSync(join(folder, stream)).sort().at(-1)!)

describe('what was stored is there again', () => {
  test('in order, with its numbers, after a close and after no close at all', async () => {
    const folder = aFolder()
    const first = await open(folder)
    await Promise.all(Array.from({ length: 500 }, (_, i) => put(first, 'readings', `{"n":${i}}`)))
    const killed = aFolder()
    cpSync(folder, killed, { recursive: true }) // as after SIGKILL: nothing was closed, no state was written
    await first.close()
    for (const place of [folder, killed]) {
      const again = await open(place)
      const { records } = await everything(again, 'readings')
      expect(records).toEqual(Array.from({ length: 500 }, (_, i) => [i + 1, `{"n":${i}}`]))
      await put(again, 'readings', '"next"')
      expect((await everything(again, 'readings', 501)).records).toEqual([[501, '"next"']])
    }
  })

  test('with text of every kind, and records larger than any buffer', async () => {
    const folder = aFolder()
    const spool = await open(folder)
    const texts = ['"ä€𝄞"', '""', JSON.stringify('x'.repeat(3_000_000)), '"€"'.padEnd(400_000, '€')]
    for (const text of texts) await put(spool, 'adt', text)
    await spool.close()
    const again = await open(folder)
    expect((await everything(again, 'adt')).records.map(([, text]) => text)).toEqual(texts)
  })

  test('the disk is not read while the uplink keeps up', async () => {
    const folder = aFolder()
    const spool = await open(folder)
    await put(spool, 'readings', '"a"')
    rmSync(activeFile(folder, 'readings'))
    expect((await everything(spool, 'readings')).records).toEqual([[1, '"a"']])
  })

  test('a message with records in two streams is done when both are on disk', async () => {
    const spool = await open(aFolder())
    await new Promise<void>((resolve, reject) =>
      spool.put(
        [
          { stream: 'readings', json: '1' },
          { stream: 'waves', json: '2' },
        ],
        1,
        (error) => (error ? reject(error) : resolve()),
      ),
    )
    expect([spool.lanes.readings.durable, spool.lanes.waves.durable]).toEqual([1, 1])
  })
})

describe('damage', () => {
  test.each([1, 7, 20, 30])('a torn end, %i bytes short, costs the torn record and no other', async (cut) => {
    const folder = aFolder()
    const spool = await open(folder)
    for (let i = 0; i < 10; i++) await put(spool, 'alarms', `{"alarm":${i}}`)
    await spool.close()
    const file = activeFile(folder, 'alarms')
    truncateSync(file, readFileSync(file).length - cut)
    const again = await open(folder)
    const { records, gaps } = await everything(again, 'alarms')
    expect(records.map(([n]) => n)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9])
    expect(gaps).toEqual([])
    await put(again, 'alarms', '"ten"')
    expect((await everything(again, 'alarms', 10)).records).toEqual([[10, '"ten"']])
  })

  test('rubbish after the last record is cut off', async () => {
    const folder = aFolder()
    const spool = await open(folder)
    await put(spool, 'adt', '"a"')
    await spool.close()
    appendFileSync(activeFile(folder, 'adt'), Buffer.concat([Buffer.alloc(5000), Buffer.from('REC1rubbish')]))
    const again = await open(folder)
    await put(again, 'adt', '"b"')
    expect((await everything(again, 'adt')).records.map(([, text]) => text)).toEqual(['"a"', '"b"'])
  })

  test('a bad place in the middle is skipped and told as corrupt, also when it is in an older file', async () => {
    const folder = aFolder()
    const told: unknown[] = []
    const spool = await open(folder, { segmentBytes: 2_000 })
    for (let i = 1; i <= 200; i++) await put(spool, 'readings', JSON.stringify({ i, pad: 'x'.repeat(50) }))
    await spool.close()
    const files = readdirSync(join(folder, 'readings')).sort()
    expect(files.length).toBeGreaterThan(5)
    const file = join(folder, 'readings', files[2]!)
    const bytes = readFileSync(file)
    const at = bytes.indexOf('REC1', 300)
    bytes.fill(0, at + 30, at + 60)
    writeFileSync(file, bytes)
    const again = await Spool.open(
      { folder, limitBytes: 64 * 1024 * 1024, log: quiet, segmentBytes: 2_000 },
      { dropped: (stream, reason, records) => void told.push([stream, reason, records]) },
    )
    ends.push(() => again.close())
    const { records, gaps } = await everything(again, 'readings')
    expect(gaps).toHaveLength(1)
    const [from, to, reason] = gaps[0]!
    expect([from, reason]).toEqual([to, 'corrupt'])
    expect(records.map(([n]) => n)).toEqual(Array.from({ length: 200 }, (_, i) => i + 1).filter((n) => n !== from))
    expect(told).toEqual([['readings', 'corrupt', 1]])
  })

  test('a lost file is a gap; a lost folder is another spool', async () => {
    const folder = aFolder()
    const spool = await open(folder, { segmentBytes: 1_000 })
    for (let i = 1; i <= 100; i++) await put(spool, 'adt', JSON.stringify({ i }))
    const { id } = spool
    await spool.close()
    rmSync(join(folder, 'adt', readdirSync(join(folder, 'adt')).sort()[1]!))
    const again = await open(folder)
    const { records, gaps } = await everything(again, 'adt')
    expect(again.id).toBe(id)
    expect(gaps).toHaveLength(1)
    expect(records.length + gaps[0]![1] - gaps[0]![0] + 1).toBe(100)
    await again.close()
    rmSync(join(folder, 'adt'), { recursive: true })
    expect((await open(folder)).id).not.toBe(id)
  })
})

describe('room', () => {
  const big = JSON.stringify('x'.repeat(10_000))

  test('a commit frees whole files, and the numbers go on', async () => {
    const folder = aFolder()
    const spool = await open(folder, { segmentBytes: 50_000 })
    for (let i = 0; i < 50; i++) await put(spool, 'readings', big)
    spool.commit('readings', 50)
    expect(spool.lanes.readings.first).toBe(1) // the index of duplicates has not seen them yet
    spool.entered('readings', 50)
    expect(spool.lanes.readings.first).toBeGreaterThan(40)
    expect(spool.bytes).toBeLessThan(120_000)
    await spool.close()
    const again = await open(folder)
    expect(again.lanes.readings.durable).toBe(50)
    expect(again.lanes.readings.committed).toBe(50)
  })

  test('a full spool gives up waves, then readings, then refusals, oldest first; alarms and ADT never', async () => {
    const dropped: Record<string, number> = {}
    const folder = aFolder()
    const spool = await Spool.open(
      { folder, limitBytes: 2_000_000, segmentBytes: 50_000, groupMs: 0, log: quiet },
      {
        dropped: (stream, reason, records) => {
          const name = `${stream} ${reason}`
          dropped[name] = (dropped[name] ?? 0) + records
        },
      },
    )
    ends.push(() => spool.close())
    const streams = ['alarms', 'adt', 'readings', 'refusals', 'waves'] as const
    for (let i = 0; i < 35; i++) for (const stream of streams) await put(spool, stream, big)
    expect(dropped).toEqual({})
    for (let i = 0; i < 40; i++) await put(spool, 'readings', big)
    expect(Object.keys(dropped)).toEqual(['waves spool_full'])
    for (let i = 0; i < 40; i++) await put(spool, 'adt', big)
    expect(Object.keys(dropped)).toEqual(['waves spool_full', 'readings spool_full'])
    for (let i = 0; i < 60; i++) await put(spool, 'alarms', big)
    expect(Object.keys(dropped)).toEqual(['waves spool_full', 'readings spool_full', 'refusals spool_full'])
    expect(spool.bytes).toBeLessThanOrEqual(2_000_000)
    const refused: Error[] = []
    for (let i = 0; i < 100; i++) await put(spool, 'alarms', big).catch((error: Error) => void refused.push(error))
    expect(refused[0]).toBeInstanceOf(SpoolFull)
    expect(spool.bytes).toBeLessThanOrEqual(2_000_000)
    const alarms = await everything(spool, 'alarms')
    expect(alarms.gaps).toEqual([])
    expect(alarms.records).toHaveLength(35 + 60 + 100 - refused.length)
    const waves = await everything(spool, 'waves')
    expect(waves.gaps[0]![2]).toBe('spool_full')
    expect(spool.dropped.waves).toBe(dropped['waves spool_full'])
  })

  test('a flood of refused messages does not push out what the monitors said', async () => {
    const spool = await open(aFolder(), { limitBytes: 1_000_000, segmentBytes: 20_000 })
    for (let i = 0; i < 300; i++) await put(spool, 'readings', `"${'r'.repeat(1_000)}"`)
    for (let i = 0; i < 300; i++) await put(spool, 'refusals', `"${'x'.repeat(10_000)}"`)
    expect(spool.dropped.readings).toBe(0)
    expect(spool.dropped.refusals).toBeGreaterThan(200)
  })
  test('a message of many records is taken whole or not at all', async () => {
    const spool = await open(aFolder(), { limitBytes: 1_000_000, segmentBytes: 20_000 })
    const records = Array.from({ length: 500 }, () => ({ stream: 'alarms' as const, json: `"${'a'.repeat(10_000)}"` }))
    await expect(
      new Promise<void>((resolve, reject) => spool.put(records, 1, (error) => (error ? reject(error) : resolve()))),
    ).rejects.toThrow(SpoolFull)
    expect(spool.bytes).toBeLessThan(1_000_000)
  })
  test('readings cannot use what is kept for alarms', async () => {
    const spool = await open(aFolder(), { limitBytes: 1_000_000, segmentBytes: 50_000 })
    for (let i = 0; i < 200; i++) await put(spool, 'readings', big)
    expect(spool.bytes).toBeLessThanOrEqual(900_000)
  })

  test('waves go when they are old, and it is told', async () => {
    let now = 1_000_000
    const spool = await open(aFolder(), { now: () => now, waveAgeMs: 60_000 })
    for (let i = 0; i < 10; i++) {
      await put(spool, 'waves', `${i}`, now)
      now += 10_000
    }
    await until(() => spool.lanes.waves.first > 3)
    expect(spool.lanes.waves.first).toBeLessThan(8)
    await put(spool, 'readings', '"stays"', 0)
    now += 1_000_000
    await until(() => spool.dropped.waves === 10)
    await put(spool, 'waves', '"new"', now)
    const { records, gaps } = await everything(spool, 'waves')
    expect(records).toEqual([[11, '"new"']])
    expect(gaps[0]![2]).toBe('expired')
    expect((await everything(spool, 'readings')).records).toHaveLength(1)
  })

  test('a disk that takes no more gives the message back, and its numbers are used again', async () => {
    const folder = aFolder()
    const script = join(folder, 'full.ts')
    // A file size limit is the nearest to a full disk that needs no other file system: writes stop in the middle, with an error.
    writeFileSync(
      script,
      `import { Spool } from ${JSON.stringify(join(import.meta.dirname, 'spool.ts'))}
       process.on('SIGXFSZ', () => {})
       const spool = await Spool.open({ folder: ${JSON.stringify(join(folder, 's'))}, limitBytes: 1e9, log: { warn() {}, info() {} } })
       const put = (json) => new Promise((done) => spool.put([{ stream: 'adt', json }], 1, (error) => done(error?.constructor.name ?? 'stored')))
       const out = []
       for (let i = 0; i < 40; i++) out.push(await put(JSON.stringify({ i, pad: 'x'.repeat(2000) })))
       const lane = spool.lanes.adt
       const run = await lane.read(1, { records: 1000, bytes: 1e9 })
       console.log(JSON.stringify({ stored: out.filter((o) => o === 'stored').length, refused: out.filter((o) => o === 'SpoolFull').length, durable: lane.durable, trouble: !!spool.trouble, read: run.payloads.length }))
       process.exit(0)`,
    )
    const child = spawn('/bin/bash', ['-c', `ulimit -f 40; exec ${process.execPath} ${script}`], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let text = ''
    child.stdout.on('data', (chunk) => {
      text += chunk
    })
    await once(child, 'exit')
    const said = JSON.parse(text) as { stored: number; refused: number; durable: number; trouble: boolean; read: number }
    expect(said.stored + said.refused).toBe(40)
    expect(said.refused).toBeGreaterThan(0)
    expect(said.durable).toBe(said.stored)
    expect(said.read).toBeGreaterThan(0)
    const again = await open(join(folder, 's'))
    const { records, gaps } = await everything(again, 'adt')
    expect(gaps).toEqual([])
    expect(records.map(([n]) => n)).toEqual(Array.from({ length: said.stored }, (_, i) => i + 1))
  })
})

describe('one owner', () => {
  test('a second one is told who has it', async () => {
    const folder = aFolder()
    await open(folder)
    await expect(open(folder)).rejects.toThrow(`in use by process ${process.pid}`)
  })

  test('after SIGKILL the next one has it at once', async () => {
    const folder = aFolder()
    const code = `import { Spool } from ${JSON.stringify(join(import.meta.dirname, 'spool.ts'))}
      await Spool.open({ folder: ${JSON.stringify(folder)}, limitBytes: 1e8, log: { warn() {}, info() {} } }); console.log('open'); setInterval(() => {}, 1000)`
    writeFileSync(join(folder, 'owner.ts'), code)
    const child = spawn(process.execPath, [join(folder, 'owner.ts')], { stdio: ['ignore', 'pipe', 'inherit'] })
    ends.push(() => child.kill('SIGKILL'))
    await once(child.stdout, 'data')
    await expect(open(folder)).rejects.toThrow(`in use by process ${child.pid}`)
    child.kill('SIGKILL')
    await once(child, 'exit')
    await open(folder)
  })
})

/** Any sequence of storing, committing, crashing and opening again keeps numbers whole and loses nothing that was reported stored. */
test('whatever happens, what was stored stays', async () => {
  const step = fc.oneof(
    {
      weight: 5,
      arbitrary: fc.record({
        do: fc.constant('put' as const),
        size: fc.integer({ min: 1, max: 3_000 }),
        count: fc.integer({ min: 1, max: 20 }),
      }),
    },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('wait' as const) }) },
    {
      weight: 2,
      arbitrary: fc.record({ do: fc.constant('commit' as const), share: fc.double({ min: 0, max: 1, noNaN: true }) }),
    },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('crash' as const), rubbish: fc.nat(100) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('close' as const) }) },
  )
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
      let folder = mkdtempSync(join(tmpdir(), 'spool-any-'))
      const folders = [folder]
      const options = { limitBytes: 1e9, segmentBytes: 8_000, groupMs: 0, log: quiet }
      let spool = await Spool.open({ folder, ...options })
      const lane = () => spool.lanes.readings
      const stored = new Set<string>() // told to be on disk
      const mayBeGone = new Set<string>() // committed after that
      let counter = 0
      let flying: Promise<void>[] = []
      try {
        for (const s of steps) {
          if (s.do === 'put') {
            for (let i = 0; i < s.count; i++) {
              const json = JSON.stringify({ n: ++counter, pad: 'p'.repeat(s.size) })
              const by = spool
              flying.push(put(by, 'readings', json).then(() => void (by === spool && stored.add(json))))
            }
          } else if (s.do === 'wait') await Promise.all(flying)
          else if (s.do === 'commit') {
            const to = Math.floor(lane().durable * s.share)
            for (const [n, json] of (await everything(spool, 'readings', lane().first)).records) if (n <= to) mayBeGone.add(json)
            spool.entered('readings', to)
            spool.commit('readings', to)
          } else {
            const before = spool
            if (s.do === 'crash') {
              // What SIGKILL leaves: the files as they are in the middle of a write, and perhaps a torn end.
              await Promise.all(flying.slice(0, flying.length >> 1))
              const known = [...stored]
              const next = mkdtempSync(join(tmpdir(), 'spool-any-'))
              folders.push(next)
              cpSync(folder, next, { recursive: true })
              if (s.rubbish) appendFileSync(activeFile(next, 'readings'), Buffer.alloc(s.rubbish, 0x52))
              folder = next
              await before.close()
              await Promise.all(flying)
              stored.clear()
              for (const json of known) stored.add(json)
            } else {
              await before.close()
              await Promise.all(flying)
            }
            flying = []
            spool = await Spool.open({ folder, ...options })
          }
        }
        await Promise.all(flying)
        const { records, gaps } = await everything(spool, 'readings', lane().first)
        expect(gaps).toEqual([])
        expect(records.map(([n]) => n)).toEqual(records.map((_, i) => lane().first + i))
        expect(lane().durable).toBe(lane().first + records.length - 1)
        expect(lane().first).toBeLessThanOrEqual(lane().committed + 1)
        const here = new Set(records.map(([, json]) => json))
        expect(here.size).toBe(records.length)
        expect([...stored].filter((json) => !here.has(json) && !mayBeGone.has(json))).toEqual([])
      } finally {
        await spool.close()
        for (const each of folders) rmSync(each, { recursive: true, force: true })
      }
    }),
    { numRuns: 40, endOnFailure: true },
  )
}, 60_000)

async function until(so: () => boolean, ms = 8000): Promise<void> {
  const end = Date.now() + ms
  while (!so()) {
    if (Date.now() > end) throw new Error(`not within ${ms} ms: ${so}`)
    await new Promise((done) => setTimeout(done, 20))
  }
}
