/** Real brokers for tests, each on a port of its own. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import net from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Aedes } from 'aedes'

export interface TestBroker {
  readonly port: number
  readonly url: string
  /** Ends it as a power cut would; what it knew is gone. */
  kill(): Promise<void>
  /** On the same port again. */
  start(): Promise<void>
}

const MOSQUITTO = '/usr/sbin/mosquitto'
/** The brokers that are on this machine: aedes always, Debian's mosquitto where it is installed. */
export const brokersHere: readonly string[] = existsSync(MOSQUITTO) ? ['mosquitto', 'aedes'] : ['aedes']

export async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as net.AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

export const brokers: Record<string, () => Promise<TestBroker>> = {
  async aedes() {
    const port = await freePort()
    const sockets = new Set<net.Socket>()
    let aedes: Aedes
    let server: net.Server
    const broker: TestBroker = {
      port,
      url: `mqtt://127.0.0.1:${port}`,
      async start() {
        aedes = await Aedes.createBroker()
        server = net.createServer(aedes.handle)
        server.on('connection', (socket) => {
          sockets.add(socket)
          socket.on('close', () => sockets.delete(socket)).on('error', () => {})
        })
        server.listen(port, '127.0.0.1')
        await once(server, 'listening')
      },
      async kill() {
        for (const socket of sockets) socket.destroy()
        await new Promise((done) => server.close(done))
        await new Promise<void>((done) => aedes.close(done))
      },
    }
    await broker.start()
    return broker
  },

  async mosquitto() {
    const port = await freePort()
    let child: ChildProcess
    let folder: string
    const broker: TestBroker = {
      port,
      url: `mqtt://127.0.0.1:${port}`,
      async start() {
        folder = mkdtempSync(join(tmpdir(), 'mosquitto-'))
        writeFileSync(join(folder, 'm.conf'), `listener ${port} 127.0.0.1\nallow_anonymous true\npersistence false\n`)
        child = spawn(MOSQUITTO, ['-c', join(folder, 'm.conf')], { stdio: 'ignore' })
        for (let i = 0; !(await reachable(port)); i++) {
          if (i > 200 || child.exitCode !== null) throw new Error('mosquitto does not listen')
          await new Promise((done) => setTimeout(done, 20))
        }
      },
      async kill() {
        const gone = once(child, 'exit')
        child.kill('SIGKILL')
        await gone
        rmSync(folder, { recursive: true, force: true })
      },
    }
    await broker.start()
    return broker
  },
}

const reachable = (port: number): Promise<boolean> =>
  new Promise((done) => {
    const socket = net.connect(port, '127.0.0.1', () => {
      socket.destroy()
      done(true)
    })
    socket.once('error', () => done(false))
  })
