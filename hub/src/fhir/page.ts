import { FhirError } from './outcome.ts'

/** What a next link says about where to go on, as one word. */
export const writePage = (page: Record<string, number>): string => Buffer.from(JSON.stringify(page)).toString('base64url')

/**
 * The numbers of a `_page` that we wrote; undefined when there is none.
 * @throws FhirError 400 when it is not ours
 */
export function readPage<Key extends string>(page: string | undefined, keys: readonly Key[]): Record<Key, number> | undefined {
  if (page === undefined) return undefined
  try {
    const read = JSON.parse(Buffer.from(page, 'base64url').toString()) as Record<string, unknown>
    if (keys.every((key) => Number.isSafeInteger(read[key]) && (read[key] as number) >= 0)) return read as Record<Key, number>
  } catch {}
  throw new FhirError(400, 'invalid', '_page is only for following a next link', '_page')
}
