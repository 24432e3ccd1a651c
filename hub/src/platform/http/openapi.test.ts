import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { Compile } from 'typebox/compile'
import { beforeAll, describe, expect, test } from 'vitest'
import * as contract from '../../live/views/contract.ts'
import { permissions } from './permissions.ts'

type Json = { [key: string]: Json } & unknown[]
interface OpenApi {
  openapi: string
  info: { title: string; version: string }
  paths: Record<
    string,
    Record<
      string,
      {
        summary?: string
        responses: Record<string, { content?: object }>
        parameters?: { name: string; in: string; required?: boolean }[]
      }
    >
  >
  components: { schemas: Record<string, Json> }
}
let document: OpenApi

beforeAll(async () => {
  // As the console's build runs it: a program of its own, with no engine.
  const { stdout, stderr } = await promisify(execFile)(
    process.execPath,
    [fileURLToPath(new URL('../../commands/print-openapi.ts', import.meta.url))],
    {
      maxBuffer: 16 * 2 ** 20,
      env: { PATH: process.env.PATH },
    },
  )
  expect(stderr).toBe('')
  document = JSON.parse(stdout)
}, 120_000)

const nodes = function* (value: unknown): Iterable<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return
  if (!Array.isArray(value)) yield value as Record<string, unknown>
  for (const each of Object.values(value)) yield* nodes(each)
}

describe('the API description', () => {
  test('is OpenAPI 3.1, and each operation has a summary and an answer', () => {
    expect(document.openapi).toBe('3.1.0')
    expect(document.info.version).toMatch(/^\d+\.\d+\.\d+/)
    expect(Object.keys(document.paths)).toEqual(
      expect.arrayContaining(['/healthz', '/views/{view}', '/dead-letters/{id}/redrive', '/fhir/Observation', '/fhir/metadata']),
    )
    for (const [path, operations] of Object.entries(document.paths))
      for (const [method, operation] of Object.entries(operations)) {
        expect(operation.summary, `${method} ${path}`).toBeTruthy()
        expect(Object.keys(operation.responses).length, `${method} ${path}`).toBeGreaterThan(0)
        const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name)
        const declared = (operation.parameters ?? []).filter((parameter) => parameter.in === 'path').map(({ name }) => name)
        expect(declared.sort(), `${method} ${path}`).toEqual(inPath.sort())
      }
  })

  test('every reference leads somewhere, and schemas speak JSON Schema 2020-12', () => {
    for (const node of nodes(document)) {
      if (typeof node.$ref === 'string')
        expect(document.components.schemas, node.$ref).toHaveProperty(node.$ref.replace('#/components/schemas/', ''))
      if (node.type === 'array') expect(Array.isArray(node.items)).toBe(false)
      expect(node).not.toHaveProperty('nullable')
    }
  })

  test.each(['BedItem', 'FeedItem', 'Snapshot', 'Patch', 'Beat', 'Wave', 'Open', 'LiveMetric', 'WallAlarm', 'Problem'])(
    '%s of the socket contract is there',
    (name) => {
      expect(document.components.schemas).toHaveProperty(name)
    },
  )

  test('what is published for a tuple or a record means what the hub means', () => {
    const { trends, metrics } = (
      document.components.schemas.BedItem as unknown as { properties: Record<string, Record<string, unknown>> }
    ).properties
    expect(trends!.additionalProperties).toMatchObject({
      items: { type: 'array', prefixItems: [{ type: 'integer' }, { type: 'number' }], items: false, minItems: 2, maxItems: 2 },
    })
    expect(metrics!.additionalProperties).toEqual({ $ref: '#/components/schemas/LiveMetric' })
    const check = Compile(contract.LiveMetric)
    expect(
      check.Check({ unit: '/min', code: 1, path: '1', at: 1, receivedAt: 1, fresh: { delayedMs: 1, staleMs: 1, lostMs: 1 } }),
    ).toBe(true)
  })

  test('every permission says what it lets a person do', () => {
    for (const says of Object.values(permissions)) expect(says.length).toBeGreaterThan(5)
  })
})
