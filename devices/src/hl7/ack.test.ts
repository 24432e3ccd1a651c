import { describe, expect, test } from 'vitest'
import { type AckCode, acksDue, type Verdict } from './ack.ts'
import { answers, readHl7 } from './intake.ts'
import { parseBytes } from './message.ts'
import { refusal, refusals } from './refusals.ts'

const RECEIVED = Date.UTC(2026, 0, 15, 9, 15, 31)
const context = { receivedAt: RECEIVED, timeZone: 'Europe/Berlin', senders: 'any' as const }
const stamp = () => ({ at: RECEIVED, id: 'ACK1' })
const adt = (tail = '|2.6|||AL|NE') =>
  Buffer.from(`MSH|^~\\&|APP^1.2^ISO|FAC|US|HERE|20260115101531+0100||ADT^A01^ADT_A01|M1|P${tail}\rPID|1||4711^^^HOSP^MR\r`)
const said = (message: Buffer, outcome: Parameters<typeof answers>[1] = 'accepted') =>
  answers(readHl7(message, context), outcome, stamp).map(String)

describe('which acknowledgements are due [HL7 v2.6, 2.9]', () => {
  test.each<[string, string, Verdict, AckCode[]]>([
    ['', '', 'accepted', ['AA']],
    ['', '', 'rows-dropped', ['AE']],
    ['', '', 'rejected', ['AR']],
    ['AL', 'NE', 'accepted', ['CA']],
    ['AL', 'NE', 'rows-dropped', ['CE']],
    ['AL', 'NE', 'rejected', ['CR']],
    ['AL', '', 'accepted', ['CA']],
    ['NE', 'AL', 'accepted', ['AA']],
    ['', 'AL', 'error', ['AE']],
    ['NE', 'NE', 'rejected', []],
    ['AL', 'AL', 'accepted', ['CA', 'AA']],
    ['AL', 'AL', 'rows-dropped', ['CE', 'AE']],
    ['AL', 'AL', 'rejected', ['CR']],
    ['ER', 'NE', 'accepted', []],
    ['ER', 'NE', 'rejected', ['CR']],
    ['SU', 'NE', 'accepted', ['CA']],
    ['SU', 'NE', 'rejected', []],
    ['ER', 'AL', 'accepted', ['AA']],
    ['SU', 'ER', 'error', ['AE']],
  ])('MSH-15 %s, MSH-16 %s, %s', (acceptAck, applicationAck, verdict, expected) =>
    expect(acksDue({ acceptAck, applicationAck }, verdict)).toEqual(expected),
  )
})

test('an acknowledgement, to the letter', () => {
  expect(said(adt())).toEqual(['MSH|^~\\&|US|HERE|APP^1.2^ISO|FAC|20260115091531.000+0000||ACK^A01^ACK|ACK1|P|2.6\rMSA|CA|M1\r'])
})

test('a duplicate is told that it was taken', () => expect(said(adt(), 'duplicate')[0]).toContain('MSA|CA|M1'))

