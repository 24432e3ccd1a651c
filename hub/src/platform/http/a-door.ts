/**
 * For tests: the hub's HTTP door over a real database and a real history, with no broker. Requests are injected; nothing listens.
 *
 *   const door = await aDoor()
 *   await door.patient({ family: 'Ivanova', identifier: ['HOSP', 'P-1001'] })
 *   const { status, json } = await door.get('/fhir/Patient?family=iva')
 */
import { randomUUID } from 'node:crypto'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Metric } from '@wardline/devices/messages/records.ts'
import { connectMqtt } from '@wardline/devices/mqtt/link.ts'
import type { FastifyInstance, InjectOptions } from 'fastify'
import { pino } from 'pino'
import { openAssociations } from '../../live/associations/associations.ts'
import { openLetters } from '../../live/letters/letters.ts'
import type { LiveServices } from '../../live/routes/services.ts'
import { snapshotOf } from '../../live/routes/snapshot.ts'
import { createLive } from '../../live/state/live-state.ts'
import { encounter } from '../../modules/inpatient/schema.ts'
import { heardBeds } from '../../modules/inpatient/service.ts'
import { patient, patientIdentifier } from '../../modules/records/schema.ts'
import { readConfig } from '../config.ts'
import { migrate, openDatabase } from '../database/database.ts'
import { startKeeper } from '../embedded/start-keeper.ts'
import { openTimeline } from '../timeline/open-timeline.ts'
import { type AppParts, buildApp } from './app.ts'

export const site = { id: 'hosp', name: 'Wardline General', timeZone: 'Europe/Berlin', version: '0.0.0-test' }

export async function aDoor(parts: Partial<AppParts> = {}) {
  const dataDir = mkdtempSync(join(tmpdir(), 'wardline-door-'))
  // As root, PostgreSQL runs as somebody else, who has to get in.
  chmodSync(dataDir, 0o755)
  const log = pino({ level: 'silent' })
  const config = readConfig({
    WARDLINE_DATA_DIR: dataDir,
    POSTGRES_PORT: '0',
    HUB_PORT: '0',
    // Nothing listens there: this door has neither broker nor Redis.
    MQTT_URL: 'mqtt://127.0.0.1:9',
    REDIS_URL: 'redis://127.0.0.1:9',
  })
  const keeper = await startKeeper(config)
  const database = openDatabase(keeper!.addresses.databaseUrl!, { log })
  await migrate(database)
  const timeline = await openTimeline({ config, database, log })
  const live = createLive({ settings: { site: config.site }, log })
  const mqtt = connectMqtt({ url: config.mqtt!.url, clientId: 'a-door', log })
  const letters = openLetters({ database, mqtt, live, site: config.site.id, log })
  const associations = openAssociations({ database, timeline, live, log })
  const services: LiveServices = {
    database: database.db,
    timeline,
    letters,
    snapshot: (view, unit) => snapshotOf(live, view, unit),
    confirmAssociation: (...said) => associations.confirmAssociation(...said),
    endAssociation: (...said) => associations.endAssociation(...said),
  }
  let engines = { database: true, redis: true, broker: true, history: true }
  const app: FastifyInstance = await buildApp({
    health: { site, upstream: async () => engines, started: () => true, gateways: () => ({ online: 0, offline: 0 }) },
    services: () => services,
    log,
    limits: { requestsPerMinute: 100_000, eventLoopLagMs: 0 },
    ...parts,
  })
  await app.ready()
  let position = 0
  const answer = async (options: InjectOptions) => {
    const { statusCode, headers, body } = await app.inject(options)
    return { status: statusCode, headers, body, json: () => JSON.parse(body) }
  }
  return {
    app,
    database,
    letters,
    live,
    services,
    timeline,
    get: (url: string, headers: Record<string, string> = {}) => answer({ method: 'GET', url, headers }),
    ask: answer,
    /** What the door sees of its engines. */
    sees(seen: Partial<typeof engines>) {
      engines = { ...engines, ...seen }
    },
    async patient(
      person: Partial<typeof patient.$inferInsert> & { identifier?: [authority: string, value: string] } = {},
    ): Promise<string> {
      const { identifier, ...row } = person
      const id = row.id ?? randomUUID()
      await database.db.insert(patient).values({ ...row, id })
      if (identifier)
        await database.db
          .insert(patientIdentifier)
          .values({ authority: identifier[0], value: identifier[1], type: 'MR', patientId: id })
      return id
    },
    async bed(pointOfCare: string, room: string, bed: string, lies?: string): Promise<string> {
      await heardBeds(database.pool, [{ pointOfCare, room, bed, facility: 'HOSP' }])
      const id = `${pointOfCare}^${room}^${bed}^HOSP`
      if (lies)
        await database.db
          .insert(encounter)
          .values({ patientId: lies, class: 'IMP', status: 'in-progress', bedId: id, saidAt: new Date() })
      return id
    },
    /** A device that was heard. */
    async device(id: string, said: { placedAt?: string; model?: string } = {}) {
      await database.pool.query('insert into device (id, gateway, model, placed_at) values ($1, $2, $3, $4)', [
        id,
        'gw1',
        said.model ?? null,
        said.placedAt ?? null,
      ])
    },
    /** Values of one device at one instant, stored. */
    async measured(device: string, at: string | number, metrics: Metric[], said: { patient?: string; late?: boolean } = {}) {
      const instant = typeof at === 'number' ? at : Date.parse(at)
      position += 1
      await timeline.write(
        [
          {
            device,
            at: instant,
            receivedAt: instant + 250,
            metrics,
            gateway: 'gw1',
            position,
            messageId: `M${position}`,
            ...said,
          },
        ],
        async () => {},
      )
    },
    async close() {
      await app.close()
      await mqtt.close()
      live.close()
      await timeline.close()
      await database.close()
      await keeper!.stop()
      rmSync(dataDir, { recursive: true, force: true })
    },
  }
}
export type Door = Awaited<ReturnType<typeof aDoor>>
