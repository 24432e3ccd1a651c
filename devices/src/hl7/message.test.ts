import { Hl7Message } from '@medplum/core'
import fc from 'fast-check'
import iconv from 'iconv-lite'
import { describe, expect, test } from 'vitest'
import { isBatch, splitBatch } from './batch.ts'
import { escapeText, message, segment } from './build.ts'
import { isKnownSet } from './charset.ts'
import { type Hl7, parse, parseBytes } from './message.ts'

// The same cases in each run; another seed is tried with FAST_CHECK_SEED.
fc.configureGlobal({ seed: Number(process.env.FAST_CHECK_SEED ?? 20260115) })

function read(text: string | Buffer): Hl7 {
  const hl7 = typeof text === 'string' ? parse(text) : parseBytes(text)
  if ('code' in hl7) throw new Error(`${hl7.code}: ${hl7.says}`)
  return hl7
}
const refused = (text: string | Buffer) => {
  const hl7 = typeof text === 'string' ? parse(text) : parseBytes(text)
  return 'code' in hl7 ? hl7.code : 'read'
}
const MSH = 'MSH|^~\\&|APP^1.2.3^ISO|FAC|||20260101||ADT^A01|1|P|2.6'

describe('delimiters', () => {
  test('the usual ones', () => {
    const hl7 = read(`${MSH}\rPID|1||A^^^X&Y&ISO^MR~B^^^Z`)
    const pid = hl7.first('PID')!
    expect(hl7.msh.field(1)).toBe('|')
    expect(hl7.msh.field(2)).toBe('^~\\&')
    expect(hl7.msh.text(9, 2)).toBe('A01')
    expect(pid.repetitions(3)).toHaveLength(2)
    expect(pid.text(3, 4, 1, 2)).toBe('Y')
    expect(pid.text(3, 1, 2)).toBe('B')
    expect(pid.text(3, 4, 2, 2)).toBe('')
    expect(pid.text(99)).toBe('')
  })
  test('others, as a recorded message has them', () => {
    const hl7 = read('MSH^~|\\&^SENDING^200M^REC^200^20120918173931-0500^^ADT~A24^1^T^2.4\rPID^1^^11111~~~FOO&&0363~NI|2~~~BAR')
    expect(hl7.msh.fieldText(9)).toBe('ADT^A24')
    expect(hl7.first('PID')!.text(3, 4, 1, 3)).toBe('0363')
    expect(hl7.first('PID')!.text(3, 4, 2)).toBe('BAR')
  })
  test('three encoding characters: no repetition', () => {
    const hl7 = read('MSH^~\\&^A^B^^^20260101^^ADT~A01^1^P^2.3\rPID^1^^5~~~X&Y~MR\rNTE^1^^a\\S\\b')
    expect(hl7.delimiters).toEqual({ field: '^', component: '~', repetition: undefined, escape: '\\', subcomponent: '&' })
    expect(hl7.first('PID')!.text(3, 4, 1, 2)).toBe('Y')
    expect(hl7.first('NTE')!.text(3)).toBe('a~b')
  })
  test.each([
    '',
    '   ',
    'hello',
    'PID|1',
    'MSH',
    'MSH|',
    'MSH||A',
    'MSH|||',
    'MSH|^^\\&|A',
    'MSHA^~\\&AB',
    'MSH|^~\\&#!|A',
    '\u0000\u0000',
    'msh|^~\\&|A',
  ])('%j is no message', (text) => expect(refused(text)).toBe('UNPARSEABLE'))
  test('two messages in one are not read as one', () => expect(refused(`${MSH}\rPID|1\r${MSH}\r`)).toBe('UNPARSEABLE'))
})

