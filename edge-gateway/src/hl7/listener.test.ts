import { once } from 'node:events'
import { rmSync, writeFileSync } from 'node:fs'
import net from 'node:net'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { admission, alarm, codeOf, Device, idOf, reading } from '../testing/device.ts'
import { aDataDir, aDevice, aGateway, ends, spooled } from '../testing/gateway.ts'
import { until } from '../testing/hub-end.ts'

describe('acknowledgements', () => {
  test('original mode, enhanced mode, both, and none when none is wanted', async () => {
    const device = await aDevice(await aGateway())
    expect((await device.says(reading('1', { ack: '' }))).map(codeOf)).toEqual(['AA'])
    expect((await device.says(reading('2', { ack: 'AL|NE' }))).map(codeOf)).toEqual(['CA'])
    expect((await device.says(reading('3', { ack: 'AL|AL' }), 2)).map(codeOf)).toEqual(['CA', 'AA'])
    device.send(reading('4', { ack: 'NE|NE' }))
    expect((await device.says(reading('5', { ack: 'AL|NE' }))).map(idOf)).toEqual(['5'])
  })

  test('CR, LF and CRLF between segments', async () => {
    const device = await aDevice(await aGateway())
    for (const [i, eol] of ['\r', '\n', '\r\n'].entries()) {
      expect((await device.says(reading(`e${i}`, { eol, ack: '' }))).map(codeOf)).toEqual(['AA'])
    }
  })

  test('a thousand messages at once on one connection are acknowledged in their order', async () => {
    const gateway = await aGateway()
    const device = await aDevice(gateway)
    device.send(...Array.from({ length: 1000 }, (_, i) => reading(`p${i}`)))
    expect((await device.answered(1000)).map(idOf)).toEqual(Array.from({ length: 1000 }, (_, i) => `p${i}`))
    expect(gateway.stats().messages.accepted).toBe(1000)
  })

  test('byte by byte is the same as at once', async () => {
    const device = await aDevice(await aGateway())
    for (const byte of Buffer.from(`\x0b${reading('slow')}\x1c\r`)) device.socket.write(Buffer.of(byte))
    expect((await device.answered(1)).map(codeOf)).toEqual(['AA'])
  })

  test('each message of a batch is applied and acknowledged', async () => {
    const gateway = await aGateway()
    const device = await aDevice(gateway)
    const batch = `FHS|^~\\&|A\rBHS|^~\\&|A\r${admission('b1')}${admission('b2')}${admission('b1')}BTS|3\rFTS|1\r`
    expect((await device.says(batch, 3)).map((a) => [codeOf(a), idOf(a)])).toEqual([
      ['AA', 'b1'],
      ['AA', 'b2'],
      ['AA', 'b1'],
    ])
    expect(gateway.stats().messages).toMatchObject({ accepted: 2, duplicates: 1 })
  })
})

