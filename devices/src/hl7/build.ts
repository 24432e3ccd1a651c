/** Writing HL7 v2: values are escaped, empty ends are left off. */
import { type Delimiters, STANDARD_DELIMITERS } from './message.ts'

/** A field: text, components, or repetitions of components. A component may have subcomponents. undefined and null are left empty. */
export type Value = string | number | undefined | null
export type Component = Value | readonly Value[]
export type Field = Value | readonly Component[] | { repeat: readonly (Value | readonly Component[])[] }

/**
 * One segment. `fields[0]` is field 1; for MSH it is field 3, as its first two are the delimiters.
 *
 *   segment('PID', [null, null, [['P-1', null, null, 'HOSP', 'MR']]])
 */
export function segment(name: string, fields: readonly Field[], delimiters: Delimiters = STANDARD_DELIMITERS): string {
  const texts = fields.map((f) => writeField(f, delimiters))
  while (texts.length > 0 && texts[texts.length - 1] === '') texts.pop()
  const start =
    name === 'MSH' || name === 'BHS' || name === 'FHS' ? [name + delimiters.field + encodingCharacters(delimiters)] : [name]
  return [...start, ...texts].join(delimiters.field)
}

/** Segments as a message: each ends with CR [STD HL7 v2.6, 2.5.2]. */
export const message = (segments: readonly string[]): string => segments.map((s) => `${s}\r`).join('')

/** The characters of MSH-2. */
export const encodingCharacters = (d: Delimiters): string =>
  d.component + (d.repetition ?? '') + (d.escape ?? '') + (d.subcomponent ?? '')

/** Text in which no delimiter, line end or control character stands bare. */
export function escapeText(text: string, d: Delimiters = STANDARD_DELIMITERS): string {
  if (!/[\x00-\x1f|^~\\&]/.test(text) && d === STANDARD_DELIMITERS) return text
  let out = ''
  for (const c of text) out += escapeCharacter(c, d)
  return out
}

function escapeCharacter(c: string, d: Delimiters): string {
  const special =
    c === d.field
      ? 'F'
      : c === d.component
        ? 'S'
        : c === d.subcomponent
          ? 'T'
          : c === d.repetition
            ? 'R'
            : c === d.escape
              ? 'E'
              : c === '\n'
                ? '.br'
                : undefined
  const code = special ?? (c < ' ' ? `X${c.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}` : undefined)
  // Without an escape character there is no way to write it: a blank keeps the fields in their places.
  return code === undefined ? c : d.escape === undefined ? ' ' : `${d.escape}${code}${d.escape}`
}

function writeField(field: Field, d: Delimiters): string {
  if (field !== null && typeof field === 'object' && 'repeat' in field)
    return field.repeat.map((r) => writeRepetition(r, d)).join(d.repetition ?? ' ')
  return writeRepetition(field, d)
}

function writeRepetition(value: Value | readonly Component[], d: Delimiters): string {
  if (!Array.isArray(value)) return writeValue(value as Value, d)
  return trimmed(
    (value as readonly Component[]).map((c) =>
      Array.isArray(c)
        ? trimmed(
            c.map((s) => writeValue(s, d)),
            d.subcomponent ?? ' ',
          )
        : writeValue(c as Value, d),
    ),
    d.component,
  )
}

function trimmed(texts: string[], separator: string): string {
  while (texts.length > 0 && texts[texts.length - 1] === '') texts.pop()
  return texts.join(separator)
}

const writeValue = (value: Value, d: Delimiters): string =>
  value === undefined || value === null ? '' : typeof value === 'number' ? String(value) : escapeText(value, d)
