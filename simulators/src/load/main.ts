/**
 * A load in a process of its own, for benchmarks and fault tests.
 *
 *   node simulators/src/load/main.ts --port 2575 --devices 200 --rate 5000 --seconds 60 [--acked FILE]
 *
 * JSON lines on standard output: `{"second":n,"acked":…}` each second, then `{"result":{…},"cpuSeconds":…}`. With `--acked FILE` every
 * accepted message is a line of that file: kind, MSH-10, device, instant (ms), latency (ms), separated by blanks. SIGTERM ends
 * the load early, with its result. Exit code 0; 2 on wrong usage.
 */
import { createWriteStream, type WriteStream } from 'node:fs'
import { parseArgs } from 'node:util'
import { type LoadOptions, startLoad } from './load.ts'

const stop = new AbortController()
process.on('SIGTERM', () => stop.abort())
process.on('SIGINT', () => stop.abort())

let options: LoadOptions
let file: WriteStream | undefined
let lines: string[] = []
let acked = 0
try {
  const read = readArguments()
  options = read.options
  if (read.acked !== undefined) file = createWriteStream(read.acked)
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`)
  process.exit(2)
}
const write = () => {
  if (lines.length > 0) file?.write(`${lines.join('\n')}\n`)
  lines = []
}
let second = 0
const each = setInterval(() => {
  write()
  process.stdout.write(`${JSON.stringify({ second: ++second, acked })}\n`)
}, 1000)
const result = await startLoad({
  ...options,
  signal: stop.signal,
  onAcked: ({ kind, id, device, at, latencyMs }) => {
    acked++
    if (file) lines.push(`${kind} ${id} ${device} ${at} ${latencyMs.toFixed(2)}`)
  },
})
clearInterval(each)
write()
if (file) await new Promise<void>((done) => file!.end(done))
const cpu = process.cpuUsage()
process.stdout.write(`${JSON.stringify({ result, cpuSeconds: (cpu.user + cpu.system) / 1e6 })}\n`)
process.exit(0)

function readArguments(): { options: LoadOptions; acked: string | undefined } {
  const number = { type: 'string' } as const
  const { values } = parseArgs({
    options: {
      host: { type: 'string', default: '127.0.0.1' },
      port: number,
      devices: number,
      rate: number,
      seconds: number,
      metrics: number,
      alarms: number,
      connections: number,
      window: number,
      drain: number,
      'first-device': number,
      'no-reconnect': { type: 'boolean', default: false },
      acked: { type: 'string' },
    },
  })
  const numberOf = (name: string, text: string | undefined, otherwise?: number): number => {
    const value = text === undefined ? otherwise : Number(text)
    if (value === undefined || !Number.isFinite(value) || value < 0) throw new Error(`--${name} must be a number`)
    return value
  }
  const options: LoadOptions = {
    host: values.host,
    port: numberOf('port', values.port, Number(process.env.MLLP_PORT ?? 2575)),
    devices: numberOf('devices', values.devices, 100),
    ratePerS: numberOf('rate', values.rate, 500),
    seconds: numberOf('seconds', values.seconds, 10),
    metrics: numberOf('metrics', values.metrics, 8),
    alarmsPerS: numberOf('alarms', values.alarms, 0),
    window: numberOf('window', values.window, 32),
    drainS: numberOf('drain', values.drain, 10),
    firstDevice: numberOf('first-device', values['first-device'], 0),
    reconnect: !values['no-reconnect'],
  }
  if (values.connections !== undefined) options.connections = numberOf('connections', values.connections)
  return { options, acked: values.acked }
}
