/** Processes that somebody else started: how to find the ones that are ours, and to end them. */
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

/** The ids of the processes whose command line says yes. Readable by every user, unlike a process's folder or program. */
export function processesLike(matches: (commandLine: string) => boolean): number[] {
  const found: number[] = []
  for (const [pid, commandLine] of commandLines()) if (pid !== process.pid && matches(commandLine)) found.push(pid)
  return found
}

function* commandLines(): Generator<[number, string]> {
  if (process.platform !== 'linux') {
    for (const line of execFileSync('ps', ['-axo', 'pid=,command='], { encoding: 'utf8' }).split('\n')) {
      const [, pid, commandLine] = /^\s*(\d+)\s+(.*)$/.exec(line) ?? []
      if (pid) yield [Number(pid), commandLine!]
    }
    return
  }
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue
    try {
      const commandLine = readFileSync(`/proc/${entry}/cmdline`, 'utf8').replaceAll('\0', ' ').trim()
      // A dead process that nobody has collected has no command line; it is gone for all that matters here.
      if (commandLine) yield [Number(entry), commandLine]
    } catch {
      // It ended while we looked.
    }
  }
}

/** The parent of a process; undefined when it is gone, or on a system without /proc. */
export function parentOf(pid: number): number | undefined {
  try {
    return Number(readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)!.split(' ')[1])
  } catch {
    return undefined
  }
}

/** Resolves to true as soon as `condition` holds, to false when it does not within `ms`. */
export async function within(ms: number, condition: () => boolean | Promise<boolean>): Promise<boolean> {
  const until = performance.now() + ms
  for (;;) {
    if (await condition()) return true
    if (performance.now() > until) return false
    await sleep(25)
  }
}

/** Send a signal; a process that is gone already is no error. */
export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}
