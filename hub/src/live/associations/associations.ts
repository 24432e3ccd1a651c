/**
 * The only road from a reading to a chart (domain page "Bedside monitoring", section 4): who is on which device, kept in
 * `device_association`, remembered here, shown live. One for each hub.
 */
import { randomUUID } from 'node:crypto'
import type { Place } from '@wardline/devices/messages/records.ts'
import type { Logger } from 'pino'
import { bedKey } from '../../modules/inpatient/model.ts'
import { bedById, stayOfPatient } from '../../modules/inpatient/service.ts'
import { identifierOf } from '../../modules/records/model.ts'
import { findOrCreatePatient, patientById, type Queryable, resolveIdentifier } from '../../modules/records/service.ts'
import { type Database, transaction } from '../../platform/database/database.ts'
import type { Timeline } from '../../platform/timeline/timeline.ts'
import { Stale } from '../ingest/trouble.ts'
import type { Live } from '../live.ts'
import { ChartingPlan } from './charting.ts'
import { createDeviceRegister, type DeviceRegister, type RememberedDevice } from './device-register.ts'
import { framesOf, type HeldReading, heldOn, heldTooLong, settle } from './held-readings.ts'

export interface Associations {
  readonly register: DeviceRegister
  plan(gateway: string): ChartingPlan
  /**
   * A message that a gateway had at `at` says where its device is: shown there at once, unless the device is on a patient by more than its bed. Of two such
   * messages the newer counts, so a backlog does not wheel a device back.
   */
  heardAt(device: string, place: Place, at: number): void
  /** Tell the live state where these devices are and whether they are disputed, if that changed. */
  tell(devices: Iterable<RememberedDevice>): void
  /**
   * A nurse says that the device is on this patient (an id, or an identifier `authority|value`). Readings held because they claim this
   * patient are charted; those that claim another stay held until their time is over. `at`: when, now unless told otherwise.
   */
  confirmAssociation(
    device: string,
    patient: string,
    by: string,
    at?: number,
  ): Promise<'done' | 'unknown-device' | 'unknown-patient'>
  /** The device is on nobody from `at` on. False: it was on nobody. */
  endAssociation(device: string, by: string, at?: number): Promise<boolean>
  /** Devices that are on nobody, the newest first. */
  unassignedDevices(): Promise<UnassignedDevice[]>
  /** Held readings of these gateways whose time is over go to the history without a patient; those from the future do not. Returns how many. */
  expire(gateways: readonly string[]): Promise<number>
  /** Somebody else changed these: look them up again, and tell. */
  refresh(devices: readonly string[]): Promise<void>
}

export interface UnassignedDevice {
  device: string
  gateway: string
  model?: string
  /** The bed it says it is at. */
  placedAt?: string
  firstSeenAt: number
}

export interface AssociationOptions {
  database: Pick<Database, 'pool' | 'ingest'>
  timeline: Pick<Timeline, 'write'>
  live: Pick<Live, 'placed' | 'conflict'>
  log: Logger
  /** The catalogue's name for a device, by its id. */
  modelOf?: (device: string) => string | undefined
}

const EXPIRE_AT_ONCE = 500
/** A confirmation that meets newly held readings starts over; a device cannot outrun that this often. */
const ATTEMPTS = 10

