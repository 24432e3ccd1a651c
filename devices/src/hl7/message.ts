/**
 * An HL7 v2 message as text, cut where somebody looks: a field is split only when it is asked for. Numbers of fields, components
 * and repetitions are those of the standard, from 1.
 */
import { type Decoded, decode, decodeHex } from './charset.ts'
import { type Refusal, refusal } from './refusals.ts'

/** MSH-1 and MSH-2. A character that the sender does not use is undefined. */
export interface Delimiters {
  field: string
  component: string
  repetition: string | undefined
  escape: string | undefined
  subcomponent: string | undefined
}

export const STANDARD_DELIMITERS: Delimiters = { field: '|', component: '^', repetition: '~', escape: '\\', subcomponent: '&' }

/** The explicit null: "there is none, forget what you knew" [STD HL7 v2.6, 2.5.3.3]. */
export const NULL = '""'

export class Segment {
  readonly name: string
  readonly raw: string
  /** Which one of its name in the message, from 1. */
  readonly sequence: number
  readonly #delimiters: Delimiters
  readonly #encoding: string
  #fields: string[] | undefined

  constructor(raw: string, sequence: number, delimiters: Delimiters, encoding: string) {
    this.name = raw.slice(0, 3)
    this.raw = raw
    this.sequence = sequence
    this.#delimiters = delimiters
    this.#encoding = encoding
  }

  /** The field as it stands, escapes and all; '' when there is none. */
  field(number: number): string {
    if (this.#fields === undefined) {
      this.#fields = this.raw.split(this.#delimiters.field)
      // MSH-1 is the separator itself, so that MSH counts one more than the others [STD HL7 v2.6, 2.15.9].
      if (HEADERS.has(this.name)) this.#fields.splice(1, 0, this.#delimiters.field)
    }
    return this.#fields[number] ?? ''
  }

  /** The repetitions of a field as they stand; none for an empty field. */
  repetitions(number: number): string[] {
    const field = this.field(number)
    if (field === '') return []
    const { repetition } = this.#delimiters
    return repetition === undefined || !field.includes(repetition) ? [field] : field.split(repetition)
  }

