/**
 * Why a message, or one of its rows, is not taken. Each has its condition code [STD HL7 table 0357], severity [STD HL7 table 0516] and
 * whether the sender should try again: `never` (the same bytes will be refused again), `later`, or `ask` (nobody knows whether it was applied).
 */
export const refusals = {
  UNPARSEABLE: { condition: 100, severity: 'E', answer: 'R', retry: 'never', says: 'This is not an HL7 v2 message' },
  TOO_LARGE: { condition: 207, severity: 'E', answer: 'R', retry: 'never', says: 'The message is larger than 1 MiB' },
  TOO_MANY_ROWS: {
    condition: 198,
    severity: 'E',
    answer: 'R',
    retry: 'never',
    says: 'The message has more than 5000 segments of one kind',
  },
  UNSUPPORTED_MESSAGE: {
    condition: 200,
    severity: 'E',
    answer: 'R',
    retry: 'never',
    says: 'Messages of this type are not taken here',
  },
  UNSUPPORTED_VERSION: {
    condition: 203,
    severity: 'E',
    answer: 'R',
    retry: 'never',
    says: 'This version of HL7 is not taken for this message',
  },
  UNKNOWN_SENDER: { condition: 204, severity: 'E', answer: 'R', retry: 'later', says: 'The sender in MSH-3 is not registered' },
  CHARSET: { condition: 103, severity: 'E', answer: 'R', retry: 'never', says: 'The character set in MSH-18 cannot be read' },
  MISSING_FIELD: { condition: 101, severity: 'E', answer: 'E', retry: 'never', says: 'A required field is missing' },
  BAD_VALUE: { condition: 102, severity: 'E', answer: 'E', retry: 'never', says: 'A value cannot be read' },
  BAD_UNIT: { condition: 103, severity: 'E', answer: 'E', retry: 'never', says: 'A unit does not fit its measurement' },
  BAD_INTERVAL: { condition: 102, severity: 'E', answer: 'E', retry: 'never', says: 'The end is not after the start' },
  DUPLICATE: { condition: 205, severity: 'I', answer: 'A', retry: 'never', says: 'This message was taken before' },
  DUPLICATE_ID_REUSED: {
    condition: 205,
    severity: 'E',
    answer: 'E',
    retry: 'never',
    says: 'This message id was used before for another message',
  },
  SPOOL_FULL: { condition: 207, severity: 'E', answer: 'R', retry: 'later', says: 'There is no room to keep the message' },
  UNSOLICITED_ACK: {
    condition: 207,
    severity: 'W',
    answer: 'A',
    retry: 'never',
    says: 'An acknowledgement that nobody waits for',
  },
  INTERNAL: { condition: 207, severity: 'E', answer: 'R', retry: 'ask', says: 'The message could not be worked on' },
} as const satisfies Record<
  string,
  { condition: number; severity: 'I' | 'W' | 'E' | 'F'; answer: 'A' | 'E' | 'R'; retry: 'never' | 'later' | 'ask'; says: string }
>

export type RefusalCode = keyof typeof refusals

/** Where in the message [STD HL7 v2.6, ERL]: segment, which one of its name (from 1), field, repetition, component. */
export interface Location {
  segment: string
  sequence?: number
  field?: number
  repetition?: number
  component?: number
}

/** The whole message was not taken. */
export interface Refusal {
  code: RefusalCode
  says: string
  location?: Location
}

/** One row was dropped; the rest of the message stands. */
export interface RowProblem {
  code: RefusalCode
  says: string
  location?: Location
}

/** A refusal with its standard sentence, or a sharper one. */
export function refusal(code: RefusalCode, says?: string, location?: Location): Refusal {
  return location ? { code, says: says ?? refusals[code].says, location } : { code, says: says ?? refusals[code].says }
}

/** [STD HL7 table 0357] Display names of the codes used here. */
export const conditionText: Record<number, string> = {
  0: 'Message accepted',
  100: 'Segment sequence error',
  101: 'Required field missing',
  102: 'Data type error',
  103: 'Table value not found',
  198: 'Non-Conformant Cardinality',
  200: 'Unsupported message type',
  203: 'Unsupported version id',
  204: 'Unknown key identifier',
  205: 'Duplicate key identifier',
  207: 'Application internal error',
}
