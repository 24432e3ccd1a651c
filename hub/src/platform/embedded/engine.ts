/** One engine under the keeper: started, watched, started again when it dies, ended. */
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'

export interface EngineKind {
  name: string
  /** Start the process and resolve when it serves; reject when it ended before that. Cleans up what an earlier one left. */
  start(): Promise<ChildProcess>
  /** What tells it to end in good order, and how long it may take before it is killed. */
  end: { signal: NodeJS.Signals; patienceMs: number }
}

export interface Engine {
  /** Resolves when it serves for the first time; rejects when it cannot be started at all. */
  start(): Promise<void>
  stop(): Promise<void>
}

const FIRST_DELAY_MS = 50
const LONGEST_DELAY_MS = 5000
/** Whoever ran this long is well: the next death is a new story. */
const STEADY_MS = 30_000

export function engine(kind: EngineKind, log: Logger): Engine {
  let child: ChildProcess | undefined
  let stopping = false
  let starting: Promise<unknown> = Promise.resolve()
  let delay = FIRST_DELAY_MS

  const start = async (): Promise<void> => {
    const began = performance.now()
    child = await kind.start()
    log.info({ engine: kind.name, pid: child.pid, ms: Math.round(performance.now() - began) }, 'engine is up')
    const upSince = performance.now()
    const died = (): void => {
      if (stopping) return
      log.warn({ engine: kind.name, code: child?.exitCode, signal: child?.signalCode }, 'engine died')
      if (performance.now() - upSince > STEADY_MS) delay = FIRST_DELAY_MS
      starting = again()
    }
    if (hasEnded(child)) died()
    else child.once('exit', died)
  }

  const again = async (): Promise<void> => {
    while (!stopping) {
      await sleep(delay)
      delay = Math.min(delay * 2, LONGEST_DELAY_MS)
      if (stopping) return
      try {
        return await start()
      } catch (error) {
        log.error({ engine: kind.name, reason: (error as Error).message }, 'engine did not start')
      }
    }
  }

  return {
    async start() {
      const first = start()
      starting = first.catch(() => {})
      await first
    },
    async stop() {
      stopping = true
      // One that is on its way up is ended as soon as it can be told to.
      await starting
      if (!child || hasEnded(child)) return
      const ended = once(child, 'exit')
      child.kill(kind.end.signal)
      const late = setTimeout(() => child!.kill('SIGKILL'), kind.end.patienceMs)
      await ended
      clearTimeout(late)
    },
  }
}

export const hasEnded = (child: ChildProcess): boolean => child.exitCode !== null || child.signalCode !== null
