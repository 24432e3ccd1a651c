/**
 * Which gateways this hub writes for. One hub at a time holds a gateway; `fence` grows with each holder, and `advance` commits a stream's
 * number only under the holder's own fence, so a hub that was deposed while it slept cannot commit any more.
 */

import type { StreamName } from '@wardline/devices/streams.ts'
import type pg from 'pg'
import type { Logger } from 'pino'
import { Deposed } from './trouble.ts'

export interface Lease {
  gateway: string
  fence: number
}

export interface Leases {
  /** Enrolled and not revoked, as of the last look. */
  enrolled(gateway: string): boolean
  held(gateway: string): Lease | undefined
  gateways(): string[]
  /** Look, acquire and renew now. Rejects when the database is away: what is held stays held until the database says otherwise. */
  tick(): Promise<void>
  /** A commit under this lease failed: look again at the next tick whose it is. */
  doubt(gateway: string): void
  /** Give all up, so that another hub need not wait for the lease to lapse. */
  release(): Promise<void>
}

export interface LeaseOptions {
  pool: pg.Pool
  holder: string
  leaseMs: number
  log: Logger
  /** Called for each gateway that is now ours, before the tick resolves. */
  acquired(lease: Lease): Promise<void>
  lost(gateway: string): void
}

export function keepLeases({ pool, holder, leaseMs, log, acquired, lost }: LeaseOptions): Leases {
  const held = new Map<string, Lease>()
  let enrolled = new Set<string>()
  /** After being deposed by somebody of the same name (two hubs, one HUB_ID): wait, else they take it from each other all day. */
  const waitUntil = new Map<string, number>()

  function drop(gateway: string, why: string): void {
    if (!held.delete(gateway)) return
    log.warn({ gateway, holder }, why)
    waitUntil.set(gateway, Date.now() + 2 * leaseMs)
    lost(gateway)
  }

  async function tick(): Promise<void> {
    const { rows } = await pool.query<{ id: string }>('select id from gateway where revoked_at is null')
    enrolled = new Set(rows.map((row) => row.id))
    for (const gateway of [...held.keys()]) if (!enrolled.has(gateway)) drop(gateway, 'a gateway is enrolled no more')
    const mine = [...held.values()]
    if (mine.length) {
      const renewed = await pool.query<{ gateway: string }>(
        `update gateway_lease set lease_until = now() + $4 * interval '1 ms'
         from unnest($1::text[], $2::bigint[]) as mine(g, f) where gateway = mine.g and fence = mine.f and holder = $3 returning gateway`,
        [mine.map((lease) => lease.gateway), mine.map((lease) => lease.fence), holder, leaseMs],
      )
      const still = new Set(renewed.rows.map((row) => row.gateway))
      for (const { gateway } of mine) if (!still.has(gateway)) drop(gateway, 'another hub took over a gateway')
    }
    const wanted = [...enrolled].filter((gateway) => !held.has(gateway) && (waitUntil.get(gateway) ?? 0) < Date.now())
    if (!wanted.length) return
    // A hub that restarts knows its own lease by its name and need not wait, but gets a new fence: its former self may still be writing.
    const got = await pool.query<{ gateway: string; fence: string }>(
      `insert into gateway_lease (gateway, holder, fence, lease_until)
       select g, $2, 1, now() + $3 * interval '1 ms' from unnest($1::text[]) as wanted(g)
       on conflict (gateway) do update set holder = excluded.holder, fence = gateway_lease.fence + 1, lease_until = excluded.lease_until
         where gateway_lease.holder = excluded.holder or gateway_lease.lease_until < now()
       returning gateway, fence`,
      [wanted.sort(), holder, leaseMs],
    )
    for (const row of got.rows) {
      const lease = { gateway: row.gateway, fence: Number(row.fence) }
      await acquired(lease)
      held.set(row.gateway, lease)
      waitUntil.delete(row.gateway)
      log.info({ ...lease, holder }, 'this hub writes for a gateway now')
    }
  }

  return {
    enrolled: (gateway) => enrolled.has(gateway),
    held: (gateway) => held.get(gateway),
    gateways: () => [...held.keys()],
    tick,
    doubt(gateway) {
      if (held.delete(gateway)) lost(gateway)
    },
    async release() {
      const mine = [...held.values()]
      held.clear()
      if (!mine.length) return
      await pool.query(
        `update gateway_lease set lease_until = now() from unnest($1::text[], $2::bigint[]) as mine(g, f)
         where gateway = mine.g and fence = mine.f and holder = $3`,
        [mine.map((lease) => lease.gateway), mine.map((lease) => lease.fence), holder],
      )
    },
  }
}

/** Add gateways to the enrolled ones; those revoked stay revoked. */
export async function enrol(pool: pg.Pool, gateways: readonly string[]): Promise<void> {
  if (gateways.length) await pool.query('insert into gateway (id) select unnest($1::text[]) on conflict do nothing', [gateways])
}

export interface Advance {
  lease: Lease
  holder: string
  spool: string
  stream: StreamName
  /** The number that must be stored now, and the one that is after this transaction. */
  from: number
  to: number
  /** How many of them will never come. */
  lost: number
}

/**
 * Move a stream's number inside the transaction that stores what its records did. Ask for it last: the lease's row is shared-locked until
 * the commit, and a takeover waits for that. Throws Deposed when the lease is not ours or the number is not `from`.
 */
export async function advance(
  tx: Pick<pg.PoolClient, 'query'>,
  { lease, holder, spool, stream, from, to, lost }: Advance,
): Promise<void> {
  const { rowCount } = await tx.query(
    `with lease as (select 1 from gateway_lease where gateway = $1 and holder = $7 and fence = $8 for share)
     insert into gateway_stream (gateway, spool, stream, committed, lost)
     select $1, $2, $3, $5, $6 where exists (select 1 from lease)
     on conflict (gateway, spool, stream) do update
       set committed = excluded.committed, lost = gateway_stream.lost + excluded.lost, updated_at = now()
       where gateway_stream.committed = $4`,
    [lease.gateway, spool, stream, from, to, lost, holder, lease.fence],
  )
  if (rowCount !== 1) throw new Deposed(`stream ${lease.gateway}/${spool}/${stream} is not at ${from} under fence ${lease.fence}`)
}
