import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { connectMqtt } from '@wardline/devices/mqtt/link.ts'
import { topics } from '@wardline/devices/topics.ts'
import { pino } from 'pino'
import { io } from 'socket.io-client'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { processesLike } from './platform/embedded/processes.ts'

const log = pino({ level: 'silent' })
const program = join(import.meta.dirname, 'main.ts')
const folders: string[] = []

function aFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'wardline-hub-'))
  // As root, PostgreSQL runs as somebody else, who has to get in.
  chmodSync(folder, 0o755)
  folders.push(folder)
  return folder
}

/** The hub as a process, with every engine embedded. */
function aHub(settings: Record<string, string>): { process: ChildProcess; said: Promise<string>; trouble: () => string } {
  const child = spawn(process.execPath, [program], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env.PATH, HUB_PORT: '0', POSTGRES_PORT: '0', VALKEY_PORT: '0', BROKER_PORT: '0', ...settings },
  })
  let trouble = ''
  child.stderr!.on('data', (chunk: Buffer) => {
    trouble += chunk
  })
  const said = Promise.race([
    once(createInterface({ input: child.stdout! }), 'line').then(([line]) => String(line)),
    once(child, 'exit').then(() => Promise.reject(new Error(`the hub ended: ${trouble}`))),
  ])
  said.catch(() => {})
  return { process: child, said, trouble: () => trouble }
}

const until = async <T>(look: () => Promise<T | undefined | false>, ms = 30_000): Promise<T> => {
  for (const end = Date.now() + ms; ; await new Promise((resolve) => setTimeout(resolve, 50))) {
    const seen = await look()
    if (seen) return seen
    if (Date.now() > end) throw new Error('it did not come')
  }
}

afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})

describe('a hub with everything embedded', () => {
  const folder = aFolder()
  let hub: ReturnType<typeof aHub>
  let url: string
  let link: ReturnType<typeof connectMqtt>
  const commits: { committed: Record<string, number> }[] = []
  const at = Date.now()
  const gateway = { site: 'hosp', gateway: 'gw1' }
  const get = async (path: string) => {
    const answer = await fetch(`${url}${path}`)
    return { status: answer.status, body: (await answer.json()) as Record<string, never> }
  }

  beforeAll(async () => {
    hub = aHub({ WARDLINE_DATA_DIR: folder })
    const line = await hub.said
    expect(line).toMatch(/^hub: http:\/\/127\.0\.0\.1:\d+$/)
    url = line.slice('hub: '.length)
    const port = Number(/"url":"mqtt:\/\/127\.0\.0\.1:(\d+)"/.exec(hub.trouble())![1])
    link = connectMqtt({
      url: `mqtt://127.0.0.1:${port}`,
      clientId: 'gw1',
      username: 'gw1',
      password: readFileSync(join(folder, 'broker', 'gw1.key'), 'utf8').trim(),
      log,
    })
    await new Promise<void>((resolve) => link.on('up', resolve))
    await link.subscribe(topics.commits.at(gateway), 1, (_topic, payload) => void commits.push(JSON.parse(payload.toString())))
  }, 120_000)
  afterAll(async () => {
    await link?.close()
    hub?.process.kill('SIGKILL')
  })

  const send = (stream: string, first: number, records: unknown[]) =>
    link.publish(
      topics.stream.at({ ...gateway, stream }),
      JSON.stringify({ v: 1, gateway: 'gw1', spool: 's1', stream, first, sentAt: Date.now(), records }),
      { qos: 1 },
    )

  test('is ready, and says what it stands on', async () => {
    expect(await get('/readyz')).toEqual({ status: 200, body: { status: 'ready' } })
    expect((await get('/healthz')).body).toMatchObject({
      status: 'ok',
      upstream: { database: 'up', redis: 'up', broker: 'up', history: 'up' },
    })
    expect((await get('/gateways')).body.gateways).toMatchObject([{ id: 'gw1', enrolled: true }])
  })

  test('a reading from a gateway is committed, on the wall, in history, in FHIR and in the figures', async () => {
    const wall = io(url, { transports: ['websocket'] })
    const seen: string[] = []
    wall.on('snapshot', (snapshot) => seen.push(JSON.stringify(snapshot)))
    wall.on('patch', (patch) => seen.push(JSON.stringify(patch)))
    await new Promise<void>((resolve) => wall.on('connect', resolve))
    expect(await wall.emitWithAck('open', { view: 'critical-care' })).toEqual({ ok: true })
    await send('readings', 1, [
      {
        kind: 'observation',
        id: 'M1',
        sender: 'GW1',
        receivedAt: at,
        device: '0012210000BB0007',
        patient: { id: 'P-1001', authority: 'HOSP', type: 'MR' },
        location: { pointOfCare: 'ICU2', room: 'R204', bed: 'B1', facility: 'HOSP' },
        frames: [
          {
            at,
            metrics: [
              { path: '1.2.1.1', code: 147842, value: 72 },
              { path: '1.3.1.1', code: 150456, quality: 'NAV' },
            ],
          },
        ],
      },
    ])
    await until(async () => commits.some(({ committed }) => committed.readings === 1))
    await until(async () => seen.some((said) => said.includes('"value":72')))
    wall.close()
    const { readings } = (await get('/readings?device=0012210000BB0007')).body as unknown as { readings: { value?: number }[] }
    expect(readings.map(({ value }) => value)).toEqual([72, undefined])
    const bundle = (await get('/fhir/Observation?code=8867-4&patient.identifier=HOSP|P-1001')).body as unknown as {
      entry: { resource: object }[]
    }
    expect(bundle.entry.map(({ resource }) => resource)).toMatchObject([
      {
        valueQuantity: { value: 72 },
        effectiveDateTime: new Date(at).toISOString(),
        device: { reference: 'Device/0012210000BB0007' },
      },
    ])
    expect((await get('/fhir/Location')).body).toMatchObject({ total: 1, entry: [{ resource: { id: 'ICU2.R204.B1.HOSP' } }] })
    expect((await get('/devices/0012210000BB0007')).body).toMatchObject({ connectivity: 'online' })
    const figures = await (await fetch(`${url}/metrics`)).text()
    expect(figures).toContain('wardline_ingest_records_total{stream="readings"} 1')
    expect(figures).toContain('wardline_hub_ready 1')
    expect(figures).toMatch(/wardline_sockets_snapshots_total [1-9]/)
  })

  test('what cannot be read is a dead letter, and disturbs nobody', async () => {
    await link.publish(topics.stream.at({ ...gateway, stream: 'alarms' }), '{"v":1,', { qos: 1 })
    const letter = await until(
      async () =>
        ((await get('/dead-letters')).body as unknown as { letters: { id: string; code: string; door: string }[] }).letters[0],
    )
    expect(letter).toMatchObject({ code: 'NOT_JSON', door: 'mqtt' })
    const raw = await fetch(`${url}/dead-letters/${letter.id}/raw`)
    expect(await raw.text()).toBe('{"v":1,')
    const again = await fetch(`${url}/dead-letters/${letter.id}/redrive`, { method: 'POST' })
    expect(again.status).toBe(422)
    expect((await get('/readyz')).status).toBe(200)
  })

  test('a second hub on the same port says so in one line', async () => {
    const second = aHub({ WARDLINE_DATA_DIR: aFolder(), HUB_PORT: new URL(url).port })
    const [code] = await once(second.process, 'exit')
    expect(code).toBe(1)
    expect(
      second
        .trouble()
        .trim()
        .split('\n')
        .filter((line) => !line.startsWith('{')),
    ).toEqual([`hub: 127.0.0.1:${new URL(url).port} is taken; set HUB_PORT to a free port`])
  }, 120_000)

  test('SIGTERM: gone within five seconds, and nothing left behind', async () => {
    const began = performance.now()
    hub.process.kill('SIGTERM')
    const [code] = await once(hub.process, 'exit')
    expect(code).toBe(0)
    expect(performance.now() - began).toBeLessThan(5000)
    await until(async () => processesLike((line) => line.includes(folder)).length === 0)
  }, 120_000)

  test('a second start keeps what the first stored', async () => {
    const next = aHub({ WARDLINE_DATA_DIR: folder })
    url = (await next.said).slice('hub: '.length)
    const { readings } = (await get('/readings?device=0012210000BB0007&code=147842')).body as unknown as { readings: object[] }
    expect(readings).toMatchObject([{ value: 72, at }])
    // The wall has the bed and its device again; whether the number is still fresh depends on how long the start took.
    const { items } = (await get('/views/critical-care')).body as unknown as {
      items: Record<string, { device?: { id: string } }>
    }
    expect(items['ICU2^R204^B1^HOSP']!.device?.id).toBe('0012210000BB0007')
    // SIGINT while SIGTERM is on its way is one wish.
    next.process.kill('SIGINT')
    next.process.kill('SIGTERM')
    const [code] = await once(next.process, 'exit')
    expect(code).toBe(0)
  }, 120_000)
})

