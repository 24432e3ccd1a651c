import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { frame, KEPT_BYTES, MllpFramer } from './mllp.ts'

// The same cases in each run; another seed is tried with FAST_CHECK_SEED.
fc.configureGlobal({ seed: Number(process.env.FAST_CHECK_SEED ?? 20260115) })

const message = (id: string) => Buffer.from(`MSH|^~\\&|A|B|||20260101||ADT^A01|${id}|P|2.6\r`)
const texts = (framer: MllpFramer, ...chunks: Buffer[]) =>
  chunks.flatMap((c) => framer.push(c)).map((f) => (f.kind === 'frame' ? f.bytes.toString() : f.kind))

describe('one stream, cut anywhere', () => {
  test('messages come out whole, in order, however the bytes are cut', () =>
    fc.assert(
      fc.property(
        fc.array(
          fc.uint8Array({ maxLength: 300 }).map((b) => Buffer.from(b.filter((c) => c !== 0x1c && c !== 0x0b))),
          { maxLength: 8 },
        ),
        fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 20 }),
        (bodies, cuts) => {
          const stream = Buffer.concat(bodies.map((b) => frame(b)))
          const framer = new MllpFramer()
          const got: Buffer[] = []
          for (let at = 0, i = 0; at < stream.length; i++) {
            const end = Math.min(stream.length, at + cuts[i % cuts.length]!)
            // The framer may give back parts of the chunk: keep copies, as the chunk is only lent.
            for (const f of framer.push(stream.subarray(at, end))) if (f.kind === 'frame') got.push(Buffer.from(f.bytes))
            at = end
          }
          expect(got).toEqual(bodies)
          expect(framer.unfinished).toBe(false)
          expect(framer.junkBytes).toBe(0)
        },
      ),
    ))

  test('several messages in one chunk', () =>
    expect(texts(new MllpFramer(), Buffer.concat([frame(message('1')), frame(message('2'))]))).toEqual([
      message('1').toString(),
      message('2').toString(),
    ]))

  test('a 0x1C that ends nothing belongs to the message', () => {
    const body = Buffer.from('a\x1cb\x1c\x1cc')
    expect(texts(new MllpFramer(), frame(body))).toEqual([body.toString()])
    expect(texts(new MllpFramer(), ...[...frame(body)].map((b) => Buffer.of(b)))).toEqual([body.toString()])
  })

  test('an end without its carriage return, and one with a line feed', () => {
    expect(texts(new MllpFramer(), Buffer.from('\x0bone\x1c\x0btwo\x1c\n'))).toEqual(['one', 'two'])
  })
})

describe('what is not right', () => {
  test('junk between frames is counted and passed over; line ends are not junk', () => {
    const framer = new MllpFramer()
    expect(texts(framer, Buffer.from('hello\r\n'), frame('a'), Buffer.from('\r\nxyz'), frame('b'))).toEqual(['a', 'b'])
    expect(framer.junkBytes).toBe(8)
  })

  test('a message that began anew: the first is cut off, the second whole', () => {
    const framer = new MllpFramer()
    const got = framer.push(Buffer.concat([Buffer.from('\x0bMSH|^~\\&|half'), frame(message('2'))]))
    expect(got.map((f) => f.kind)).toEqual(['cut-off', 'frame'])
    expect(got[1]).toEqual({ kind: 'frame', bytes: message('2') })
  })

  test('a message over the limit is refused with its first 64 KiB, and the next one is read', () => {
    const framer = new MllpFramer({ maxBytes: 100_000 })
    const large = Buffer.alloc(150_000, 'x')
    const [first, second] = framer.push(Buffer.concat([frame(large), frame(message('2'))]))
    expect(first?.kind === 'too-large' && [first.length, first.head.length]).toEqual([150_000, KEPT_BYTES])
    expect(second?.kind).toBe('frame')
  })

  test('exactly the limit is not over it', () => {
    expect(new MllpFramer({ maxBytes: 1000 }).push(frame(Buffer.alloc(1000, 'x')))[0]?.kind).toBe('frame')
    expect(new MllpFramer({ maxBytes: 999 }).push(frame(Buffer.alloc(1000, 'x')))[0]?.kind).toBe('too-large')
  })

  test('100 MB in one message hold no more than the limit', () => {
    const framer = new MllpFramer()
    framer.push(Buffer.of(0x0b))
    const block = Buffer.alloc(64 * 1024, 'y')
    let most = 0
    for (let i = 0; i < 1600; i++) {
      framer.push(block)
      most = Math.max(most, framer.heldBytes)
    }
    const [refused] = framer.push(Buffer.from('\x1c\r'))
    expect(refused?.kind === 'too-large' && refused.length).toBe(1600 * 64 * 1024)
    expect(most).toBeLessThanOrEqual(1024 * 1024)
  })

  test('single bytes cost no more than blocks', () => {
    const framer = new MllpFramer()
    framer.push(Buffer.of(0x0b))
    for (let i = 0; i < 100_000; i++) framer.push(Buffer.of(0x41))
    expect(framer.heldBytes).toBeLessThanOrEqual(262_144)
    const [whole] = framer.push(Buffer.from('\x1c\r'))
    expect(whole?.kind === 'frame' && whole.bytes.length).toBe(100_000)
  })

  test('a connection that closes in the middle leaves what it had', () => {
    const framer = new MllpFramer()
    framer.push(Buffer.from('\x0bMSH|half'))
    expect(framer.unfinished).toBe(true)
    expect(framer.end()).toEqual({ kind: 'cut-off', bytes: Buffer.from('MSH|half') })
    expect(framer.end()).toBeUndefined()
  })

  test('any bytes: nothing is thrown, nothing grows', () =>
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 20 }), (chunks) => {
        const framer = new MllpFramer({ maxBytes: 500 })
        for (const chunk of chunks) {
          framer.push(Buffer.from(chunk))
          expect(framer.heldBytes).toBeLessThanOrEqual(500)
        }
      }),
    ))
})
