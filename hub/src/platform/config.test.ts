import { isAbsolute } from 'node:path'
import { describe, expect, test } from 'vitest'
import { ConfigError, readConfig } from './config.ts'

describe('settings', () => {
  test('without any, the hub runs on its own engines, on this machine only', () => {
    const config = readConfig({})
    expect(config).toMatchObject({
      site: { id: 'hosp', name: 'Wardline General', timeZone: 'Europe/Berlin' },
      host: '127.0.0.1',
      port: 8080,
      ports: { postgres: 15_432, valkey: 16_379, broker: 1883 },
      retention: { readingsDays: 90, wavesHours: 72 },
    })
    expect(config).not.toHaveProperty('databaseUrl')
    expect(config).not.toHaveProperty('redisUrl')
    expect(config).not.toHaveProperty('mqtt')
    expect(config).not.toHaveProperty('influx')
    expect(isAbsolute(config.dataDir)).toBe(true)
  })

  test('addresses of servers take the place of the engines', () => {
    expect(
      readConfig({
        DATABASE_URL: 'postgres://u:p@db/w',
        REDIS_URL: 'rediss://r',
        MQTT_URL: 'mqtt://b:1883',
        MQTT_USERNAME: 'hub',
        MQTT_PASSWORD: 'x',
        INFLUX_URL: 'http://i:8086',
      }),
    ).toMatchObject({
      databaseUrl: 'postgres://u:p@db/w',
      redisUrl: 'rediss://r',
      mqtt: { url: 'mqtt://b:1883', username: 'hub', password: 'x' },
      influx: { url: 'http://i:8086', database: 'wardline' },
    })
  })

  test('an empty variable counts as not set', () => {
    expect(readConfig({ HUB_PORT: '', DATABASE_URL: ' ' })).toMatchObject({ port: 8080 })
  })

  test('a hub has the same name after a restart, and two hubs on one machine have two', () => {
    expect(readConfig({}).hubId).toBe(readConfig({}).hubId)
    expect(readConfig({ HUB_PORT: '8081' }).hubId).not.toBe(readConfig({}).hubId)
    expect(readConfig({ HUB_ID: 'west' }).hubId).toBe('west')
  })

  test.for([
    ['HUB_PORT', '80800'],
    ['HUB_PORT', '8080x'],
    ['HUB_PORT', '-1'],
    ['HUB_PORT', '1.5'],
    ['POSTGRES_PORT', 'five'],
    ['DATABASE_URL', 'mysql://db'],
    ['REDIS_URL', 'localhost:6379'],
    ['MQTT_URL', 'http://broker'],
    ['INFLUX_URL', 'influx'],
    ['INFLUX_DATABASE', 'a b'],
    ['WARDLINE_SITE', 'our/site'],
    ['WARDLINE_TIME_ZONE', 'Mars/Olympus'],
    ['WARDLINE_HOST', 'not a host'],
    ['READINGS_RETENTION_DAYS', '0'],
    ['WAVES_RETENTION_HOURS', 'soon'],
    ['LOG_LEVEL', 'loud'],
    ['HUB_ID', 'x'.repeat(65)],
  ])('%s=%s is refused by name, in one line', ([variable, value]) => {
    let said: unknown
    try {
      readConfig({ [variable!]: value })
    } catch (error) {
      said = error
    }
    expect(said).toBeInstanceOf(ConfigError)
    expect(said).toMatchObject({ variable })
    expect((said as Error).message).toMatch(new RegExp(`^${variable} must be .+$`))
    expect((said as Error).message).not.toContain('\n')
  })

  test('what may hold a password is not repeated in the message', () => {
    expect(() => readConfig({ DATABASE_URL: 'mysql://root:s3cret@db' })).toThrow(/^DATABASE_URL(?!.*s3cret)/)
  })
})
