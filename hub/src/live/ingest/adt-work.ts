/** What ADT messages do: the decision of `modules/inpatient`, a row for each message, the beds on the wall, devices that come off. */
import type { AdtRecord } from '@wardline/devices/messages/records.ts'
import type pg from 'pg'
import { eventTime } from '../../modules/inpatient/model.ts'
import { type AdtResult, applyAdt } from '../../modules/inpatient/service.ts'
import { transaction } from '../../platform/database/database.ts'
import { type Associations, adoptStay, endAssociationsOf, moveAssociations } from '../associations/associations.ts'
import type { BedLook } from './bed-looks.ts'
import { isRecordOf, recordFaults } from './checks.ts'
import type { Source, StreamWork, Taken } from './stream-work.ts'

export interface AdtOptions {
  associations: Associations
  lookAtBed: BedLook
  pool: pg.Pool
  log: { warn(o: object, m: string): void }
}

export function adtWork({ associations, lookAtBed, pool, log }: AdtOptions): StreamWork<AdtRecord> {
  return {
    stream: 'adt',
    check: (record): record is AdtRecord => isRecordOf('adt', record),
    faults: (record) => recordFaults('adt', record),

    async store(source, taken, commit) {
      const beds = new Set<string>()
      const devices = new Set<string>()
      let changed = false
      await transaction(pool, async (tx) => {
        for (const each of taken) {
          const result = await applyOne(tx, source, each)
          if (!result) continue
          changed ||= result.outcome === 'applied'
          for (const bed of result.beds) beds.add(bed)
          const { disconnect, merged } = result
          if (disconnect)
            for (const device of await endAssociationsOf(tx, disconnect.patients, disconnect.at)) devices.add(device)
          if (result.patient) for (const device of await adoptStay(tx, result.patient)) devices.add(device)
          if (result.patient && merged.length)
            for (const device of await moveAssociations(tx, merged, result.patient)) devices.add(device)
        }
        await commit(tx)
      })
      return () => {
        if (!changed) return
        associations.register.forgetPatients()
        associations.register.askAgain()
        show([...beds], [...devices])
      }
    },
  }

  /** Each bed as it is now, and the devices that came off. What fails is put right by the next message or the next start. */
  function show(beds: readonly string[], devices: readonly string[]): void {
    const shown = Promise.all(beds.map(lookAtBed))
    associations.register.forget(devices)
    Promise.all([shown, associations.refresh(devices)]).catch((error: unknown) =>
      log.warn({ err: error }, 'beds could not be shown'),
    )
  }
}

/** Apply one message and write its row. Null when its row is there already (sent in again by hand). */
async function applyOne(
  tx: pg.PoolClient,
  { gateway, spool }: Source,
  { position, record }: Taken<AdtRecord>,
): Promise<AdtResult | null> {
  const result = (await isRepeated(tx, record))
    ? { outcome: 'not-applied' as const, says: 'the same message came before', beds: [], merged: [] }
    : await applyAdt(tx, record)
  const { rowCount } = await tx.query(
    `insert into adt_message (gateway, spool, position, sender, message_id, event, at, received_at, outcome, says, record)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) on conflict do nothing`,
    [
      gateway,
      spool,
      position,
      record.sender,
      record.id,
      record.event,
      new Date(eventTime(record)),
      new Date(record.receivedAt),
      result.outcome,
      result.says,
      JSON.stringify(record),
    ],
  )
  return rowCount ? result : null
}

/** Exactly the same message under another number: its sender gave up waiting for the acknowledgement and sent it by another gateway, or later. */
async function isRepeated(tx: pg.PoolClient, record: AdtRecord): Promise<boolean> {
  const { receivedAt, ...said } = record
  const { rowCount } = await tx.query(
    `select 1 from adt_message where sender = $1 and message_id = $2 and record - 'receivedAt' = $3::jsonb limit 1`,
    [record.sender, record.id, JSON.stringify(said)],
  )
  return Boolean(rowCount)
}
