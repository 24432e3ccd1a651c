import { createHash } from 'node:crypto'

/**
 * Logical ids [STD FHIR R4 id: 1 to 64 of A-Z a-z 0-9 - .] that are made from what a record is known by, and read back from it.
 *
 * Letters and digits stand for themselves, one `kept` character becomes a dot, every other byte is `-` and two hex digits. What would be
 * too long becomes `-h` and the beginning of its SHA-256, which has to be looked up; `-h` is no hex, so the two never meet.
 */
export interface IdCodec {
  encode(text: string): string
  /** The text; or the hash by which to look it up; or null when no id of ours looks like this. */
  decode(id: string): { text: string } | { hash: string } | null
}

export const hashOf = (text: string, digits: number) => createHash('sha256').update(text).digest('hex').slice(0, digits)

export function idCodec({ kept, longest, hashDigits }: { kept: string; longest: number; hashDigits: number }): IdCodec {
  const encode = (text: string) => {
    const written = [...text]
      .map((char) => {
        if (/[A-Za-z0-9]/.test(char)) return char
        if (char === kept) return '.'
        return [...Buffer.from(char)].map((byte) => `-${byte.toString(16).padStart(2, '0')}`).join('')
      })
      .join('')
    return written.length <= longest ? written : `-h${hashOf(text, hashDigits)}`
  }
  return {
    encode,
    decode(id) {
      const hash = /^-h([0-9a-f]+)$/.exec(id)?.[1]
      if (hash !== undefined) return hash.length === hashDigits ? { hash } : null
      if (id === '' || id.length > longest || !/^(?:[A-Za-z0-9.]|-[0-9a-f]{2})+$/.test(id)) return null
      const spelt = id.match(/-[0-9a-f]{2}|./g)!
      const text = Buffer.concat(
        spelt.map((part) => (part.length === 3 ? Buffer.from(part.slice(1), 'hex') : Buffer.from(part === '.' ? kept : part))),
      ).toString()
      // Only the one spelling that we would write ourselves is an id.
      return encode(text) === id ? { text } : null
    },
  }
}

/** A bed: `ICU2^R204^B1^HOSP` is `ICU2.R204.B1.HOSP`. */
export const locationId = idCodec({ kept: '^', longest: 64, hashDigits: 24 })
/** A device: its EUI-64 stands for itself. Short enough to be part of an Observation's id. */
export const deviceId = idCodec({ kept: '^', longest: 26, hashDigits: 24 })
const pathId = idCodec({ kept: '.', longest: 22, hashDigits: 20 })

export interface ReadingKey {
  device: string
  path: string
  at: number
}

/**
 * An Observation is known by its instant, path and device: `mk2f0a3c-o1.2.1.1-o0012210000BB0007`. `-o` is no hex, so it stands in no part.
 * At most 11 + 2 + 22 + 2 + 26 characters.
 */
export const observationId = ({ at, path, device }: ReadingKey) =>
  `${at.toString(36)}-o${pathId.encode(path)}-o${deviceId.encode(device)}`

export function readObservationId(id: string) {
  const parts = id.split('-o')
  const [instant, path, device] = parts
  if (parts.length !== 3 || !/^[0-9a-z]{1,11}$/.test(instant!)) return null
  const at = Number.parseInt(instant!, 36)
  const [readPath, readDevice] = [pathId.decode(path!), deviceId.decode(device!)]
  if (!readPath || !readDevice || at.toString(36) !== instant || at > 8_640_000_000_000_000) return null
  return { at, device: readDevice, isPath: (candidate: string) => pathId.encode(candidate) === path }
}