export function openAssociations({ database, timeline, live, log, modelOf = () => undefined }: AssociationOptions): Associations {
  const register = createDeviceRegister()
  /** What the live state was told: the bed of each device (null: nowhere), and what it claims. */
  const told = new Map<string, string | null>()
  const disputed = new Map<string, string>()
  /** Where each device last said that it is, and when. */
  const said = new Map<string, { bed: string; at: number }>()

  /** A patient's device is where the patient is. What only its bed speaks for, or is disputed, is where it says. */
  function bedOf(device: RememberedDevice): string | null {
    const open = device.associations.find((association) => association.endedAt === undefined)
    const heard = said.get(device.id)?.bed ?? device.heardBed
    return (open && open.basis !== 'bed' && !device.conflict ? (open.bed ?? heard) : (heard ?? open?.bed)) ?? null
  }

  function show(device: string, bed: string | null): void {
    if (told.get(device) === bed) return
    told.set(device, bed)
    live.placed(device, bed ?? undefined)
  }

  function tell(devices: Iterable<RememberedDevice>): void {
    for (const device of devices) {
      show(device.id, bedOf(device))
      const claims = device.conflict?.claims
      if (disputed.get(device.id) === claims) continue
      if (claims === undefined) disputed.delete(device.id)
      else disputed.set(device.id, claims)
      live.conflict(device.id, device.conflict ? { patient: device.conflict.claims, since: device.conflict.since } : null)
    }
  }

  async function refresh(devices: readonly string[]): Promise<void> {
    register.forget(devices)
    await register.load(database.pool, devices)
    tell(devices.map((id) => register.get(id)).filter((device) => device !== undefined))
  }

  async function confirmOnce(device: string, patient: string, at: number): Promise<void> {
    const held = (await heldOn(database.pool, device)).filter((reading) => reading.record.frames.length)
    const mine: HeldReading[] = []
    for (const reading of held)
      if ((await resolveIdentifier(database.pool, identifierOf(reading.claims))) === patient) mine.push(reading)
    const stay = await stayOfPatient(database.pool, patient)
    const start = Math.min(at, ...mine.flatMap((reading) => reading.record.frames.map((frame) => frame.at)))
    const charted = { patient, ...(stay && { encounter: stay.id }) }
    await timeline.write(
      mine.flatMap((reading) => framesOf(reading, charted)),
      async (tx) => {
        await associate(tx, device, patient, stay, start)
        const settled = await settle(tx, mine, 'charted')
        // The lock of `associate` made us wait for readings that were being held: they are charted too, on the next try.
        const now = await heldOn(tx, device)
        const missed = now.filter(
          (reading) => !held.some((seen) => seen.spool === reading.spool && seen.position === reading.position),
        )
        if (settled !== mine.length || missed.length) throw new Stale('more readings were held meanwhile')
      },
    )
  }

  return {
    register,
    plan: (gateway) => new ChartingPlan(register, gateway, modelOf),
    tell,
    refresh,
    heardAt(device, place, at) {
      const bed = bedKey(place)
      const before = said.get(device)
      // A gateway's clock that ran ahead must not outlast being put right.
      const when = Math.min(at, Date.now())
      if (!bed || (before && when < before.at)) return
      said.set(device, { bed, at: when })
      if (bed === told.get(device)) return
      const remembered = register.get(device)
      // What is being looked up again may be on a patient: where it was told to be stands until that is known.
      if (remembered) show(device, bedOf(remembered))
      else if (!told.has(device)) show(device, bed)
    },

    async confirmAssociation(device, patient, by, at = Date.now()) {
      const { rowCount } = await database.pool.query('select 1 from device where id = $1', [device])
      if (!rowCount) return 'unknown-device'
      const id = await patientMeant(device, patient)
      if (!id) return 'unknown-patient'
      for (let attempt = 1; ; attempt++) {
        try {
          await confirmOnce(device, id, at)
          break
        } catch (error) {
          if (!(error instanceof Stale) || attempt === ATTEMPTS) throw error
        }
      }
      register.forgetPatients()
      await refresh([device])
      const remembered = register.get(device)
      if (remembered?.conflict) {
        delete remembered.conflict
        tell([remembered])
      }
      log.info({ device, patient: id, by }, 'a nurse confirmed whom a device is on')
      return 'done'
    },

    async endAssociation(device, by, at = Date.now()) {
      const { rowCount } = await database.pool.query(
        'update device_association set ended_at = greatest($2, started_at) where device_id = $1 and ended_at is null',
        [device, new Date(at)],
      )
      await refresh([device])
      if (rowCount) log.info({ device, by }, 'a device was taken off its patient')
      return Boolean(rowCount)
    },

    async unassignedDevices() {
      const { rows } = await database.pool.query<{
        id: string
        gateway: string
        model: string | null
        placed_at: string | null
        first_seen_at: Date
      }>(
        `select d.id, d.gateway, d.model, d.placed_at, d.first_seen_at from device d
         where not exists (select 1 from device_association a where a.device_id = d.id and a.ended_at is null) order by d.first_seen_at desc, d.id`,
      )
      return rows.map((row) => ({
        device: row.id,
        gateway: row.gateway,
        ...(row.model !== null && { model: row.model }),
        ...(row.placed_at !== null && { placedAt: row.placed_at }),
        firstSeenAt: row.first_seen_at.getTime(),
      }))
    },

    async expire(gateways) {
      if (!gateways.length) return 0
      const over = await heldTooLong(database.pool, gateways, EXPIRE_AT_ONCE)
      if (!over.length) return 0
      const frames = over.filter((reading) => reading.reason === 'conflict').flatMap((reading) => framesOf(reading))
      // Charted by a nurse at this very moment: then not everything waited any more, and nothing of ours may overwrite it.
      await timeline.write(frames, async (tx) => {
        if ((await settle(tx, over, 'expired')) !== over.length) throw new Stale('a nurse was quicker')
      })
      log.warn({ readings: over.length }, 'held readings were not confirmed in time; they are charted to nobody')
      await refresh([...new Set(over.map((reading) => reading.device))])
      return over.length
    },
  }

  async function patientMeant(device: string, patient: string): Promise<string | null> {
    let byId = await patientById(database.pool, patient)
    while (byId?.mergedInto !== undefined) byId = await patientById(database.pool, byId.mergedInto)
    if (byId) return byId.id
    const identifier = identifierOf(patient)
    const named = await resolveIdentifier(database.pool, identifier)
    if (named) return named
    // Known only from what the device claims: the nurse's word makes it a patient.
    const claimed = (await heldOn(database.pool, device)).find((reading) => reading.claims === patient)
    if (!claimed?.record.patient) return null
    const made = claimed.record.patient
    return (await transaction(database.pool, (tx) => findOrCreatePatient(tx, [made]))).id
  }
}

