import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Fastify from 'fastify'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { aDoor, type Door, site } from './a-door.ts'
import { buildApp, refusals } from './app.ts'
import { permissionsPlugin } from './permissions.ts'
import type { Problem } from './problems.ts'

const monitor = '0012210000BB0007'
let door: Door
let built: string
let anna: string

beforeAll(async () => {
  built = mkdtempSync(join(tmpdir(), 'wardline-console-'))
  mkdirSync(join(built, 'assets'))
  writeFileSync(join(built, 'index.html'), '<!doctype html><title>Wardline</title>')
  writeFileSync(join(built, 'assets', 'wall-1a2b.js'), 'export {}')
  door = await aDoor({ consoleFolder: built })
  anna = await door.patient({ family: 'Ivanova' })
  const bed = await door.bed('ICU2', 'R204', 'B1')
  await door.device(monitor, { placedAt: bed })
  await door.device('lost')
  await door.database.pool.query(`insert into gateway (id) values ('gw1') on conflict do nothing`)
  await door.database.pool.query(
    `insert into gateway_stream (gateway, spool, stream, committed) values ('gw1', 's1', 'readings', 42)`,
  )
  for (let minute = 0; minute < 3; minute++)
    await door.measured(monitor, Date.UTC(2026, 0, 15, 1, minute), [{ path: '1.2.1.1', code: 147842, value: 70 + minute }], {
      patient: anna,
    })
}, 120_000)
afterAll(async () => {
  await door?.close()
  rmSync(built, { recursive: true, force: true })
})

const problem = async (
  method: 'GET' | 'POST' | 'PUT' | 'DELETE',
  url: string,
  payload?: object,
  headers: Record<string, string> = {},
) => {
  const answer = await door.ask({ method, url, headers, ...(payload && { payload }) })
  expect(answer.headers['content-type'], `${url}: ${answer.body}`).toBe('application/problem+json; charset=utf-8')
  const said = answer.json() as Problem
  expect(said.status).toBe(answer.status)
  expect(said.requestId).toBe(answer.headers['x-request-id'])
  return said
}

const letter = async (said: Partial<Parameters<Door['letters']['record']>[1][number]> = {}) => {
  const [made] = await door.letters.record(door.database.pool, [
    {
      gateway: 'gw1',
      door: 'mllp',
      code: 'UNSUPPORTED_MESSAGE',
      says: 'ORM is not taken',
      answered: 'CR',
      sender: 'LAB',
      raw: Buffer.from('MSH|^~\\&|LAB\r'),
      receivedAt: 1_768_439_730_000,
      ...said,
    },
  ])
  return made!.id
}

