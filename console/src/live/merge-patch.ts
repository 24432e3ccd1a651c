/**
 * JSON merge patch [STD RFC 7396], without changing what was there: parts that stay the same keep their identity, so that
 * whoever shows them need not draw again.
 *
 * A null in the patch removes the member. A value that "is null" in the hub's words is therefore simply not there afterwards;
 * readers here treat both alike.
 */
export function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return patch
  const before = isObject(target) ? target : {}
  let after: Record<string, unknown> | null = isObject(target) ? null : {}
  for (const [key, change] of Object.entries(patch)) {
    if (key === '__proto__') continue
    if (change === null) {
      if (Object.hasOwn(before, key)) {
        after ??= { ...before }
        delete after[key]
      }
      continue
    }
    const was = Object.hasOwn(before, key) ? before[key] : undefined
    const is = mergePatch(was, change)
    if (is !== was || !Object.hasOwn(before, key)) {
      after ??= { ...before }
      after[key] = is
    }
  }
  return after ?? before
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
