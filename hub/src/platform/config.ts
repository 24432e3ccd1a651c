/**
 * The hub's settings, from environment variables (docs/architecture.md, "Settings"), checked once at start.
 *
 * A wrong setting throws a ConfigError whose message is one line that names the variable. An empty variable counts as not set.
 */
import { hostname } from 'node:os'
import { isAbsolute, resolve } from 'node:path'
import Type, { type Static } from 'typebox'
import { Value } from 'typebox/value'

const Port = Type.Integer({ minimum: 0, maximum: 65_535 })
const Name = Type.String({ pattern: '^[A-Za-z0-9._-]{1,64}$' })
const url = (schemes: string) => Type.String({ pattern: `^(${schemes})://[^\\s]+$` })

/** What each variable must look like. Its `description` completes "<VARIABLE> must be ..." */
const Environment = Type.Object({
  HUB_ID: Type.Optional(Type.Intersect([Name], { description: 'a name of letters, digits, ".", "_" and "-", at most 64' })),
  WARDLINE_DATA_DIR: Type.Optional(Type.String({ minLength: 1, description: 'a folder' })),
  WARDLINE_SITE: Type.Optional(
    Type.Intersect([Name], { description: 'a name of letters, digits, ".", "_" and "-", at most 64' }),
  ),
  WARDLINE_SITE_NAME: Type.Optional(Type.String({ maxLength: 128, description: 'a name of at most 128 characters' })),
  WARDLINE_TIME_ZONE: Type.Optional(Type.String({ description: 'a time zone such as Europe/Berlin' })),
  WARDLINE_HOST: Type.Optional(
    Type.String({ pattern: '^[A-Za-z0-9.:_-]{1,253}$', description: 'an address or host name to listen on' }),
  ),
  HUB_PORT: Type.Optional(Type.Intersect([Port], { description: 'a port, 0 to 65535' })),
  DATABASE_URL: Type.Optional(
    Type.Intersect([url('postgres|postgresql')], { description: 'a URL such as postgres://user:password@host:5432/wardline' }),
  ),
  REDIS_URL: Type.Optional(Type.Intersect([url('redis|rediss')], { description: 'a URL such as redis://host:6379' })),
  MQTT_URL: Type.Optional(Type.Intersect([url('mqtt|mqtts|ws|wss|tcp|ssl')], { description: 'a URL such as mqtt://host:1883' })),
  MQTT_USERNAME: Type.Optional(Type.String()),
  MQTT_PASSWORD: Type.Optional(Type.String()),
  INFLUX_URL: Type.Optional(Type.Intersect([url('http|https')], { description: 'a URL such as http://host:8086' })),
  INFLUX_DATABASE: Type.Optional(
    Type.Intersect([Name], { description: 'a name of letters, digits, ".", "_" and "-", at most 64' }),
  ),
  INFLUX_TOKEN: Type.Optional(Type.String()),
  POSTGRES_PORT: Type.Optional(Type.Intersect([Port], { description: 'a port, 0 to 65535' })),
  VALKEY_PORT: Type.Optional(Type.Intersect([Port], { description: 'a port, 0 to 65535' })),
  BROKER_PORT: Type.Optional(Type.Intersect([Port], { description: 'a port, 0 to 65535' })),
  READINGS_RETENTION_DAYS: Type.Optional(
    Type.Integer({ minimum: 1, maximum: 36_500, description: 'a number of days, 1 to 36500' }),
  ),
  WAVES_RETENTION_HOURS: Type.Optional(
    Type.Integer({ minimum: 1, maximum: 87_600, description: 'a number of hours, 1 to 87600' }),
  ),
  LOG_LEVEL: Type.Optional(
    Type.Enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'], {
      description: 'trace, debug, info, warn, error, fatal or silent',
    }),
  ),
})
type Environment = Static<typeof Environment>
type Variable = keyof Environment

export interface HubConfig {
  /** Unique among the hubs of a site, and the same after a restart: by it a hub knows its own leases again. */
  hubId: string
  site: { id: string; name: string; timeZone: string }
  /** Where every door listens. */
  host: string
  /** HTTP and Socket.IO; 0: any free one. */
  port: number
  /** Absolute. */
  dataDir: string
  /** Left out: embedded. */
  databaseUrl?: string
  redisUrl?: string
  mqtt?: { url: string; username?: string; password?: string }
  influx?: { url: string; database: string; token?: string }
  /** Of the embedded engines. */
  ports: { postgres: number; valkey: number; broker: number }
  retention: {
    /** [DEF] 90 days: the domain pages name no figure for numerics; a site sets its own. */
    readingsDays: number
    /** [DEF] 72 h (domain page "Bedside monitoring", section 6). */
    wavesHours: number
  }
  logLevel: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent'
}

