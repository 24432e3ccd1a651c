import type { Logger } from 'pino'
import type { HubConfig } from '../config.ts'
import type { Database } from '../database/database.ts'
import { openInfluxTimeline } from './influx-timeline.ts'
import { openPostgresTimeline } from './postgres-timeline.ts'
import type { Timeline } from './timeline.ts'

/** The history of this hub: InfluxDB when an address is set, else PostgreSQL. The database must be migrated. */
export async function openTimeline({
  config,
  database,
  log,
}: {
  config: HubConfig
  database: Database
  log: Logger
}): Promise<Timeline> {
  if (config.influx) return openInfluxTimeline({ influx: config.influx, retention: config.retention, database, log })
  return openPostgresTimeline({ retention: config.retention, database, log })
}
