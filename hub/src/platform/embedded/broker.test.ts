import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { topics } from '@wardline/devices/topics.ts'
import mqtt, { type IClientOptions, type MqttClient } from 'mqtt'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { type Broker, openBroker } from './broker.ts'
import { enrol, enrolledGateways, revoke } from './enrol.ts'
import { packetLengths } from './packet-size.ts'
import { within } from './processes.ts'
import { silentLog } from './temporary-engines.ts'

let folder: string
let broker: Broker
const keys: Record<string, string> = {}
const clients: MqttClient[] = []
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'wardline-broker-'))
  for (const [name, role] of [
    ['hub', 'hub'],
    ['gw1', 'gateway'],
    ['gw2', 'gateway'],
  ] as const)
    keys[name] = (await enrol(folder, name, role)).password
  broker = await openBroker({ host: '127.0.0.1', port: 0, site: 'hosp', dataDir: folder, log: silentLog })
})
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.endAsync(true)))
})
afterAll(async () => {
  await broker?.close()
  rmSync(folder, { recursive: true, force: true })
})

/** Connected, or an error: the broker's CONNACK code, where it sent one. */
async function arrive(username: string | undefined, options: IClientOptions = {}): Promise<MqttClient> {
  const client = mqtt.connect(`mqtt://127.0.0.1:${broker.port}`, {
    protocolVersion: 4,
    reconnectPeriod: 0,
    connectTimeout: 3000,
    ...(username && { username, password: keys[username] ?? 'wrong' }),
    ...options,
  })
  clients.push(client)
  const heard = [] as string[]
  client.on('message', (topic, payload) => heard.push(`${topic} ${payload}`))
  Object.assign(client, { heard })
  await new Promise<void>((resolve, reject) => {
    client.once('connect', () => resolve())
    client.once('error', reject)
  })
  // From here on a lost connection is what some tests are about.
  client.on('error', () => {})
  return client
}
const closed = (client: MqttClient): Promise<void> => new Promise((resolve) => client.once('close', () => resolve()))
const heardBy = (client: MqttClient): string[] => (client as MqttClient & { heard: string[] }).heard
const at = { site: 'hosp', gateway: 'gw1', stream: 'readings' }

describe('who may connect', () => {
  test('an account with its password', async () => {
    expect((await arrive('gw1')).connected).toBe(true)
    expect((await arrive('hub')).connected).toBe(true)
  })
  test.for([
    ['an unknown name', { username: 'gw9', password: 'x' }],
    ['a wrong password', { username: 'gw1', password: 'x' }],
    ['no password', { username: 'gw1' }],
    ['nobody', {}],
    ['a name that every object has', { username: 'constructor', password: 'x' }],
  ] as const)('%s is refused with CONNACK 4', async ([, options]) => {
    await expect(arrive(undefined, options)).rejects.toMatchObject({ code: 4 })
  })
  test('nobody takes a connection over from another account', async () => {
    const hub = await arrive('hub', { clientId: 'the-hub' })
    await expect(arrive('gw1', { clientId: 'the-hub' })).rejects.toMatchObject({ code: 2 })
    expect(hub.connected).toBe(true)
  })
})

