import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { House } from '../house/a-house.ts'
import type { BrokerAt } from './bare-broker.ts'

/** The house's own broker, under the hub's account, for the baseline. */
export function brokerOf(house: House): BrokerAt {
  return { url: house.mqttUrl, username: 'hub', password: readFileSync(join(house.dataDir, 'broker', 'hub.key'), 'utf8').trim() }
}
