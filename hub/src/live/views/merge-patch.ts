/**
 * JSON merge patches [STD RFC 7396]: an object says what changed in an object, null takes a key away, arrays and all else replace.
 * Values here never hold null as a member of an object (it could not be told from "take away"); inside arrays it is a value like any other.
 */
export type Json = string | number | boolean | null | Json[] | { [key: string]: Json | undefined }
type JsonObject = { [key: string]: Json | undefined }

const isObject = (value: unknown): value is JsonObject => typeof value === 'object' && value !== null && !Array.isArray(value)

/** What turns `from` into `to`; undefined when nothing does, because they are equal. A member that is undefined counts as not there. */
export function difference(from: object, to: object): JsonObject | undefined {
  if (from === to) return undefined
  const a = from as JsonObject
  const b = to as JsonObject
  let patch: JsonObject | undefined
  for (const key in b) {
    const is = own(b, key)
    if (is === undefined) continue
    const was = own(a, key)
    if (was === is) continue
    let change: Json | undefined
    if (isObject(is) && isObject(was)) change = difference(was, is)
    else if (!sameValue(was, is)) change = is
    if (change === undefined) continue
    patch ??= {}
    set(patch, key, change)
  }
  for (const key in a) {
    if (own(a, key) === undefined || own(b, key) !== undefined) continue
    patch ??= {}
    set(patch, key, null)
  }
  return patch
}

/** Deep equality of values that are not both objects. */
function sameValue(a: Json | undefined, b: Json | undefined): boolean {
  if (a === b) return true
  if (Array.isArray(a) && Array.isArray(b)) {
    if (a.length !== b.length) return false
    // Sparklines grow at the end: the ends differ first.
    for (let i = a.length - 1; i >= 0; i--) if (!sameValue(a[i], b[i])) return false
    return true
  }
  return isObject(a) && isObject(b) && difference(a, b) === undefined
}

/** The target with the patch applied, as RFC 7396 section 2 has it; the target itself is not changed. */
export function merge(target: unknown, patch: unknown): Json {
  if (!isObject(patch)) return patch as Json
  const merged: JsonObject = isObject(target) ? { ...target } : {}
  for (const key of Object.keys(patch)) {
    const change = patch[key]
    if (change === null || change === undefined) delete merged[key]
    else set(merged, key, merge(own(merged, key), change))
  }
  return merged
}

const own = (object: JsonObject, key: string): Json | undefined => (Object.hasOwn(object, key) ? object[key] : undefined)

/** A key that is called `__proto__` is a key like any other. */
function set(object: JsonObject, key: string, value: Json): void {
  if (key === '__proto__') Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true })
  else object[key] = value
}
