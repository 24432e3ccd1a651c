/**
 * Simulated bedside monitors and admissions, sent to a gateway's MLLP door until stopped.
 *
 * Settings (docs/architecture.md): SIM_BEDS (24), SIM_SEED (1), SIM_SPEED (1), MLLP_HOST (127.0.0.1), MLLP_PORT (2575);
 * besides SIM_WAVES (share of monitors that send waves, 0.5), SIM_STATIONS (0: each monitor has its own connection) and
 * SIM_WRONG_CLOCK (1: one monitor's clock is an hour ahead).
 */
import closeWithGrace from 'close-with-grace'
import { type SimulationOptions, startSimulation } from './simulation.ts'

const SUMMARY_EVERY_MS = 60_000

let options: SimulationOptions
try {
  options = settings(process.env)
} catch (error) {
  process.stderr.write(`simulators: ${(error as Error).message}\n`)
  process.exit(1)
}

const simulation = startSimulation(options)
console.log(`simulators: ${options.beds} beds, seed ${options.seed}, to ${options.host}:${options.port}`)
const summary = setInterval(() => {
  const s = simulation.stats()
  console.log(
    `simulators: ${s.patients} patients at ${s.monitors} monitors, ${s.connected}/${s.connections} connections, ${s.sent} sent, ` +
      `${s.accepted} accepted, ${s.refused} refused, ${s.resent} sent again, ${s.waiting} waiting, ${s.dropped} dropped`,
  )
}, SUMMARY_EVERY_MS)

closeWithGrace({ delay: 3000, logger: undefined }, async ({ err }) => {
  if (err) process.stderr.write(`simulators: ${err.stack ?? err.message}\n`)
  clearInterval(summary)
  await simulation.stop()
})

function settings(env: NodeJS.ProcessEnv): SimulationOptions {
  return {
    host: env.MLLP_HOST || '127.0.0.1',
    port: number(env, 'MLLP_PORT', 2575, { from: 1, to: 65_535, whole: true }),
    beds: number(env, 'SIM_BEDS', 24, { from: 0, to: 5000, whole: true }),
    seed: env.SIM_SEED || '1',
    speed: number(env, 'SIM_SPEED', 1, { from: 0.01, to: 1000 }),
    waves: number(env, 'SIM_WAVES', 0.5, { from: 0, to: 1 }),
    stations: number(env, 'SIM_STATIONS', 0, { from: 0, to: 1000, whole: true }),
    wrongClock: number(env, 'SIM_WRONG_CLOCK', 0, { from: 0, to: 1, whole: true }) === 1,
  }
}

function number(
  env: NodeJS.ProcessEnv,
  name: string,
  otherwise: number,
  { from, to, whole }: { from: number; to: number; whole?: boolean },
): number {
  const text = env[name]
  if (text === undefined || text === '') return otherwise
  const value = Number(text)
  if (!Number.isFinite(value) || value < from || value > to || (whole && !Number.isInteger(value)))
    throw new Error(`${name}=${text} is not ${whole ? 'a whole number' : 'a number'} from ${from} to ${to}`)
  return value
}
