import { boolean, index, integer, pgTable, text, timestamp, uniqueIndex, uuid } from 'drizzle-orm/pg-core'

const instant = (name: string) => timestamp(name, { withTimezone: true, precision: 3 })

/** A person as the site knows them. Names and dates come from ADT; a patient first heard of in a device message has an identifier only. */
export const patient = pgTable('patient', {
  id: uuid('id').primaryKey().defaultRandom(),
  family: text('family'),
  given: text('given'),
  /** FHIR administrative-gender. */
  sex: text('sex', { enum: ['male', 'female', 'other', 'unknown'] }),
  /** YYYY, YYYY-MM or YYYY-MM-DD. */
  birthDate: text('birth_date'),
  died: boolean('died').notNull().default(false),
  /** Set by A40: this record's identifiers now belong to that one. */
  mergedInto: uuid('merged_into'),
  version: integer('version').notNull().default(1),
  /** Event time of the newest ADT message applied: an older one changes nothing. */
  saidAt: instant('said_at'),
  updatedAt: instant('updated_at').notNull().defaultNow(),
})

/** HL7 CX: unique by assigning authority and value. An identifier belongs to one patient at a time. */
export const patientIdentifier = pgTable(
  'patient_identifier',
  {
    authority: text('authority').notNull().default(''),
    value: text('value').notNull(),
    type: text('type'),
    patientId: uuid('patient_id')
      .notNull()
      .references(() => patient.id),
  },
  (t) => [uniqueIndex('patient_identifier_key').on(t.authority, t.value), index('patient_identifier_patient').on(t.patientId)],
)
