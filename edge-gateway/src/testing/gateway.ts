/** A whole gateway in a folder of its own, and what it leaves there. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { StreamName } from '@wardline/devices/streams.ts'
import { afterEach } from 'vitest'
import { type GatewayConfig, readConfig } from '../config.ts'
import { type Gateway, startGateway } from '../gateway.ts'
import type { MllpLimits } from '../hl7/listener.ts'
import { Spool } from '../spool/spool.ts'
import { Device } from './device.ts'

/** What a test opened is closed after it, the last first. */
export const ends: (() => unknown)[] = []
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})
const quiet = { info() {}, warn() {}, error() {} } as never

export function aDataDir(): string {
  const dir = mkdtempSync(join(tmpdir(), 'gateway-'))
  ends.push(() => rmSync(dir, { recursive: true, force: true }))
  return dir
}
const settings = (dataDir: string, more: Partial<GatewayConfig> = {}): GatewayConfig => ({
  ...readConfig({ WARDLINE_DATA_DIR: dataDir, MQTT_URL: 'mqtt://127.0.0.1:1', MLLP_SENDERS: 'any', DUPLICATES_BYTES: '1048576' }),
  mllpPort: 0,
  pagePort: 0,
  ...more,
})
export async function aGateway(
  dataDir = aDataDir(),
  more: Partial<GatewayConfig> = {},
  limits: Partial<MllpLimits> = {},
): Promise<Gateway> {
  const gateway = await startGateway(settings(dataDir, more), { log: quiet, limits })
  ends.push(() => gateway.close())
  return gateway
}
export async function aDevice(gateway: { mllpPort: number }): Promise<Device> {
  const device = await Device.at(gateway.mllpPort)
  ends.push(() => device.end())
  return device
}
export async function spooled(dataDir: string, stream: StreamName): Promise<Record<string, unknown>[]> {
  const spool = await Spool.open({ folder: join(dataDir, 'gateways/gw1/spool'), limitBytes: 1e9, log: { warn() {}, info() {} } })
  const records: Record<string, unknown>[] = []
  for (let next = 1; ; ) {
    const run = await spool.lanes[stream].read(next, { records: 1000, bytes: 1e8 })
    if (!run) break
    for (const payload of run.payloads) records.push(JSON.parse(payload.toString()))
    next = run.first + run.payloads.length
  }
  await spool.close()
  return records
}
