import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { expectedAnswer, readHeader } from './message-header.ts'
import { newestInstant, shiftTimes, withId, writeLike } from './rewrite.ts'
import { splitMessages } from './split-messages.ts'

const zone = 'Europe/Berlin'
const latin = (text: string) => Buffer.from(text, 'latin1')

describe('a recorded file', () => {
  test('ends its segments with CR, whatever it was stored with', () => {
    for (const end of ['\r', '\n', '\r\n', '\r\r\n'])
      expect(splitMessages(latin(`MSH|^~\\&|A${end}PID|1${end}${end}`)).map(({ bytes }) => bytes.toString('latin1'))).toEqual([
        'MSH|^~\\&|A\rPID|1\r',
      ])
  })

  test('loses its byte order mark and its batch envelope, and keeps every other byte', () => {
    const file = Buffer.concat([
      Buffer.from([0xef, 0xbb, 0xbf]),
      latin('FHS|^~\\&\nBHS|^~\\&\nMSH|^~\\&|A\nPID|||M\xfcller\xe9\nMSH|^~\\&|B\nBTS|2\nFTS|1\n'),
    ])
    expect(splitMessages(file)).toEqual([
      { bytes: latin('MSH|^~\\&|A\rPID|||M\xfcller\xe9\r'), number: 1 },
      { bytes: latin('MSH|^~\\&|B\r'), number: 2 },
    ])
  })

  test('may be a capture with MLLP frames, may be no HL7 at all, may be empty', () => {
    expect(
      splitMessages(latin('\x0bMSH|^~\\&|A\r\x1c\r\x0bMSH|^~\\&|B\r\x1c\r')).map(({ bytes }) => bytes.toString('latin1')),
    ).toEqual(['MSH|^~\\&|A\r', 'MSH|^~\\&|B\r'])
    expect(splitMessages(latin('hello\nworld')).map(({ bytes }) => bytes.toString('latin1'))).toEqual(['hello\rworld\r'])
    expect(splitMessages(Buffer.alloc(0))).toEqual([])
    expect(splitMessages(latin('\r\n\r\n'))).toEqual([])
  })
})

describe('times', () => {
  test('keep their precision and offset', () => {
    const at = Date.UTC(2026, 10, 22, 13, 5, 9, 250)
    expect(writeLike('20090713090030+0500', at, zone)).toBe('20261122180509+0500')
    expect(writeLike('20090713090030.1234-0330', at, zone)).toBe('20261122093509.2500-0330')
    expect(writeLike('200907130900', at, zone)).toBe('202611221405')
    expect(writeLike('20090713', at, zone)).toBe('20261122')
  })

  test('move together, birth dates stay, and the newest becomes now', () => {
    const message = latin(
      'MSH|^~\\&|A||||20090713090030+0500||ORU^R01|1|P|2.6\rPID|||1||||19700101\rOBR|1||||||20090813095715+0500\rOBX|1|NM|1||2||||||F|||20090813095700+0500\r',
    )
    const now = Date.UTC(2026, 10, 22, 12, 0, 0)
    const newest = newestInstant([message], zone)!
    expect(new Date(newest).toISOString()).toBe('2009-08-13T04:57:15.000Z')
    const moved = shiftTimes(message, now - newest, zone).toString('latin1')
    expect(moved).toContain('OBR|1||||||20261122170000+0500\r')
    expect(moved).toContain('F|||20261122165945+0500\r')
    expect(moved).toContain('PID|||1||||19700101\r')
    expect(newestInstant([latin(moved)], zone)).toBe(now)
  })

  test('whatever the message, a shift by nothing changes no byte', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        const message = Buffer.concat([latin('MSH|^~\\&|A||||20090713090030||ORU^R01|1\rOBR|'), Buffer.from(bytes)])
        expect(shiftTimes(message, 0, zone).equals(message)).toBe(true)
      }),
    )
  })
})

describe('headers', () => {
  const asks = (fifteen: string, sixteen: string, type = 'ORU^R01') =>
    expectedAnswer(readHeader(latin(`MSH|^~\\&|A||||1||${type}|ID|P|2.6|||${fifteen}|${sixteen}\r`))).says

  test('say which answer the standard promises', () => {
    expect(asks('', '')).toBe('original')
    expect(asks('AL', 'NE')).toBe('commit')
    expect(asks('NE', 'AL')).toBe('application')
    expect(asks('AL', 'AL')).toBe('commit + application')
    expect(asks('NE', 'NE')).toBe('none')
    expect(asks('ER', 'SU')).toBe('commit? + application?')
    expect(asks('AL', 'AL', 'ACK^R01^ACK')).toBe('none (is an answer)')
  })

  test('take a new id and nothing else', () => {
    expect(withId(latin('MSH|^~\\&|A|B|C|D|1||ADT^A01|OLD|P|2.5\rEVN|A01\r'), 'NEW').toString('latin1')).toBe(
      'MSH|^~\\&|A|B|C|D|1||ADT^A01|NEW|P|2.5\rEVN|A01\r',
    )
    expect(readHeader(withId(latin('MSH|^~\\&|A\r'), 'NEW')).id).toBe('NEW')
    expect(withId(latin('nothing'), 'NEW').toString('latin1')).toBe('nothing')
  })
})
