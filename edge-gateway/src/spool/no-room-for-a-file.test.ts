import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test, vi } from 'vitest'
import { Spool } from './spool.ts'

let full = false
vi.mock('node:fs', async (actual) => {
  const fs = await actual<typeof import('node:fs')>()
  const writeSync = ((...args: Parameters<typeof fs.writeSync>) => {
    if (full) throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' })
    return fs.writeSync(...args)
  }) as typeof fs.writeSync
  return { ...fs, default: { ...fs, writeSync }, writeSync }
})

const ends: (() => unknown)[] = []
afterEach(async () => {
  full = false
  for (const end of ends.splice(0).reverse()) await end()
})

test('a new file for which the disk had no room is not found after a restart, and hides nothing', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'spool-'))
  ends.push(() => rmSync(folder, { recursive: true, force: true }))
  const open = () => Spool.open({ folder, limitBytes: 1e8, segmentBytes: 10_000, groupMs: 0, log: { warn() {}, info() {} } })
  const spool = await open()
  const put = (json: string) =>
    new Promise<boolean>((done) => spool.put([{ stream: 'alarms', json }], 1, (error) => done(error === undefined)))
  expect(await put(`"${'a'.repeat(9_000)}"`)).toBe(true)
  full = true // the next one would begin a file
  expect(await put(`"${'b'.repeat(2_000)}"`)).toBe(false)
  full = false
  expect(await put('"c"')).toBe(true) // fits into the old one
  expect(await put(`"${'d'.repeat(2_000)}"`)).toBe(true)
  await spool.close()
  const again = await open()
  ends.push(() => again.close())
  const run = await again.lanes.alarms.read(1, { records: 10, bytes: 1e6 })
  const next = await again.lanes.alarms.read(run!.first + run!.payloads.length, { records: 10, bytes: 1e6 })
  expect([...run!.payloads, ...next!.payloads].map((payload) => payload.toString()[1])).toEqual(['a', 'c', 'd'])
  expect(again.lanes.alarms.gaps).toEqual([])
})
