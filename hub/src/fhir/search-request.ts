import { FhirError } from './outcome.ts'

export interface SearchParameter {
  type: 'token' | 'string' | 'date' | 'reference'
  says: string
  /** Modifiers that are understood, for example `exact`. */
  modifiers?: readonly string[]
  /** For a reference: `patient.identifier` is understood too. */
  chains?: readonly string[]
}
export type SearchParameters = Record<string, SearchParameter>

/** One parameter as asked: every one of them must hold, and of its comma-separated `values` any. */
export interface Asked {
  name: string
  modifier?: string
  chain?: string
  values: string[]
}

export interface SearchRequest {
  asked: Asked[]
  count: number
  /** Where the page starts: what the `next` link of the page before said. */
  page?: string
  /** Only how many there are. */
  countOnly: boolean
  /** The number of all matches is wanted, whatever it costs. */
  total: boolean
  sort: { by: string; descending: boolean }[]
  /** What was understood, for the self link. */
  understood: [string, string][]
}

/** [DEF] */
export const DEFAULT_COUNT = 50
export const MOST_COUNT = 1000

/** Parameters about the answer, not about what is searched. */
const aboutTheAnswer = new Set(['_count', '_page', '_summary', '_total', '_sort', '_format', '_pretty'])

/**
 * The words of a search. What is not understood is left out of `understood`, and so of the self link [STD FHIR R4 search 3.1.1.3];
 * with `Prefer: handling=strict` it is refused. A modifier that is not understood always is: leaving it out could turn the meaning round.
 * @throws FhirError 400
 */
export function readSearch(
  query: URLSearchParams,
  parameters: SearchParameters,
  sorts: readonly string[],
  strict: boolean,
): SearchRequest {
  const request: SearchRequest = { asked: [], count: DEFAULT_COUNT, countOnly: false, total: false, sort: [], understood: [] }
  const unknown: string[] = []
  for (const [key, value] of query) {
    if (aboutTheAnswer.has(key)) {
      if (readAboutTheAnswer(request, key, value, sorts)) request.understood.push([key, value])
      else unknown.push(key)
      continue
    }
    const { name, modifier, chain } = /^(?<name>[^:.]*)(?::(?<modifier>[^.]*))?(?:\.(?<chain>.*))?$/.exec(key)?.groups ?? {
      name: key,
    }
    const parameter = Object.hasOwn(parameters, name!) ? parameters[name!]! : undefined
    if (!parameter || (chain !== undefined && !parameter.chains?.includes(chain))) {
      unknown.push(key)
      continue
    }
    // Reference parameters may say their type: subject:Patient=...
    if (modifier !== undefined && !parameter.modifiers?.includes(modifier))
      throw new FhirError(400, 'not-supported', `The modifier :${modifier} of ${name} is not supported`, name)
    // An empty value means nothing [STD FHIR R4 search] and is left out.
    const values = splitValues(value).filter((each) => each !== '')
    if (values.length === 0) continue
    request.understood.push([key, value])
    request.asked.push({
      name: name!,
      ...(modifier !== undefined && { modifier }),
      ...(chain !== undefined && { chain }),
      values,
    })
  }
  if (strict && unknown.length)
    throw new FhirError(
      400,
      'not-supported',
      `Not supported here: ${unknown.join(', ')}. Supported: ${Object.keys(parameters).join(', ')}`,
      unknown[0],
    )
  return request
}

function readAboutTheAnswer(request: SearchRequest, key: string, value: string, sorts: readonly string[]): boolean {
  if (key === '_count') {
    if (!/^\d{1,9}$/.test(value)) throw new FhirError(400, 'invalid', '_count is not a whole number', '_count')
    request.count = Math.min(Number(value), MOST_COUNT)
    if (request.count === 0) request.countOnly = true
    return true
  }
  if (key === '_page') {
    request.page = value
    return true
  }
  if (key === '_summary') {
    if (value === 'count') request.countOnly = true
    return value === 'count' || value === 'false'
  }
  if (key === '_total') {
    request.total = value === 'accurate'
    return value === 'accurate' || value === 'none'
  }
  if (key === '_sort') {
    const wanted = value.split(',').map((by) => ({ by: by.replace(/^-/, ''), descending: by.startsWith('-') }))
    const known = wanted.filter(({ by }) => sorts.includes(by))
    request.sort.push(...known)
    return known.length === wanted.length
  }
  return key === '_format' || key === '_pretty'
}

/** Values with commas between them; `\,` is a comma, `\|` a bar, `\$` a dollar and `\\` a backslash of the value. Bars stay escaped for `readToken`. */
const splitValues = (value: string) => value.match(/(?:\\.|[^,\\])+|\\$/gs)?.map((each) => each.replace(/\\([,$])/g, '$1')) ?? []

/** `system|code`, `|code` (no system), `system|` (any code of it), `code` (any system). */
export function readToken(value: string): { system?: string; code?: string } {
  const bar = value.search(/(?<!\\)\|/)
  const plain = (text: string) => text.replace(/\\([|\\])/g, '$1')
  if (bar < 0) return { code: plain(value) }
  const code = plain(value.slice(bar + 1))
  return { system: plain(value.slice(0, bar)), ...(code !== '' && { code }) }
}

/** The id of `Patient/123`, of `https://…/Patient/123`, or of `123`; null when it is of another type. */
export function readReference(value: string, type: string): string | null {
  const parts = value.split('/')
  const id = parts.at(-1)!
  return parts.length === 1 || parts.at(-2) === type ? id : null
}
