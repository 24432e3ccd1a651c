import { sql } from 'drizzle-orm'
import { index, pgTable, text, timestamp, uniqueIndex, uuid } from 'drizzle-orm/pg-core'
import { patient } from '../records/schema.ts'

const instant = (name: string) => timestamp(name, { withTimezone: true, precision: 3 })

/** A bed, named by HL7 PL. `id` is its key on every wall and wire: `pointOfCare^room^bed^facility`. */
export const bed = pgTable('bed', {
  id: text('id').primaryKey(),
  pointOfCare: text('point_of_care').notNull().default(''),
  room: text('room').notNull().default(''),
  bed: text('bed').notNull().default(''),
  facility: text('facility').notNull().default(''),
  updatedAt: instant('updated_at').notNull().defaultNow(),
})

/** A stay or visit (FHIR Encounter). One open encounter lies in a bed at a time: the database refuses a second. */
export const encounter = pgTable(
  'encounter',
  {
    id: uuid('id').primaryKey().defaultRandom(),
    patientId: uuid('patient_id')
      .notNull()
      .references(() => patient.id),
    /** PV1-19, with its authority in front: `authority|value`. */
    visitNumber: text('visit_number'),
    /** FHIR v3-ActCode: IMP, EMER, AMB. */
    class: text('class').notNull(),
    status: text('status', { enum: ['planned', 'in-progress', 'finished', 'cancelled'] }).notNull(),
    bedId: text('bed_id').references(() => bed.id),
    startedAt: instant('started_at'),
    endedAt: instant('ended_at'),
    /** Event time of the newest ADT message applied. */
    saidAt: instant('said_at').notNull(),
  },
  (t) => [
    uniqueIndex('encounter_visit').on(t.visitNumber),
    index('encounter_patient').on(t.patientId),
    uniqueIndex('encounter_one_per_bed').on(t.bedId).where(sql`status = 'in-progress' and bed_id is not null`),
  ],
)