  /** A component as it stands, escapes and all. */
  component(number: number, component = 1, repetition = 1): string {
    let field = this.field(number)
    if (field === '') return ''
    const { repetition: separator } = this.#delimiters
    if (separator !== undefined && field.includes(separator)) field = part(field, separator, repetition)
    else if (repetition > 1) return ''
    return part(field, this.#delimiters.component, component)
  }

  components(number: number, repetition = 1): string[] {
    const field = this.repetitions(number)[repetition - 1]
    return field === undefined ? [] : field.split(this.#delimiters.component)
  }

  /** All components of all repetitions, as they stand: an array of numbers (NA). */
  list(number: number): string[] {
    return this.repetitions(number).flatMap((r) => r.split(this.#delimiters.component))
  }

  /** The text of a component's (sub)component, escapes undone; '' when there is none, and `""` for an explicit null. */
  text(number: number, component = 1, repetition = 1, subcomponent = 1): string {
    const whole = this.component(number, component, repetition)
    if (whole === '') return ''
    const separator = this.#delimiters.subcomponent
    return this.unescape(separator === undefined ? (subcomponent === 1 ? whole : '') : part(whole, separator, subcomponent))
  }

  /** As `text`, but undefined when there is nothing or an explicit null. */
  value(number: number, component = 1, repetition = 1, subcomponent = 1): string | undefined {
    if (this.field(number) === '') return undefined
    const text = this.text(number, component, repetition, subcomponent).trim()
    return text === '' || text === NULL ? undefined : text
  }

  /** The sender says that there is none. */
  isNull(number: number): boolean {
    return this.field(number) === NULL
  }

  /** A whole field as text: components joined by `^`, escapes undone. */
  fieldText(number: number): string {
    const { component } = this.#delimiters
    const field = this.field(number)
    return this.unescape(component === '^' ? field : field.split(component).join('^'))
  }

  /** Escape sequences undone [STD HL7 v2.6, 2.7]: delimiters, `\Xhh\`, line breaks; highlighting is dropped; what is not known stays as it is. */
  unescape(text: string): string {
    const mark = this.#delimiters.escape
    if (mark === undefined || !text.includes(mark)) return text
    let out = ''
    let at = 0
    for (;;) {
      const open = text.indexOf(mark, at)
      const close = open < 0 ? -1 : text.indexOf(mark, open + 1)
      if (close < 0) return out + text.slice(at)
      const meaning = this.#meaning(text.slice(open + 1, close))
      // Not an escape: keep its first character and look again from the second, which may begin one.
      if (meaning === undefined) {
        out += text.slice(at, close)
        at = close
      } else {
        out += text.slice(at, open) + meaning
        at = close + 1
      }
    }
  }

  #meaning(code: string): string | undefined {
    const d = this.#delimiters
    switch (code) {
      case 'F':
        return d.field
      case 'S':
        return d.component
      case 'T':
        return d.subcomponent ?? '&'
      case 'R':
        return d.repetition ?? '~'
      case 'E':
        return d.escape
      case 'P':
        return '#'
      case 'H':
      case 'N':
      case '.fi':
      case '.nf':
      case '.ce':
        return ''
      case '.br':
        return '\n'
    }
    if (/^X(?:[0-9A-Fa-f]{2})+$/.test(code)) return decodeHex(code.slice(1), this.#encoding)
    if (/^\.(?:sp|sk)[+]?\d*$/.test(code)) return code.startsWith('.sp') ? '\n' : ' '
    return /^\.(?:in|ti)[+-]?\d*$/.test(code) ? '' : undefined
  }
}

export class Hl7 {
  readonly segments: readonly Segment[]
  readonly delimiters: Delimiters
  /** The encoding its bytes were in. */
  readonly encoding: string
  readonly flags: readonly string[]

  constructor(segments: readonly Segment[], delimiters: Delimiters, encoding: string, flags: readonly string[]) {
    this.segments = segments
    this.delimiters = delimiters
    this.encoding = encoding
    this.flags = flags
  }

  get msh(): Segment {
    return this.segments[0]!
  }

  /** The first segment of a name. */
  first(name: string): Segment | undefined {
    return this.segments.find((s) => s.name === name)
  }

  all(name: string): Segment[] {
    return this.segments.filter((s) => s.name === name)
  }
}

/** Segments that begin with their own delimiters. */
const HEADERS: ReadonlySet<string> = new Set(['MSH', 'BHS', 'FHS'])

/** A message from bytes as they came (BOM, CR, LF, CRLF, any set that MSH-18 names). Never throws. */
export function parseBytes(bytes: Buffer): Hl7 | Refusal {
  const decoded = decode(bytes)
  if ('unknown' in decoded)
    return refusal('CHARSET', `MSH-18 "${decoded.unknown.slice(0, 40)}" names no character set that can be read`, {
      segment: 'MSH',
      sequence: 1,
      field: 18,
    })
  return parse(decoded.text, decoded)
}

/** A message from text. Never throws. */
export function parse(text: string, decoded: Pick<Decoded, 'encoding' | 'flag'> = { encoding: 'utf8' }): Hl7 | Refusal {
  const begin = text.search(/\S/)
  if (begin < 0) return refusal('UNPARSEABLE', 'The message is empty')
  const lines = cut(begin > 0 ? text.slice(begin) : text)
  const delimiters = delimitersOf(lines[0]!)
  if (typeof delimiters === 'string') return refusal('UNPARSEABLE', delimiters, { segment: 'MSH', sequence: 1 })
  const segments: Segment[] = []
  const seen = new Map<string, number>()
  for (const line of joined(lines, delimiters.field)) {
    const name = line.slice(0, 3)
    const sequence = (seen.get(name) ?? 0) + 1
    if (name === 'MSH' && sequence > 1)
      return refusal('UNPARSEABLE', 'There is more than one MSH: send each message in a frame of its own, or a batch', {
        segment: 'MSH',
        sequence,
      })
    seen.set(name, sequence)
    segments.push(new Segment(line, sequence, delimiters, decoded.encoding))
  }
  return new Hl7(segments, delimiters, decoded.encoding, decoded.flag ? [decoded.flag] : [])
}

/** Lines end with CR [STD HL7 v2.6, 2.5.2]; files end them with LF or CRLF, and some senders do. */
const cut = (text: string): string[] => (text.includes('\n') ? text.split(/\r\n?|\n/) : text.split('\r'))

/** Lines that do not begin like a segment belong to the one before: a bare line end inside a text. Empty lines are left out. */
function joined(lines: string[], field: string): string[] {
  const out: string[] = []
  for (const line of lines) {
    if (line === '') continue
    if (beginsSegment(line, field)) out.push(line)
    else if (line.trim() !== '' && out.length > 0) out[out.length - 1] += `\n${line}`
  }
  return out
}

function beginsSegment(line: string, field: string): boolean {
  if (line.length > 3 && line[3] !== field) return false
  return isUpper(line.charCodeAt(0)) && isNameChar(line.charCodeAt(1)) && isNameChar(line.charCodeAt(2))
}
const isUpper = (c: number) => c >= 65 && c <= 90
const isNameChar = (c: number) => isUpper(c) || (c >= 48 && c <= 57)

/** MSH-1 and MSH-2, or what is wrong with them. */
export function delimitersOf(line: string): Delimiters | string {
  if (!line.startsWith('MSH') && !line.startsWith('BHS') && !line.startsWith('FHS')) return 'The message does not begin with MSH'
  const field = line[3]
  if (field === undefined) return 'MSH ends before its field separator'
  const end = line.indexOf(field, 4)
  const encoding = end < 0 ? line.slice(4) : line.slice(4, end)
  if (encoding.length < 1) return 'MSH-2 is empty'
  if (encoding.length > 5) return 'MSH-2 is longer than five characters'
  const all = [field, ...encoding]
  if (new Set(all).size !== all.length || all.some((c) => /[A-Za-z0-9]/.test(c) || c < '!' || c > '~'))
    return 'MSH-1 and MSH-2 must be different characters of ASCII, no letters and no digits'
  const [component, second, third, fourth] = encoding
  // Three characters, the last two of them the usual escape and subcomponent: it is the repetition that this sender leaves out.
  if (encoding.length === 3 && second === '\\' && third === '&')
    return { field, component: component!, repetition: undefined, escape: second, subcomponent: third }
  return { field, component: component!, repetition: second, escape: third, subcomponent: fourth }
}

function part(text: string, separator: string, number: number): string {
  if (number === 1) {
    const end = text.indexOf(separator)
    return end < 0 ? text : text.slice(0, end)
  }
  let start = 0
  for (let i = 1; i < number; i++) {
    const next = text.indexOf(separator, start)
    if (next < 0) return ''
    start = next + separator.length
  }
  const end = text.indexOf(separator, start)
  return end < 0 ? text.slice(start) : text.slice(start, end)
}
