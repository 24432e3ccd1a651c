/**
 * Refusals have names and say whether to try again (docs: house style 7). A module declares its table once; each door translates:
 * problem details over HTTP, OperationOutcome over FHIR.
 *
 *   export const refusals = refusalsOf('live', { LETTER_UNKNOWN: { status: 404, says: 'No dead letter {id}', retry: 'never' } })
 *   throw refusals.LETTER_UNKNOWN({ id })
 */
export interface RefusalEntry {
  /** HTTP status, 400-599. */
  status: number
  /** One sentence; `{name}` is replaced by the value given. Never put a patient's name in. */
  says: string
  /** never: it will be refused again. later: the same may succeed. ask: it may or may not have happened. */
  retry: 'never' | 'later' | 'ask'
}

export class Refusal extends Error {
  readonly code: string
  readonly module: string
  readonly status: number
  readonly retry: RefusalEntry['retry']
  constructor(module: string, code: string, entry: RefusalEntry, says: string) {
    super(says)
    this.name = 'Refusal'
    this.module = module
    this.code = code
    this.status = entry.status
    this.retry = entry.retry
  }
}

type KeysOf<Says extends string> = Says extends `${string}{${infer Key}}${infer Rest}` ? Key | KeysOf<Rest> : never
type Build<Says extends string> = [KeysOf<Says>] extends [never]
  ? () => Refusal
  : (values: Record<KeysOf<Says>, string | number>) => Refusal

/** A function for each entry, which wants exactly the values that its sentence names. */
export function refusalsOf<const Table extends Record<string, RefusalEntry>>(
  module: string,
  table: Table,
): { [Code in keyof Table]: Build<Table[Code]['says']> } {
  const build =
    (code: string, entry: RefusalEntry) =>
    (values: Record<string, string | number> = {}) =>
      new Refusal(
        module,
        code,
        entry,
        entry.says.replace(/\{(\w+)\}/g, (_, key: string) => String(values[key] ?? '')),
      )
  return Object.fromEntries(Object.entries(table).map(([code, entry]) => [code, build(code, entry)])) as never
}
