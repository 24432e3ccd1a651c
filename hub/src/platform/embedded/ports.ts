/** Ports of the embedded engines: free ones for tests, and a clear word when another program has one. */
import { once } from 'node:events'
import { createServer } from 'node:net'
import { within } from './processes.ts'

/** The port to use: the one asked for, or any free one for 0. The same one is then used after every restart. */
export async function portFor(host: string, asked: number): Promise<number> {
  if (asked) return asked
  const server = createServer().listen(0, host)
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  return port
}

/** Waits a little: what a killed keeper left may take a moment to let go. Rejects naming the variable that moves the engine elsewhere. */
export async function requireFree(host: string, port: number, variable: string): Promise<void> {
  if (!(await within(2000, () => isFree(host, port))))
    throw new Error(`port ${port} on ${host} is in use by another program; end it or set ${variable}`)
}

export async function isFree(host: string, port: number): Promise<boolean> {
  const server = createServer()
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => (error.code === 'EADDRINUSE' ? resolve(false) : reject(error)))
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(true)))
  })
}