/** Put the device on the patient from `start`; whoever it was on comes off at that instant. Locks the device's open association. */
async function associate(
  tx: Queryable,
  device: string,
  patient: string,
  stay: { id: string; bed?: string } | null,
  start: number,
): Promise<void> {
  const { rows } = await tx.query<{ id: string; patient_id: string }>(
    'select id, patient_id from device_association where device_id = $1 and ended_at is null for update',
    [device],
  )
  if (rows[0]?.patient_id === patient) return
  if (rows[0])
    await tx.query('update device_association set ended_at = greatest($2, started_at) where id = $1', [
      rows[0].id,
      new Date(start),
    ])
  const placed = stay?.bed ? await bedById(tx, stay.bed) : null
  const { rowCount } = await tx.query(
    `insert into device_association (id, device_id, patient_id, encounter_id, bed_id, basis, started_at)
     select $1, $2, $3, $4, coalesce($5, (select b.id from device d join bed b on b.id = d.placed_at where d.id = $2)), 'nurse', $6 on conflict do nothing`,
    [randomUUID(), device, patient, stay?.id ?? null, placed?.id ?? null, new Date(start)],
  )
  if (rowCount !== 1) throw new Stale(`device ${device} was put on somebody meanwhile`)
}

/**
 * On A02, A03, A11, A12, A13 the devices of these patients come off at the event's time. One that was put on later (the nurse was
 * quicker than the message) stays, unless only the bed spoke for it. Returns the devices.
 */
export async function endAssociationsOf(tx: Queryable, patients: readonly string[], at: number): Promise<string[]> {
  const { rows } = await tx.query<{ device_id: string }>(
    `update device_association set ended_at = greatest($2, started_at)
     where ended_at is null and patient_id = any($1) and (started_at <= $2 or basis = 'bed') returning device_id`,
    [patients, new Date(at)],
  )
  return rows.map((row) => row.device_id)
}

/**
 * A patient whom a device named before any ADT did is now in a stay: their open associations get it, and its bed. Returns the devices.
 */
export async function adoptStay(tx: Queryable, patient: string): Promise<string[]> {
  const { rows } = await tx.query<{ device_id: string }>(
    `update device_association a set encounter_id = e.id, bed_id = coalesce(e.bed_id, a.bed_id) from encounter e
     where a.patient_id = $1 and a.ended_at is null and a.encounter_id is null and e.patient_id = $1 and e.status = 'in-progress' returning a.device_id`,
    [patient],
  )
  return rows.map((row) => row.device_id)
}

/** These records are one with `into` now (A40): so are the devices on them, past and present. Returns the devices. */
export async function moveAssociations(tx: Queryable, merged: readonly string[], into: string): Promise<string[]> {
  const { rows } = await tx.query<{ device_id: string }>(
    'update device_association set patient_id = $2 where patient_id = any($1) returning device_id',
    [merged, into],
  )
  return rows.map((row) => row.device_id)
}
