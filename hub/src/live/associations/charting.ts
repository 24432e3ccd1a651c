/**
 * From readings to chart: gives every frame its patient by the rules of `model.ts`, and collects what must be written with it. The
 * plan is made from memory and checked inside the transaction (`write`): when the database says otherwise, Stale is thrown and all is
 * decided again.
 */
import { randomUUID } from 'node:crypto'
import type { Frame, PatientIdentifier, Place } from '@wardline/devices/messages/records.ts'
import { bedKey } from '../../modules/inpatient/model.ts'
import { heardBeds, isDischarged, stayInBed, stayOfPatient } from '../../modules/inpatient/service.ts'
import { identifierKey } from '../../modules/records/model.ts'
import type { Queryable } from '../../modules/records/service.ts'
import { Stale } from '../ingest/trouble.ts'
import { type DeviceRegister, openOf, type RememberedDevice } from './device-register.ts'
import { type Association, judge } from './model.ts'

/** What charting asks of a message. */
export interface Subject {
  device: string
  patient?: PatientIdentifier
  location?: Place
}

export type Charted = { to: 'patient'; patient: string; encounter?: string } | { to: 'nobody' } | { to: 'held'; claims: string }

const NOBODY: Charted = { to: 'nobody' }
/** How long a bed that had nobody, or a patient who left, is not asked about again. ADT heard by this hub ends the wait at once. */
const ASK_AGAIN_MS = 2_000

/** What one transaction of readings changes besides the readings. One for each try. */
export class ChartingPlan {
  readonly #register: DeviceRegister
  readonly #gateway: string
  readonly #modelOf: (device: string) => string | undefined
  readonly #devices = new Map<string, RememberedDevice>()
  readonly #beds = new Map<string, Place>()
  readonly #patients = new Map<string, { id: string; identifier: PatientIdentifier }>()
  readonly #opened = new Map<string, Association>()
  readonly #ended: Association[] = []
  readonly #extended = new Map<string, Association>()
  readonly #held = new Set<string>()

  constructor(register: DeviceRegister, gateway: string, modelOf: (device: string) => string | undefined) {
    this.#register = register
    this.#gateway = gateway
    this.#modelOf = modelOf
  }

