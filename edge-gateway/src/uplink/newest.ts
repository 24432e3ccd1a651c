/**
 * The newest of each device, for the wall while a backlog stands before the readings. A device says its measurements in messages of
 * a few different shapes (every second; every fifteen minutes with the cuff): the newest of each shape is kept.
 */
import type { Now } from '@wardline/devices/messages/envelopes.ts'
import type { ObservationRecord } from '@wardline/devices/messages/records.ts'

/** A device with more shapes than this, or a hall with more devices, forgets the oldest. */
const MOST_SHAPES = 4
const MOST_DEVICES = 4_000
/** What was said longer ago than this is not "now". */
const CURRENT_MS = 60_000
/** One message stays well under what brokers take. */
const MOST_FRAMES = 2_000

interface Said {
  record: ObservationRecord
  number: number
}

export class Newest {
  #devices = new Map<string, Map<string, Said>>()
  #count = 0
  #sent = 0

  /** Held or uncharted readings (`from_future`, `test`) are not shown as now. */
  heard(record: ObservationRecord): void {
    const first = record.frames[0]?.metrics[0]
    if (!first || record.flags?.some((flag) => flag === 'from_future' || flag === 'test')) return
    let shapes = this.#devices.get(record.device)
    if (!shapes) {
      if (this.#devices.size >= MOST_DEVICES) this.#devices.delete(this.#devices.keys().next().value!)
      shapes = new Map()
      this.#devices.set(record.device, shapes)
    }
    const shape = `${first.path}/${record.frames[0]!.metrics.length}`
    const before = shapes.get(shape)
    if (before && latest(before.record) > latest(record)) return
    if (!before && shapes.size >= MOST_SHAPES) shapes.delete(shapes.keys().next().value!)
    shapes.set(shape, { record, number: ++this.#count })
  }

  /** What is new since the last time, device by device. */
  take(now: number): Now['devices'] {
    const devices: Now['devices'] = []
    let frames = 0
    for (const [device, shapes] of this.#devices) {
      let newest: ObservationRecord | undefined
      const said: Now['devices'][number]['frames'] = []
      for (const { record, number } of shapes.values()) {
        if (number <= this.#sent || record.receivedAt < now - CURRENT_MS) continue
        if (!newest || record.receivedAt >= newest.receivedAt) newest = record
        said.push(...record.frames.slice(-10))
      }
      if (!newest) continue
      const { receivedAt, patient, location } = newest
      devices.push({ device, receivedAt, ...(patient ? { patient } : {}), ...(location ? { location } : {}), frames: said })
      frames += said.length
      if (frames > MOST_FRAMES) break
    }
    // Cut short: the rest is newest again at its next message, a second from now.
    this.#sent = this.#count
    return devices
  }

  /** There is no backlog: when there is one, all that is current is sent at first. */
  rest(): void {
    this.#sent = 0
  }
}

const latest = (record: ObservationRecord) => record.frames.at(-1)!.at