describe('views and history', () => {
  test('a snapshot of each view', async () => {
    door.live.bed('ICU2^R204^B1^HOSP', { pointOfCare: 'ICU2', room: 'R204', bed: 'B1', facility: 'HOSP' })
    const { status, json, headers } = await door.get('/views/critical-care')
    expect(status).toBe(200)
    expect(headers['cache-control']).toBe('no-store')
    expect(json()).toMatchObject({
      view: 'critical-care',
      site: { timeZone: 'Europe/Berlin' },
      items: { 'ICU2^R204^B1^HOSP': { unit: 'ICU2', assigned: true } },
    })
    expect((await door.get('/views/critical-care?unit=5W')).json().items).toEqual({})
    expect((await problem('GET', '/views/parking')).errors).toMatchObject([{ in: 'params', at: '/view' }])
  })

  test('feeds as a table; what a sender wrote is no formula', async () => {
    door.live.letter({
      id: 'L1',
      gateway: 'gw1',
      door: 'mllp',
      code: 'X',
      says: '=cmd("x"),\n',
      bytes: 1,
      receivedAt: Date.now(),
      state: 'waiting',
    })
    const { status, body, headers } = await door.get('/feeds.csv')
    expect(status).toBe(200)
    expect(headers['content-type']).toContain('text/csv')
    expect(body).toMatch(/^kind,id,gateway,/)
    expect(body).toContain(`"'=cmd(""x""),\n"`)
  })

  test('readings of a device and of a patient', async () => {
    const ofDevice = (await door.get(`/readings?device=${monitor}&code=147842&limit=2`)).json().readings
    expect(ofDevice.map(({ value }: { value: number }) => value)).toEqual([72, 71])
    expect(ofDevice[0]).toMatchObject({
      device: monitor,
      path: '1.2.1.1',
      at: Date.UTC(2026, 0, 15, 1, 2),
      receivedAt: Date.UTC(2026, 0, 15, 1, 2) + 250,
      patient: anna,
      messageId: expect.any(String),
    })
    const ofPatient = (
      await door.get(`/readings?patient=${anna}&order=oldest&from=2026-01-15T01:01:00Z&to=2026-01-15T02:02:00%2B01:00`)
    ).json().readings
    expect(ofPatient.map(({ value }: { value: number }) => value)).toEqual([71])
  })

  test('a trend, and a strip', async () => {
    const stretch = `from=2026-01-15T01:00:00Z&to=2026-01-15T01:05:00Z`
    const { steps } = (await door.get(`/trend?device=${monitor}&path=1.2.1.1&${stretch}`)).json()
    expect(steps.map(({ mean, count }: { mean: number; count: number }) => [mean, count])).toEqual([
      [70, 1],
      [71, 1],
      [72, 1],
    ])
    await door.timeline.writeWaves(
      [
        {
          device: monitor,
          path: '1.4.1.1',
          code: 131330,
          start: Date.UTC(2026, 0, 15, 1),
          rateHz: 4,
          samples: [1, null, 3],
          receivedAt: 1,
        },
      ],
      async () => {},
    )
    const { blocks } = (await door.get(`/waves?device=${monitor}&code=131330&${stretch}`)).json()
    expect(blocks).toMatchObject([{ rateHz: 4, samples: [1, null, 3] }])
  })

  test.each([
    ['/readings', 'WHOSE'],
    ['/readings?device=x&limit=0', 'INVALID_REQUEST'],
    ['/readings?device=x&code=HR', 'INVALID_REQUEST'],
    ['/readings?device=x&from=yesterday', 'INVALID_REQUEST'],
    ['/readings?device=x&from=2026-02-30T00:00:00Z', 'NOT_AN_INSTANT'],
    ['/readings?device=x&from=2&to=1', 'RANGE_EMPTY'],
    ['/trend?device=x&path=1.2.1.1&from=0&to=2000000000', 'RANGE_TOO_LONG'],
    ['/trend?device=x&from=0&to=1', 'INVALID_REQUEST'],
    ['/waves?device=x&from=0&to=300001', 'RANGE_TOO_LONG'],
    ['/dead-letters?limit=x', 'INVALID_REQUEST'],
    ['/dead-letters/1', 'INVALID_REQUEST'],
  ])('%s is refused: %s', async (url, code) =>
    expect(await problem('GET', url)).toMatchObject({ status: 400, code, retry: 'never' }),
  )
})

describe('devices', () => {
  test('list, one, unassigned', async () => {
    const { devices } = (await door.get('/devices')).json()
    expect(devices).toMatchObject([
      { id: monitor, gateway: 'gw1', bed: 'ICU2^R204^B1^HOSP', connectivity: 'offline' },
      { id: 'lost' },
    ])
    expect((await door.get(`/devices/${monitor}`)).json()).toEqual(devices[0])
    expect((await door.get('/devices/unassigned')).json().devices.map(({ id }: { id: string }) => id)).toEqual(['lost'])
    expect(await problem('GET', '/devices/nobody')).toMatchObject({
      status: 404,
      code: 'DEVICE_UNKNOWN',
      detail: 'No device nobody was ever heard',
    })
  })

  test('a nurse says whom a device is on, and that it is on nobody', async () => {
    const put = await door.ask({ method: 'PUT', url: `/devices/${monitor}/association`, payload: { patient: anna } })
    expect(put.status, put.body).toBe(200)
    expect(put.json().association).toMatchObject({ patient: anna, basis: 'nurse' })
    expect((await door.ask({ method: 'DELETE', url: `/devices/${monitor}/association` })).status).toBe(204)
    expect((await door.get(`/devices/${monitor}`)).json().association).toBeUndefined()
    expect(await problem('DELETE', `/devices/${monitor}/association`)).toMatchObject({ status: 404, code: 'NOT_ASSOCIATED' })
    expect(await problem('PUT', '/devices/nobody/association', { patient: anna })).toMatchObject({
      status: 404,
      code: 'DEVICE_UNKNOWN',
    })
    expect(
      await problem('PUT', `/devices/${monitor}/association`, { patient: '00000000-0000-4000-8000-000000000000' }),
    ).toMatchObject({ status: 422, code: 'PATIENT_UNKNOWN' })
    expect((await problem('PUT', `/devices/${monitor}/association`, {})).errors).toMatchObject([{ in: 'body', at: '/patient' }])
    expect(await problem('PUT', `/devices/${monitor}/association`, { patient: anna, force: true })).toMatchObject({ status: 400 })
  })

  test('gateways and how far they are stored', async () => {
    const { gateways } = (await door.get('/gateways')).json()
    expect(gateways).toMatchObject([
      { id: 'gw1', enrolled: true, streams: [{ spool: 's1', stream: 'readings', committed: 42, lost: 0 }] },
    ])
  })
})

