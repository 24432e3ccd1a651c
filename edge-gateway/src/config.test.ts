import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { readConfig } from './config.ts'
import { aDataDir } from './testing/gateway.ts'

describe('settings', () => {
  test("defaults, and the passwords of the keeper's broker as soon as they are there", () => {
    const dir = aDataDir()
    const config = readConfig({ WARDLINE_DATA_DIR: dir })
    expect(config).toMatchObject({
      gateway: 'gw1',
      mllpPort: 2575,
      pagePort: 8090,
      mqttUrl: 'mqtt://127.0.0.1:1883',
      spoolLimitBytes: 2147483648,
    })
    expect(config.senders).toEqual({ file: join(dir, 'gateways/gw1/senders.txt') })
    expect(config.mqttCredentials()).toEqual({})
    mkdirSync(join(dir, 'broker'))
    writeFileSync(join(dir, 'broker/gw1.key'), 'secret\n')
    expect(config.mqttCredentials()).toEqual({ username: 'gw1', password: 'secret' })
  })

  test.each([
    [{ GATEWAY_ID: 'a/b' }, 'GATEWAY_ID'],
    [{ WARDLINE_TIME_ZONE: 'Mars' }, 'WARDLINE_TIME_ZONE'],
    [{ MQTT_URL: 'broker' }, 'MQTT_URL'],
    [{ SPOOL_LIMIT_BYTES: '12' }, 'SPOOL_LIMIT_BYTES'],
    [{ MLLP_TLS_CERT: '/nowhere' }, 'MLLP_TLS_CERT'],
    [{ DUPLICATE_DAYS: '1' }, 'DUPLICATE_DAYS'],
    [{ LOG_LEVEL: 'loud' }, 'LOG_LEVEL'],
  ])('%o is refused by name', (env, name) => {
    expect(() => readConfig(env)).toThrow(name)
  })
})
