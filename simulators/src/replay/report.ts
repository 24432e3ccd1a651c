import type { ReplayedMessage, ReplayTotals, SkippedFile } from './run-replay.ts'

/** Rows of one recording that were all taken are one line; what was not is shown one by one. */
interface Series {
  first: ReplayedMessage
  count: number
}

/** Prints the table line by line as answers come: `line` is called with each. */
export class Report {
  private readonly line: (text: string) => void
  private readonly shortened: (path: string) => string
  private series: Series | undefined
  private begun = false

  /** `folders` are left off the paths that are shown. */
  constructor(line: (text: string) => void, folders: readonly string[]) {
    this.line = line
    this.shortened = (path) => {
      const folder = folders.find((one) => path.startsWith(`${one}/`))
      return folder === undefined ? path : path.slice(folder.length + 1)
    }
  }

  add(what: ReplayedMessage | SkippedFile): void {
    if (!('outcome' in what)) {
      this.endSeries()
      this.line(`${this.shortened(what.file)}: ${what.says}`)
      return
    }
    const quiet = what.kind === 'vitals' && what.outcome !== 'refused' && what.outcome !== 'unanswered'
    if (quiet && this.series && this.series.first.file === what.file && this.series.first.type === what.type) {
      this.series.count++
      return
    }
    this.endSeries()
    if (quiet) this.series = { first: what, count: 1 }
    else this.row(what, '')
  }

  /** The sums. */
  end(totals: ReplayTotals, dryRun: boolean): void {
    this.endSeries()
    const rest = [
      totals.skipped && `${totals.skipped} files not sent`,
      totals.unreadable && `${totals.unreadable} files unreadable`,
      totals.sent && `${totals.sent} without an answer, as they asked`,
    ].filter(Boolean)
    this.line('')
    this.line(
      dryRun
        ? `${totals.files} files, ${totals.messages} messages would be sent${tail(rest)}`
        : `${totals.files} files, ${totals.messages} messages: ${totals.accepted} accepted, ${totals.refused} refused, ${totals.unanswered} not answered${tail(rest)}`,
    )
  }

  private endSeries(): void {
    const { series } = this
    this.series = undefined
    if (series) this.row(series.first, series.count > 1 ? `and ${series.count - 1} more, the same` : '')
  }

  private row(message: ReplayedMessage, note: string): void {
    if (!this.begun) this.line(columns('file', 'type', 'id', 'asks for', 'answer', 'ms', ''))
    this.begun = true
    const file = message.number > 1 ? `${this.shortened(message.file)} (${message.number})` : this.shortened(message.file)
    const answer = message.answered.join(' ') || (message.outcome === 'unanswered' ? 'NONE' : '-')
    const ms = message.afterMs === undefined ? '' : message.afterMs.toFixed(1)
    this.line(
      columns(
        file,
        message.type,
        message.id,
        message.expected,
        answer,
        ms,
        [printable(message.text), note].filter(Boolean).join('; '),
      ),
    )
  }
}

const tail = (rest: unknown[]) => (rest.length ? `; ${rest.join(', ')}` : '')

const widths = [46, 18, 24, 20, 8, 7]
function columns(...cells: string[]): string {
  return cells
    .map((cell, i) => (widths[i] === undefined ? cell : printable(cell).padEnd(widths[i])))
    .join(' ')
    .trimEnd()
}

/** What a recording says must not move the cursor of who looks at it. */
const printable = (text: string) => text.replace(/[\x00-\x1f\x7f-\x9f]/g, ' ')