describe('dead letters', () => {
  test('list, look at, download, discard', async () => {
    const id = await letter()
    const { letters } = (await door.get('/dead-letters?state=waiting&gateway=gw1')).json()
    expect(letters.map((each: { id: string }) => each.id)).toContain(id)
    expect((await door.get('/dead-letters?before=2020-01-01T00:00:00Z')).json().letters).toEqual([])
    expect((await door.get(`/dead-letters/${id}`)).json()).toMatchObject({
      id,
      code: 'UNSUPPORTED_MESSAGE',
      answered: 'CR',
      raw: Buffer.from('MSH|^~\\&|LAB\r').toString('base64'),
    })
    const raw = await door.get(`/dead-letters/${id}/raw`)
    expect(raw.body).toBe('MSH|^~\\&|LAB\r')
    expect(raw.headers).toMatchObject({
      'content-type': 'application/octet-stream',
      'x-content-type-options': 'nosniff',
      'content-disposition': `attachment; filename="dead-letter-${id}.hl7"`,
    })
    expect((await door.ask({ method: 'POST', url: `/dead-letters/${id}/discard` })).json()).toEqual({ id, state: 'discarded' })
    expect(await problem('POST', `/dead-letters/${id}/discard`)).toMatchObject({ status: 409, code: 'LETTER_CLOSED' })
    expect(await problem('POST', `/dead-letters/${id}/redrive`)).toMatchObject({ status: 409, code: 'LETTER_CLOSED' })
  })

  test('sent in again: not while the broker is away; by the hub itself where it came from here', async () => {
    const toGateway = await letter()
    expect(await problem('POST', `/dead-letters/${toGateway}/redrive`)).toMatchObject({
      status: 503,
      code: 'LETTER_UNREACHABLE',
      retry: 'later',
    })
    expect((await door.get(`/dead-letters/${toGateway}`)).json().state).toBe('waiting')
    const here = await letter({ door: 'mqtt', topic: 'site/hosp/gateway/gw1/stream/alarms' })
    door.letters.onRetake(async ({ id }) => (id === here ? 'done' : 'later'))
    const answer = await door.ask({ method: 'POST', url: `/dead-letters/${here}/redrive` })
    expect([answer.status, answer.json()]).toEqual([202, { id: here, state: 'resolved' }])
    for (const [method, path] of [
      ['GET', ''],
      ['GET', '/raw'],
      ['POST', '/redrive'],
      ['POST', '/discard'],
    ] as const)
      expect(await problem(method, `/dead-letters/00000000-0000-4000-8000-000000000000${path}`)).toMatchObject({
        status: 404,
        code: 'LETTER_UNKNOWN',
      })
  })
})

