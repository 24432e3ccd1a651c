/** What the gateway says of itself, to people and to programs. */
import { type StreamName, streamNames, streams } from '@wardline/devices/streams.ts'
import type { SenderHealth } from '../hl7/senders.ts'
import type { Watched } from './metrics.ts'

/** An uplink that heard nothing for this long is not well: three health messages went unanswered. */
const HEARD_MS = 16_000

export interface GatewayState {
  gateway: string
  site: string
  at: number
  startedAt: number
  /** False: messages are refused now. */
  accepting: boolean
  /** `ok`, `no broker`, `hub silent`. */
  upstream: 'ok' | 'no broker' | 'hub silent'
  uplink: {
    url: string
    connected: boolean
    protocol: string | null
    since: number
    heardAt: number | null
    behind: boolean
    batches: number
  }
  spool: { id: string; bytes: number; limitBytes: number; trouble: string | null }
  streams: {
    name: StreamName
    says: string
    last: number
    committed: number
    backlog: number
    bytes: number
    dropped: number
    oldestAt: number | null
  }[]
  messages: { accepted: number; refused: number; duplicates: number; rowsDropped: number; refusedBy: Record<string, number> }
  connections: number
  closed: Record<string, number>
  senders: SenderHealth[]
  refusals: {
    at: number
    peer: string
    sender: string
    type: string
    id: string
    code: string
    says: string
    answered: string
    bytes: number
  }[]
}

export function stateOf(of: Watched & { gateway: string; site: string; startedAt: number }, now = Date.now()): GatewayState {
  const { spool, reception, listener, uplink } = of
  const { url, connected, protocol, since, heardAt, behind, batches } = uplink.state
  const silent = now - (heardAt ?? of.startedAt) > HEARD_MS
  return {
    gateway: of.gateway,
    site: of.site,
    at: now,
    startedAt: of.startedAt,
    accepting: spool.hasRoom(),
    upstream: !connected ? 'no broker' : silent ? 'hub silent' : 'ok',
    uplink: {
      url,
      connected,
      protocol: protocol === undefined ? null : protocol === 5 ? 'MQTT 5' : 'MQTT 3.1.1',
      since,
      heardAt: heardAt ?? null,
      behind,
      batches,
    },
    spool: { id: spool.id, bytes: spool.bytes, limitBytes: spool.limitBytes, trouble: spool.trouble?.message ?? null },
    streams: streamNames.map((name) => {
      const lane = spool.lanes[name]
      return {
        name,
        says: streams[name].says,
        last: lane.durable,
        committed: lane.committed,
        backlog: lane.durable - lane.committed,
        bytes: lane.bytes,
        dropped: spool.dropped[name],
        oldestAt: lane.oldestAt ?? null,
      }
    }),
    messages: {
      accepted: reception.accepted,
      refused: reception.refused,
      duplicates: reception.duplicates,
      rowsDropped: reception.rowsDropped,
      refusedBy: Object.fromEntries(reception.refusedBy),
    },
    connections: listener.connections,
    closed: { ...listener.closed },
    senders: reception.senders.list.sort((a, b) => b.lastAt - a.lastAt).slice(0, 200),
    refusals: reception.lastRefusals.map((one) => ({
      at: one.receivedAt,
      peer: one.peer,
      sender: one.sender ?? '',
      type: one.messageType ?? '',
      id: one.messageId ?? '',
      code: one.code,
      says: one.says,
      answered: one.answered ?? '',
      bytes: one.bytes,
    })),
  }
}