  /** Load what is not remembered of these messages' devices and patients: at most four queries for all of them. */
  async prepare(db: Queryable, subjects: readonly Subject[]): Promise<void> {
    const devices = new Set<string>()
    const identifiers: PatientIdentifier[] = []
    for (const { device, patient } of subjects) {
      if (!this.#register.get(device)) devices.add(device)
      if (patient && this.#register.patientOf(identifierKey(patient)) === undefined) identifiers.push(patient)
    }
    if (devices.size) await this.#register.load(db, devices)
    if (identifiers.length) await this.#register.loadPatients(db, identifiers)
  }

  /** Once for each message, before its frames: notes the device and where it says it is. */
  hear({ device, location }: Subject): RememberedDevice {
    const remembered = this.#register.get(device)
    // Forgotten by somebody else's change since `prepare`.
    if (!remembered) throw new Stale(`device ${device} is to be looked up again`)
    this.#devices.set(device, remembered)
    const bed = bedKey(location)
    if (bed) {
      remembered.heardBed = bed
      if (remembered.stored?.placedAt !== bed) this.#beds.set(bed, location!)
    }
    return remembered
  }

  /** Whose frame this is. Asks the database only where an association must be opened. */
  chart(db: Queryable, device: RememberedDevice, subject: Subject, frame: Frame): Charted | Promise<Charted> {
    const { patient } = subject
    const key = patient && identifierKey(patient)
    const named = key === undefined ? undefined : (this.#register.patientOf(key) ?? this.#patients.get(key)?.id)
    const bed = bedKey(subject.location) ?? undefined
    const verdict = judge({
      at: frame.at,
      ...(key !== undefined && { pid: { key, ...(named !== undefined && { patient: named }) } }),
      ...(bed !== undefined && { bed }),
      associations: device.associations,
      ...(device.conflict && { conflict: device.conflict }),
    })
    switch (verdict.do) {
      case 'chart':
        if (verdict.settles) delete device.conflict
        return to(verdict.association)
      case 'extend':
        verdict.association.startedAt = verdict.from
        this.#extended.set(verdict.association.id, verdict.association)
        return to(verdict.association)
      case 'hold':
        this.#held.add(device.id)
        if (!device.conflict || device.conflict.claims !== verdict.claims)
          device.conflict = { claims: verdict.claims, since: frame.at }
        return { to: 'held', claims: verdict.claims }
      case 'open-pid':
        return this.#openByPid(db, device, patient!, verdict.patient, frame.at)
      case 'ask-bed':
        return this.#askBed(db, device, verdict.bed, frame.at, verdict.ends)
      case 'unassigned':
        return NOBODY
    }
  }

  async #openByPid(
    db: Queryable,
    device: RememberedDevice,
    identifier: PatientIdentifier,
    known: string | undefined,
    at: number,
  ): Promise<Charted> {
    const key = identifierKey(identifier)
    if (known === undefined) {
      const patient = randomUUID()
      this.#patients.set(key, { id: patient, identifier })
      return to(
        this.#open(device, {
          patient,
          basis: 'pid',
          startedAt: at,
          ...(device.heardBed !== undefined && { bed: device.heardBed }),
        }),
      )
    }
    if (this.#nobodyYet(device, key)) return NOBODY
    const stay = await stayOfPatient(db, known)
    // A monitor goes on naming its last patient for a while after ADT took them off it. What it says then is nobody's: charting it
    // would also dispute the device with whoever comes next.
    const left = stay
      ? stay.bed !== undefined && device.heardBed !== undefined && stay.bed !== device.heardBed && wasOn(device, known)
      : await isDischarged(db, known)
    if (left) return this.#nobody(device, key)
    const bed = stay?.bed ?? device.heardBed
    return to(
      this.#open(device, {
        patient: known,
        basis: 'pid',
        startedAt: at,
        ...(stay && { encounter: stay.id }),
        ...(bed !== undefined && { bed }),
      }),
    )
  }

  async #askBed(
    db: Queryable,
    device: RememberedDevice,
    bed: string,
    at: number,
    ends: Association | undefined,
  ): Promise<Charted> {
    if (ends) this.#end(ends, at)
    if (!ends && this.#nobodyYet(device, bed)) return NOBODY
    const stay = await stayInBed(db, bed)
    // Whoever came after this was measured is not whom it was measured on.
    if (!stay || (stay.startedAt !== undefined && at < stay.startedAt)) return this.#nobody(device, bed)
    return to(this.#open(device, { patient: stay.patient, encounter: stay.id, bed, basis: 'bed', startedAt: at }))
  }

  #nobodyYet(device: RememberedDevice, asked: string): boolean {
    return device.nobody?.asked === asked && device.nobody.until > Date.now()
  }

  #nobody(device: RememberedDevice, asked: string): Charted {
    device.nobody = { asked, until: Date.now() + ASK_AGAIN_MS }
    return NOBODY
  }

  #open(device: RememberedDevice, said: Omit<Association, 'id' | 'device'>): Association {
    const association: Association = { id: randomUUID(), device: device.id, ...said }
    device.associations.unshift(association)
    this.#opened.set(association.id, association)
    return association
  }

  #end(association: Association, at: number): void {
    association.endedAt = Math.max(at, association.startedAt)
    // Opened and ended in one batch: written once, as ended.
    if (!this.#opened.has(association.id)) this.#ended.push(association)
  }

  /** Write it all, in the transaction of the readings. Throws Stale when what was remembered is no longer so. */
  async write(tx: Queryable): Promise<void> {
    if (this.#beds.size) await heardBeds(tx, this.#beds.values())
    await this.#writeDevices(tx)
    await this.#writePatients(tx)
    for (const { id, startedAt } of this.#extended.values())
      if (!this.#opened.has(id))
        await tx.query('update device_association set started_at = $2 where id = $1', [id, new Date(startedAt)])
    for (const { id, endedAt } of this.#ended) {
      const { rowCount } = await tx.query('update device_association set ended_at = $2 where id = $1 and ended_at is null', [
        id,
        new Date(endedAt!),
      ])
      if (rowCount !== 1) throw new Stale(`association ${id} was ended by somebody else`)
    }
    for (const opened of this.#opened.values()) await this.#writeOpened(tx, opened)
    await this.#verify(tx)
  }

  async #writeDevices(tx: Queryable): Promise<void> {
    const rows = [...this.#devices.values()]
      .filter(({ stored, heardBed }) => !stored || stored.gateway !== this.#gateway || stored.placedAt !== heardBed)
      .sort((a, b) => (a.id < b.id ? -1 : 1))
    if (!rows.length) return
    await tx.query(
      `insert into device (id, gateway, model, placed_at) select id, $4, model, bed from unnest($1::text[], $2::text[], $3::text[]) as d(id, model, bed)
       on conflict (id) do update set gateway = excluded.gateway, placed_at = coalesce(excluded.placed_at, device.placed_at), model = coalesce(excluded.model, device.model)`,
      [
        rows.map((row) => row.id),
        rows.map((row) => this.#modelOf(row.id) ?? null),
        rows.map((row) => row.heardBed ?? null),
        this.#gateway,
      ],
    )
  }

  async #writePatients(tx: Queryable): Promise<void> {
    for (const { id, identifier } of this.#patients.values()) {
      await tx.query('insert into patient (id) values ($1)', [id])
      const { rowCount } = await tx.query(
        'insert into patient_identifier (authority, value, type, patient_id) values ($1, $2, $3, $4) on conflict do nothing',
        [identifier.authority ?? '', identifier.id, identifier.type ?? null, id],
      )
      if (rowCount !== 1) throw new Stale('the patient was made by somebody else')
    }
  }

  async #writeOpened(
    tx: Queryable,
    { id, device, patient, encounter, bed, basis, startedAt, endedAt }: Association,
  ): Promise<void> {
    const { rowCount } = await tx.query(
      `insert into device_association (id, device_id, patient_id, encounter_id, bed_id, basis, started_at, ended_at)
       select $1, $2, $3, $4, (select b.id from bed b where b.id = $5), $6, $7, $8 on conflict do nothing`,
      [
        id,
        device,
        patient,
        encounter ?? null,
        bed ?? null,
        basis,
        new Date(startedAt),
        endedAt === undefined ? null : new Date(endedAt),
      ],
    )
    if (rowCount !== 1) throw new Stale(`device ${device} was put on somebody meanwhile`)
  }

  /**
   * What was decided from memory must be so in the database. Where readings are held, the association is locked as well: a nurse who
   * confirms at this moment waits, and then finds these readings among the held.
   */
  async #verify(tx: Queryable): Promise<void> {
    if (this.#held.size)
      await tx.query(
        'select 1 from device_association where ended_at is null and device_id = any($1) order by device_id for share',
        [[...this.#held]],
      )
    const open = await openOf(tx, [...this.#devices.keys()])
    for (const device of this.#devices.values()) {
      const mine = device.associations.find((association) => association.endedAt === undefined)
      const theirs = open.get(device.id)
      if (mine?.id !== theirs?.id || mine?.patient !== theirs?.patient)
        throw new Stale(`device ${device.id} is on somebody else by now`)
    }
  }

  /** After the commit: what was planned is now remembered as stored. Returns the beds that are new. */
  committed(): { devices: RememberedDevice[]; beds: string[] } {
    for (const [key, { id }] of this.#patients) this.#register.remember(key, id)
    for (const device of this.#devices.values())
      if (device.stored?.gateway !== this.#gateway || device.stored.placedAt !== device.heardBed)
        device.stored = { gateway: this.#gateway, ...(device.heardBed !== undefined && { placedAt: device.heardBed }) }
    return { devices: [...this.#devices.values()], beds: [...this.#beds.keys()] }
  }

  /** It did not come to the commit: what was planned never happened. */
  undone(): void {
    this.#register.forget(this.#devices.keys())
    this.#register.forgetPatients()
  }
}

const to = ({ patient, encounter }: Association): Charted => ({
  to: 'patient',
  patient,
  ...(encounter !== undefined && { encounter }),
})

const wasOn = (device: RememberedDevice, patient: string) =>
  device.associations.some((association) => association.patient === patient)