describe('line ends', () => {
  const lines = [MSH, 'PID|1||A', 'PV1||I']
  test.each([
    ['CR', '\r'],
    ['LF', '\n'],
    ['CRLF', '\r\n'],
  ])('%s', (_, end) => {
    for (const text of [lines.join(end), lines.join(end) + end, `${end}${lines.join(end)}${end}${end}`])
      expect(read(text).segments.map((s) => s.name)).toEqual(['MSH', 'PID', 'PV1'])
  })
  test('a bare line end inside a text belongs to its segment', () => {
    const hl7 = read(`${MSH}\rNTE|1||first\nsecond line|x\rPID|1`)
    expect(hl7.segments.map((s) => s.name)).toEqual(['MSH', 'NTE', 'PID'])
    expect(hl7.first('NTE')!.text(3)).toBe('first\nsecond line')
  })
  test('a byte order mark before MSH', () => expect(read(Buffer.from(`\ufeff${MSH}\rPID|1`)).msh.field(1)).toBe('|'))
})

describe('escapes', () => {
  const unescaped = (text: string) => read(`${MSH}\rNTE|1||${text}`).first('NTE')!.text(3)
  test.each([
    ['a\\F\\b', 'a|b'],
    ['a\\S\\b', 'a^b'],
    ['a\\T\\b', 'a&b'],
    ['a\\R\\b', 'a~b'],
    ['a\\E\\b', 'a\\b'],
    ['a\\.br\\b', 'a\nb'],
    ['\\X4142\\', 'AB'],
    ['\\H\\bold\\N\\', 'bold'],
    ['C:\\dir\\F\\x', 'C:\\dir|x'],
    ['50\\', '50\\'],
    ['\\Zabc\\', '\\Zabc\\'],
    ['\\E\\F\\E\\', '\\F\\'],
    ['\\\\', '\\\\'],
  ])('%s', (text, expected) => expect(unescaped(text)).toBe(expected))
  test('hexadecimal in the set of the message', () =>
    expect(read(`${MSH}||||||UNICODE UTF-8\rNTE|1||caf\\XC3A9\\`).first('NTE')!.text(3)).toBe('café'))
  test('an explicit null is told from nothing', () => {
    const pid = read(`${MSH}\rPID|""||x`).first('PID')!
    expect([pid.isNull(1), pid.isNull(2), pid.value(1), pid.value(2), pid.text(1)]).toEqual([
      true,
      false,
      undefined,
      undefined,
      '""',
    ])
  })
  test('whatever is written is read back', () =>
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary', maxLength: 20 }), { minLength: 1, maxLength: 6 }), (values) => {
        const sent = values.map((v) => v.replace(/[\ud800-\udfff]/g, '?'))
        const nte = read(message([MSH, segment('NTE', [1, null, sent])])).first('NTE')!
        for (const [i, v] of sent.entries()) expect(nte.text(3, i + 1)).toBe(v)
      }),
    ))
  test('escapeText leaves plain text alone', () => expect(escapeText('Zürich 5')).toBe('Zürich 5'))
})