describe('what is refused', () => {
  test('is answered, kept with its bytes, and shown', async () => {
    const dir = aDataDir()
    const gateway = await aGateway(dir)
    const device = await aDevice(gateway)
    const order = 'MSH|^~\\&|LAB|X|||20260115101530+0000||ORM^O01|o1|P|2.3\rPID|||1\r'
    expect((await device.says(order)).map(codeOf)).toEqual(['AR'])
    expect((await device.says('hello')).map(codeOf)).toEqual(['AR'])
    device.send('MSH|^~\\&|X|Y|||20260115101530+0000||ACK|a1|P|2.6\rMSA|AA|zz\r') // nobody asked: nothing is answered
    await device.says(admission('x'))
    expect(gateway.stats().messages.refusedBy).toEqual({ UNSUPPORTED_MESSAGE: 1, UNPARSEABLE: 1, UNSOLICITED_ACK: 1 })
    await gateway.close()
    const refusals = await spooled(dir, 'refusals')
    expect(refusals.map((r) => [r.code, r.answered])).toEqual([
      ['UNSUPPORTED_MESSAGE', 'AR'],
      ['UNPARSEABLE', 'AR'],
      ['UNSOLICITED_ACK', undefined],
    ])
    expect(Buffer.from(refusals[0]!.raw as string, 'base64').toString()).toBe(order)
    expect(refusals[0]).toMatchObject({
      sender: 'LAB',
      messageId: 'o1',
      messageType: 'ORM^O01',
      door: 'mllp',
      bytes: order.length,
    })
  })

  test('senders that are not on the list; the list is read again when it changes', async () => {
    const dir = aDataDir()
    const file = join(dir, 'senders.txt')
    const device = await aDevice(await aGateway(dir, { senders: { file } }))
    expect((await device.says(admission('1'))).map(codeOf)).toEqual(['AR'])
    writeFileSync(file, '# wards\nADTApp\n')
    for (let i = 0; ; i++) {
      if (codeOf((await device.says(admission(`t${i}`)))[0]!) === 'AA') break
      if (i > 60) throw new Error('the list was not read again')
      await new Promise((done) => setTimeout(done, 100))
    }
    expect((await device.says(admission('2', { sender: 'Other' }))).map(codeOf)).toEqual(['AR'])
  })

  test('a mebibyte of MSH is one refusal, not 260,000', async () => {
    const gateway = await aGateway()
    const device = await aDevice(gateway)
    device.socket.write(`\x0b${'MSH\r'.repeat(260_000)}\x1c\r`)
    expect((await device.answered(1)).map(codeOf)).toEqual(['AR'])
    expect(gateway.stats().messages.refusedBy).toEqual({ TOO_LARGE: 1 })
    expect((await device.says(reading('after'))).map(codeOf)).toEqual(['AA'])
  })

  test('what would be a record that no broker takes', async () => {
    const gateway = await aGateway()
    const device = await aDevice(gateway)
    const row = `OBX|9|ST|1^x^MDC|1.1.1.1|${'\x01'.repeat(4_050)}\r`
    expect((await device.says(reading('long') + row.repeat(250))).map(codeOf)).toEqual(['AR'])
    expect(gateway.stats().messages.refusedBy).toEqual({ TOO_LARGE: 1 })
    expect(gateway.stats().streams.find((s) => s.name === 'readings')!.last).toBe(0)
  })

  test('characters that no database takes are replaced, and the rest of the message stands', async () => {
    const dir = aDataDir()
    const gateway = await aGateway(dir)
    const device = await aDevice(gateway)
    // A zero byte, an escaped one, and a name that is cut in the middle of a surrogate pair.
    const name = `${'n'.repeat(255)}\u{1F600}`
    const message = admission('A1').replace('Berg^Anna', `Be\0rg\\X00\\^${name}`).replace('|2.5', '|2.5||||||UNICODE UTF-8')
    expect((await device.says(message)).map(codeOf)).toEqual(['AA'])
    await gateway.close()
    const [record] = (await spooled(dir, 'adt')) as { patient: { family: string; given: string } }[]
    expect(record!.patient).toMatchObject({ family: 'Be\ufffdrg\ufffd', given: `${'n'.repeat(255)}\ufffd` })
  })

  test('100 MB in one message: refused, in bounded memory, and the connection goes on', async () => {
    const gateway = await aGateway()
    const device = await aDevice(gateway)
    const before = process.memoryUsage().rss
    let most = 0
    const watch = setInterval(() => {
      most = Math.max(most, process.memoryUsage().rss)
    }, 10)
    ends.push(() => clearInterval(watch))
    device.socket.write(`\x0b${reading('huge', { ack: 'AL|NE' })}`)
    const block = Buffer.from(`OBX|9|ST|1^x^MDC|1.1.1.1|${'x'.repeat(100_000)}\r`)
    for (let sent = 0; sent < 100_000_000; sent += block.length)
      if (!device.socket.write(block)) await once(device.socket, 'drain')
    device.socket.write('\x1c\r')
    expect((await device.answered(1)).map((a) => [codeOf(a), idOf(a)])).toEqual([['CR', 'huge']])
    expect(gateway.stats().messages.refusedBy).toEqual({ TOO_LARGE: 1 })
    expect(most - before).toBeLessThan(80 * 1024 * 1024)
    expect((await device.says(reading('after'))).map(codeOf)).toEqual(['AA'])
  })
})

