/**
 * Sends recorded files in by the real doors and prints what was answered.
 *
 *   npm run replay -- ../shared/data/hl7 --shift-to-now
 *
 * Exit code: 0 all answered as the protocol expects (a refusal is an answer), 1 something got no answer, 2 wrong usage.
 */
import { parseArgs } from 'node:util'
import { Report } from './report.ts'
import { type ReplayOptions, runReplay } from './run-replay.ts'

const usage = `usage: replay PATH... [options]

  PATH              files and folders; .hl7 goes in over MLLP, .csv of vitals as one monitor (PCD-01)
  --host HOST       where the gateway listens (default: MLLP_HOST, else 127.0.0.1)
  --port PORT       its MLLP door (default: MLLP_PORT, else 2575)
  --speed S         recorded, N times recorded, or max: the next as soon as one is answered (default: max)
  --wait SECONDS    longest wait for an answer that must come (default: 10)
  --shift-to-now    move the times of each file so that its newest is now
  --new-ids         give each message an id of its own (MSH-10)
  --at INSTANT      vitals: when the first minute was (default: so that the last one is now, or as it is sent)
  --bed PLACE       vitals: bed of the monitor, as ICU1^R1^B1
  --patient MRN     vitals: patient on it, admitted first with an ADT^A01 when a bed is given too
  --device EUI64    vitals: the monitor's own id (default: 0012210000BC0001)
  --dry-run         say what would be sent
  --json            one line of JSON for each message, file and for the sums
`

process.exitCode = await main()

async function main(): Promise<number> {
  let options: ReplayOptions
  let json: boolean
  try {
    ;({ options, json } = readArguments(process.argv.slice(2)))
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n\n${usage}`)
    return 2
  }
  const line = (text: string) => process.stdout.write(`${text}\n`)
  const report = new Report(line, options.paths)
  try {
    const totals = await runReplay(options, (what) => (json ? line(JSON.stringify(what)) : report.add(what)))
    if (json) line(JSON.stringify({ totals }))
    else report.end(totals, options.dryRun === true)
    return totals.unanswered > 0 || totals.unreadable > 0 ? 1 : 0
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n`)
    return 2
  }
}

function readArguments(args: string[]): { options: ReplayOptions; json: boolean } {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      host: { type: 'string' },
      port: { type: 'string' },
      speed: { type: 'string', default: 'max' },
      wait: { type: 'string', default: '10' },
      'shift-to-now': { type: 'boolean', default: false },
      'new-ids': { type: 'boolean', default: false },
      at: { type: 'string' },
      bed: { type: 'string' },
      patient: { type: 'string' },
      device: { type: 'string' },
      'dry-run': { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
    },
  })
  if (positionals.length === 0) throw new Error('replay needs a file or a folder')
  const { env } = process
  const port = Number(values.port ?? env.MLLP_PORT ?? 2575)
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw new Error(`--port ${values.port ?? env.MLLP_PORT} is no port`)
  const now = Date.now()
  const options: ReplayOptions = {
    paths: positionals.map((path) => path.replace(/(?<=.)\/+$/, '')),
    host: values.host ?? env.MLLP_HOST ?? '127.0.0.1',
    port,
    speed: speedOf(values.speed),
    waitMs: 1000 * positive('--wait', values.wait),
    shiftToNow: values['shift-to-now'],
    dryRun: values['dry-run'],
    zone: env.WARDLINE_TIME_ZONE ?? 'Europe/Berlin',
    now,
    run: now.toString(36).toUpperCase(),
  }
  try {
    new Intl.DateTimeFormat('en', { timeZone: options.zone })
  } catch {
    throw new Error(`WARDLINE_TIME_ZONE ${options.zone} is no time zone`)
  }
  if (values['new-ids']) options.newIds = `R${options.run}`
  if (values.at !== undefined) {
    options.firstMinuteAt = Date.parse(values.at)
    if (!Number.isFinite(options.firstMinuteAt)) throw new Error(`--at ${values.at} is no instant such as 2026-11-22T10:00:00Z`)
  }
  if (values.bed !== undefined) {
    const [pointOfCare, room, bed, facility] = values.bed.split('^')
    if (!pointOfCare || !room || !bed) throw new Error(`--bed ${values.bed} is no place such as ICU1^R1^B1`)
    options.bed = { pointOfCare, room, bed, facility: facility || 'HOSP' }
  }
  if (values.patient !== undefined) options.patient = values.patient
  if (values.device !== undefined) {
    if (!/^[0-9A-Fa-f]{16}$/.test(values.device))
      throw new Error(`--device ${values.device} is no EUI-64 such as 0012210000BC0001`)
    options.device = values.device.toUpperCase()
  }
  return { options, json: values.json }
}

function speedOf(text: string): number {
  if (text === 'max') return Number.POSITIVE_INFINITY
  return text === 'recorded' ? 1 : positive('--speed', text)
}

function positive(name: string, text: string): number {
  const value = Number(text)
  if (!(value > 0) || !Number.isFinite(value)) throw new Error(`${name} ${text} is no number above zero`)
  return value
}
