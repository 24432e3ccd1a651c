import type { SimulationOptions } from './simulation.ts'

/** The simulators' settings (docs/architecture.md, "Settings"), checked at start. Throws an Error whose message is one line that names the variable. */
export function readConfig(env: Record<string, string | undefined> = process.env): SimulationOptions {
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
  env: Record<string, string | undefined>,
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