describe('duplicates', () => {
  test('scenario 10: the same id from one sender is applied once; from another sender, again', async () => {
    const gateway = await aGateway()
    const device = await aDevice(gateway)
    const at = Date.now()
    const message = reading('M1', { at, ack: 'AL|NE' })
    device.send(message, message) // the second comes while the first is on its way to the disk
    expect((await device.answered(2)).map(codeOf)).toEqual(['CA', 'CA'])
    expect((await device.says(reading('M1', { at, sender: 'GW2^0012210000AA0002^EUI-64' }))).map(codeOf)).toEqual(['AA'])
    expect(gateway.stats().messages).toMatchObject({ accepted: 2, duplicates: 1 })
    expect(gateway.stats().streams.find((s) => s.name === 'readings')!.last).toBe(2)
  })

  test('is known after a restart, and after a crash that lost the index', async () => {
    const dir = aDataDir()
    const first = await aGateway(dir)
    await (await aDevice(first)).says(admission('A1'))
    await first.close()
    const second = await aGateway(dir)
    await (await aDevice(second)).says(admission('A1'))
    expect(second.stats().messages).toMatchObject({ accepted: 0, duplicates: 1 })
    await second.close()
    rmSync(join(dir, 'gateways/gw1/duplicates.table'))
    const third = await aGateway(dir)
    await (await aDevice(third)).says(admission('A1'))
    expect(third.stats().messages).toMatchObject({ accepted: 0, duplicates: 1 })
    // Learnt from the spool again, the id still tells a repetition from another message: that one is kept.
    const other = admission('A1', { patient: 'P-2' })
    expect(codeOf((await (await aDevice(third)).says(other))[0]!)).toBe('AA')
    expect(third.stats().messages.refusedBy).toEqual({ DUPLICATE_ID_REUSED: 1 })
  })

  test('a sender that gives all its messages one id: each of them is kept', async () => {
    const gateway = await aGateway()
    const device = await aDevice(gateway)
    const count = 3_000
    device.send(...Array.from({ length: count }, (_, i) => admission('1', { patient: `P-${i}` })))
    expect(new Set((await device.answered(count)).map(codeOf))).toEqual(new Set(['AA']))
    expect(gateway.stats().messages.refusedBy).toEqual({ DUPLICATE_ID_REUSED: count - 1 })
  })

  test('the same id for another message is answered as a duplicate, not applied, and kept for a person to look at', async () => {
    const dir = aDataDir()
    const gateway = await aGateway(dir)
    const device = await aDevice(gateway)
    const other = admission('A1', { patient: 'P-2' })
    expect(codeOf((await device.says(admission('A1')))[0]!)).toBe('AA')
    for (let i = 0; i < 2; i++) expect(codeOf((await device.says(other))[0]!)).toBe('AA')
    await gateway.close()
    expect(await spooled(dir, 'adt')).toHaveLength(1)
    const refusals = await spooled(dir, 'refusals')
    expect(refusals).toHaveLength(1) // kept once, however often it comes
    expect(refusals[0]).toMatchObject({ code: 'DUPLICATE_ID_REUSED', answered: 'AA', raw: Buffer.from(other).toString('base64') })
  })
})

