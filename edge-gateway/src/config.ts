/** The gateway's settings (docs/architecture.md, "Settings"), checked at start. */
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'

export interface GatewayConfig {
  gateway: string
  site: string
  siteName: string
  timeZone: string
  host: string
  pagePort: number
  mllpPort: number
  mllpTls?: { key: Buffer; cert: Buffer; ca?: Buffer }
  /** `any`, a list of MSH-3 or EUI-64 prefixes, or the file that holds one for each line (`enrolled`). */
  senders: 'any' | readonly string[] | { file: string }
  mqttUrl: string
  mqttCredentials: () => { username?: string; password?: string }
  /** Where spool and index of duplicates lie. */
  folder: string
  spoolLimitBytes: number
  duplicatesBytes: number
  /** [DEF] */
  duplicateDays: number
  waveAgeMs: number
  windowBytes: number
  backlogBytesPerS: number
  logLevel: (typeof LOG_LEVELS)[number]
}

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const

/** A setting that cannot be; its message is one line for the person who set it. */
export class WrongSetting extends Error {}

const CHECKOUT = resolve(import.meta.dirname, '../..')

/** Reads and checks the environment. Throws {@link WrongSetting}. */
export function readConfig(env: Record<string, string | undefined> = process.env): GatewayConfig {
  const text = (name: string, otherwise: string) => env[name] || otherwise
  const wrong = (name: string, why: string): never => {
    throw new WrongSetting(`${name}=${JSON.stringify(env[name] ?? '')}: ${why}`)
  }
  const whole = (name: string, otherwise: number, least: number, most: number) => {
    const value = env[name] ? Number(env[name]) : otherwise
    return Number.isSafeInteger(value) && value >= least && value <= most
      ? value
      : wrong(name, `a whole number from ${least} to ${most}`)
  }
  const word = (name: string, otherwise: string) => {
    const value = text(name, otherwise)
    return /^[A-Za-z0-9._-]{1,64}$/.test(value) ? value : wrong(name, 'letters, digits, ".", "_" and "-" only, at most 64')
  }
  const file = (name: string): Buffer | undefined => {
    if (!env[name]) return undefined
    try {
      return readFileSync(env[name])
    } catch (error) {
      return wrong(name, `cannot be read (${(error as Error).message})`)
    }
  }

  const gateway = word('GATEWAY_ID', 'gw1')
  const dataDir = resolve(text('WARDLINE_DATA_DIR', join(CHECKOUT, '.data')))
  const folder = join(dataDir, 'gateways', gateway)

  const timeZone = text('WARDLINE_TIME_ZONE', 'Europe/Berlin')
  try {
    new Intl.DateTimeFormat('en', { timeZone })
  } catch {
    wrong('WARDLINE_TIME_ZONE', 'a time zone of the IANA database, for example Europe/Berlin')
  }

  const mqttUrl = text('MQTT_URL', 'mqtt://127.0.0.1:1883')
  if (!/^(mqtts?|wss?|tcp|ssl):\/\/[^/]+/.test(mqttUrl)) wrong('MQTT_URL', 'an address like mqtt://host:1883')
  // The keeper's own broker: a gateway's account has its name, and the password lies beside the broker. It is read at every attempt
  // to connect, since the keeper may make it after this program began.
  const keyFile = join(dataDir, 'broker', `${gateway}.key`)
  const credentials = () => {
    const named = {
      ...(env.MQTT_USERNAME && { username: env.MQTT_USERNAME }),
      ...(env.MQTT_PASSWORD && { password: env.MQTT_PASSWORD }),
    }
    if (named.username) return named
    try {
      return { username: gateway, password: readFileSync(keyFile, 'utf8').trim() }
    } catch {
      return named // a broker without accounts
    }
  }

  const key = file('MLLP_TLS_KEY')
  const cert = file('MLLP_TLS_CERT')
  const ca = file('MLLP_TLS_CA')
  if (key && !cert) wrong('MLLP_TLS_CERT', 'is needed beside MLLP_TLS_KEY')
  if (cert && !key) wrong('MLLP_TLS_KEY', 'is needed beside MLLP_TLS_CERT')
  if (ca && !key) wrong('MLLP_TLS_KEY', 'is needed beside MLLP_TLS_CA')

  const logLevel = LOG_LEVELS.find((level) => level === text('LOG_LEVEL', 'info')) ?? wrong('LOG_LEVEL', LOG_LEVELS.join(', '))

  const given = text('MLLP_SENDERS', 'enrolled')
  const listed = given
    .split(',')
    .map((each) => each.trim())
    .filter(Boolean)
  const senders = given === 'any' ? given : given === 'enrolled' ? { file: join(folder, 'senders.txt') } : listed

  return {
    gateway,
    site: word('WARDLINE_SITE', 'hosp'),
    siteName: text('WARDLINE_SITE_NAME', 'Wardline General'),
    timeZone,
    host: text('WARDLINE_HOST', '127.0.0.1'),
    pagePort: whole('GATEWAY_PORT', 8090, 0, 65535),
    mllpPort: whole('MLLP_PORT', 2575, 0, 65535),
    ...(key && cert ? { mllpTls: ca ? { key, cert, ca } : { key, cert } } : {}),
    senders,
    mqttUrl,
    mqttCredentials: credentials,
    folder,
    spoolLimitBytes: whole('SPOOL_LIMIT_BYTES', 2 * 1024 ** 3, 8 * 1024 ** 2, 2 ** 50),
    duplicatesBytes: whole('DUPLICATES_BYTES', 256 * 1024 ** 2, 64 * 1024, 2 ** 35),
    duplicateDays: whole('DUPLICATE_DAYS', 7, 7, 365),
    waveAgeMs: whole('WAVE_AGE_S', 600, 1, 7 * 86_400) * 1000,
    windowBytes: whole('UPLINK_WINDOW_BYTES', 4 * 1024 ** 2, 256 * 1024, 2 ** 30),
    backlogBytesPerS: whole('UPLINK_BACKLOG_BYTES_PER_S', 16 * 1024 ** 2, 64 * 1024, 2 ** 40),
    logLevel,
  }
}
