/** The load of the simulators, in a process of its own, with the ledger of what was acknowledged. */
import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { LoadResult } from '@wardline/simulators/load/load.ts'
import { checkout } from '../../deploy/local/supervisor.ts'
import type { Acked } from './ledger.ts'

export interface RunningLoad {
  pid: number
  /** Acknowledged so far. */
  acked(): number
  /** Ends the load (if it still runs) and gives its sums and every acknowledged message. */
  end(): Promise<{ result: LoadResult; acked: Acked[]; cpuSeconds: number }>
  /** Resolves when it ended by itself. */
  done: Promise<void>
  /** Ends it without its sums, when the story broke off. */
  kill(): void
}

export function runLoad(options: {
  port: number
  devices: number
  rate: number
  seconds: number
  alarms?: number
  connections?: number
  window?: number
  drain?: number
  firstDevice?: number
  /** Where the ledger is written. */
  ledger: string
}): RunningLoad {
  const {
    port,
    devices,
    rate,
    seconds,
    alarms = 0,
    window = 32,
    drain = 60,
    firstDevice = 0,
    connections = Math.min(devices, 100),
    ledger,
  } = options
  const args = Object.entries({
    port,
    devices,
    rate,
    seconds,
    alarms,
    window,
    drain,
    'first-device': firstDevice,
    connections,
  }).flatMap(([name, value]) => [`--${name}`, String(value)])
  const child: ChildProcess = spawn(
    join(checkout, 'node_modules/.bin/node'),
    [join(checkout, 'simulators/src/load/main.ts'), ...args, '--acked', ledger],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  let acked = 0
  let final: { result: LoadResult; cpuSeconds: number } | undefined
  createInterface({ input: child.stdout! }).on('line', (line) => {
    const said = JSON.parse(line) as { acked?: number; result?: LoadResult; cpuSeconds?: number }
    if (said.acked !== undefined) acked = said.acked
    if (said.result) final = { result: said.result, cpuSeconds: said.cpuSeconds ?? 0 }
  })
  const done = new Promise<void>((resolve) => child.once('close', () => resolve()))
  return {
    pid: child.pid!,
    acked: () => acked,
    done,
    kill: () => void (child.exitCode === null && child.kill('SIGKILL')),
    async end() {
      if (child.exitCode === null) child.kill('SIGTERM')
      await done
      if (!final) throw new Error('the load ended without its sums')
      const lines = readFileSync(ledger, 'utf8').trim().split('\n').filter(Boolean)
      return {
        ...final,
        acked: lines.map((line) => {
          const [kind, id, device] = line.split(' ')
          return { kind: kind as Acked['kind'], id: id!, device: device! }
        }),
      }
    },
  }
}
