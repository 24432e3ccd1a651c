import type { RefusalRecord } from '@wardline/devices/messages/records.ts'
import type pg from 'pg'
import { transaction } from '../../platform/database/database.ts'
import type { Letters } from '../letters/letters.ts'
import type { LetterSummary } from '../live.ts'
import { isRecordOf, recordFaults } from './checks.ts'
import type { StreamWork } from './stream-work.ts'

/** What a gateway refused becomes a dead letter here, under its own number. */
export function refusalsWork({ letters, pool }: { letters: Letters; pool: pg.Pool }): StreamWork<RefusalRecord> {
  return {
    stream: 'refusals',
    check: (record): record is RefusalRecord => isRecordOf('refusals', record),
    faults: (record) => recordFaults('refusals', record),
    async store({ gateway, spool }, taken, commit) {
      let written: LetterSummary[] = []
      await transaction(pool, async (tx) => {
        written = await letters.record(
          tx,
          taken.map(({ position, record: { raw, bytes, id, kind, ...said } }) => ({
            ...said,
            origin: `${gateway}/${spool}/refusals/${position}`,
            gateway,
            raw: { base64: raw, bytes },
          })),
        )
        await commit(tx)
      })
      return () => letters.tell(written)
    },
  }
}
