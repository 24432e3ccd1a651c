import closeWithGrace from 'close-with-grace'
import { pino } from 'pino'
import { readConfig, WrongSetting } from './config.ts'
import { startGateway } from './gateway.ts'
import { SpoolLocked } from './spool/lock.ts'

// Node lets its heap grow to a part of the machine's memory before it clears it up. What lives here is bounded (messages in flight, the
// newest of each device, ids on their way): with a small heap the process stays under 200 MB at full load. The flags are read when
// a process begins, so that it begins again with them, as the same process; where that cannot be, it only uses more memory.
const HEAP = ['--max-old-space-size=160', '--max-semi-space-size=8']
if (
  !process.execArgv.some((flag) => flag.startsWith('--max-old-space-size')) &&
  !process.env.NODE_OPTIONS?.includes('--max-old-space-size')
) {
  try {
    const args = [
      process.execPath,
      ...HEAP,
      '--disable-warning=ExperimentalWarning',
      ...process.execArgv,
      ...process.argv.slice(1),
    ]
    // Two arenas: glibc otherwise keeps freed buffers for each of node's threads.
    process.execve?.(process.execPath, args, { MALLOC_ARENA_MAX: '2', ...process.env })
  } catch {} // not on this system
}

const log = pino({ name: 'gateway', level: process.env.LOG_LEVEL ?? 'info' }, pino.destination({ dest: 2, sync: true }))

try {
  const config = readConfig()
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
