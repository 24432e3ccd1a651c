import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { startMllpReceiver } from './receiver/mllp-receiver.ts'

function start(env: Record<string, string>) {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'main.ts')], { env: { ...process.env, ...env } })
  const said = { out: '', err: '' }
  child.stdout.on('data', (chunk) => (said.out += chunk))
  child.stderr.on('data', (chunk) => (said.err += chunk))
  const ended = new Promise<number | null>((done) => child.on('close', done))
  return { child, said, ended }
}

test('the program says one line, sends, and ends cleanly when it is told to', async () => {
  const gateway = await startMllpReceiver()
  const { child, said, ended } = start({ SIM_BEDS: '3', SIM_SEED: '5', MLLP_PORT: String(gateway.port), MLLP_HOST: '127.0.0.1' })
  try {
    await gateway.until((received) => received.some(({ type }) => type === 'ORU^R01^ORU_R01'), 10_000)
    child.kill('SIGTERM')
    expect(await ended).toBe(0)
    expect(said.out).toBe(`simulators: 3 beds, seed 5, to 127.0.0.1:${gateway.port}\n`)
    expect(said.err).toBe('')
  } finally {
    child.kill('SIGKILL')
    await gateway.close()
  }
}, 20_000)

test('a wrong setting stops it with one line', async () => {
  const { said, ended } = start({ SIM_BEDS: 'many' })
  expect(await ended).toBe(1)
  expect(said.err).toBe('simulators: SIM_BEDS=many is not a whole number from 0 to 5000\n')
})
