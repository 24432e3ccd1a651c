/**
 * Who a message speaks of, and which of two tellings of a person's name is the newer. No database, no clock.
 */
import type { PatientIdentifier } from '@wardline/devices/messages/records.ts'

/** A person's administrative data as the site knows it. */
export interface PatientRecord {
  id: string
  identifiers: { authority: string; value: string; type?: string }[]
  family?: string
  given?: string
  sex?: 'male' | 'female' | 'other' | 'unknown'
  /** YYYY, YYYY-MM or YYYY-MM-DD. */
  birthDate?: string
  died: boolean
  /** Set by a merge (A40): read that record instead. */
  mergedInto?: string
  version: number
  updatedAt: number
}

/** What an ADT message says of a person. What it leaves out stays as it was. */
export interface Demographics {
  family?: string | undefined
  given?: string | undefined
  sex?: PatientRecord['sex'] | undefined
  birthDate?: string | undefined
  died?: boolean | undefined
}

/** An identifier as one string, `authority|value`: the key of caches and what `held_reading.claims` says. */
export const identifierKey = ({ id, authority }: Pick<PatientIdentifier, 'id' | 'authority'>): string =>
  `${authority ?? ''}|${id}`

/** The identifier that `identifierKey` wrote; a text without `|` is a value whose authority is not known. */
export function identifierOf(key: string): { id: string; authority?: string } {
  const bar = key.indexOf('|')
  if (bar < 0) return { id: key }
  const authority = key.slice(0, bar)
  return authority ? { id: key.slice(bar + 1), authority } : { id: key.slice(bar + 1) }
}

/** The identifiers worth looking up, medical record numbers (HL7 table 0203 MR) first, each once, empty ones left out. */
export function orderedIdentifiers(identifiers: readonly PatientIdentifier[]): PatientIdentifier[] {
  const once = new Map<string, PatientIdentifier>()
  for (const identifier of identifiers)
    if (identifier.id !== '' && !once.has(identifierKey(identifier))) once.set(identifierKey(identifier), identifier)
  return [...once.values()].sort((a, b) => Number(b.type === 'MR') - Number(a.type === 'MR'))
}

/**
 * Whether what was said at `at` may change a record whose newest news is of `saidAt`. The same instant may: A01 and A08 of one second
 * are common, and come in order.
 */
export const isNews = (saidAt: number | undefined, at: number): boolean => saidAt === undefined || at >= saidAt
