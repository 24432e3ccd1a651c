import { migrate, openDatabase } from '../database/database.ts'
import { processesLike, signal, within } from '../embedded/processes.ts'
import { silentLog, temporaryEngines } from '../embedded/temporary-engines.ts'
import { openPostgresTimeline } from './postgres-timeline.ts'
import { describeTimeline } from './timeline.suite.ts'

describeTimeline(
  'the history in PostgreSQL',
  async () => {
    const engines = await temporaryEngines({ postgres: true })
    const database = openDatabase(engines.databaseUrl!, { log: silentLog })
    await migrate(database)
    return {
      timeline: await openPostgresTimeline({ retention: { readingsDays: 30, wavesHours: 72 }, database, log: silentLog }),
      databaseUrl: engines.databaseUrl!,
      async killEngine() {
        const [postmaster] = processesLike((line) => line.includes(` -D ${engines.dataDir}/postgres `))
        signal(postmaster!, 'SIGKILL')
        await within(10_000, () => database.healthy())
      },
      async end() {
        await database.close()
        await engines.end()
      },
    }
  },
  { keepsNothingUncommitted: true },
)
