/** `npm run hub`: one hub as a process. Settings are environment variables (docs/architecture.md, "Settings"). */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import closeWithGrace from 'close-with-grace'
import { ConfigError, type HubConfig, readConfig } from './platform/config.ts'

/** What stopped it, in one line, and how to mend it where we know. */
function sayWhy(error: unknown, config?: HubConfig): never {
  const { code, message } = error as NodeJS.ErrnoException
  const where = config && `${config.host}:${config.port}`
  const line =
    code === 'EADDRINUSE'
      ? `${where} is taken; set HUB_PORT to a free port`
      : code === 'EADDRNOTAVAIL'
        ? `${config?.host} is no address of this machine; set WARDLINE_HOST`
        : code === 'EACCES'
          ? `not allowed to listen on ${where}; set HUB_PORT above 1023`
          : message.split('\n', 1)[0]
  process.stderr.write(`hub: ${line}\n`)
  process.exit(error instanceof ConfigError ? 2 : 1)
}

/**
 * Loading the modules (drizzle's above all) leaves 200 MB of garbage in a heap that keeps its size: 365 MB resident instead of 130 MB for a
 * hub that does nothing yet. Collected once, before anything is served; it takes a quarter of a second.
 */
async function giveBackWhatLoadingLeft(): Promise<void> {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as NodeJS.GCFunction
  await collect({ type: 'major', execution: 'async', flavor: 'last-resort' })
}

let config: HubConfig
try {
  config = readConfig()
} catch (error) {
  sayWhy(error)
}
// Only now: a wrong setting is told before the whole house is loaded.
const { startHub } = await import('./hub.ts')
await giveBackWhatLoadingLeft()
const hub = await startHub(config).catch((error: unknown) => sayWhy(error, config))

closeWithGrace(
  {
    // Less than the five seconds after which a supervisor kills.
    delay: 4500,
    logger: { error: (...said: unknown[]) => process.stderr.write(`hub: ${said.map(String).join(' ')}\n`) },
  },
  async ({ err }) => {
    // A terminal's Ctrl-C and the supervisor's SIGTERM are one wish: left to itself close-with-grace exits at once at the second.
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.removeAllListeners(signal).on(signal, () => {})
    if (err) process.stderr.write(`hub: ${err.stack ?? err.message}\n`)
    await hub.close()
  },
)

try {
  if (await hub.ready) process.stdout.write(`hub: ${hub.url}\n`)
} catch (error) {
  await hub.close()
  sayWhy(error, config)
}
