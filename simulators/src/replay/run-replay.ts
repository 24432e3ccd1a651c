import { setTimeout as pause } from 'node:timers/promises'
import { expectedAnswer } from './message-header.ts'
import { MllpDoor } from './mllp-door.ts'
import { filesOf, type PlannedMessage, type PlanOptions, planFile } from './plan.ts'

export interface ReplayOptions extends PlanOptions {
  paths: readonly string[]
  host: string
  port: number
  /** How many times faster than recorded; Infinity sends the next message as soon as the one before is answered. */
  speed: number
  /** Longest wait for an answer that must come, ms. */
  waitMs: number
  /** Say what would be sent, and open no connection. */
  dryRun?: boolean
}

/**
 * What became of one message. `accepted` and `refused` say what was answered last; `unanswered`: an answer that must come
 * did not; `sent`: the message asks for none and none came; `planned`: dry run.
 */
export type Outcome = 'accepted' | 'refused' | 'unanswered' | 'sent' | 'planned'

export interface ReplayedMessage {
  file: string
  kind: 'hl7' | 'vitals'
  number: number
  type: string
  id: string
  /** Which answer the message asks for. */
  expected: string
  /** MSA-1 of each answer, in order. */
  answered: string[]
  /** What the last answer, or the connection, says besides. */
  text: string
  /** Until the last answer, ms. */
  afterMs: number | undefined
  outcome: Outcome
}

/** A file that nothing was sent of. */
export interface SkippedFile {
  file: string
  kind: 'no-door' | 'unreadable' | 'empty'
  says: string
}

export interface ReplayTotals {
  files: number
  messages: number
  accepted: number
  refused: number
  unanswered: number
  sent: number
  skipped: number
  unreadable: number
}

/**
 * Sends recorded files in by the real door and waits for each answer. `say` hears of every message and every skipped file
 * at once, in order. Throws only what the file system says of a missing path.
 */
export async function runReplay(
  options: ReplayOptions,
  say: (what: ReplayedMessage | SkippedFile) => void,
): Promise<ReplayTotals> {
  const totals: ReplayTotals = {
    files: 0,
    messages: 0,
    accepted: 0,
    refused: 0,
    unanswered: 0,
    sent: 0,
    skipped: 0,
    unreadable: 0,
  }
  const door = new MllpDoor(options)
  try {
    for (const file of await filesOf(options.paths)) {
      totals.files++
      const planned = await planFile(file, options)
      if (!('messages' in planned)) {
        totals[planned.kind === 'no-door' ? 'skipped' : 'unreadable']++
        say(planned)
        continue
      }
      if (planned.messages.length === 0) {
        totals.skipped++
        say({ file: planned.file, kind: 'empty', says: 'holds no message' })
        continue
      }
      let before: PlannedMessage | undefined
      const clock = { start: performance.now(), recorded: 0 }
      for (const message of planned.messages) {
        await keepPace(clock, before, message, options)
        before = message
        const done = await sendOne(door, planned.file, planned.kind, message, options)
        totals.messages++
        if (done.outcome !== 'planned') totals[done.outcome]++
        say(done)
      }
    }
  } finally {
    door.close()
  }
  return totals
}

/** Waits until this message's turn, counted from the first of its file, so that slow answers do not add up. */
async function keepPace(
  clock: { start: number; recorded: number },
  before: PlannedMessage | undefined,
  message: PlannedMessage,
  { speed, dryRun }: ReplayOptions,
): Promise<void> {
  if (dryRun || speed === Number.POSITIVE_INFINITY || before?.recordedAt === undefined || message.recordedAt === undefined) return
  clock.recorded += Math.max(0, message.recordedAt - before.recordedAt)
  const wait = clock.start + clock.recorded / speed - performance.now()
  if (wait > 0) await pause(wait)
}

async function sendOne(
  door: MllpDoor,
  file: string,
  kind: 'hl7' | 'vitals',
  message: PlannedMessage,
  options: ReplayOptions,
): Promise<ReplayedMessage> {
  const { header, number } = message
  const expectation = expectedAnswer(header)
  const row = { file, kind, number, type: header.type, id: header.id, expected: expectation.says }
  if (options.dryRun) return { ...row, answered: [], text: '', afterMs: undefined, outcome: 'planned' }
  const { answers, missing, error } = await door.send(message.bytes, header.id, expectation, options.waitMs)
  const last = answers.at(-1)
  // Something came, but not what must: what is missing decides.
  const outcome: Outcome = missing ? 'unanswered' : !last ? 'sent' : last.code.endsWith('A') ? 'accepted' : 'refused'
  return {
    ...row,
    answered: answers.map(({ code }) => code),
    text: last?.text || error || (missing ? `no answer within ${options.waitMs} ms` : ''),
    afterMs: last?.afterMs,
    outcome,
  }
}
