import { afterEach, expect, test } from 'vitest'
import { type MllpReceiver, startMllpReceiver } from '../receiver/mllp-receiver.ts'
import { type MessageClass, MllpSender, type MllpSenderOptions } from './mllp-sender.ts'

const ends: (() => unknown)[] = []
afterEach(async () => {
  for (const end of ends.splice(0)) await end()
})

async function receiver(...args: Parameters<typeof startMllpReceiver>): Promise<MllpReceiver> {
  const one = await startMllpReceiver(...args)
  ends.push(() => one.close())
  return one
}
function sender(port: number, options: Partial<MllpSenderOptions> = {}): MllpSender {
  const one = new MllpSender({ host: '127.0.0.1', port, pauseMs: [10, 40], ...options })
  ends.unshift(() => one.stop())
  return one
}
const message = (id: string, kind: MessageClass = 'reading', filling = '') => ({
  id,
  class: kind,
  bytes: Buffer.from(
    `MSH|^~\\&|M^0012210000BB0001^EUI-64||||20260101000000+0000||ORU^R01^ORU_R01|${id}|P|2.6|||AL|NE${filling}\r`,
  ),
})
const ids = (from: MllpReceiver) => from.received.map(({ id }) => id)

test('what is unanswered when the connection breaks goes again with the same id, once there is an answer no more', async () => {
  let cuts = 2
  const gateway = await receiver(({ id }) => (id === 'M5' && cuts-- > 0 ? 'cut' : 'accept'))
  const link = sender(gateway.port)
  for (let i = 0; i < 10; i++) link.send(message(`M${i}`))
  expect(await link.drained(3000)).toBe(true)
  expect(new Set(ids(gateway))).toEqual(new Set(['M0', 'M1', 'M2', 'M3', 'M4', 'M5', 'M6', 'M7', 'M8', 'M9']))
  expect(ids(gateway).filter((id) => id === 'M5')).toHaveLength(3)
  expect(link.stats()).toMatchObject({ sent: 10, accepted: 10, waiting: 0, waitingBytes: 0, dropped: 0 })
  expect(link.stats().resent).toBeGreaterThanOrEqual(2)
  const before = gateway.received.length
  gateway.cutAll()
  link.send(message('LAST'))
  expect(await link.drained(3000)).toBe(true)
  expect(ids(gateway).slice(before)).toEqual(['LAST'])
})

test('bytes that go again are the same bytes', async () => {
  let cut = true
  const gateway = await receiver(() => {
    const reaction = cut ? ('cut' as const) : ('accept' as const)
    cut = false
    return reaction
  })
  const link = sender(gateway.port)
  link.send(message('M1'))
  expect(await link.drained(3000)).toBe(true)
  expect(gateway.received).toHaveLength(2)
  expect(gateway.received[0]!.bytes.equals(gateway.received[1]!.bytes)).toBe(true)
})

test('a gateway that comes back after a while gets everything, alarms first', async () => {
  const first = await receiver()
  const { port } = first
  await first.close()
  const link = sender(port)
  link.send(message('R1'))
  link.send(message('R2'))
  link.send(message('A1', 'alarm'))
  link.send(message('A2', 'alarm'))
  await new Promise((wait) => setTimeout(wait, 60))
  const second = await receiver(() => 'accept', port)
  expect(await link.drained(3000)).toBe(true)
  expect(ids(second)).toEqual(['A1', 'A2', 'R1', 'R2'])
})

test('an open connection without answers is given up', async () => {
  let silent = true
  const gateway = await receiver(() => (silent ? 'silent' : 'accept'))
  const link = sender(gateway.port, { answerWithinMs: 50 })
  link.send(message('M1'))
  await gateway.until((received) => received.some(({ connection }) => connection > 1))
  silent = false
  expect(await link.drained(3000)).toBe(true)
  expect(new Set(ids(gateway))).toEqual(new Set(['M1']))
})

test('no more than the window is under way', async () => {
  const gateway = await receiver(() => 'silent')
  const link = sender(gateway.port, { window: 3 })
  for (let i = 0; i < 10; i++) link.send(message(`M${i}`))
  await gateway.until((received) => received.length >= 3)
  await new Promise((wait) => setTimeout(wait, 50))
  expect(ids(gateway)).toEqual(['M0', 'M1', 'M2'])
})

test('a full store loses waves, then the oldest numerics, never an alarm', async () => {
  const gateway = await receiver()
  const { port } = gateway
  await gateway.close()
  const one = message('X').bytes.length
  const link = sender(port, { storeBytes: one * 6 + 40 })
  link.send(message('W1', 'wave'))
  for (const id of ['A1', 'A2', 'A3']) link.send(message(id, 'alarm'))
  for (const id of ['R1', 'R2', 'R3', 'R4', 'R5']) link.send(message(id))
  expect(link.stats()).toMatchObject({ dropped: 3, waiting: 6 })
  const back = await receiver(() => 'accept', port)
  expect(await link.drained(3000)).toBe(true)
  expect(ids(back)).toEqual(['A1', 'A2', 'A3', 'R3', 'R4', 'R5'])
})

test('a refusal is an answer, but not when the spool is full: then the message is kept', async () => {
  let full = 1
  const gateway = await receiver(({ id }) => {
    if (id === 'BAD') return { code: 'CE', text: 'BAD_VALUE' }
    return full-- > 0 ? { code: 'CR', text: 'SPOOL_FULL' } : 'accept'
  })
  const link = sender(gateway.port)
  link.send(message('M1'))
  link.send(message('BAD'))
  expect(await link.drained(3000)).toBe(true)
  expect(link.stats()).toMatchObject({ sent: 2, accepted: 1, refused: 1 })
  expect(ids(gateway).filter((id) => id === 'M1')).toHaveLength(2)
})

test('without its cable nothing goes out, and with it everything', async () => {
  const gateway = await receiver()
  const link = sender(gateway.port)
  link.send(message('M1'))
  expect(await link.drained(3000)).toBe(true)
  link.unplug()
  link.send(message('M2'))
  await new Promise((wait) => setTimeout(wait, 60))
  expect(gateway.open()).toBe(0)
  expect(ids(gateway)).toEqual(['M1'])
  link.plugIn()
  expect(await link.drained(3000)).toBe(true)
  expect(ids(gateway)).toEqual(['M1', 'M2'])
})
