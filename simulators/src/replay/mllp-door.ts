import { connect, type Socket } from 'node:net'
import { frame, MllpFramer } from '@wardline/devices/hl7/mllp.ts'
import { readAnswer } from '../monitor/mllp-sender.ts'
import type { Expectation } from './message-header.ts'

export interface Answer {
  /** MSA-1. */
  code: string
  /** MSA-3 and ERR segments. */
  text: string
  /** ms since the message was written. */
  afterMs: number
}

export interface DoorAnswer {
  answers: Answer[]
  /** What must come did not, in time. */
  missing: boolean
  /** The connection could not be made or broke before the answer came. */
  error?: string
}

/** How long to look for an answer that may come but need not, ms. */
const QUIET_MS = 150

/** The gateway's MLLP door, one message at a time, as replay uses it. Connects when needed, and again after a break. */
export class MllpDoor {
  private readonly host: string
  private readonly port: number
  private socket: Socket | undefined
  private framer = new MllpFramer()
  private listener: (() => void) | undefined
  private heard: { code: string; id: string; text: string; at: number }[] = []
  private broken: string | undefined

  constructor(options: { host: string; port: number }) {
    this.host = options.host
    this.port = options.port
  }

  /** Sends one message and waits for what it may expect, at most `waitMs`. Never throws. */
  async send(message: Buffer, id: string, expectation: Expectation, waitMs: number): Promise<DoorAnswer> {
    try {
      await this.open(waitMs)
    } catch (error) {
      return { answers: [], missing: true, error: (error as Error).message }
    }
    const started = performance.now()
    this.heard = []
    this.socket!.write(frame(message))
    const must = [expectation.original, expectation.commit, expectation.application].filter((one) => one === 'must').length
    const deadline = started + (must > 0 ? waitMs : QUIET_MS)
    // A refusal ends an exchange: no application answer follows a CE or CR.
    const mine = () => this.heard.filter((one) => one.id === id || one.id === '' || id === '')
    const enough = () => must > 0 && (mine().length >= must || mine().some(({ code }) => code === 'CE' || code === 'CR'))
    while (!enough() && !this.broken && performance.now() < deadline) await this.next(deadline - performance.now())
    const answers = mine().map(({ code, text, at }) => ({ code, text, afterMs: at - started }))
    const answer: DoorAnswer = { answers, missing: must > 0 && !enough() }
    // Once refused or accepted, that the other side hangs up is its business; it is an error only when something is missing.
    if (this.broken && (answer.missing || answers.length === 0)) answer.error = this.broken
    return answer
  }

  close(): void {
    this.socket?.destroy()
    this.socket = undefined
  }

  private async open(waitMs: number): Promise<void> {
    if (this.socket && !this.broken && !this.socket.destroyed) return
    this.broken = undefined
    this.framer = new MllpFramer()
    const socket = connect({ host: this.host, port: this.port, noDelay: true })
    this.socket = socket
    await new Promise<void>((done, fail) => {
      const late = setTimeout(
        () => socket.destroy(new Error(`no connection to ${this.host}:${this.port} within ${waitMs} ms`)),
        waitMs,
      )
      socket.once('connect', () => {
        clearTimeout(late)
        done()
      })
      socket.on('error', (error) => {
        clearTimeout(late)
        this.break(socket, error.message)
        fail(error)
      })
    })
    socket.on('data', (chunk) => this.read(chunk))
    socket.on('close', () => this.break(socket, 'the connection was closed'))
  }

  private break(socket: Socket, why: string): void {
    if (socket !== this.socket) return
    this.broken ??= why
    this.listener?.()
  }

  private next(ms: number): Promise<void> {
    return new Promise((done) => {
      const timer = setTimeout(() => this.listener?.(), Math.max(1, ms))
      this.listener = () => {
        clearTimeout(timer)
        this.listener = undefined
        done()
      }
    })
  }

  private read(chunk: Buffer): void {
    for (const one of this.framer.push(chunk)) {
      const answer = one.kind === 'frame' ? readAnswer(one.bytes.toString('utf8')) : null
      if (answer) this.heard.push({ ...answer, at: performance.now() })
    }
    this.listener?.()
  }
}
