import { existsSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { ucumOf } from '../codes/units.ts'
import { readHl7 } from '../hl7/intake.ts'
import { catalogue, findDevice, modelName } from './catalogue.ts'

const recording = (vendor: string, model: string) =>
  new URL(`../hl7/recordings/${`${vendor}-${model}`.toLowerCase().replaceAll(' ', '-')}.hl7`, import.meta.url)

test('vendor and model are unique, and no prefix hides another', () => {
  expect(new Set(catalogue.map(modelName)).size).toBe(catalogue.length)
  const prefixes = catalogue.map((d) => d.identifiedBy.euiPrefix)
  expect(new Set(prefixes).size).toBe(prefixes.length)
  for (const prefix of prefixes) expect(prefix).toMatch(/^[0-9A-F]{6,16}$/)
})

test.each(catalogue)('$vendor $model is whole', (device) => {
  const paths = [...device.metrics.map((m) => m.path), ...device.waves.map((w) => w.path)]
  expect(new Set(paths).size).toBe(paths.length)
  expect(device.metrics.length).toBeGreaterThan(0)
  for (const metric of device.metrics) {
    expect(metric.path).toMatch(/^\d+(\.\d+){3}$/)
    expect(ucumOf(metric.definition.unit)).toBe(metric.definition.unit)
    expect(metric.fresh.staleMs).toBeGreaterThan(metric.intervalMs)
  }
  for (const wave of device.waves) expect(wave.rateHz).toBeGreaterThan(0)
  expect(new Set(device.alarms.map((a) => a.name)).size).toBe(device.alarms.length)
  for (const alarm of device.alarms) {
    expect(['high', 'medium', 'low', 'none']).toContain(alarm.priority)
    expect(alarm.text).not.toBe('')
  }
  expect(device.containment.length).toBeGreaterThan(0)
})

test.each(catalogue)(
  '$vendor $model has a recorded message, and it holds what the entry declares',
  ({ vendor, model, identifiedBy, metrics }) => {
    const file = recording(vendor, model)
    expect(existsSync(file), file.pathname).toBe(true)
    const intake = readHl7(readFileSync(file), {
      receivedAt: Date.UTC(2026, 0, 15, 1, 15, 31),
      timeZone: 'Asia/Tokyo',
      senders: 'any',
    })
    expect(intake.refusal).toBeUndefined()
    expect(intake.problems).toEqual([])
    const [entry] = intake.records
    if (entry?.stream !== 'readings') throw new Error('no readings')
    expect(entry.record.device.startsWith(identifiedBy.euiPrefix)).toBe(true)
    const said = entry.record.frames.flatMap((f) => f.metrics)
    expect(said.map((m) => [m.path, m.code]).sort()).toEqual(metrics.map((m) => [m.path, m.definition.code]).sort())
    for (const metric of said) expect(metric.quality, metric.path).toBeUndefined()
  },
)

test('a device is found by EUI-64, or by model', () => {
  expect(findDevice({ eui: '0012210000BB0007' })?.model).toBe('BM-8')
  expect(findDevice({ eui: '0123456789ABCDEF' })?.vendor).toBe('AcmeInc')
  expect(findDevice({ vendor: 'Nordlys', model: 'VT-40' })?.kind).toBe('ventilator')
  expect(findDevice({ eui: 'FFFF000000000000' })).toBeUndefined()
})
