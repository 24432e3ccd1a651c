import closeWithGrace from 'close-with-grace'
import { pino } from 'pino'
import { readConfig, WrongSetting } from './config.ts'
import { startGateway } from './gateway.ts'
import { SpoolLocked } from './spool/lock.ts'

try {
  const config = readConfig()
  const log = pino({ name: 'gateway', level: config.logLevel }, pino.destination({ dest: 2, sync: true }))
  const gateway = await startGateway(config, { log })
  closeWithGrace({ delay: 2_900, logger: false }, async ({ err }) => {
    if (err) log.error({ err }, 'the gateway ends by an error')
    await gateway.close()
  })
  const { host } = config
  console.log(`gateway ${config.gateway}: MLLP on ${host}:${gateway.mllpPort}, page http://${host}:${gateway.pagePort}`)
} catch (error) {
  const plain =
    error instanceof WrongSetting || error instanceof SpoolLocked || (error as NodeJS.ErrnoException).code === 'EADDRINUSE'
  console.error(`gateway: ${plain ? (error as Error).message : ((error as Error).stack ?? error)}`)
  process.exit(1)
}
