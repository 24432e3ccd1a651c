import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import net from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Aedes } from 'aedes'
import { afterEach, describe, expect, test } from 'vitest'
import { matches } from './filter.ts'
import { connectMqtt, type MqttLink } from './link.ts'

const quiet = { warn() {}, info() {} }
const ends: (() => unknown)[] = []
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})

const wait = (ms: number) => new Promise((done) => setTimeout(done, ms))
async function until(so: () => boolean, ms = 5000): Promise<void> {
  const end = Date.now() + ms
  while (!so()) {
    if (Date.now() > end) throw new Error(`not within ${ms} ms: ${so}`)
    await wait(5)
  }
}

async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as net.AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

/** Debian's mosquitto on a port of its own. */
async function mosquitto(port?: number): Promise<{ port: number; kill(): Promise<void>; process: ChildProcess }> {
  const folder = mkdtempSync(join(tmpdir(), 'mosquitto-'))
  const at = port ?? (await freePort())
  writeFileSync(join(folder, 'm.conf'), `listener ${at} 127.0.0.1\nallow_anonymous true\npersistence false\n`)
  const child = spawn(MOSQUITTO, ['-c', join(folder, 'm.conf')], { stdio: 'ignore' })
  let dead = false
  child.once('exit', () => {
    dead = true
  })
  const kill = async () => {
    if (!dead) {
      child.kill('SIGKILL')
      await once(child, 'exit')
    }
    rmSync(folder, { recursive: true, force: true })
  }
  ends.push(kill)
  await until(() => {
    if (dead) throw new Error('mosquitto ended')
    return true
  })
  for (let i = 0; i < 200; i++) {
    const reached = await new Promise<boolean>((done) => {
      const socket = net.connect(at, '127.0.0.1', () => {
        socket.destroy()
        done(true)
      })
      socket.once('error', () => done(false))
    })
    if (reached) return { port: at, kill, process: child }
    await wait(20)
  }
  throw new Error('mosquitto does not listen')
}