describe('health', () => {
  test('alive and ready; not ready when an engine is away, and says which', async () => {
    expect((await door.get('/healthz')).json()).toMatchObject({
      status: 'ok',
      version: site.version,
      upstream: { database: 'up', broker: 'up' },
      gateways: { online: 0 },
    })
    expect((await door.get('/readyz')).json()).toEqual({ status: 'ready' })
    door.sees({ broker: false, redis: false })
    expect((await door.get('/healthz')).json()).toMatchObject({
      status: 'degraded',
      upstream: { database: 'up', broker: 'down', redis: 'down' },
    })
    expect(await problem('GET', '/readyz')).toMatchObject({
      status: 503,
      code: 'NOT_READY',
      detail: 'Does not answer: redis, broker',
    })
    door.sees({ broker: true, redis: true })
    expect((await door.get('/site')).json()).toEqual(site)
  })

  test('figures: answers by route, never by path', async () => {
    await door.get(`/devices/${monitor}`)
    const { body, headers } = await door.get('/metrics')
    expect(headers['content-type']).toMatch(/^text\/plain; version=/)
    expect(body).toContain('wardline_http_request_duration_seconds_count{method="GET",route="/devices/:id",status="200"}')
    expect(body).not.toContain(monitor)
  })

  test('while it starts: alive, not ready, and every query says try later', async () => {
    const app = await buildApp({
      health: {
        site,
        upstream: async () => ({ database: false, redis: false, broker: false, history: false }),
        started: () => false,
        gateways: () => ({ online: 0, offline: 0 }),
      },
      services: () => {
        throw refusals.STARTING()
      },
    })
    expect((await app.inject('/healthz')).json()).toMatchObject({ status: 'starting' })
    expect((await app.inject('/readyz')).statusCode).toBe(503)
    for (const url of ['/views/feeds', '/devices', '/gateways', '/dead-letters', '/readings?device=x'])
      expect((await app.inject(url)).json(), url).toMatchObject({ status: 503, code: 'STARTING', retry: 'later' })
    expect((await app.inject('/fhir/Patient')).json()).toMatchObject({
      resourceType: 'OperationOutcome',
      issue: [{ code: 'transient' }],
    })
    await app.close()
  })
})

