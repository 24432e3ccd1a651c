import { expect, test } from 'vitest'
import de from './de.json' with { type: 'json' }
import en from './en.json' with { type: 'json' }

function keys(messages: object, prefix = ''): string[] {
  return Object.entries(messages).flatMap(([key, value]) =>
    typeof value === 'object' ? keys(value, `${prefix}${key}.`) : [`${prefix}${key}`],
  )
}
const said = (messages: object, key: string) =>
  key.split('.').reduce<unknown>((at, part) => (at as Record<string, unknown>)[part], messages) as string

test('both languages say the same things', () => {
  expect(keys(de).sort()).toEqual(keys(en).sort())
})

test('both languages fill in the same words', () => {
  const holes = (text: string) => [...text.matchAll(/\{\{(\w+)\}\}/g)].map((hole) => hole[1]).sort()
  for (const key of keys(en)) expect([key, holes(said(de, key))]).toEqual([key, holes(said(en, key))])
})