/** A TCP relay that can be cut and frozen: what a bad network does. */
async function relay(to: () => number) {
  const pairs = new Set<[net.Socket, net.Socket]>()
  const server = net.createServer((near) => {
    const far = net.connect(to(), '127.0.0.1')
    const pair: [net.Socket, net.Socket] = [near, far]
    pairs.add(pair)
    near.pipe(far)
    far.pipe(near)
    const end = () => {
      pairs.delete(pair)
      near.destroy()
      far.destroy()
    }
    for (const socket of pair) socket.on('error', end).on('close', end)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const cut = () => {
    for (const [near, far] of pairs) {
      near.destroy()
      far.destroy()
    }
  }
  ends.push(() => {
    cut()
    return new Promise((done) => server.close(done))
  })
  return { port: (server.address() as net.AddressInfo).port, cut }
}

let ids = 0
function link(port: number, more: Partial<Parameters<typeof connectMqtt>[0]> = {}): MqttLink {
  const made = connectMqtt({ url: `mqtt://127.0.0.1:${port}`, clientId: `t${process.pid}-${++ids}`, log: quiet, ...more })
  ends.push(() => made.close())
  return made
}
const isUp = (l: MqttLink) => until(() => l.connected)

test('filters match as the standard says', () => {
  expect(matches('a/+/c', 'a/b/c')).toBe(true)
  expect(matches('a/+', 'a')).toBe(false)
  expect(matches('a/+', 'a/b/c')).toBe(false)
  expect(matches('a/#', 'a')).toBe(true)
  expect(matches('a/#', 'a/b/c')).toBe(true)
  expect(matches('#', '$SYS/x')).toBe(false)
  expect(matches('a/b', 'a/b/c')).toBe(false)
  expect(matches('+/b', '/b')).toBe(true)
})

/** Debian's package; on a machine without it these are skipped. */
const MOSQUITTO = '/usr/sbin/mosquitto'

describe.skipIf(!existsSync(MOSQUITTO))('over mosquitto (MQTT 5)', () => {
  test('speaks 5, subscribes, publishes, and subscribes again after a cut', async () => {
    const broker = await mosquitto()
    const wire = await relay(() => broker.port)
    const [a, b] = [link(wire.port), link(broker.port)]
    const heard: string[] = []
    await a.subscribe('x/+', 1, (topic, payload) => {
      heard.push(`${topic} ${payload}`)
    })
    await Promise.all([isUp(a), isUp(b)])
    expect(a.version).toBe(5)
    await b.publish('x/1', 'one', { qos: 1 })
    await until(() => heard.length === 1)
    let downs = 0
    a.on('down', () => downs++)
    wire.cut()
    await until(() => downs === 1)
    expect(a.version).toBeUndefined()
    await expect(a.publish('x/1', 'lost', { qos: 1 })).rejects.toThrow('not connected')
    await isUp(a)
    await b.publish('x/2', 'two', { qos: 1 })
    await until(() => heard.length === 2)
    expect(heard).toEqual(['x/1 one', 'x/2 two'])
  })

  test('a slow handler holds up neither other messages nor acknowledgements of what we send', async () => {
    const broker = await mosquitto()
    const [a, b] = [link(broker.port), link(broker.port)]
    let release = () => {}
    const heard: string[] = []
    await a.subscribe('slow', 1, () => new Promise<void>((done) => (release = done)))
    await a.subscribe('fast', 1, (_, payload) => void heard.push(String(payload)))
    await Promise.all([isUp(a), isUp(b)])
    await b.publish('slow', '1', { qos: 1 })
    await b.publish('fast', '2', { qos: 1 })
    await until(() => heard.length === 1)
    await a.publish('elsewhere', '3', { qos: 1 }) // its PUBACK comes in behind the slow one
    release()
  })

  test('what is not acknowledged when the link goes down is rejected, and never sent later by the client itself', async () => {
    const broker = await mosquitto()
    const wire = await relay(() => broker.port)
    const [a, b] = [link(wire.port), link(broker.port)]
    const heard: string[] = []
    await b.subscribe('n', 1, (_, payload) => void heard.push(String(payload)))
    await Promise.all([isUp(a), isUp(b)])
    broker.process.kill('SIGSTOP')
    const said = a.publish('n', 'in flight', { qos: 1 })
    said.catch(() => {})
    await wait(50)
    wire.cut()
    await expect(said).rejects.toThrow()
    broker.process.kill('SIGCONT')
    await isUp(a)
    await a.publish('n', 'after', { qos: 1 })
    await until(() => heard.includes('after'))
    // The broker may have read the first before the cut; it must not come a second time from a store of the client.
    expect(heard.filter((text) => text === 'in flight').length).toBeLessThanOrEqual(1)
  })

  test('the will is published when the process dies, and not after close()', async () => {
    const broker = await mosquitto()
    const watcher = link(broker.port)
    const heard: string[] = []
    await watcher.subscribe('status/#', 1, (topic) => void heard.push(topic))
    await isUp(watcher)
    const wire = await relay(() => broker.port)
    const will = (topic: string) => ({ topic, payload: 'gone', qos: 1 as const, retain: false })
    const [polite, dying] = [link(broker.port, { will: will('status/polite') }), link(wire.port, { will: will('status/dying') })]
    await Promise.all([isUp(polite), isUp(dying)])
    await polite.close()
    wire.cut()
    await until(() => heard.length > 0)
    expect(heard).toEqual(['status/dying'])
  })

  test('close() ends within its grace although the broker is frozen', async () => {
    const broker = await mosquitto()
    const a = link(broker.port)
    await isUp(a)
    broker.process.kill('SIGSTOP')
    a.publish('n', 'never acknowledged', { qos: 1 }).catch(() => {})
    const before = Date.now()
    await a.close()
    expect(Date.now() - before).toBeLessThan(2500)
    broker.process.kill('SIGCONT')
  })

  test('finds a broker that starts after it', async () => {
    const port = await freePort()
    const a = link(port)
    await wait(300)
    expect(a.connected).toBe(false)
    await mosquitto(port)
    await isUp(a)
  })
})

describe('a broker that speaks only 3.1.1', () => {
  test('aedes', async () => {
    const aedes = await Aedes.createBroker()
    const server = net.createServer(aedes.handle)
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    ends.push(async () => {
      await new Promise<void>((done) => aedes.close(done))
      await new Promise((done) => server.close(done))
    })
    const { port } = server.address() as net.AddressInfo
    const [a, b] = [link(port), link(port)]
    const heard: string[] = []
    await a.subscribe('x/+', 1, (_, payload) => void heard.push(String(payload)))
    await Promise.all([isUp(a), isUp(b)])
    expect(a.version).toBe(4)
    for (let i = 0; i < 100; i++) await b.publish('x/y', String(i), { qos: 1 })
    await until(() => heard.length === 100)
    expect(heard).toEqual(Array.from({ length: 100 }, (_, i) => String(i)))
  })

  /** Answers CONNECT as aedes 1.2 does: return code 1 to version 5, and then closes. */
  async function old(options: { silent?: boolean } = {}) {
    const versions: number[] = []
    const server = net.createServer((socket) => {
      socket.on('error', () => {})
      socket.on('data', (bytes) => {
        if (bytes[0] === 0x10) {
          const version = bytes[8]!
          versions.push(version)
          if (version === 4) socket.write(Buffer.from([0x20, 2, 0, 0]))
          else if (options.silent) socket.destroy()
          else socket.end(Buffer.from([0x20, 2, 0, 1]))
        } else if (bytes[0] === 0xe0) socket.end()
      })
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const sockets = new Set<net.Socket>()
    server.on('connection', (socket) => sockets.add(socket))
    ends.push(() => {
      for (const socket of sockets) socket.destroy()
      return new Promise((done) => server.close(done))
    })
    const drop = () => {
      for (const socket of sockets) socket.destroy()
    }
    return { port: (server.address() as net.AddressInfo).port, versions, drop }
  }

  test('is spoken to in 3.1.1 at once, and remembered', async () => {
    const broker = await old()
    const a = link(broker.port)
    await isUp(a)
    expect(a.version).toBe(4)
    expect(broker.versions).toEqual([5, 4])
    broker.drop()
    await until(() => !a.connected)
    await isUp(a)
    expect(broker.versions).toEqual([5, 4, 4])
  })

  test('is found even when it closes without a word', async () => {
    const broker = await old({ silent: true })
    const a = link(broker.port)
    await isUp(a)
    expect(a.version).toBe(4)
  })
})
