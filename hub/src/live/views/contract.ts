/**
 * What a wall or a desk sees: the hub's published socket contract. These schemas are in `/openapi.json`
 * (components.schemas) and the console's types are generated from there.
 *
 * Socket.IO, WebSocket transport, path `/socket.io`. Client → hub, with acknowledgement:
 *   `open`  { view, params? } → { ok: true } | { ok: false, problem }     then the hub sends a snapshot
 *   `close` { view }
 *   `resync` { view }         → a fresh snapshot (after a gap in the numbers)
 * Hub → client:
 *   `snapshot` Snapshot, `patch` Patch, `beat` Beat (every second), `wave` Wave
 *
 * A patch is numbered one after the snapshot or patch before it. A gap means: ask for a snapshot. Each entry of `set` is a JSON
 * merge patch (RFC 7396) of that item, or the whole item when it is new.
 */

import { slots } from '@wardline/devices/codes/metrics.ts'
import { alarmKinds, inactivations, priorities } from '@wardline/devices/messages/records.ts'
import Type, { type Static } from 'typebox'

const Instant = Type.Integer({ minimum: 0, description: 'ms since 1970-01-01T00:00:00Z' })

export const viewNames = ['critical-care', 'feeds'] as const
export type ViewName = (typeof viewNames)[number]

/** How a number is doing. The client ages it further by its own clock: see `fresh`. */
export const LiveMetric = Type.Object({
  /**
   * Left out: there is no value (never 0 for missing). In a merge patch `"value": null` is how it is left out, as RFC 7396 has it;
   * read it as `metric.value ?? null`.
   */
  value: Type.Optional(Type.Union([Type.Number(), Type.Null()])),
  unit: Type.String(),
  code: Type.Integer(),
  path: Type.String(),
  /**
   * When it was measured at the device, and received by the gateway, both by the hub's clock: a device's or gateway's clock that is known to
   * be wrong is corrected here (BedItem.device.clockOffsetMs says by how much), so that an age is `now - at`. History keeps both as sent.
   */
  at: Instant,
  receivedAt: Instant,
  /** OBX-8 code (INV, QUES, ...) or `absent`, `implausible`; left out when good. */
  quality: Type.Optional(Type.String()),
  bound: Type.Optional(Type.Enum(['>', '<'])),
  /** The device's limits in force, low and high. */
  limits: Type.Optional(Type.Tuple([Type.Union([Type.Number(), Type.Null()]), Type.Union([Type.Number(), Type.Null()])])),
  /** Ages in ms at which it is DELAYED (dim), STALE (crossed), LOST. */
  fresh: Type.Object({ delayedMs: Type.Integer(), staleMs: Type.Integer(), lostMs: Type.Integer() }),
})
export type LiveMetric = Static<typeof LiveMetric>

export const WallAlarm = Type.Object({
  /** The same on every bed that one cause is about (a gateway that is down): count an id once. */
  id: Type.String(),
  priority: Type.Enum(priorities),
  kind: Type.Enum(alarmKinds),
  text: Type.String(),
  /** The condition now: active, or latched (it ended and still shows). */
  state: Type.Enum(['active', 'latched']),
  inactivation: Type.Enum(inactivations),
  /** device: said by the monitor; technical: found by Wardline (stale, disconnected, gateway down, ...). */
  source: Type.Enum(['device', 'technical']),
  since: Instant,
  receivedAt: Instant,
  /** It reached the hub more than 60 s after it happened. */
  late: Type.Optional(Type.Boolean()),
})
export type WallAlarm = Static<typeof WallAlarm>

/** View `critical-care`: one item for each bed, and for each device that is at no bed. Item id = bed key or `device:<id>`. */
export const BedItem = Type.Object({
  id: Type.String(),
  /** PV1-3 point of care; '' for a device at no bed. */
  unit: Type.String(),
  room: Type.String(),
  bed: Type.String(),
  /** What to write on the tile, for example `ICU2 204-1`; for a device at no bed its name. */
  label: Type.String(),
  /** False: a device that nobody placed ("unassigned device"). */
  assigned: Type.Boolean(),
  /** Initials only, unless the site shows names. */
  patient: Type.Optional(
    Type.Object({
      initials: Type.String(),
      name: Type.Optional(Type.String()),
      sex: Type.Optional(Type.String()),
      ageYears: Type.Optional(Type.Integer()),
    }),
  ),
  device: Type.Optional(
    Type.Object({
      id: Type.String(),
      connectivity: Type.Enum(['online', 'silent', 'offline']),
      lastSeenAt: Instant,
      clockOffsetMs: Type.Optional(Type.Number()),
      gateway: Type.String(),
    }),
  ),
  metrics: Type.Record(Type.String(), LiveMetric, { description: `Keys: ${slots.join(', ')}` }),
  /** Worst first. */
  alarms: Type.Array(WallAlarm),
  /** Sparklines, by slot: [minute as ms, mean] pairs, oldest first, the last hour; a minute without values is not there. */
  trends: Type.Record(Type.String(), Type.Array(Type.Tuple([Instant, Type.Number()]))),
  /** Waveforms this bed sends; their samples come as `wave` events. */
  waves: Type.Array(
    Type.Object({ code: Type.Integer(), label: Type.String(), unit: Type.Optional(Type.String()), rateHz: Type.Number() }),
  ),
  /** 0 = nothing wants a person; the larger the worse. Sort by it (descending), then by unit, room, bed. */
  attention: Type.Integer({ minimum: 0 }),
  /** The newest instant anything about this bed was heard. */
  asOf: Instant,
})
export type BedItem = Static<typeof BedItem>

