/**
 * Samples of a waveform as bytes: whole numbers that fit take two bytes each, anything else eight. The first byte says which.
 */
const INT16 = 1
const FLOAT64 = 2
/** Stands for a sample that the device marked invalid. No sensor of 16 bits sends its lowest value as a measurement. */
const INVALID_INT16 = -32_768

export function packSamples(samples: readonly (number | null)[]): Buffer {
  if (samples.every((sample) => sample === null || (Number.isInteger(sample) && sample > INVALID_INT16 && sample <= 32_767))) {
    const bytes = Buffer.allocUnsafe(1 + samples.length * 2)
    bytes[0] = INT16
    for (const [i, sample] of samples.entries()) bytes.writeInt16LE(sample ?? INVALID_INT16, 1 + i * 2)
    return bytes
  }
  const bytes = Buffer.allocUnsafe(1 + samples.length * 8)
  bytes[0] = FLOAT64
  for (const [i, sample] of samples.entries()) bytes.writeDoubleLE(sample ?? Number.NaN, 1 + i * 8)
  return bytes
}

/** Throws a RangeError when these bytes were not made by `packSamples`. */
export function unpackSamples(bytes: Buffer): (number | null)[] {
  if (bytes[0] === INT16)
    return Array.from({ length: (bytes.length - 1) / 2 }, (_, i) => {
      const sample = bytes.readInt16LE(1 + i * 2)
      return sample === INVALID_INT16 ? null : sample
    })
  if (bytes[0] === FLOAT64)
    return Array.from({ length: (bytes.length - 1) / 8 }, (_, i) => {
      const sample = bytes.readDoubleLE(1 + i * 8)
      return Number.isNaN(sample) ? null : sample
    })
  throw new RangeError(`samples of an unknown kind ${bytes[0]}`)
}

/** The instant after the last sample: sample k was taken at start + k / rateHz. */
export const waveEnd = (wave: { start: number; rateHz: number; samples: readonly unknown[] }): number =>
  Math.ceil(wave.start + (wave.samples.length * 1000) / wave.rateHz)

/** How far before a time asked for a block may begin and still reach into it: longer ones are found from their start only. */
export const LONGEST_BLOCK_MS = 10 * 60_000
