/** The whole gateway: doors, spool, uplink, page. */
import { randomBytes } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { Logger } from 'pino'
import type { GatewayConfig } from './config.ts'
import { Duplicates } from './duplicates/duplicates.ts'
import { listenMllp, type MllpLimits } from './hl7/listener.ts'
import { Reception } from './hl7/reception.ts'
import { allowedSenders } from './hl7/senders.ts'
import { Metrics } from './page/metrics.ts'
import { buildPage } from './page/page.ts'
import { type GatewayState, stateOf } from './page/state.ts'
import { Spool } from './spool/spool.ts'
import { Newest } from './uplink/newest.ts'
import { Uplink } from './uplink/uplink.ts'

export const VERSION = '0.1.0'
/** While more than this waits for the disk, no socket is read. */
const BUSY_BYTES = 16 * 1024 * 1024

export interface Gateway {
  readonly mllpPort: number
  readonly pagePort: number
  stats(): GatewayState
  /** Takes nothing more in, writes what is here to the disk, acknowledges it, says goodbye to the hub. Under three seconds. */
  close(): Promise<void>
}

export type GatewayLog = Pick<Logger, 'info' | 'warn' | 'error'>

/** Starts a gateway. Rejects with SpoolLocked when another process has its spool, and with EADDRINUSE when a port is taken. */
export async function startGateway(
  config: GatewayConfig,
  options: { log: GatewayLog; limits?: Partial<MllpLimits> },
): Promise<Gateway> {
  const { log } = options
  const startedAt = Date.now()
  const session = `${startedAt.toString(36)}-${randomBytes(4).toString('hex')}`
  const metrics = new Metrics()
  mkdirSync(config.folder, { recursive: true })
  const undo: (() => unknown)[] = []
  try {
    const spool = await Spool.open(
      { folder: join(config.folder, 'spool'), limitBytes: config.spoolLimitBytes, waveAgeMs: config.waveAgeMs, log },
      metrics.watch,
    )
    undo.unshift(() => spool.close())
    const duplicates = await Duplicates.open(
      { path: join(config.folder, 'duplicates.table'), bytes: config.duplicatesBytes, keepDays: config.duplicateDays },
      spool,
    )
    undo.unshift(() => duplicates.close())
    const newest = new Newest()
    const reception = new Reception({
      spool,
      duplicates,
      timeZone: config.timeZone,
      senders: allowedSenders(config.senders),
      session,
      onReading: (record, json) => newest.heard(record, json),
      log,
    })
    const listener = await listenMllp({
      host: config.host,
      port: config.mllpPort,
      ...(config.mllpTls ? { tls: config.mllpTls } : {}),
      ...(options.limits ? { limits: options.limits } : {}),
      door: { take: (frame, peer, answer) => reception.take(frame, peer, answer), busy: () => spool.waitingBytes > BUSY_BYTES },
      log,
    })
    undo.unshift(() => listener.close())
    const uplink = new Uplink({
      url: config.mqttUrl,
      credentials: config.mqttCredentials,
      site: config.site,
      gateway: config.gateway,
      session,
      version: VERSION,
      spool,
      newest,
      windowBytes: config.windowBytes,
      backlogBytesPerS: config.backlogBytesPerS,
      health: () => ({
        connections: listener.connections,
        accepted: reception.accepted,
        refused: reception.refused,
        duplicates: reception.duplicates,
        senders: reception.senders.list,
      }),
      redrive: (id, raw) => reception.redrive(id, raw),
      log,
    })
    undo.splice(1, 0, () => uplink.close()) // after the door is shut, before the spool is
    const watched = { spool, reception, duplicates, listener, uplink }
    metrics.observe(watched)
    const state = () => stateOf({ ...watched, gateway: config.gateway, site: config.siteName, startedAt })
    const page = buildPage({ state, metrics })
    undo.unshift(() => page.close())
    await page.listen({ host: config.host, port: config.pagePort })

    let closing: Promise<void> | undefined
    return {
      mllpPort: listener.port,
      pagePort: (page.server.address() as AddressInfo).port,
      stats: state,
      close: () => (closing ??= closeAll(undo)),
    }
  } catch (error) {
    await closeAll(undo)
    throw error
  }
}

async function closeAll(undo: (() => unknown)[]): Promise<void> {
  for (const step of undo.splice(0)) await step()
}