describe('errors', () => {
  test('ERR says where, what, how bad, and whether to try again', () => {
    const [ack] = said(adt(), refusal('SPOOL_FULL'))
    expect(ack).toContain('MSA|CR|M1\r')
    expect(ack).toContain(
      'ERR|||207^Application internal error^HL70357|E|SPOOL_FULL^There is no room to keep the message^L||retry: later|There is no room',
    )
  })
  test('before 2.5 in MSA-3 and ERR-1', () => {
    const [ack] = said(Buffer.from('MSH|^~\\&|A|B|||20260115||ORM^O01|9|P|2.3\rPID|1\r'))
    expect(ack?.split('\r').slice(1)).toEqual([
      'MSA|AR|9|"ORM\\S\\O01" is not taken here: ORU\\S\\R01, ORU\\S\\R40 and ADT are',
      'ERR|MSH^1^9^200&Unsupported message type&HL70357',
      '',
    ])
  })
  test('a dropped row is told by ERR-2 while the rest is taken', () => {
    const oru = Buffer.from(
      'MSH|^~\\&|G|||||||ORU^R01|7|P|2.6|||AL|NE\rOBR|1\rOBX|1|NM|147842^^MDC|1.2.1.1|x|/min\rOBX|2|NM|147842^^MDC|1.2.1.1|70|/min\r'.replace(
        '|||||||ORU',
        '||||20260115101531+0100||ORU',
      ),
    )
    const intake = readHl7(oru, context)
    expect(intake.records).toHaveLength(1)
    const [ack] = answers(intake, 'accepted', stamp).map(String)
    expect(ack).toContain('MSA|CE|7')
    expect(ack).toContain('ERR||OBX^1^5^1|102^Data type error^HL70357|E|BAD_VALUE^')
  })
  test('what cannot be read at all is rejected, to nobody', () => {
    expect(said(Buffer.from('hello'))[0]).toMatch(
      /^MSH\|\^~\\&\|\|\|\|\|20260115091531\.000\+0000\|\|ACK\|ACK1\|P\|2\.6\rMSA\|AR\rERR\|\|MSH\^1\|100\^/,
    )
  })
  test('every refusal can be answered, in every version', () => {
    for (const code of Object.keys(refusals) as (keyof typeof refusals)[])
      for (const tail of ['|2.6', '|2.3', '|', '|2.6|||AL|AL'])
        for (const bytes of said(adt(tail), refusal(code))) {
          const ack = parseBytes(Buffer.from(bytes))
          if ('code' in ack) throw new Error(ack.says)
          expect(ack.first('MSA')?.field(2)).toBe('M1')
        }
  })
})

describe('never answered', () => {
  test.each([
    'MSH|^~\\&|A|B|||2026||ACK^R01^ACK|1|P|2.6\rMSA|AA|7\r',
    'MSH|^~\\&|A|B|||2026||ACK|1|P|2.3|||AL|AL\rMSA|AE|7|bad\rERR|x\r',
    'MSH|^~\\&|A|B|||2026||XXX^Y|1|P|2.6\rMSA|AA|7\r',
    'MSH|^~\\&|A|B|||2026||ACK|1|P|2.6\r',
  ])('%j', (text) => {
    const intake = readHl7(Buffer.from(text), context)
    expect([intake.isAck, intake.records, answers(intake, 'accepted'), answers(intake, refusal('SPOOL_FULL'))]).toEqual([
      true,
      [],
      [],
      [],
    ])
  })
})

describe('in the sender’s own language', () => {
  test('its delimiters', () => {
    const [ca, aa] = said(
      Buffer.from('MSH^~|\\&^SEND~X^200M^REC^200^20120918173931-0500^^ADT~A24^M|1^T^2.4^^^AL^AL\rPID^1^^11111\r'),
    )
    expect(ca).toBe('MSH^~|\\&^REC^200^SEND~X^200M^20260115091531.000+0000^^ACK~A24~ACK^ACK1^T^2.4\rMSA^CA^M\r')
    expect(aa).toContain('MSA^AA')
  })
  test('its character set', () => {
    const bytes = answers(
      readHl7(
        Buffer.from('MSH|^~\\&|M\xfcnchen|FAC|||20260115101531+0100||ADT^A01|M1|P|2.6||||||8859/1\rPID|1||5\r', 'latin1'),
        context,
      ),
      'accepted',
      stamp,
    )[0]!
    expect(bytes.toString('latin1')).toContain('|M\xfcnchen|FAC|')
    expect(bytes.toString('latin1')).toContain('|8859/1\r')
  })
  test('UTF-16', () => {
    const text = 'MSH|^~\\&|A|B|||20260115101531+0100||ADT^A01|M1|P|2.6||||||UNICODE UTF-16\rPID|1||5\r'
    expect(answers(readHl7(Buffer.from(text, 'utf16le'), context), 'accepted', stamp)[0]!.toString('utf16le')).toContain(
      'MSA|AA|M1',
    )
  })
})
