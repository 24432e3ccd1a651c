/**
 * The newest of each device, for the wall while a backlog stands before the readings. A device says its measurements in messages of
 * a few different shapes (every second; every fifteen minutes with the cuff): the newest of each shape is kept.
 *
 * Kept is the text of the record, not the record: one string instead of a hundred objects, and nothing of the message it was read from.
 */
import type { Now } from '@wardline/devices/messages/envelopes.ts'
import type { ObservationRecord } from '@wardline/devices/messages/records.ts'
import { ownCopy } from '../own-copy.ts'

/** A device with more shapes than this, or a hall with more devices, forgets the oldest. */
const MOST_SHAPES = 4
const MOST_DEVICES = 4_000
/** All that is kept, and one record of it, in characters [DEF]: what senders with made-up names may fill. */
const MOST_KEPT = 24 * 1024 * 1024
const MOST_RECORD = 512 * 1024
/** What was said longer ago than this is not "now". */
const CURRENT_MS = 60_000
/** One message stays well under what brokers take, in characters. */
const MOST_SAID = 1024 * 1024
/** Of one record: a wall shows the last of them. */
const FRAMES = 10

interface Said {
  json: string
  /** Of its last frame. */
  at: number
  receivedAt: number
  /** Since when a backlog stands, when it was sent in this one. */
  sentIn: number
}

export class Newest {
  /** Those sent longest ago come first. */
  #devices = new Map<string, Map<string, Said>>()
  #kept = 0
  #backlog = 1

  /** Characters that are kept. */
  get kept(): number {
    return this.#kept
  }

  /** @param json the record as it was stored. Held or uncharted readings (`from_future`, `test`) are not shown as now. */
  heard(record: ObservationRecord, json: string): void {
    const first = record.frames[0]?.metrics[0]
    if (!first || json.length > MOST_RECORD || record.flags?.some((flag) => flag === 'from_future' || flag === 'test')) return
    let shapes = this.#devices.get(record.device)
    if (!shapes) {
      if (this.#devices.size >= MOST_DEVICES) this.#forgetOldest()
      shapes = new Map()
      this.#devices.set(ownCopy(record.device), shapes)
    }
    const shape = `${first.path}/${record.frames[0]!.metrics.length}`
    const at = record.frames.at(-1)!.at
    const before = shapes.get(shape)
    if (before) {
      if (before.at > at) return
      this.#kept += json.length - before.json.length
      Object.assign(before, { json, at, receivedAt: record.receivedAt, sentIn: 0 })
    } else {
      if (shapes.size >= MOST_SHAPES) {
        const [oldest, said] = shapes.entries().next().value!
        shapes.delete(oldest)
        this.#kept -= said.json.length
      }
      shapes.set(ownCopy(shape), { json, at, receivedAt: record.receivedAt, sentIn: 0 })
      this.#kept += json.length
    }
    while (this.#kept > MOST_KEPT) this.#forgetOldest()
  }

  #forgetOldest(): void {
    const [device, shapes] = this.#devices.entries().next().value!
    this.#devices.delete(device)
    for (const { json } of shapes.values()) this.#kept -= json.length
  }

  /** What is new since the last time, device by device, as much as one message holds; the rest comes first the next time. */
  take(now: number): Now['devices'] {
    const devices: Now['devices'] = []
    let length = 0
    for (const [device, shapes] of this.#devices) {
      const fresh = [...shapes.values()].filter((said) => said.sentIn !== this.#backlog && said.receivedAt >= now - CURRENT_MS)
      if (!fresh.length) continue
      length += fresh.reduce((sum, { json }) => sum + json.length, 0)
      if (length > MOST_SAID && devices.length) break
      const records = fresh.map((said) => {
        said.sentIn = this.#backlog
        return JSON.parse(said.json) as ObservationRecord
      })
      const { receivedAt, patient, location } = records.reduce((a, b) => (b.receivedAt >= a.receivedAt ? b : a))
      const frames = records.flatMap((record) => record.frames.slice(-FRAMES))
      devices.push({ device, receivedAt, ...(patient ? { patient } : {}), ...(location ? { location } : {}), frames })
      this.#devices.delete(device)
      this.#devices.set(device, shapes)
    }
    return devices
  }

  /** There is no backlog: when there is one, all that is current is sent at first. */
  rest(): void {
    this.#backlog++
  }
}