describe('who may say and hear what', () => {
  test('a gateway speaks and listens under its own name; the hub hears and answers', async () => {
    const [hub, gw1] = [await arrive('hub'), await arrive('gw1')]
    await hub.subscribeAsync(topics.stream.all, { qos: 1 })
    await gw1.subscribeAsync(topics.commits.at(at), { qos: 1 })
    await gw1.publishAsync(topics.stream.at(at), 'batch', { qos: 1 })
    await hub.publishAsync(topics.commits.at(at), 'commit', { qos: 1 })
    expect(await within(2000, () => heardBy(hub).length === 1 && heardBy(gw1).length === 1)).toBe(true)
    expect([heardBy(hub), heardBy(gw1)]).toEqual([
      ['site/hosp/gateway/gw1/stream/readings batch'],
      ['site/hosp/gateway/gw1/commits commit'],
    ])
  })

  test.for([
    'site/hosp/gateway/gw2/stream/readings',
    'site/other/gateway/gw1/now',
    'site/hosp/gateway/gw11/now',
    'anything',
    '$SYS/x',
  ])('a gateway that publishes to %s is disconnected, and nobody hears it', async (topic) => {
    const [hub, gw1] = [await arrive('hub'), await arrive('gw1')]
    await hub.subscribeAsync(['#', topics.now.all])
    gw1.publish(topic, 'forged')
    await closed(gw1)
    expect(heardBy(hub).filter((line) => line.includes('forged'))).toEqual([])
  })

  test.for(['#', 'site/+/gateway/gw1/now', 'site/hosp/gateway/gw2/commits', 'site/hosp/gateway/+/commits', '$SYS/#'])(
    'a gateway cannot subscribe to %s',
    async (filter) => {
      const [hub, gw1] = [await arrive('hub'), await arrive('gw1')]
      await expect(gw1.subscribeAsync(filter, { qos: 1 })).rejects.toThrow()
      await hub.publishAsync('site/hosp/gateway/gw2/commits', 'not for gw1', { qos: 1 })
      await hub.publishAsync(topics.commits.at(at), 'x', { qos: 1 })
      expect(heardBy(gw1)).toEqual([])
    },
  )

  test('only the status is kept for who comes later, and the last will of a gateway that dies', async () => {
    const gw1 = await arrive('gw1', {
      will: { topic: topics.status.at(at), payload: Buffer.from('offline'), qos: 1, retain: true },
    })
    await gw1.publishAsync(topics.status.at(at), 'online', { qos: 1, retain: true })
    const hub = await arrive('hub')
    await hub.subscribeAsync(topics.status.all, { qos: 1 })
    expect(await within(2000, () => heardBy(hub).includes('site/hosp/gateway/gw1/status online'))).toBe(true)
    gw1.stream.destroy()
    expect(await within(2000, () => heardBy(hub).includes('site/hosp/gateway/gw1/status offline'))).toBe(true)
    const again = await arrive('gw1')
    again.publish(topics.now.at(at), 'x', { retain: true })
    await closed(again)
  })

  test('an account that is taken away is disconnected within two seconds, and one that is given may come', async () => {
    const { password } = await enrol(folder, 'gw3', 'gateway')
    keys.gw3 = password
    const gw3 = await arrive('gw3')
    expect(enrolledGateways(folder)).toContain('gw3')
    await revoke(folder, 'gw3')
    await Promise.race([closed(gw3), new Promise((_, reject) => setTimeout(() => reject(new Error('still connected')), 2000))])
    await expect(arrive('gw3')).rejects.toMatchObject({ code: 4 })
    expect(enrolledGateways(folder)).not.toContain('gw3')
  })
})

