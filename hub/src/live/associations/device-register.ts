/**
 * What the hub remembers of each device, so that a reading of a known device on a known patient costs no query. Filled from the database
 * when a device is first heard; whatever changes an association elsewhere makes it forget, and every transaction of readings checks
 * (`openOf`) that what was remembered still stands.
 */
import type { PatientIdentifier } from '@wardline/devices/messages/records.ts'
import { identifierKey } from '../../modules/records/model.ts'
import type { Queryable } from '../../modules/records/service.ts'
import type { Association, Conflict } from './model.ts'

export interface RememberedDevice {
  id: string
  /** Newest first; open, and ended ones as far back as late readings are likely. */
  associations: Association[]
  conflict?: Conflict
  /** PV1-3 as last sent, when it names a bed. */
  heardBed?: string
  /** There is a row in `device`, and this is the bed it says. */
  stored?: { gateway: string; placedAt?: string }
  /** Nobody could be named when the database was last asked about this bed or identifier: not asked again at every reading. */
  nobody?: { asked: string; until: number }
}

/** Ended associations that are remembered for each device. Older readings than these are for the database. */
const ENDED_REMEMBERED = 20
/** Identifiers remembered: a site's patients of some weeks. */
const MOST_IDENTIFIERS = 50_000

export interface DeviceRegister {
  get(device: string): RememberedDevice | undefined
  all(): IterableIterator<RememberedDevice>
  /** Load those devices that are not remembered. */
  load(db: Queryable, devices: Iterable<string>): Promise<void>
  forget(devices: Iterable<string>): void
  /** Whom PID-3 names: an id, null when nobody has it, undefined when not remembered. */
  patientOf(key: string): string | null | undefined
  loadPatients(db: Queryable, identifiers: Iterable<PatientIdentifier>): Promise<void>
  remember(key: string, patient: string): void
  forgetPatients(): void
  /** Somebody moved: whoever waits at a bed for a patient asks again. */
  askAgain(): void
}

export function createDeviceRegister(): DeviceRegister {
  const devices = new Map<string, RememberedDevice>()
  const patients = new Map<string, string | null>()
  return {
    get: (device) => devices.get(device),
    all: () => devices.values(),
    async load(db, wanted) {
      const ids = [...new Set(wanted)].filter((id) => !devices.has(id))
      if (!ids.length) return
      const found = await loadDevices(db, ids)
      for (const device of found) devices.set(device.id, device)
    },
    forget(ids) {
      for (const id of ids) devices.delete(id)
    },
    patientOf: (key) => patients.get(key),
    async loadPatients(db, identifiers) {
      const wanted = new Map<string, PatientIdentifier>()
      for (const identifier of identifiers) {
        const key = identifierKey(identifier)
        if (!patients.has(key)) wanted.set(key, identifier)
      }
      if (!wanted.size) return
      if (patients.size + wanted.size > MOST_IDENTIFIERS) patients.clear()
      const { rows } = await db.query<{ authority: string; value: string; patient_id: string }>(
        'select authority, value, patient_id from patient_identifier where value = any($1)',
        [[...wanted.values()].map((identifier) => identifier.id)],
      )
      for (const [key, identifier] of wanted) {
        const named = rows.filter((row) => row.value === identifier.id)
        const exact = named.find((row) => row.authority === (identifier.authority ?? ''))
        // Without an assigning authority it names a patient only when one alone has that value.
        const alone = !identifier.authority && new Set(named.map((row) => row.patient_id)).size === 1 ? named[0] : undefined
        patients.set(key, (exact ?? alone)?.patient_id ?? null)
      }
    },
    remember: (key, patient) => void patients.set(key, patient),
    forgetPatients: () => patients.clear(),
    askAgain() {
      for (const device of devices.values()) delete device.nobody
    },
  }
}

interface AssociationRow {
  id: string
  device_id: string
  patient_id: string
  encounter_id: string | null
  bed_id: string | null
  basis: Association['basis']
  started_at: Date
  ended_at: Date | null
}

export const associationOf = (row: AssociationRow): Association => ({
  id: row.id,
  device: row.device_id,
  patient: row.patient_id,
  ...(row.encounter_id !== null && { encounter: row.encounter_id }),
  ...(row.bed_id !== null && { bed: row.bed_id }),
  basis: row.basis,
  startedAt: row.started_at.getTime(),
  ...(row.ended_at && { endedAt: row.ended_at.getTime() }),
})

async function loadDevices(db: Queryable, ids: string[]): Promise<RememberedDevice[]> {
  const remembered = new Map(ids.map((id): [string, RememberedDevice] => [id, { id, associations: [] }]))
  const associations = await db.query<AssociationRow>(
    `select a.* from unnest($1::text[]) as wanted(id), lateral (
       select * from device_association where device_id = wanted.id order by started_at desc limit $2) a`,
    [ids, ENDED_REMEMBERED + 1],
  )
  for (const row of associations.rows) remembered.get(row.device_id)!.associations.push(associationOf(row))
  const rows = await db.query<{ id: string; gateway: string; placed_at: string | null }>(
    'select id, gateway, placed_at from device where id = any($1)',
    [ids],
  )
  for (const { id, gateway, placed_at } of rows.rows) {
    const device = remembered.get(id)!
    device.stored = { gateway, ...(placed_at !== null && { placedAt: placed_at }) }
    if (placed_at !== null) device.heardBed = placed_at
  }
  // An open dispute survives a restart: it is in what is held.
  const held = await db.query<{ device_id: string; claims: string; since: string }>(
    `select distinct on (h.device_id) h.device_id, h.claims,
       min((h.record->'frames'->0->>'at')::bigint) over (partition by h.device_id) as since
     from held_reading h where h.device_id = any($1) and h.state = 'held' and h.reason = 'conflict' and h.held_until > now()
     order by h.device_id, h.position desc`,
    [ids],
  )
  for (const row of held.rows) remembered.get(row.device_id)!.conflict = { claims: row.claims, since: Number(row.since) }
  return [...remembered.values()]
}

/** The open association of each of these devices, as the database has it: device → [association, patient]. */
export async function openOf(db: Queryable, devices: readonly string[]): Promise<Map<string, { id: string; patient: string }>> {
  const { rows } = await db.query<{ device_id: string; id: string; patient_id: string }>(
    'select device_id, id, patient_id from device_association where ended_at is null and device_id = any($1)',
    [devices],
  )
  return new Map(rows.map((row) => [row.device_id, { id: row.id, patient: row.patient_id }]))
}
