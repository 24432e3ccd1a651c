/**
 * What goes over MQTT between a gateway and the hub. Version 1: a reader refuses any other `v` by name.
 *
 * The rule of the streams (docs/architecture.md, "Nothing lost, nothing twice"): a gateway numbers the records of each
 * stream from 1 for the life of its spool. It sends from the committed number on, in order. The hub stores a batch
 * and its last number in one transaction, then answers with a commit; only a commit trims the spool. A batch that
 * starts after the next expected number is not taken, and the commit that answers it says where to send from again.
 */
import Type, { type Static } from 'typebox'
import { streamNames } from '../streams.ts'
import { Frame, PatientIdentifier, Place } from './records.ts'

export const MESSAGE_VERSION = 1
const Instant = Type.Integer({ minimum: 0 })
const Name = Type.String({ pattern: '^[A-Za-z0-9._-]{1,64}$' })
const Position = Type.Integer({ minimum: 0 })
const v = Type.Literal(MESSAGE_VERSION)

/** Records `first`, `first`+1, ... of one stream. Its schema is checked record by record (`recordOf`), so that one bad record does not hold up the rest. */
export const Batch = Type.Object({
  v,
  gateway: Name,
  /** The spool's own id: numbers mean nothing outside it. A new disk is a new spool. */
  spool: Name,
  stream: Type.Enum(streamNames),
  first: Type.Integer({ minimum: 1 }),
  sentAt: Instant,
  /** Set when the numbers from `from` to `first` - 1 will never come, and why. */
  dropped: Type.Optional(
    Type.Object({ from: Type.Integer({ minimum: 1 }), reason: Type.Enum(['spool_full', 'expired', 'corrupt', 'trimmed']) }),
  ),
  records: Type.Array(Type.Unknown(), { maxItems: 10_000 }),
})
export type Batch = Static<typeof Batch>

/** The newest of each device, sent beside the streams while they carry a backlog. It feeds the wall and no history. */
export const Now = Type.Object({
  v,
  gateway: Name,
  sentAt: Instant,
  devices: Type.Array(
    Type.Object({
      device: Type.String({ minLength: 1, maxLength: 128 }),
      receivedAt: Instant,
      patient: Type.Optional(PatientIdentifier),
      location: Type.Optional(Place),
      frames: Type.Array(Frame, { maxItems: 5000 }),
    }),
    { maxItems: 10_000 },
  ),
})
export type Now = Static<typeof Now>

export const GatewayStatus = Type.Object({
  v,
  gateway: Name,
  state: Type.Enum(['online', 'offline']),
  /** A new one for each start of the gateway's process. */
  session: Name,
  at: Instant,
  version: Type.String({ maxLength: 64 }),
})
export type GatewayStatus = Static<typeof GatewayStatus>

export const StreamHealth = Type.Object({
  /** The oldest number still in the spool (last + 1 when it is empty), and the newest. */
  first: Type.Integer({ minimum: 1 }),
  last: Position,
  committed: Position,
  bytes: Type.Integer({ minimum: 0 }),
  /** When the oldest record that waits was received. */
  oldestAt: Type.Optional(Instant),
  dropped: Type.Integer({ minimum: 0 }),
})

/** Every five seconds, and at once after connecting. The hub answers each with a Commit. */
export const GatewayHealth = Type.Object({
  v,
  gateway: Name,
  spool: Name,
  session: Name,
  at: Instant,
  streams: Type.Record(Type.Enum(streamNames), StreamHealth),
  spoolBytes: Type.Integer({ minimum: 0 }),
  spoolLimitBytes: Type.Integer({ minimum: 0 }),
  connections: Type.Integer({ minimum: 0 }),
  accepted: Type.Integer({ minimum: 0 }),
  refused: Type.Integer({ minimum: 0 }),
  duplicates: Type.Integer({ minimum: 0 }),
  /** Each sender that was heard since the start: how much, when last, and how far its clock is off. */
  senders: Type.Array(
    Type.Object({
      sender: Type.String({ maxLength: 256 }),
      peer: Type.String({ maxLength: 256 }),
      accepted: Type.Integer({ minimum: 0 }),
      refused: Type.Integer({ minimum: 0 }),
      lastAt: Instant,
      clockOffsetMs: Type.Optional(Type.Number()),
    }),
    { maxItems: 1000 },
  ),
})
export type GatewayHealth = Static<typeof GatewayHealth>

/** Where the streams of one spool stand in the hub's history. */
export const Commit = Type.Object({
  v,
  spool: Name,
  /** The last number that is stored, by stream; 0 when nothing is. */
  committed: Type.Record(Type.Enum(streamNames), Position),
  /** True when a gap was seen: send again from `committed` + 1. */
  resend: Type.Optional(Type.Boolean()),
  at: Instant,
})
export type Commit = Static<typeof Commit>

/** Take a refused message in again by the door it came through. */
export const Redrive = Type.Object({
  v,
  id: Type.String({ minLength: 1, maxLength: 256 }),
  raw: Type.String({ maxLength: 90_000 }),
})
export type Redrive = Static<typeof Redrive>
