import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { deviceId, hashOf, locationId, observationId, readObservationId } from './fhir-id.ts'

/** [STD FHIR R4, id] */
const ID = /^[A-Za-z0-9.-]{1,64}$/
const text = fc.string({ minLength: 1, maxLength: 128, unit: 'grapheme' })

describe('ids', () => {
  test('what people will see stays readable', () => {
    expect(locationId.encode('ICU2^R204^B1^HOSP')).toBe('ICU2.R204.B1.HOSP')
    expect(deviceId.encode('0012210000BB0007')).toBe('0012210000BB0007')
    expect(observationId({ device: '0012210000BB0007', path: '1.2.1.1', at: 1_768_439_730_000 })).toBe(
      'mkercspc-o1.2.1.1-o0012210000BB0007',
    )
  })

  test('any name becomes an id, and two names never the same one', () => {
    fc.assert(
      fc.property(text, text, (one, other) => {
        for (const codec of [locationId, deviceId]) {
          expect(codec.encode(one)).toMatch(ID)
          const read = codec.decode(codec.encode(one))!
          if ('text' in read) expect(read.text).toBe(one)
          else expect(read.hash).toBe(hashOf(one, 24))
          expect(codec.encode(one) === codec.encode(other)).toBe(one === other)
        }
      }),
    )
  })

  test('an observation’s id is read back, whatever device, path and instant', () => {
    fc.assert(
      fc.property(
        text,
        fc.string({ minLength: 1, maxLength: 64 }),
        fc.integer({ min: 0, max: 8_640_000_000_000_000 }),
        (device, path, at) => {
          const id = observationId({ device, path, at })
          expect(id).toMatch(ID)
          const read = readObservationId(id)!
          expect(read.at).toBe(at)
          expect(read.isPath(path)).toBe(true)
          expect(read.isPath(`${path}1`)).toBe(false)
          expect('text' in read.device ? read.device.text : read.device.hash).toBe(
            'text' in read.device ? device : hashOf(device, 24),
          )
        },
      ),
    )
  })

  test('what is no id of ours is none', () => {
    fc.assert(
      fc.property(fc.string(), (id) => {
        const read = readObservationId(id)
        if (read) expect(id).toMatch(ID)
        const place = locationId.decode(id)
        if (place && 'text' in place) expect(locationId.encode(place.text)).toBe(id)
      }),
    )
    for (const id of ['', '-h', '-h12', 'a_b', 'A-2D', '-zz', 'x'.repeat(65)]) expect(locationId.decode(id), id).toBeNull()
  })
})
