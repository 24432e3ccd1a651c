import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { HubConfig } from './platform/config.ts'
import { type Keeper, startKeeper } from './platform/embedded/start-keeper.ts'

/** Where the engines are: as set, and embedded where nothing is set. */
export interface Engines {
  databaseUrl: string
  redisUrl: string
  mqtt: { url: string; username?: string; password?: string }
  /** Ends the embedded ones. */
  stop(): Promise<void>
}

/** The gateway of `npm start`: a hub that brings its own broker lets it in. */
const FIRST_GATEWAY = 'gw1'
const LONGEST_DELAY_MS = 5000

/**
 * Start a keeper for the engines that have no address, and start it again when it dies. Engines with an address are the site's own.
 * Rejects with the keeper's line when it cannot be started the first time.
 */
export async function findEngines(config: HubConfig, log: Logger): Promise<Engines> {
  let keeper = await startKeeper(config, { enrol: [FIRST_GATEWAY] })
  let stopping = false
  const { databaseUrl, redisUrl, mqttUrl, mqttUsername, mqttPassword } = keeper?.addresses ?? {}
  // The next keeper has to bring the engines up where our links look for them.
  const port = (url: string | undefined, otherwise: number) => (url === undefined ? otherwise : Number(new URL(url).port))
  const ports = {
    postgres: port(databaseUrl, config.ports.postgres),
    valkey: port(redisUrl, config.ports.valkey),
    broker: port(mqttUrl, config.ports.broker),
  }
  const watch = async (): Promise<void> => {
    for (let delay = 100; keeper; ) {
      const began = performance.now()
      await keeper.ended
      if (stopping) return
      log.error('the keeper of the embedded engines ended; starting another')
      if (performance.now() - began > 30_000) delay = 100
      keeper = await again({ ...config, ports }, delay)
      delay = Math.min(delay * 2, LONGEST_DELAY_MS)
    }
  }
  const again = async (settings: HubConfig, first: number): Promise<Keeper | null> => {
    for (let delay = first; !stopping; delay = Math.min(delay * 2, LONGEST_DELAY_MS)) {
      await sleep(delay)
      if (stopping) return null
      try {
        return await startKeeper(settings, { enrol: [FIRST_GATEWAY] })
      } catch (error) {
        log.error({ reason: (error as Error).message }, 'the keeper did not start')
      }
    }
    return null
  }
  const watching = watch()
  return {
    databaseUrl: config.databaseUrl ?? databaseUrl!,
    redisUrl: config.redisUrl ?? redisUrl!,
    mqtt: config.mqtt ?? {
      url: mqttUrl!,
      ...(mqttUsername !== undefined && { username: mqttUsername }),
      ...(mqttPassword !== undefined && { password: mqttPassword }),
    },
    async stop() {
      stopping = true
      await keeper?.stop()
      await watching
      await keeper?.stop()
    },
  }
}
