/** What waveform records do: the wall's sweep at once, the 72 h ring of the history. They make no device and open no association: readings do. */
import type { WaveRecord } from '@wardline/devices/messages/records.ts'
import type pg from 'pg'
import { identifierKey } from '../../modules/records/model.ts'
import type { StoredWave, Timeline } from '../../platform/timeline/timeline.ts'
import type { Associations } from '../associations/associations.ts'
import { associationAt } from '../associations/model.ts'
import type { Live } from '../live.ts'
import { isRecordOf, recordFaults } from './checks.ts'
import type { StreamWork } from './stream-work.ts'

export interface WavesOptions {
  timeline: Pick<Timeline, 'writeWaves'>
  associations: Associations
  live: Pick<Live, 'wave'>
  pool: pg.Pool
}

const isUnreal = (record: WaveRecord) => record.flags?.some((flag) => flag === 'test' || flag === 'from_future')

export function wavesWork({ timeline, associations, live, pool }: WavesOptions): StreamWork<WaveRecord> {
  const { register } = associations
  /** Whose they are, when nobody disputes it; else they are kept without a patient. */
  function patientOf(record: WaveRecord, at: number): string | undefined {
    const device = register.get(record.device)
    const association = device && !device.conflict ? associationAt(device.associations, at) : undefined
    if (!association) return undefined
    return !record.patient || register.patientOf(identifierKey(record.patient)) === association.patient
      ? association.patient
      : undefined
  }
  return {
    stream: 'waves',
    check: (record): record is WaveRecord => isRecordOf('waves', record),
    faults: (record) => recordFaults('waves', record),
    hear({ gateway }, { record }) {
      if (!isUnreal(record)) live.wave({ gateway, device: record.device, receivedAt: record.receivedAt, blocks: record.blocks })
    },
    async store(_source, taken, commit) {
      const real = taken.map(({ record }) => record).filter((record) => !isUnreal(record))
      await register.load(
        pool,
        real.map((record) => record.device),
      )
      await register.loadPatients(
        pool,
        real.flatMap(({ patient }) => (patient ? [patient] : [])),
      )
      const waves = real.flatMap((record) =>
        record.blocks.map((block): StoredWave => {
          const patient = patientOf(record, block.start)
          return { ...block, device: record.device, receivedAt: record.receivedAt, ...(patient !== undefined && { patient }) }
        }),
      )
      await timeline.writeWaves(waves, commit)
      return () => {}
    },
  }
}
