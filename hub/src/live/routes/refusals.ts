import { refusalsOf } from '../../platform/http/refusals.ts'

export const refusals = refusalsOf('live', {
  LETTER_UNKNOWN: { status: 404, says: 'There is no dead letter {id}', retry: 'never' },
  LETTER_CLOSED: { status: 409, says: 'Dead letter {id} was already dealt with', retry: 'never' },
  LETTER_UNREACHABLE: { status: 503, says: 'The gateway of dead letter {id} cannot be reached now', retry: 'later' },
  DEVICE_UNKNOWN: { status: 404, says: 'No device {device} was ever heard', retry: 'never' },
  PATIENT_UNKNOWN: { status: 422, says: 'There is no such patient', retry: 'never' },
  NOT_ASSOCIATED: { status: 404, says: 'Device {device} is on nobody', retry: 'never' },
  NOT_AN_INSTANT: { status: 400, says: '{field} is not a date that exists', retry: 'never' },
  RANGE_EMPTY: { status: 400, says: 'from must be before to', retry: 'never' },
  RANGE_TOO_LONG: { status: 400, says: 'Ask for at most {limit} at a time', retry: 'never' },
  WHOSE: { status: 400, says: 'Name a device or a patient', retry: 'never' },
})
