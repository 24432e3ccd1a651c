/** The embedded broker, as a process of its own (started by the keeper). */
import pino from 'pino'
import { openBroker } from './broker.ts'
import { endWithKeeper, sayReady } from './node-engine.ts'

const broker = await openBroker({
  host: process.env.WARDLINE_ENGINE_HOST!,
  port: Number(process.env.WARDLINE_ENGINE_PORT),
  site: process.env.WARDLINE_SITE!,
  dataDir: process.env.WARDLINE_DATA_DIR!,
  log: pino({ name: 'broker', level: process.env.LOG_LEVEL || 'info' }, pino.destination({ dest: 2, sync: true })),
})
endWithKeeper(() => broker.close())
sayReady()