describe('character sets (MSH-18)', () => {
  const named = (set: string, text: string) => `${MSH}||||||${set}\rNTE|1||${text}\r`
  test.each([
    ['8859/1', 'latin1', 'Müller é'],
    ['8859/2', 'iso-8859-2', 'Łódź'],
    ['8859/5', 'iso-8859-5', 'Привет'],
    ['8859/7', 'iso-8859-7', 'Ελένη'],
    ['8859/15', 'iso-8859-15', '5 €'],
    ['UNICODE UTF-8', 'utf8', '水 Müller'],
    ['GB 18030-2000', 'gb18030', '心率'],
    ['BIG-5', 'big5', '心率'],
    ['KS X 1001', 'euc-kr', '심박'],
    ['ISO IR14', 'shift_jis', '心拍数'],
    ['UNICODE UTF-16', 'utf-16be', 'Ελένη'],
    ['UNICODE', 'utf-16le', 'Ελένη'],
    ['UNICODE UTF-32', 'utf-32le', 'Ελένη'],
  ])('%s', (set, encoding, text) => {
    const hl7 = read(iconv.encode(named(set, text), encoding))
    expect(hl7.first('NTE')!.text(3)).toBe(text)
    expect(hl7.flags).toEqual([])
  })
  test('ISO IR87, switched to by escape', () => {
    // 心 is 0x3F34 in JIS X 0208; the second byte of 率 (0x4E28) is "(": in plain text it would look like anything.
    const bytes = Buffer.concat([
      Buffer.from(`${MSH}||||||ASCII~ISO IR87\rNTE|1||`),
      Buffer.from('1b2442 3f34 4e28 1b2842'.replaceAll(' ', ''), 'hex'),
      Buffer.from('|x\r'),
    ])
    const nte = read(bytes).first('NTE')!
    expect([nte.text(3), nte.text(4)]).toEqual(['心率', 'x'])
  })
  test('no set named, and bytes that are not ASCII: UTF-8 by its shape, else Latin-1, and flagged', () => {
    for (const encoding of ['utf8', 'latin1']) {
      const hl7 = read(iconv.encode(named('', 'Jürgen'), encoding))
      expect(hl7.first('NTE')!.text(3)).toBe('Jürgen')
      expect(hl7.flags).toEqual(['charset_assumed'])
    }
  })
  test('bytes that are wrong for the named set are replaced and flagged', () => {
    const hl7 = read(iconv.encode(named('UNICODE UTF-8', 'Jürgen'), 'latin1'))
    expect(hl7.first('NTE')!.text(3)).toBe('J\ufffdrgen')
    expect(hl7.flags).toEqual(['charset_replaced'])
  })
  test('a set that nobody knows, or that nothing here reads: refused, unless the message is plain ASCII', () => {
    for (const set of ['KLINGON', 'CNS 11643-1992', 'ISO IR159']) {
      expect(refused(iconv.encode(named(set, 'Jürgen'), 'latin1'))).toBe('CHARSET')
      expect(isKnownSet(set)).toBe(false)
    }
    expect(
      read(Buffer.from(named('KLINGON', 'Jurgen')))
        .first('NTE')!
        .text(3),
    ).toBe('Jurgen')
  })
})

describe('batches', () => {
  const one = `${MSH}\rPID|1\r`
  const two = `${MSH.replace('|1|P', '|2|P')}\rPID|2\r`
  const split = (text: string) => splitBatch(Buffer.from(text)).map(String)
  test('FHS BHS … BTS FTS', () => expect(split(`FHS|^~\\&|A\rBHS|^~\\&|A\r${one}${two}BTS|2\rFTS|1\r`)).toEqual([one, two]))
  test('messages one after the other, with blank lines, in any line end', () => {
    expect(split(`${one}\r\r${two}`).map((m) => m.trim())).toEqual([one.trim(), two.trim()])
    expect(split((one + two).replaceAll('\r', '\n'))).toHaveLength(2)
  })
  test('one message is itself; a byte order mark is kept off', () => expect(split(`\ufeff${one}`)).toEqual([one]))
  test('nothing in it', () => expect(split('hello')).toEqual([]))
  test('a text that begins a line with MSH is no message', () =>
    expect(split(`${MSH}\rNTE|1||a\nMSH is the header\rPID|1\r`)).toHaveLength(1))
  test('which frames are batches', () => {
    expect(isBatch(Buffer.from(one))).toBe(false)
    expect(isBatch(Buffer.from(`BHS|^~\\&\r${one}BTS|1\r`))).toBe(true)
    expect(isBatch(Buffer.from(one + two))).toBe(true)
  })
})

test('cuts messages as another parser does (@medplum/core)', () =>
  fc.assert(
    fc.property(
      fc.array(
        fc.array(
          fc.string({ maxLength: 12 }).map((s) => s.replace(/[\s\\]/g, '')),
          { minLength: 1, maxLength: 8 },
        ),
        { maxLength: 6 },
      ),
      (rows) => {
        const text = [MSH, ...rows.map((r) => `ZZZ|${r.join('|')}`)].join('\r')
        const theirs = Hl7Message.parse(text)
        const ours = read(text)
        for (const [i, s] of theirs.segments.entries())
          for (let f = 1; f < 10; f++)
            for (let c = 1; c < 4; c++) {
              const expected = i === 0 && f < 3 ? undefined : (s.getField(f)?.getComponent(c) ?? '')
              if (expected !== undefined) expect(ours.segments[i]!.component(f, c)).toBe(expected)
            }
      },
    ),
  ))