/** View `feeds`: one item for each gateway (`gateway:<id>`), device (`device:<id>`), sender (`sender:<gateway>:<MSH-3>`) and recent refusal (`refusal:<id>`). */
export const FeedItem = Type.Union([
  Type.Object({
    kind: Type.Literal('gateway'),
    id: Type.String(),
    gateway: Type.String(),
    enrolled: Type.Boolean(),
    state: Type.Enum(['online', 'offline', 'unknown']),
    /** When its state last changed, and when it was last heard. */
    since: Instant,
    asOf: Instant,
    version: Type.String(),
    connections: Type.Integer(),
    accepted: Type.Integer(),
    refused: Type.Integer(),
    duplicates: Type.Integer(),
    /** Messages taken in each second, over the last ten. */
    ratePerS: Type.Number(),
    spoolBytes: Type.Integer(),
    spoolLimitBytes: Type.Integer(),
    streams: Type.Array(
      Type.Object({
        stream: Type.String(),
        first: Type.Integer(),
        last: Type.Integer(),
        committed: Type.Integer(),
        /** Records that wait in the spool, their bytes, the age of the oldest. */
        waiting: Type.Integer(),
        bytes: Type.Integer(),
        oldestAt: Type.Optional(Instant),
        dropped: Type.Integer(),
      }),
    ),
  }),
  Type.Object({
    kind: Type.Literal('device'),
    id: Type.String(),
    device: Type.String(),
    model: Type.Optional(Type.String()),
    gateway: Type.String(),
    bed: Type.Optional(Type.String()),
    connectivity: Type.Enum(['online', 'silent', 'offline']),
    asOf: Instant,
    messages: Type.Integer(),
    ratePerS: Type.Number(),
    metrics: Type.Integer(),
    unmapped: Type.Integer(),
    clockOffsetMs: Type.Optional(Type.Number()),
  }),
  Type.Object({
    kind: Type.Literal('sender'),
    id: Type.String(),
    gateway: Type.String(),
    sender: Type.String(),
    peer: Type.String(),
    accepted: Type.Integer(),
    refused: Type.Integer(),
    asOf: Instant,
    clockOffsetMs: Type.Optional(Type.Number()),
  }),
  Type.Object({
    kind: Type.Literal('refusal'),
    id: Type.String(),
    deadLetter: Type.String({ description: 'Id for GET /dead-letters/{id} and POST /dead-letters/{id}/redrive' }),
    gateway: Type.String(),
    door: Type.String(),
    peer: Type.String(),
    code: Type.String(),
    says: Type.String(),
    answered: Type.Optional(Type.String()),
    messageId: Type.Optional(Type.String()),
    messageType: Type.Optional(Type.String()),
    sender: Type.Optional(Type.String()),
    bytes: Type.Integer(),
    state: Type.Enum(['waiting', 'redriven', 'resolved', 'discarded']),
    asOf: Instant,
  }),
])
export type FeedItem = Static<typeof FeedItem>

export const Snapshot = Type.Object({
  view: Type.Enum(viewNames),
  /** Number of the state this snapshot shows; the next patch is seq + 1. */
  seq: Type.Integer(),
  at: Instant,
  site: Type.Object({ name: Type.String(), timeZone: Type.String() }),
  items: Type.Record(Type.String(), Type.Unknown()),
})
export type Snapshot = Static<typeof Snapshot>

export const Patch = Type.Object({
  view: Type.Enum(viewNames),
  seq: Type.Integer(),
  at: Instant,
  set: Type.Record(Type.String(), Type.Unknown()),
  gone: Type.Array(Type.String()),
})
export type Patch = Static<typeof Patch>

/**
 * Once a second to every client. `at` is the hub's clock: the client keeps the difference to its own. `degraded` names what the hub
 * itself knows to be wrong upstream (`history`, `redis`, `broker`): the wall says so.
 */
export const Beat = Type.Object({ at: Instant, degraded: Type.Array(Type.String()) })
export type Beat = Static<typeof Beat>

/** Samples for the sweep of one bed, as they come. Sample k was taken at start + k / rateHz; null is a gap. Clients that are behind miss some. */
export const Wave = Type.Object({
  bed: Type.String(),
  code: Type.Integer(),
  start: Instant,
  rateHz: Type.Number(),
  unit: Type.Optional(Type.String()),
  /** In `unit`, already scaled. */
  samples: Type.Array(Type.Union([Type.Number(), Type.Null()])),
})
export type Wave = Static<typeof Wave>

export const Open = Type.Object({
  view: Type.Enum(viewNames),
  params: Type.Optional(Type.Object({ unit: Type.Optional(Type.String()), waves: Type.Optional(Type.Boolean()) })),
})
export type Open = Static<typeof Open>