describe('what comes too large, too slow or broken', () => {
  const raw = async (): Promise<Socket> => {
    const socket = connect(broker.port, '127.0.0.1')
    socket.on('error', () => {})
    await once(socket, 'connect')
    return socket
  }

  test('a packet over 4 MiB ends its connection when it is announced; one below passes', async () => {
    const [hub, gw1] = [await arrive('hub'), await arrive('gw1')]
    let bytes = 0
    hub.on('message', (_topic, payload) => {
      bytes = payload.length
    })
    await hub.subscribeAsync(topics.stream.all, { qos: 1 })
    await gw1.publishAsync(topics.stream.at(at), Buffer.alloc(4 * 1024 * 1024 - 100), { qos: 1 })
    expect(await within(3000, () => bytes === 4 * 1024 * 1024 - 100)).toBe(true)
    gw1.publish(topics.stream.at(at), Buffer.alloc(4 * 1024 * 1024 + 1), { qos: 1 })
    await closed(gw1)
    expect(hub.connected).toBe(true)
  })

  test('who is not even connected cannot make it gather 100 MB', async () => {
    const socket = await raw()
    // CONNECT that announces the most that MQTT allows.
    socket.write(Buffer.from([0x10, 0xff, 0xff, 0xff, 0x7f]))
    await once(socket, 'close')
  })

  test('noise, half packets and sudden ends disturb nobody', async () => {
    const [hub, gw1] = [await arrive('hub'), await arrive('gw1')]
    await hub.subscribeAsync(topics.now.all)
    for (const bytes of [[0], [0xff, 0xff, 0xff, 0xff, 0xff, 0xff], [0x30, 2, 0, 9], [0x10, 12], [0x82, 0], [0xe0, 0]])
      (await raw()).end(Buffer.from(bytes))
    for (let i = 0; i < 20; i++) (await raw()).destroy()
    await gw1.publishAsync(topics.now.at(at), 'still here')
    expect(await within(2000, () => heardBy(hub).length === 1)).toBe(true)
  })

  test('a subscriber that stops reading is dropped, and the others hear everything, each at once', async () => {
    const [hub, frozen, gw1] = [await arrive('hub'), await arrive('hub'), await arrive('gw1')]
    let count = 0
    let longest = 0
    hub.on('message', (_topic, payload) => {
      count++
      longest = Math.max(longest, performance.now() - payload.readDoubleBE(0))
    })
    await hub.subscribeAsync(topics.stream.all, { qos: 1 })
    await frozen.subscribeAsync(topics.stream.all, { qos: 0 })
    frozen.stream.pause()
    const payload = Buffer.alloc(64 * 1024)
    for (let i = 0; i < 600; i++) {
      payload.writeDoubleBE(performance.now())
      await gw1.publishAsync(topics.stream.at(at), payload, { qos: 1 })
    }
    expect(await within(10_000, () => count === 600)).toBe(true)
    expect(longest).toBeLessThan(1500)
    expect(await within(10_000, () => !broker.clients().includes(frozen.options.clientId!))).toBe(true)
  })

  test('lengths are followed over any cut of the bytes', () => {
    const packets = Buffer.concat(
      [1, 127, 128, 16_383, 16_384, 2_097_152].map((length) =>
        Buffer.concat([Buffer.from([0x30, ...remainingLength(length)]), Buffer.alloc(length)]),
      ),
    )
    for (const step of [1, 2, 3, 7, 1000, packets.length]) {
      const check = packetLengths()
      for (let from = 0; from < packets.length; from += step)
        if (check(packets.subarray(from, from + step), 2_097_152) !== undefined) expect.fail(`cut at ${from}`)
      const strict = packetLengths()
      let found: number | undefined
      for (let from = 0; from < packets.length && found === undefined; from += step)
        found = strict(packets.subarray(from, from + step), 2_097_151)
      expect(found).toBe(2_097_152)
    }
  })
  const remainingLength = (length: number): number[] =>
    length < 128 ? [length] : [(length % 128) | 0x80, ...remainingLength(Math.floor(length / 128))]
})

describe('enrolment', () => {
  test('asked twice, also at the same moment, gives one account and one password', async () => {
    const at = mkdtempSync(join(tmpdir(), 'wardline-enrol-'))
    try {
      const both = await Promise.all(Array.from({ length: 5 }, (_, i) => enrol(at, `gw${i % 2}`, 'gateway')))
      expect(new Set(both.map(({ password }) => password)).size).toBe(2)
      expect(both.filter(({ isNew }) => isNew)).toHaveLength(2)
      expect(enrolledGateways(at).sort()).toEqual(['gw0', 'gw1'])
    } finally {
      rmSync(at, { recursive: true, force: true })
    }
  })
  test.for(['', '..', 'a/b', '.hidden', 'x'.repeat(65), 'ä'])('"%s" cannot be a name', async (name) => {
    await expect(enrol(folder, name, 'gateway')).rejects.toThrow(RangeError)
  })
  test('an account keeps its role', async () => {
    await expect(enrol(folder, 'hub', 'gateway')).rejects.toThrow('"hub" is already a hub')
  })
})