export class ConfigError extends Error {
  override name = 'ConfigError'
  readonly variable: string
  constructor(variable: string, must: string) {
    super(`${variable} ${must}`)
    this.variable = variable
  }
}

const numbers = new Set<string>([
  'HUB_PORT',
  'POSTGRES_PORT',
  'VALKEY_PORT',
  'BROKER_PORT',
  'READINGS_RETENTION_DAYS',
  'WAVES_RETENTION_HOURS',
])
/** These may hold a password: an error must not print them. */
const secret = new Set<string>(['DATABASE_URL', 'REDIS_URL', 'MQTT_URL', 'MQTT_PASSWORD', 'INFLUX_URL', 'INFLUX_TOKEN'])
const checkout = resolve(import.meta.dirname, '../../..')

/** The settings of this hub. Throws a ConfigError at the first variable that is wrong. */
export function readConfig(env: NodeJS.ProcessEnv = process.env): HubConfig {
  const given = readEnvironment(env)
  const port = given.HUB_PORT ?? 8080
  const timeZone = given.WARDLINE_TIME_ZONE ?? 'Europe/Berlin'
  checkTimeZone(timeZone)
  const dataDir = given.WARDLINE_DATA_DIR ?? '.data'
  return {
    // Two hubs on one machine listen on two ports; where the port is any free one, the process tells them apart.
    hubId:
      given.HUB_ID ??
      `${hostname()
        .replaceAll(/[^A-Za-z0-9._-]/g, '-')
        .slice(0, 40)}-${port || `p${process.pid}`}`,
    site: { id: given.WARDLINE_SITE ?? 'hosp', name: given.WARDLINE_SITE_NAME ?? 'Wardline General', timeZone },
    host: given.WARDLINE_HOST ?? '127.0.0.1',
    port,
    dataDir: isAbsolute(dataDir) ? dataDir : resolve(checkout, dataDir),
    ...(given.DATABASE_URL && { databaseUrl: given.DATABASE_URL }),
    ...(given.REDIS_URL && { redisUrl: given.REDIS_URL }),
    ...(given.MQTT_URL && {
      mqtt: {
        url: given.MQTT_URL,
        ...(given.MQTT_USERNAME && { username: given.MQTT_USERNAME }),
        ...(given.MQTT_PASSWORD && { password: given.MQTT_PASSWORD }),
      },
    }),
    ...(given.INFLUX_URL && {
      influx: {
        url: given.INFLUX_URL,
        database: given.INFLUX_DATABASE ?? 'wardline',
        ...(given.INFLUX_TOKEN && { token: given.INFLUX_TOKEN }),
      },
    }),
    ports: { postgres: given.POSTGRES_PORT ?? 15_432, valkey: given.VALKEY_PORT ?? 16_379, broker: given.BROKER_PORT ?? 1883 },
    retention: { readingsDays: given.READINGS_RETENTION_DAYS ?? 90, wavesHours: given.WAVES_RETENTION_HOURS ?? 72 },
    logLevel: given.LOG_LEVEL ?? 'info',
  }
}

function readEnvironment(env: NodeJS.ProcessEnv): Environment {
  const read: Record<string, unknown> = {}
  for (const variable of Object.keys(Environment.properties) as Variable[]) {
    const text = env[variable]?.trim()
    if (!text) continue
    read[variable] = numbers.has(variable) && /^\d{1,9}$/.test(text) ? Number(text) : text
    const schema = Environment.properties[variable]
    if (!Value.Check(schema, read[variable])) {
      const must = 'description' in schema ? schema.description : 'a text'
      throw new ConfigError(variable, `must be ${must}${secret.has(variable) ? '' : `, not "${text.slice(0, 80)}"`}`)
    }
  }
  return read as Environment
}

function checkTimeZone(zone: string): void {
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone })
  } catch {
    throw new ConfigError('WARDLINE_TIME_ZONE', `must be a time zone such as Europe/Berlin, not "${zone.slice(0, 80)}"`)
  }
}
