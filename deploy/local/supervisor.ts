/**
 * Starts the house's programs, waits until each says it is ready, starts again what dies, and ends them in the reverse order.
 * `npm start` and the whole-system tests use the same one.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { createWriteStream, mkdirSync, renameSync, statSync, type WriteStream } from 'node:fs'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { memoryEnv } from './heap.mjs'

export const checkout = join(dirname(fileURLToPath(import.meta.url)), '..', '..')
const LOG_LIMIT_BYTES = 20 * 2 ** 20

export interface Program {
  name: string
  /** The file, from the checkout's root, and its arguments. With `command`, that program is run instead of Node. */
  file?: string
  command?: string
  args?: string[]
  env?: Record<string, string | undefined>
  /** Flags of Node itself. */
  nodeArgs?: readonly string[]
  /** The line of its output that says it is ready. */
  ready: RegExp
  /** The ready line holds passwords: it is given to the caller and kept out of the log. */
  readyIsSecret?: boolean
  /** Milliseconds until it must have said so. */
  within?: number
  /** Start it again when it dies (default true). */
  restart?: boolean
}

interface Running {
  program: Program
  child: ChildProcess
  ready: Promise<string>
  restarts: number
  ended: Promise<void>
  stopping: boolean
}

export interface SupervisorOptions {
  /** Folder for the programs' output, one file each. */
  logs: string
  /** Told what a person should see: started, died, started again. */
  say: (line: string) => void
}

export class Supervisor {
  readonly #options: SupervisorOptions
  readonly #running = new Map<string, Running>()
  #stopping = false

  constructor(options: SupervisorOptions) {
    this.#options = options
    mkdirSync(options.logs, { recursive: true })
  }

  /** Start a program; resolves with its ready line, rejects when it ends or the time is over before that. */
  start(program: Program): Promise<string> {
    const running = this.#spawn(program, 0)
    return running.ready
  }

  /** The process id of a running program. */
  pid(name: string): number {
    const pid = this.#running.get(name)?.child.pid
    if (!pid) throw new Error(`${name} is not running`)
    return pid
  }

  has(name: string): boolean {
    return this.#running.has(name)
  }

  /** Send a signal and leave what follows to the usual rule (a killed program is started again). */
  kill(name: string, signal: NodeJS.Signals = 'SIGKILL'): void {
    process.kill(this.pid(name), signal)
  }

  /** Resolves when the program, started again or not, is ready. */
  async ready(name: string): Promise<string> {
    const running = this.#running.get(name)
    if (!running) throw new Error(`${name} is not running`)
    return running.ready
  }

  /** End one program for good. */
  async stop(name: string, graceMs = 8000): Promise<void> {
    const running = this.#running.get(name)
    if (!running) return
    running.stopping = true
    this.#running.delete(name)
    await this.#end(running, graceMs)
  }

  /** End all, last started first. */
  async stopAll(): Promise<void> {
    this.#stopping = true
    for (const name of [...this.#running.keys()].reverse()) await this.stop(name)
  }

  async #end(running: Running, graceMs: number): Promise<void> {
    const { child } = running
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM')
    const hard = setTimeout(() => child.kill('SIGKILL'), graceMs)
    await running.ended
    clearTimeout(hard)
  }

  #spawn(program: Program, restarts: number): Running {
    const log = this.#log(program.name)
    const [command, args] = program.command
      ? [program.command, program.args ?? []]
      : [
          join(checkout, 'node_modules/.bin/node'),
          [
            ...(program.nodeArgs ?? []),
            '--import',
            join(checkout, 'deploy/local/leash.ts'),
            join(checkout, program.file!),
            ...(program.args ?? []),
          ],
        ]
    // Its own process group: Ctrl-C reaches the supervisor alone, which then ends all in order. Standard input and the fourth stream
    // stay open as long as the supervisor lives.
    const child = spawn(command, args, {
      cwd: checkout,
      stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
      detached: true,
      env: { ...process.env, ...memoryEnv, ...program.env, WARDLINE_LEASH: '3' },
    })
    child.stdin?.on('error', () => {}) // it closes with the child; the exit event tells
    const began = Date.now()
    let tail = ''
    const running: Running = { program, child, restarts, stopping: false, ready: Promise.resolve(''), ended: Promise.resolve() }
    running.ended = new Promise((resolve) => child.once('exit', () => resolve()))
    running.ready = new Promise((resolve, reject) => {
      const late = setTimeout(() => {
        reject(new Error(`${program.name} was not ready within ${(program.within ?? 60_000) / 1000} s; last words: ${tail}`))
      }, program.within ?? 60_000)
      for (const input of [child.stdout!, child.stderr!])
        createInterface({ input }).on('line', (line) => {
          const ready = program.ready.test(line)
          log.write(ready && program.readyIsSecret ? 'ready\n' : `${line}\n`)
          if (ready) {
            clearTimeout(late)
            resolve(line)
          }
          if (line.trim()) tail = line
        })
      child.once('error', reject)
      child.once('exit', (code, signal) => {
        clearTimeout(late)
        reject(new Error(`${program.name} ended (${signal ?? `code ${code}`}) before it was ready: ${tail}`))
      })
    })
    running.ready.catch(() => {})
    child.once('exit', (code, signal) => {
      log.end()
      if (running.stopping || this.#stopping || program.restart === false) return
      // A program that ran for a while starts again at once; one that keeps dying waits longer each time.
      const again = Date.now() - began > 10_000 ? 0 : restarts + 1
      const wait = Math.min(100 * 2 ** again, 5000)
      this.#options.say(`${program.name} ended (${signal ?? `code ${code}`}: ${tail}); starting it again in ${wait} ms`)
      const next = new Promise<string>((resolve, reject) => {
        setTimeout(() => {
          if (this.#stopping || running.stopping) return reject(new Error(`${program.name} was stopped`))
          this.#spawn(program, again).ready.then(resolve, reject)
        }, wait)
      })
      next.catch(() => {})
      running.ready = next
    })
    this.#running.set(program.name, running)
    return running
  }

  #log(name: string): WriteStream {
    const file = join(this.#options.logs, `${name}.log`)
    try {
      if (statSync(file).size > LOG_LIMIT_BYTES) renameSync(file, `${file}.1`)
    } catch {
      // there is no log yet
    }
    return createWriteStream(file, { flags: 'a' })
  }
}