describe('starting wrongly', () => {
  test.each([
    [{ HUB_PORT: 'http' }, /^hub: HUB_PORT must be a port/],
    [{ DATABASE_URL: 'mysql://user:secret@x' }, /^hub: DATABASE_URL must be a URL such as postgres:/],
    [{ WARDLINE_TIME_ZONE: 'Europe/Atlantis' }, /^hub: WARDLINE_TIME_ZONE must be a time zone/],
  ])(
    '%j: one clear line, and it ends',
    async (settings, line) => {
      const hub = aHub({ WARDLINE_DATA_DIR: aFolder(), ...settings })
      const [code] = await once(hub.process, 'exit')
      expect(code).toBe(2)
      expect(hub.trouble()).toMatch(line)
      expect(hub.trouble().trim().split('\n')).toHaveLength(1)
      expect(hub.trouble()).not.toContain('secret')
    },
    20_000,
  )

  test('while its engines are away it answers, says so, and ends when told to', async () => {
    // A port that takes connections and says nothing.
    const silent = createServer().listen(0, '127.0.0.1')
    await once(silent, 'listening')
    const { port } = silent.address() as { port: number }
    const hub = aHub({
      WARDLINE_DATA_DIR: aFolder(),
      DATABASE_URL: 'postgres://nobody@127.0.0.1:9/wardline',
      REDIS_URL: 'redis://127.0.0.1:9',
      MQTT_URL: `mqtt://127.0.0.1:${port}`,
    })
    const url = await until(async () => /listening at (http:\/\/[\d.:]+)/.exec(hub.trouble())?.[1])
    const health = await fetch(`${url}/healthz`)
    expect(await health.json()).toMatchObject({
      status: 'starting',
      upstream: { database: 'down', redis: 'down', broker: 'down', history: 'down' },
    })
    const ready = await fetch(`${url}/readyz`)
    expect([ready.status, ((await ready.json()) as { code: string }).code]).toEqual([503, 'NOT_READY'])
    expect((await fetch(`${url}/fhir/Patient`)).status).toBe(503)
    const began = performance.now()
    hub.process.kill('SIGTERM')
    const [code] = await once(hub.process, 'exit')
    expect([code, performance.now() - began < 5000]).toEqual([0, true])
    // It never said that it was ready.
    await expect(hub.said).rejects.toThrow('the hub ended')
    silent.close()
  }, 120_000)
})
