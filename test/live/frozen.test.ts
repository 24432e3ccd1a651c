/** One frozen subscriber at the broker and one frozen wall slow nobody, and nothing grows for them. */
import { readFileSync } from 'node:fs'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { join } from 'node:path'
import type { BedItem } from '@wardline/hub/live/views/contract.ts'
import mqtt from 'mqtt'
import { expect, test } from 'vitest'
import { quantile, residentMb } from '../bench/processes.ts'
import { runLoad } from '../faults/load.ts'
import { aHouse, type House, type HouseOptions, has } from '../house/a-house.ts'
import { aMonitor } from '../house/a-monitor.ts'
import { aWall } from '../house/a-wall.ts'

const engines: { name: string; options: HouseOptions; here: boolean }[] = [
  { name: 'aedes', options: {}, here: true },
  { name: 'Mosquitto', options: { broker: 'mosquitto' }, here: has('mosquitto') },
]
const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

for (const { name, options, here } of engines)
  test.skipIf(!here)(`a frozen subscriber of ${name} and a frozen wall slow nobody`, async () => {
    const house = await aHouse(options)
    const load = runLoad({
      port: house.mllpPort,
      devices: 400,
      rate: 400,
      seconds: 3600,
      ledger: join(house.dataDir, 'acked.txt'),
    })
    const frozen: Socket[] = []
    try {
      const wall = await aWall<BedItem>(house.url, 'critical-care')
      const monitor = await aMonitor({
        port: house.mllpPort,
        device: '0012210000BB7101',
        bed: 'ICU7^R711^B1',
        patient: 'P-7101',
      })
      await monitor.admit()
      await monitor.says({ hr: 70 })
      let number = 0
      /** Ms from an alarm's bytes to the wall, each of so many. */
      const alarms = async (count: number): Promise<number[]> => {
        const took: number[] = []
        for (let i = 0; i < count; i++) {
          const id = `F-${++number}`
          const began = performance.now()
          const seen = wall.shows((item) => item.alarms.some((alarm) => alarm.id.endsWith(`|${id}`)), 10_000)
          await monitor.alarms({ id, phase: 'start', state: 'active', priority: 'high', text: id })
          await seen
          took.push(performance.now() - began)
          await monitor.alarms({ id, phase: 'end', state: 'inactive', priority: 'high', text: id })
          await wait(50)
        }
        return took
      }
      await wait(3000)
      const before = await alarms(20)
      const memory = { hub: residentMb(house.pid('hub')), broker: residentMb(house.pid('broker')) }

      const filler = mqtt.connect(house.mqttUrl, { username: 'hub', password: passwordOf(house) })
      frozen.push(
        await frozenSubscriber(house),
        ...(await Promise.all([frozenWall(house), frozenWall(house), frozenWall(house)])),
      )
      // The kernel alone takes some megabytes for who does not read; these 26 MB pass the subscriber. The walls ask for more than they read.
      const passed = Promise.all(Array.from({ length: 400 }, () => filler.publishAsync('site/hosp/filler', Buffer.alloc(65_536))))
      const during: number[] = []
      const grown = { hub: 0, broker: 0 }
      for (let i = 0; i < 4; i++) {
        during.push(...(await alarms(20)))
        for (const each of ['hub', 'broker'] as const)
          grown[each] = Math.max(grown[each], residentMb(house.pid(each)) - memory[each])
      }
      const figures = await (await fetch(`${house.url}/metrics`)).text()
      const behind = Number(/^wardline_socket\w*behind (\d+)/m.exec(figures)?.[1])
      await passed
      await filler.endAsync(true)
      // Else they were not frozen long enough to show anything.
      expect(behind).toBe(3)
      // aedes by itself stops for three seconds; Socket.IO by itself grows by five megabytes a second.
      expect(Math.max(...during)).toBeLessThan(2500)
      expect(quantile(during, 0.5)).toBeLessThan(2 * quantile(before, 0.5) + 100)
      expect(grown.hub).toBeLessThan(120)
      expect(grown.broker).toBeLessThan(80)
      expect(wall.gaps).toBe(0)
      monitor.close()
      wall.close()
    } finally {
      for (const socket of frozen) socket.destroy()
      load.kill()
      await house.close()
    }
  })

const passwordOf = (house: House) =>
  house.supervisor.has('broker') ? 'hub-password' : readFileSync(join(house.dataDir, 'broker', 'hub.key'), 'utf8').trim()

/** An MQTT 3.1.1 client that wants everything and reads nothing after its CONNACK. */
async function frozenSubscriber(house: House): Promise<Socket> {
  const text = (said: string) => Buffer.concat([Buffer.from([0, Buffer.byteLength(said)]), Buffer.from(said)])
  const packet = (type: number, ...parts: Buffer[]) => {
    const body = Buffer.concat(parts)
    return Buffer.concat([Buffer.from([type, body.length]), body])
  }
  const socket = await open(Number(new URL(house.mqttUrl).port))
  // [STD MQTT 3.1.1, 3.1]: clean session, user name and password, no keep-alive.
  socket.write(
    packet(
      0x10,
      text('MQTT'),
      Buffer.from([4, 0xc2, 0, 0]),
      text(`frozen-${portOf(socket)}`),
      text('hub'),
      text(passwordOf(house)),
    ),
  )
  const [connack] = (await once(socket)) as unknown as [Buffer]
  expect([...connack.subarray(0, 4)]).toEqual([0x20, 2, 0, 0])
  socket.write(packet(0x82, Buffer.from([0, 1]), text('site/#'), Buffer.from([0])))
  await once(socket)
  socket.pause()
  return socket
}

/** A wall that opens its view, never reads again, and goes on asking for snapshots. */
async function frozenWall(house: House): Promise<Socket> {
  const socket = await open(Number(new URL(house.url).port))
  socket.write(
    'GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
      'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n',
  )
  const answer = String((await once(socket))[0])
  expect(answer).toContain('101 Switching Protocols')
  const says = (said: string) => {
    const bytes = Buffer.from(said)
    // A masked text frame [STD RFC 6455, 5.2]; a mask of zeros changes nothing.
    socket.write(Buffer.concat([Buffer.from([0x81, 0x80 | bytes.length, 0, 0, 0, 0]), bytes]))
  }
  says('40')
  await wait(200)
  says('420["open",{"view":"critical-care","params":{"waves":true}}]')
  await once(socket)
  socket.pause()
  const asking = setInterval(() => says('42["resync",{"view":"critical-care"}]'), 500)
  socket.once('close', () => clearInterval(asking))
  return socket
}

async function open(port: number): Promise<Socket> {
  const socket = connect({ host: '127.0.0.1', port })
  await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject))
  socket.on('error', () => {}) // it is cut off in the end
  return socket
}
const portOf = (socket: Socket) => (socket.address() as AddressInfo).port
const once = (socket: Socket) => new Promise<[Buffer]>((resolve) => socket.once('data', (bytes) => resolve([bytes])))
