/** An engine that is a Node program of ours: it says `{ ready: true }` by IPC, and ends by itself when the IPC channel closes. */
import { type ChildProcess, spawn } from 'node:child_process'
import type { Logger } from 'pino'
import type { EngineKind } from './engine.ts'

export function nodeEngine({
  name,
  program,
  env,
  log,
}: {
  name: string
  program: string
  env: Record<string, string>
  log: Logger
}): EngineKind {
  return {
    name,
    end: { signal: 'SIGTERM', patienceMs: 3000 },
    start: () =>
      new Promise<ChildProcess>((resolve, reject) => {
        // A group of its own: Ctrl-C in a terminal reaches the keeper, and the keeper ends its engines in order.
        const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', program], {
          stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
          detached: true,
          env: { ...process.env, ...env },
        })
        let said = ''
        child.stdout!.on('data', (chunk: Buffer) => log.debug({ engine: name }, chunk.toString().trimEnd()))
        // What it writes to standard error is its own log already.
        child.stderr!.on('data', (chunk: Buffer) => {
          said = (said + chunk).slice(-2000)
          process.stderr.write(chunk)
        })
        child.once('error', reject)
        child.once('exit', (code, signal) =>
          reject(new Error(`${name} ended (${signal ?? code}): ${said.trim().split('\n').at(-1) ?? ''}`)),
        )
        child.once('message', () => resolve(child))
      }),
  }
}

/** In the engine's program: it serves now. */
export function sayReady(): void {
  process.send?.({ ready: true })
}

/** In the engine's program: end when told to, and when the keeper is gone. `close` gets two seconds. */
export function endWithKeeper(close: () => Promise<void> | void): void {
  let ending = false
  const end = (): void => {
    if (ending) return
    ending = true
    setTimeout(() => process.exit(1), 2000).unref()
    Promise.resolve(close()).then(
      () => process.exit(0),
      () => process.exit(1),
    )
  }
  process.on('disconnect', end)
  process.on('SIGTERM', end)
  process.on('SIGINT', () => {})
  // Without a keeper there is nobody to end us: do not begin.
  if (!process.connected) end()
}
