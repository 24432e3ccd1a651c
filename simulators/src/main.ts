/** Simulated bedside monitors and admissions, sent to a gateway's MLLP door until stopped. Settings: ./config.ts. */
import closeWithGrace from 'close-with-grace'
import { readConfig } from './config.ts'
import { type SimulationOptions, startSimulation } from './simulation.ts'

const SUMMARY_EVERY_MS = 60_000

let options: SimulationOptions
try {
  options = readConfig()
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
