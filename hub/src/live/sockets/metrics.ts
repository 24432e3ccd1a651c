import { Counter, Gauge, type Registry } from 'prom-client'
import type { SocketStats } from './sockets.ts'

const gauges = {
  clients: 'Walls and desks that are connected',
  behind: 'Of them, those that do not keep up and get nothing until they have drained',
  unsentBytes: 'Bytes that wait for clients to read them',
  tickMs: 'Milliseconds the last tick of the views took',
} as const satisfies Partial<Record<keyof SocketStats, string>>
const counters = {
  patches: 'Patches, each counted once however many got it',
  snapshots: 'Snapshots',
  waves: 'Stretches of waveforms, each counted once',
  wavesSkipped: 'Stretches of waveforms that a client missed because it was behind',
  cutOff: 'Clients that were disconnected because they did not read, or asked without end',
  refused: 'Requests and connections that were refused',
} as const satisfies Partial<Record<keyof SocketStats, string>>

const nameOf = (key: string): string => `wardline_sockets_${key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}`

/** Shows the sockets' figures in `/metrics`; read when somebody asks. */
export function watchSockets(registry: Registry, stats: () => SocketStats): void {
  for (const [key, help] of Object.entries(gauges) as [keyof typeof gauges, string][])
    new Gauge({ name: nameOf(key), help, registers: [registry], collect: gaugeOf(() => stats()[key]) })
  for (const [key, help] of Object.entries(counters) as [keyof typeof counters, string][])
    new Counter({ name: `${nameOf(key)}_total`, help, registers: [registry], collect: counterOf(() => stats()[key]) })
}

const gaugeOf = (read: () => number) =>
  function collect(this: Gauge): void {
    this.set(read())
  }

const counterOf = (read: () => number) =>
  function collect(this: Counter): void {
    this.reset()
    this.inc(read())
  }
