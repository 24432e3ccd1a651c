/**
 * The baseline: the same broker, and nothing else. One client publishes the bytes of the real load, another receives them. What Wardline adds
 * to that (acknowledging, spooling, reading, storing, showing) is the difference between its figures and these, taken in the same run.
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { connectAsync, type MqttClient } from 'mqtt'

export interface BrokerAt {
  url: string
  username: string
  password: string
}
const TOPIC = 'bench/bytes'
const IN_FLIGHT = 200

const open = (at: BrokerAt): Promise<MqttClient> =>
  connectAsync(at.url, {
    username: at.username,
    password: at.password,
    protocolVersion: 4,
    reconnectPeriod: 0,
    clientId: `bench-${Math.random().toString(36).slice(2)}`,
  })

/** Messages a second that the broker passes on, one message in one publish, QoS 1, both clients in processes of their own. */
export async function bareThroughput(at: BrokerAt, bytes: number, seconds: number): Promise<{ perSecond: number }> {
  const receiver = await open(at)
  let received = 0
  receiver.on('message', () => {
    received += 1
  })
  await receiver.subscribeAsync(TOPIC, { qos: 1 })
  const publisher = fork(fileURLToPath(import.meta.url), [JSON.stringify({ at, bytes, seconds, ratePerS: 0 })])
  const began = performance.now()
  await once(publisher, 'exit')
  const perSecond = received / ((performance.now() - began) / 1000)
  await receiver.endAsync(true)
  return { perSecond }
}

/** Milliseconds from publish to receipt of small probes, while another client passes `ratePerS` messages through the same broker. */
export async function bareLatency(at: BrokerAt, bytes: number, ratePerS: number, probes: number): Promise<number[]> {
  const sink = await open(at)
  await sink.subscribeAsync(TOPIC, { qos: 1 })
  const background = fork(fileURLToPath(import.meta.url), [JSON.stringify({ at, bytes, seconds: probes / 20 + 3, ratePerS })])
  await new Promise((resolve) => setTimeout(resolve, 1500))
  const [sender, hearer] = [await open(at), await open(at)]
  const took: number[] = []
  let sent = 0
  hearer.on('message', () => took.push(performance.now() - sent))
  await hearer.subscribeAsync('bench/probe', { qos: 1 })
  const payload = Buffer.alloc(bytes, 120)
  for (let i = 0; i < probes; i++) {
    sent = performance.now()
    await sender.publishAsync('bench/probe', payload, { qos: 1 })
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  background.kill('SIGTERM')
  await once(background, 'exit')
  await Promise.all([sink, sender, hearer].map((client) => client.endAsync(true)))
  return took
}

/** The publisher's process. */
async function publish({
  at,
  bytes,
  seconds,
  ratePerS,
}: {
  at: BrokerAt
  bytes: number
  seconds: number
  ratePerS: number
}): Promise<void> {
  const client = await open(at)
  const payload = Buffer.alloc(bytes, 120)
  const end = performance.now() + seconds * 1000
  const began = performance.now()
  let sent = 0
  let waiting = 0
  await new Promise<void>((resolve) => {
    const more = () => {
      if (performance.now() > end) return resolve()
      const due = ratePerS ? Math.floor(((performance.now() - began) / 1000) * ratePerS) - sent : IN_FLIGHT
      for (let i = 0; i < due && waiting < IN_FLIGHT; i++) {
        sent += 1
        waiting += 1
        client.publish(TOPIC, payload, { qos: 1 }, () => {
          waiting -= 1
        })
      }
      if (ratePerS) setTimeout(more, 5)
      else setImmediate(more)
    }
    more()
  })
  await client.endAsync(true)
  process.exit(0)
}

const order = process.argv[1] === fileURLToPath(import.meta.url) ? process.argv[2] : undefined
if (order) await publish(JSON.parse(order))
