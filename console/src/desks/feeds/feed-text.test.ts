import { expect, test } from 'vitest'
import { csvText } from '../../parts/data-table/csv.ts'
import { bytesOf, bytesText, offsetText, rawText } from './feed-text.ts'

test('bytes and offsets are said as people read them', () => {
  expect([0, 512, 65_536, 1_610_612_736, 2_147_483_648].map(bytesText)).toEqual(['0 B', '512 B', '64 KiB', '1.5 GiB', '2 GiB'])
  expect([12.4, -1234, 3_600_000, -7_200_000, -547_000_000_000, undefined].map(offsetText)).toEqual([
    '+12 ms',
    '−1.2 s',
    '+60 min',
    '−2 h',
    '−6\u202f331 d',
    undefined,
  ])
})

test('a refused message is shown segment by segment, with its control characters visible', () => {
  const base64 = Buffer.from('\u000bMSH|^~\\&|A\rPID|1\r\u001c\r', 'latin1').toString('base64')
  expect(rawText(bytesOf(base64))).toBe('␋MSH|^~\\&|A\nPID|1\n␜\n')
})

test('CSV: quotes doubled, CRLF, and no formula from a sender', () => {
  expect(
    csvText(
      ['a', 'b'],
      [
        ['say "hi", you', 3],
        ['=1+1', undefined],
      ],
    ),
  ).toBe('a,b\r\n"say ""hi"", you",3\r\n\'=1+1,\r\n')
})
