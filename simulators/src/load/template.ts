/**
 * A rendered message of which only some places change, each of a fixed width: writing the next one is a copy and a few
 * digits, not a rendering.
 */
export interface Place {
  offset: number
  width: number
}

export interface Template {
  /** The whole frame, 0x0B to 0x1C 0x0D. */
  bytes: Buffer
  /** MSH-10, digits. */
  id: Place[]
  /** Where the instant stands as YYYYMMDDHHMMSS.mmm. */
  time: Place[]
  /** Where values stand, with what each may be: digits, the decimal point staying where it is. */
  values: { place: Place; low: number; high: number }[]
}

/** Every place of `text` in `bytes`. Throws a RangeError when it is nowhere, because the template would then never change. */
export function placesOf(bytes: Buffer, text: string): Place[] {
  const places: Place[] = []
  for (let at = bytes.indexOf(text, 0, 'latin1'); at >= 0; at = bytes.indexOf(text, at + 1, 'latin1'))
    places.push({ offset: at, width: text.length })
  if (places.length === 0) throw new RangeError(`"${text}" does not stand in the message`)
  return places
}

/** Writes `value` in exactly `width` digits, with leading zeros. */
export function writeDigits(bytes: Buffer, offset: number, width: number, value: number): void {
  let rest = value
  for (let i = offset + width - 1; i >= offset; i--) {
    const tenth = Math.floor(rest / 10)
    bytes[i] = 48 + rest - tenth * 10
    rest = tenth
  }
}

/** Writes YYYYMMDDHHMMSS.mmm (UTC) at places counted from `base`. The date part is rendered once a second. */
export class TimeWriter {
  private second = Number.NaN
  private readonly text = Buffer.alloc(14)

  write(bytes: Buffer, base: number, places: readonly Place[], at: number): void {
    const second = Math.floor(at / 1000)
    if (second !== this.second) {
      this.second = second
      const iso = new Date(second * 1000).toISOString()
      this.text.write(
        iso.slice(0, 4) + iso.slice(5, 7) + iso.slice(8, 10) + iso.slice(11, 13) + iso.slice(14, 16) + iso.slice(17, 19),
        'latin1',
      )
    }
    const millis = at - second * 1000
    for (const { offset } of places) {
      this.text.copy(bytes, base + offset)
      writeDigits(bytes, base + offset + 15, 3, millis)
    }
  }
}