describe('senders that misbehave', () => {
  test('one that does not end its message is closed; others go on', async () => {
    const gateway = await aGateway(undefined, {}, { frameMs: 200 })
    const [slow, good] = [await aDevice(gateway), await aDevice(gateway)]
    slow.socket.write('\x0bMSH|^~\\&|')
    const drip = setInterval(() => slow.socket.write('x'), 20)
    ends.push(() => clearInterval(drip))
    await until(() => slow.closed)
    expect(gateway.stats().closed).toMatchObject({ slow: 1 })
    expect((await good.says(reading('1'))).map(codeOf)).toEqual(['AA'])
  })

  test('one that is silent, and one that vanishes without a word', async () => {
    const gateway = await aGateway(undefined, {}, { idleMs: 200 })
    const silent = await aDevice(gateway)
    await until(() => silent.closed)
    const gone = await aDevice(gateway)
    gone.send(reading('1'))
    gone.socket.resetAndDestroy()
    await until(() => gateway.stats().connections === 0)
    expect(gateway.stats().closed.idle).toBe(1)
  })

  test('one that reads no acknowledgements is not read for ever', async () => {
    const gateway = await aGateway(undefined, {}, { stuckMs: 300 })
    const device = await aDevice(gateway)
    device.socket.pause()
    const flood = Array.from({ length: 500 }, (_, i) => `\x0bjunk${i}\x1c\r`).join('')
    const pump = setInterval(() => device.socket.writableLength < 1e6 && device.socket.write(flood), 1)
    ends.push(() => clearInterval(pump))
    await until(() => gateway.stats().closed.stuck === 1, 20_000)
    clearInterval(pump)
    expect((await (await aDevice(gateway)).says(reading('1'))).map(codeOf)).toEqual(['AA'])
  })

  test('one that half-closes still gets its acknowledgements', async () => {
    const gateway = await aGateway()
    const socket = net.connect({ port: gateway.mllpPort, host: '127.0.0.1', allowHalfOpen: true })
    let text = ''
    socket.on('data', (chunk) => {
      text += chunk
    })
    socket.end(`\x0b${reading('last')}\x1c\r`)
    await once(socket, 'close')
    expect(codeOf(text)).toBe('AA')
  })

  test('more connections than there may be', async () => {
    const gateway = await aGateway(undefined, {}, { connections: 2 })
    const [one] = [await aDevice(gateway), await aDevice(gateway)]
    const third = await aDevice(gateway)
    await until(() => third.closed)
    expect((await one.says(reading('1'))).map(codeOf)).toEqual(['AA'])
  })

  test('any bytes at all: it lives, answers whoever speaks properly, and keeps no memory', async () => {
    const gateway = await aGateway()
    const good = await aDevice(gateway)
    let n = 0
    const mutated = fc.tuple(fc.nat(600), fc.uint8Array({ maxLength: 20 })).map(([at, bytes]) => {
      const message = Buffer.from(reading('f'))
      return Buffer.concat([
        Buffer.of(0x0b),
        message.subarray(0, at),
        bytes,
        message.subarray(at + bytes.length),
        Buffer.from('\x1c\r'),
      ])
    })
    const anything = fc.oneof(
      mutated,
      fc.uint8Array({ maxLength: 2000 }).map((bytes) => Buffer.from(bytes)),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(anything, { minLength: 1, maxLength: 5 }), async (chunks) => {
        const bad = await Device.at(gateway.mllpPort)
        for (const chunk of chunks) bad.socket.write(chunk)
        bad.socket.end()
        expect((await good.says(reading(`g${n++}`))).map(codeOf)).toEqual(['AA'])
        bad.end()
      }),
      { numRuns: 150 },
    )
    await until(() => gateway.stats().connections === 1)
  })
})

test('an alarm does not wait behind what others pour in', async () => {
  const gateway = await aGateway()
  const flood = await Promise.all(Array.from({ length: 20 }, () => aDevice(gateway)))
  const nurse = await aDevice(gateway)
  await nurse.says(alarm('first'))
  let n = 0
  const pour = setInterval(() => {
    for (const device of flood)
      if (device.socket.writableLength < 200_000) device.send(...Array.from({ length: 40 }, () => reading(`f${++n}`)))
  }, 10)
  ends.push(() => clearInterval(pour))
  await until(() => gateway.stats().messages.accepted > 500)
  const waits: number[] = []
  for (let i = 0; i < 20; i++) {
    const before = performance.now()
    expect((await nurse.says(alarm(`a${i}`))).map(codeOf)).toEqual(['CA'])
    waits.push(performance.now() - before)
  }
  clearInterval(pour)
  // Twenty connections have up to 128 messages each at the door: in line behind them it would be many times this.
  expect(waits.sort((a, b) => a - b)[10]).toBeLessThan(250)
  for (const device of flood) device.end()
})
