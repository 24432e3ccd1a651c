import { writeAdt } from '@wardline/devices/hl7/adt-write.ts'
import { type Movement, placeOf } from './census.ts'

/** How the hospital's admission system says who lies where, in ADT of version 2.6. */
export class AdtVoice {
  private readonly run: string
  private count = 0

  /** `run` is unlike that of every other run: MSH-10 begins with it. */
  constructor({ run }: { run: string }) {
    this.run = run
  }

  /**
   * The message of one movement that happens at `at`, ms since 1970. The admissions at the start carry the start of the run
   * as their event time, so that they are news after whatever an earlier run said of the same beds.
   */
  message(movement: Movement, at: number): { id: string; bytes: Buffer } {
    const { patient, event, bed } = movement
    const id = `${this.run}-ADT-${++this.count}`
    const location = placeOf(bed)
    const authority = location.facility
    const text = writeAdt({
      id,
      sentAt: at,
      sender: { name: 'ADT1', facility: authority },
      event,
      at,
      patient: {
        identifiers: [{ id: patient.mrn, authority, type: 'MR' }],
        family: patient.family,
        given: patient.given,
        sex: patient.sex,
        birthDate: patient.birthDate,
      },
      visit: {
        class: 'I',
        number: { id: patient.visit, authority, type: 'VN' },
        location,
        admittedAt: at - Math.round((movement.at - patient.admittedAt) * 1000),
        ...(event === 'A02' ? { priorLocation: placeOf(movement.from) } : {}),
        ...(event === 'A03' ? { dischargedAt: at } : {}),
      },
    })
    return { id, bytes: Buffer.from(text) }
  }
}
