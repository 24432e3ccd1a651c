/** What Prometheus reads at `/metrics`. Names begin with `gateway_`; sizes in bytes, times in seconds. */
import { type StreamName, streamNames } from '@wardline/devices/streams.ts'
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import type { Duplicates } from '../duplicates/duplicates.ts'
import type { MllpListener } from '../hl7/listener.ts'
import type { Reception } from '../hl7/reception.ts'
import type { Spool, SpoolWatch } from '../spool/spool.ts'
import type { Uplink } from '../uplink/uplink.ts'

export interface Watched {
  spool: Spool
  reception: Reception
  duplicates: Duplicates
  listener: MllpListener
  uplink: Uplink
}

export class Metrics {
  readonly registry = new Registry()
  readonly #written: Histogram<'stream'>
  readonly #records: Counter<'stream'>
  readonly #dropped: Counter<'stream' | 'reason'>

  constructor() {
    const registers = [this.registry]
    collectDefaultMetrics({ register: this.registry })
    const buckets = [0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 1, 5]
    const help = 'Time from the start of a group write until the disk had it'
    this.#written = new Histogram({ name: 'gateway_spool_write_seconds', help, labelNames: ['stream'], buckets, registers })
    this.#records = new Counter({
      name: 'gateway_spool_records_total',
      help: 'Records put on disk',
      labelNames: ['stream'],
      registers,
    })
    this.#dropped = new Counter({
      name: 'gateway_dropped_records_total',
      help: 'Records given up before the hub had them',
      labelNames: ['stream', 'reason'],
      registers,
    })
  }

  /** What the spool tells while it works. */
  readonly watch: SpoolWatch = {
    written: (stream, ms, records) => {
      this.#written.observe({ stream }, ms / 1000)
      this.#records.inc({ stream }, records)
    },
    dropped: (stream, reason, records) => this.#dropped.inc({ stream, reason }, records),
  }

  /** The rest is read when somebody asks. */
  observe({ spool, reception, duplicates, listener, uplink }: Watched): void {
    const registers = [this.registry]
    const number = (name: string, help: string, value: () => number) =>
      new Gauge({
        name,
        help,
        registers,
        collect() {
          this.set(value())
        },
      })
    const byStream = (name: string, help: string, value: (stream: StreamName) => number) =>
      new Gauge({
        name,
        help,
        labelNames: ['stream'],
        registers,
        collect() {
          for (const stream of streamNames) this.set({ stream }, value(stream))
        },
      })
    number('gateway_messages_accepted_total', 'Messages whose records are in the spool', () => reception.accepted)
    number('gateway_messages_duplicate_total', 'Messages that were taken before', () => reception.duplicates)
    number('gateway_rows_dropped_total', 'Rows dropped from accepted messages', () => reception.rowsDropped)
    new Gauge({
      name: 'gateway_messages_refused_total',
      help: 'Messages refused, by the name of the refusal',
      labelNames: ['code'],
      registers,
      collect() {
        for (const [code, count] of reception.refusedBy) this.set({ code }, count)
      },
    })
    number('gateway_mllp_connections', 'MLLP connections now', () => listener.connections)
    number('gateway_mllp_junk_bytes_total', 'Bytes between MLLP frames', () => listener.junkBytes)
    new Gauge({
      name: 'gateway_mllp_closed_total',
      help: 'MLLP connections closed by the gateway, by reason',
      labelNames: ['reason'],
      registers,
      collect() {
        for (const [reason, count] of Object.entries(listener.closed)) this.set({ reason }, count)
      },
    })
    number('gateway_spool_bytes', 'Bytes of the spool', () => spool.bytes)
    number('gateway_spool_limit_bytes', 'SPOOL_LIMIT_BYTES', () => spool.limitBytes)
    number('gateway_spool_ok', '0 while the disk cannot be written', () => (spool.trouble ? 0 : 1))
    byStream('gateway_spool_stream_bytes', 'Bytes of the spool by stream', (stream) => spool.lanes[stream].bytes)
    byStream('gateway_backlog_records', 'Records on disk that the hub has not stored', (stream) => {
      const lane = spool.lanes[stream]
      return lane.durable - lane.committed
    })
    byStream('gateway_unstored_bytes', 'Bytes sent that the hub has not stored', (stream) => uplink.sender(stream).flyingBytes)
    number('gateway_uplink_connected', '1 while connected to the broker', () => (uplink.state.connected ? 1 : 0))
    number('gateway_uplink_heard_seconds', 'Time since the hub last said where the streams stand; -1: never', () => {
      const { heardAt } = uplink.state
      return heardAt === undefined ? -1 : (Date.now() - heardAt) / 1000
    })
    number('gateway_uplink_batches_total', 'Batches sent', () => uplink.state.batches)
    number('gateway_uplink_bytes_total', 'Bytes of batches sent', () => uplink.state.bytes)
    number('gateway_duplicate_ids_evicted_total', 'Ids that gave way before they were old', () => duplicates.table.evicted)
  }
}