describe('the door itself', () => {
  test('bodies that cannot be read', async () => {
    const url = `/devices/${monitor}/association`
    expect(await problem('PUT', url, undefined, { 'content-type': 'application/xml' })).toMatchObject({
      status: 415,
      code: 'UNSUPPORTED_MEDIA_TYPE',
    })
    expect(await problem('PUT', url, { patient: 'x'.repeat(1_100_000) })).toMatchObject({ status: 413, code: 'TOO_LARGE' })
    const broken = await door.ask({ method: 'PUT', url, headers: { 'content-type': 'application/json' }, payload: '{"patient":' })
    expect([broken.status, broken.json().code]).toEqual([400, 'BAD_REQUEST'])
  })

  test('an unexpected error says nothing of its cause', async () => {
    const { app, services } = door
    const gateways = await buildApp({
      health: {
        site,
        upstream: async () => ({ database: true, redis: true, broker: true, history: true }),
        started: () => true,
        gateways: () => ({ online: 0, offline: 0 }),
      },
      services: () => ({
        ...services,
        snapshot: () => {
          throw new Error('password=secret')
        },
      }),
    })
    const answer = await gateways.inject('/views/feeds')
    expect([answer.statusCode, answer.json().code]).toEqual([500, 'INTERNAL'])
    expect(answer.body).not.toContain('secret')
    await gateways.close()
    expect(app.server.listening).toBe(false)
  })

  test('a problem does not repeat the query, which may name a patient', async () => {
    const said = await problem('GET', '/readings?device=x&from=P-1001')
    expect(JSON.stringify(said)).not.toContain('P-1001')
  })

  test('too many requests from one address; health still answers', async () => {
    const app = await buildApp({
      health: {
        site,
        upstream: async () => ({ database: true, redis: true, broker: true, history: true }),
        started: () => true,
        gateways: () => ({ online: 0, offline: 0 }),
      },
      services: () => door.services,
      limits: { requestsPerMinute: 2 },
    })
    const answers = [await app.inject('/gateways'), await app.inject('/gateways'), await app.inject('/gateways')]
    expect(answers.map(({ statusCode }) => statusCode)).toEqual([200, 200, 429])
    expect(answers[2]!.json()).toMatchObject({ code: 'TOO_MANY_REQUESTS', retry: 'later' })
    expect(answers[2]!.headers['retry-after']).toBeDefined()
    expect((await app.inject('/healthz')).statusCode).toBe(200)
    await app.close()
  })

  test('while the event loop lags heavy queries wait and health answers', async () => {
    const app = await buildApp({
      health: {
        site,
        upstream: async () => ({ database: true, redis: true, broker: true, history: true }),
        started: () => true,
        gateways: () => ({ online: 0, offline: 0 }),
      },
      services: () => door.services,
      limits: { eventLoopLagMs: 1 },
    })
    await app.ready()
    // Two samples of half a second: hold the loop for most of the second.
    const until = performance.now() + 1200
    while (performance.now() < until) {
      const hold = performance.now() + 100
      while (performance.now() < hold);
      await new Promise((resolve) => setTimeout(resolve))
    }
    const [heavy, light] = await Promise.all([app.inject(`/readings?device=${monitor}`), app.inject('/healthz')])
    expect([heavy.statusCode, heavy.json().code, light.statusCode]).toEqual([503, 'BUSY', 200])
    await app.close()
  })

  test('headers: nothing from elsewhere, no frames, no sniffing', async () => {
    const { headers } = await door.get('/')
    expect(headers['content-security-policy']).toContain("default-src 'self'")
    expect(headers['content-security-policy']).toContain("frame-ancestors 'none'")
    expect(headers['x-content-type-options']).toBe('nosniff')
    expect(headers['access-control-allow-origin']).toBeUndefined()
  })

  test('a page of another site changes nothing; our own page and programs may', async () => {
    const discard = async (headers: Record<string, string>) =>
      (await door.ask({ method: 'POST', url: `/dead-letters/${await letter()}/discard`, headers })).status
    expect(await discard({ origin: 'http://elsewhere.example' })).toBe(403)
    expect(await discard({ origin: 'null' })).toBe(403)
    expect(await discard({ origin: 'http://localhost:80', host: 'localhost' })).toBe(200)
    expect(await discard({})).toBe(200)
    expect(
      (await door.get('/site', { origin: 'http://elsewhere.example' })).headers['access-control-allow-origin'],
    ).toBeUndefined()
  })

  test('a route without a permission does not start, nor one with an unknown permission', async () => {
    const app = Fastify()
    await app.register(permissionsPlugin)
    app.get('/open', { config: { permission: 'public' } }, () => 'x')
    expect(() => app.get('/bare', () => 'x')).toThrow('Route GET /bare names no permission')
    expect(() => app.get('/odd', { config: { permission: 'everything' as never } }, () => 'x')).toThrow(
      'unknown permission "everything"',
    )
    expect(() => app.get('/inherited', { config: { permission: 'toString' as never } }, () => 'x')).toThrow('unknown permission')
    await app.close()
  })
})

describe('the console', () => {
  test('its page for every path a person may open; files; and 404 for programs', async () => {
    for (const path of ['/', '/walls/critical-care', '/feeds', '/walls/critical-care?unit=ICU2']) {
      const { status, body, headers } = await door.get(path, { accept: 'text/html' })
      expect([status, body], path).toEqual([200, '<!doctype html><title>Wardline</title>'])
      expect(headers['cache-control']).toBe('no-cache')
    }
    const asset = await door.get('/assets/wall-1a2b.js')
    expect([asset.status, asset.headers['cache-control']]).toEqual([200, 'public, max-age=31536000, immutable'])
    for (const path of ['/assets/gone.js', '/devices/x/y', '/readings/x', '/socket.io/?EIO=3'])
      expect(await problem('GET', path), path).toMatchObject({ status: 404, code: 'NOT_FOUND' })
    expect(await problem('POST', '/walls/critical-care', {})).toMatchObject({ status: 404 })
    expect((await door.get('/walls/x', { accept: 'application/json' })).status).toBe(404)
    for (const path of ['/../package.json', '/%2e%2e/package.json', '/..%2fpackage.json'])
      expect((await door.get(path)).body, path).not.toContain('"name"')
  })
})
